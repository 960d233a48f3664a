"""Lines whose numbers cannot be a line's."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = [
    "check_capacitance",
    "check_distances",
    "check_ends",
    "check_impedance",
    "check_lengths",
    "check_ratings",
]

_PLACEHOLDER_KA = 9.999
"""Ratings from here on are what models write where none is known."""
_PLACEHOLDER_MVA = 9999.0
_X_OHM_PER_KM = (0.01, 2.0)
_R_OHM_PER_KM_MOST = 5.0
_C_NF_PER_KM_MOST = 3000.0
_LENGTH_KM_MOST = 1000.0
_LENGTH_PER_DISTANCE_LEAST = 0.5


def check_ends(network: CityNetwork) -> Iterator[Issue]:
    """A branch or coupler from a busbar section to itself."""
    pairs = {
        "lines": ("from_busbar", "to_busbar"),
        "transformers": ("hv_busbar", "lv_busbar"),
        "impedances": ("from_busbar", "to_busbar"),
        "couplers": ("busbar_a", "busbar_b"),
    }
    for table, (first, last) in pairs.items():
        frame = network.tables[table]
        for position, key, row in flagged(frame, frame[first] == frame[last]):
            yield finding(
                table,
                position,
                last,
                "both ends are on the same busbar section",
                value=row[last],
                ids=(key,),
            )


def check_ratings(network: CityNetwork) -> Iterator[Issue]:
    """Ratings so high that they are placeholders: such a branch never limits anything."""
    limits = {
        ("lines", "max_i_ka"): (_PLACEHOLDER_KA, "kA"),
        ("transformers", "sn_mva"): (_PLACEHOLDER_MVA, "MVA"),
        ("impedances", "rating_mva"): (_PLACEHOLDER_MVA, "MVA"),
    }
    for (table, field), (most, unit) in limits.items():
        frame = network.tables[table]
        for position, key, row in flagged(frame, frame[field] >= most):
            yield finding(
                table,
                position,
                field,
                f"{row[field]:g} {unit} is a placeholder, not a rating: nothing limits {key}",
                value=row[field],
                ids=(key,),
                accepted=f"below {most:g} {unit}",
                severity="warning",
            )


def check_impedance(network: CityNetwork) -> Iterator[Issue]:
    """Series impedance per km outside of what lines and cables have."""
    lines = network.lines
    least, most = _X_OHM_PER_KM
    strange = (lines["x_ohm_per_km"] < least) | (lines["x_ohm_per_km"] > most)
    for position, key, row in flagged(lines, strange):
        yield finding(
            "lines",
            position,
            "x_ohm_per_km",
            f"no line has a reactance of {row['x_ohm_per_km']:g} ohm per km",
            value=row["x_ohm_per_km"],
            ids=(key,),
            accepted=f"{least:g} to {most:g} ohm/km (overhead about 0.4, cable about 0.12)",
            hint="is it ohm in all, or p.u.?",
            severity="error" if row["x_ohm_per_km"] == 0 else "warning",
        )
    for position, key, row in flagged(lines, lines["r_ohm_per_km"] > _R_OHM_PER_KM_MOST):
        yield finding(
            "lines",
            position,
            "r_ohm_per_km",
            f"no line has a resistance of {row['r_ohm_per_km']:g} ohm per km",
            value=row["r_ohm_per_km"],
            ids=(key,),
            accepted=f"0 to {_R_OHM_PER_KM_MOST:g} ohm/km",
            hint="is it ohm in all?",
            severity="warning",
        )


def check_capacitance(network: CityNetwork) -> Iterator[Issue]:
    """Negative capacitance, or more than cables have."""
    lines = network.lines
    strange = (lines["c_nf_per_km"] < 0) | (lines["c_nf_per_km"] > _C_NF_PER_KM_MOST)
    for position, key, row in flagged(lines, strange):
        negative = row["c_nf_per_km"] < 0
        yield finding(
            "lines",
            position,
            "c_nf_per_km",
            "a negative capacitance" if negative else "more capacitance than any cable has",
            value=row["c_nf_per_km"],
            ids=(key,),
            accepted=f"0 to {_C_NF_PER_KM_MOST:g} nF/km (overhead about 9, cable about 220)",
            severity="error" if negative else "warning",
        )


def check_lengths(network: CityNetwork) -> Iterator[Issue]:
    """Lengths that no line in a city has."""
    lines = network.lines
    for position, key, row in flagged(lines, lines["length_km"] > _LENGTH_KM_MOST):
        yield finding(
            "lines",
            position,
            "length_km",
            f"a line of {row['length_km']:g} km in a city",
            value=row["length_km"],
            ids=(key,),
            accepted=f"up to {_LENGTH_KM_MOST:g} km",
            hint="are these metres?",
            severity="warning",
        )


def check_distances(network: CityNetwork) -> Iterator[Issue]:
    """Lines much shorter than the distance between their sites."""
    lines = network.lines
    x_km, y_km = (network.substations[axis].to_dict() for axis in ("x_km", "y_km"))
    owner = network.substation_of_busbar
    for position, (key, start, end, length) in enumerate(
        lines[["from_busbar", "to_busbar", "length_km"]].itertuples(name=None)
    ):
        a, b = owner[str(start)], owner[str(end)]
        straight = math.hypot(x_km[a] - x_km[b], y_km[a] - y_km[b])
        if length < _LENGTH_PER_DISTANCE_LEAST * straight:
            yield finding(
                "lines",
                position,
                "length_km",
                f"{a} and {b} are {straight:.1f} km apart, the line is {length:g} km long",
                value=length,
                ids=(str(key),),
                hint="a length or a coordinate is in another unit",
                severity="warning",
            )
