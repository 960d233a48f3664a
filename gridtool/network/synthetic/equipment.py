"""The tables of equipment: busbar sections, couplers, transformers, lines and their bays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from gridtool.errors import Issue, NetworkError
from gridtool.network.synthetic.failures import TRANSFORMER_TIMES, failure_times, line_rates
from gridtool.network.synthetic.layout import Layout, route_length_km
from gridtool.network.synthetic.parameters import (
    AUTOTRANSFORMER,
    COSPHI,
    OVERHEAD_330,
    STATION_TRANSFORMERS,
    LineType,
    TransformerType,
)
from gridtool.network.synthetic.sizing import Sizing, Span

__all__ = [
    "choose_tap",
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
_PLANNED_VM_PU: Mapping[int, float] = {330: 1.012, 110: 1.025, 10: 1.04}
_MVAR_PER_MW: Mapping[int, float] = {110: 0.5, 10: math.tan(math.acos(COSPHI))}
"""Reactive power through the transformers to each level: at 110 kV losses come on top."""
_TAP_STEPS: Mapping[int, int] = {110: 6, 10: 9}


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


def make_lines(layout: Layout, spans: Iterable[Span]) -> list[Row]:
    """The 330 kV ring, then the double circuits of each corridor."""
    rows = _ring_rows(layout)
    for span in spans:
        for circuit in (1, 2):
            ends = (f"{span.start}/110-{circuit}", f"{span.end}/110-{circuit}")
            rows.append(_line_row(layout, ends, circuit=circuit, line_type=span.line_type))
    return rows


def _ring_rows(layout: Layout) -> list[Row]:
    ring = layout.ring
    if len(ring) == 2:
        ends = [(f"{ring[0]}/330-{circuit}", f"{ring[1]}/330-{circuit}") for circuit in (1, 2)]
        return [
            _line_row(layout, pair, circuit=circuit, line_type=OVERHEAD_330)
            for circuit, pair in enumerate(ends, 1)
        ]
    return [
        _line_row(layout, (f"{a}/330-2", f"{b}/330-1"), circuit=1, line_type=OVERHEAD_330)
        for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)
    ]


def _line_row(layout: Layout, ends: tuple[str, str], *, circuit: int, line_type: LineType) -> Row:
    a, b = (end.split("/")[0] for end in ends)
    length_km = route_length_km(layout.sites[a], layout.sites[b])
    return {
        "id": f"L-{a}-{b}-{circuit}",
        "from_busbar": ends[0],
        "to_busbar": ends[1],
        "length_km": length_km,
        **asdict(line_type),
        **failure_times(line_rates(line_type), length_km),
    }


def transformer_for(peak_mw: float) -> TransformerType:
    """The smallest type of which one can carry the station's peak alone."""
    for candidate in STATION_TRANSFORMERS:
        if peak_mw / COSPHI <= _PLANNED_LOADING * candidate.sn_mva:
            return candidate
    raise NetworkError(Issue(message=f"no transformer type carries {peak_mw:g} MW"))


def make_transformers(sizing: Sizing, peaks: Mapping[str, float]) -> list[Row]:
    """Two or more autotransformers per supply point and two transformers per station."""
    rows: list[Row] = []
    for point, count in sizing.autotransformers.items():
        load = sizing.autotransformer_mw[point] / AUTOTRANSFORMER.sn_mva
        tap_pos = choose_tap(AUTOTRANSFORMER, load, levels=(330, 110))
        rows += _transformer_rows(
            point, count, levels=(330, 110), nameplate=AUTOTRANSFORMER, tap_pos=tap_pos
        )
    for station, peak in peaks.items():
        nameplate = transformer_for(peak)
        tap_pos = choose_tap(nameplate, peak / 2 / nameplate.sn_mva, levels=(110, 10))
        rows += _transformer_rows(
            station, 2, levels=(110, 10), nameplate=nameplate, tap_pos=tap_pos
        )
    return rows


def _transformer_rows(
    site: str, count: int, *, levels: tuple[int, int], nameplate: TransformerType, tap_pos: int
) -> list[Row]:
    return [
        {
            "id": f"{site}/T{number}",
            "hv_busbar": f"{site}/{levels[0]}-{1 + (number - 1) % 2}",
            "lv_busbar": f"{site}/{levels[1]}-{1 + (number - 1) % 2}",
            "tap_pos": tap_pos,
            **asdict(nameplate),
            **TRANSFORMER_TIMES,
        }
        for number in range(1, count + 1)
    ]


def choose_tap(nameplate: TransformerType, load: float, *, levels: tuple[int, int]) -> int:
    """Tap that brings the low-voltage side nearest to its planned voltage at the peak.

    The drop is the usual (R P + X Q) / V of the short-circuit impedance, per unit of the rating.

    Parameters
    ----------
    load
        Active power through one transformer per unit of its rating.
    """
    hv_kv, lv_kv = levels
    mvar_per_mw = _MVAR_PER_MW[lv_kv]
    r = nameplate.vkr_pct / 100
    x = math.sqrt((nameplate.vk_pct / 100) ** 2 - r**2)
    drop = (r + x * mvar_per_mw) * load
    ratio = (hv_kv / nameplate.vn_hv_kv) * (nameplate.vn_lv_kv / lv_kv)
    most = _TAP_STEPS[lv_kv]

    def miss(tap: int) -> float:
        step = 1 + tap * nameplate.tap_step_pct / 100
        turns = ratio * step if nameplate.tap_side == "lv" else ratio / step
        return abs(_PLANNED_VM_PU[hv_kv] * turns - drop - _PLANNED_VM_PU[lv_kv])

    return min(range(-most, most + 1), key=lambda tap: (miss(tap), abs(tap)))


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
