"""Voltage levels that meet where they cannot."""

from __future__ import annotations

from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding

__all__ = ["check_couplers", "check_lines", "check_windings"]

_WINDING_TOLERANCE = 0.3


def check_windings(network: CityNetwork) -> Iterator[Issue]:
    """A winding whose rated voltage is far from its busbar's."""
    vn_kv = network.busbars["vn_kv"]
    for side in ("hv", "lv"):
        for position, row in enumerate(network.transformers.itertuples()):
            busbar = str(getattr(row, f"{side}_busbar"))
            winding_kv, busbar_kv = float(getattr(row, f"vn_{side}_kv")), float(vn_kv[busbar])
            if abs(winding_kv - busbar_kv) > _WINDING_TOLERANCE * busbar_kv:
                yield finding(
                    "transformers",
                    position,
                    f"vn_{side}_kv",
                    f"a {busbar_kv:g} kV busbar on a {winding_kv:g} kV winding",
                    value=winding_kv,
                    ids=(str(row.Index), busbar),
                    accepted=f"within {_WINDING_TOLERANCE:.0%} of the busbar's {busbar_kv:g} kV",
                )


def check_lines(network: CityNetwork) -> Iterator[Issue]:
    """A line between busbars of different voltage."""
    vn_kv = network.busbars["vn_kv"]
    for position, row in enumerate(network.lines.itertuples()):
        ends = (str(row.from_busbar), str(row.to_busbar))
        from_kv, to_kv = (float(vn_kv[end]) for end in ends)
        if from_kv != to_kv:
            yield finding(
                "lines",
                position,
                "to_busbar",
                f"a line from {from_kv:g} kV to {to_kv:g} kV",
                value=ends[1],
                ids=(str(row.Index), *ends),
                hint="voltages are changed by transformers",
            )


def check_couplers(network: CityNetwork) -> Iterator[Issue]:
    """A coupler between two substations or two voltages."""
    vn_kv, owner = network.busbars["vn_kv"], network.substation_of_busbar
    for position, row in enumerate(network.couplers.itertuples()):
        ends = (str(row.busbar_a), str(row.busbar_b))
        if owner[ends[0]] != owner[ends[1]]:
            yield finding(
                "couplers",
                position,
                "busbar_b",
                f"a coupler between substations {owner[ends[0]]} and {owner[ends[1]]}",
                value=ends[1],
                ids=(str(row.Index), *ends),
                hint="sites are joined by lines",
            )
        if vn_kv[ends[0]] != vn_kv[ends[1]]:
            yield finding(
                "couplers",
                position,
                "busbar_b",
                f"a coupler between {vn_kv[ends[0]]:g} kV and {vn_kv[ends[1]]:g} kV",
                value=ends[1],
                ids=(str(row.Index), *ends),
            )
