"""The tables of equipment: busbar sections, couplers, transformers, lines and their bays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gridtool.network.synthetic.layout import Layout, Site, route_length_km
from gridtool.network.synthetic.parameters import (
    AUTOTRANSFORMER,
    CABLE_110,
    COSPHI,
    OVERHEAD_110,
    OVERHEAD_330,
    STATION_TRANSFORMERS,
    LineType,
    TransformerType,
)

__all__ = [
    "make_bays",
    "make_busbars",
    "make_couplers",
    "make_lines",
    "make_transformers",
    "transformer_for",
]

Row = dict[str, Any]

LEVELS: Mapping[str, tuple[int, ...]] = {
    "supply": (330, 110),
    "plant": (110,),
    "distribution": (110, 10),
}
_PLANNED_LOADING = 1.25
"""Loading of one transformer carrying its station alone, below its allowed overload."""
_CABLE_CORE = 0.4
_TARGET_VM_PU = 1.04
_EXPECTED_110_VM_PU = 1.02


def make_busbars(layout: Layout) -> list[Row]:
    """Two sections per voltage level."""
    return [
        {"id": f"{site.id}/{kv}-{section}", "substation": site.id, "vn_kv": float(kv)}
        for site in layout.sites.values()
        for kv in LEVELS[site.kind]
        for section in (1, 2)
    ]


def make_couplers(layout: Layout) -> list[Row]:
    """One per voltage level: closed, except at 10 kV, where it is open with automatic transfer."""
    return [
        {
            "id": f"{site.id}/C{kv}",
            "busbar_a": f"{site.id}/{kv}-1",
            "busbar_b": f"{site.id}/{kv}-2",
            "closed": kv != 10,
            "automatic_transfer": kv == 10,
        }
        for site in layout.sites.values()
        for kv in LEVELS[site.kind]
    ]


def make_lines(layout: Layout) -> list[Row]:
    """The 330 kV ring, then the double circuits of each corridor."""
    ring = layout.ring
    rows: list[Row] = []
    seen: dict[frozenset[str], int] = {}
    for here, there in zip(ring, (*ring[1:], ring[0]), strict=True):
        circuit = seen[frozenset((here, there))] = seen.get(frozenset((here, there)), 0) + 1
        a, b = sorted((here, there), key=ring.index)
        ends = (f"{a}/330-{circuit}", f"{b}/330-{circuit}")
        if len(ring) > 2:
            ends = (f"{here}/330-2", f"{there}/330-1")
            a, b = here, there
        rows.append(_line_row(layout, a, b, circuit=circuit, ends=ends, line_type=OVERHEAD_330))
    for corridor in layout.corridors:
        for a, b in zip(corridor.path, corridor.path[1:], strict=False):
            line_type = CABLE_110 if _in_core(layout, a) and _in_core(layout, b) else OVERHEAD_110
            for circuit in (1, 2):
                ends = (f"{a}/110-{circuit}", f"{b}/110-{circuit}")
                rows.append(
                    _line_row(layout, a, b, circuit=circuit, ends=ends, line_type=line_type)
                )
    return rows


def _line_row(
    layout: Layout, a: str, b: str, *, circuit: int, ends: tuple[str, str], line_type: LineType
) -> Row:
    return {
        "id": f"L-{a}-{b}-{circuit}",
        "from_busbar": ends[0],
        "to_busbar": ends[1],
        "length_km": route_length_km(layout.sites[a], layout.sites[b]),
        **asdict(line_type),
    }


def _in_core(layout: Layout, site: str) -> bool:
    place: Site = layout.sites[site]
    return math.hypot(place.x_km, place.y_km) < _CABLE_CORE * layout.radius_km


def transformer_for(peak_mw: float) -> TransformerType:
    """The smallest type of which one can carry the station's peak alone."""
    for candidate in STATION_TRANSFORMERS:
        if peak_mw / COSPHI <= _PLANNED_LOADING * candidate.sn_mva:
            return candidate
    raise ValueError(f"no transformer type carries {peak_mw} MW")


def make_transformers(layout: Layout, peaks: Mapping[str, float]) -> list[Row]:
    """Two per supply point and station."""
    rows = [
        _transformer_row(site, number, levels=(330, 110), nameplate=AUTOTRANSFORMER, tap_pos=0)
        for site in layout.ring
        for number in (1, 2)
    ]
    for station, peak in peaks.items():
        nameplate = transformer_for(peak)
        tap_pos = _choose_tap(nameplate, load_mw=peak / 2)
        rows.extend(
            _transformer_row(
                station, number, levels=(110, 10), nameplate=nameplate, tap_pos=tap_pos
            )
            for number in (1, 2)
        )
    return rows


def _transformer_row(
    site: str, number: int, *, levels: tuple[int, int], nameplate: TransformerType, tap_pos: int
) -> Row:
    return {
        "id": f"{site}/T{number}",
        "hv_busbar": f"{site}/{levels[0]}-{number}",
        "lv_busbar": f"{site}/{levels[1]}-{number}",
        "tap_pos": tap_pos,
        **asdict(nameplate),
    }


def _choose_tap(nameplate: TransformerType, *, load_mw: float) -> int:
    """HV tap that brings the 10 kV side nearest to its target at the peak.

    The drop is the usual (R P + X Q) / V of the short-circuit impedance, per unit of the rating.
    """
    p = load_mw / nameplate.sn_mva
    q = p * math.tan(math.acos(COSPHI))
    r = nameplate.vkr_pct / 100
    x = math.sqrt((nameplate.vk_pct / 100) ** 2 - r**2)
    ratio = (110.0 / nameplate.vn_hv_kv) * (nameplate.vn_lv_kv / 10.0)

    def miss(tap: int) -> float:
        unloaded = _EXPECTED_110_VM_PU * ratio / (1 + tap * nameplate.tap_step_pct / 100)
        return abs(unloaded - (r * p + x * q) - _TARGET_VM_PU)

    return min(range(-9, 10), key=lambda tap: (miss(tap), abs(tap)))


def make_bays(lines: list[Row], transformers: list[Row]) -> list[Row]:
    """One at every line end and at the high-voltage side of every transformer."""
    rows: list[Row] = []
    for row in transformers:
        site, name = row["id"].split("/")
        rows.append({"id": f"{site}/B-{name}", "busbar": row["hv_busbar"], "element": row["id"]})
    for row in lines:
        for busbar in (row["from_busbar"], row["to_busbar"]):
            site = busbar.split("/")[0]
            rows.append({"id": f"{site}/B-{row['id']}", "busbar": busbar, "element": row["id"]})
    return rows
