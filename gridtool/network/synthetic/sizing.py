"""Conductors, autotransformers and infeeds sized so that no single outage overloads any.

Planned as a planner would: linear flows at the winter peak, every single circuit,
autotransformer, infeed and unit lost in turn, and the next larger size wherever the worst flow
does not fit; repeated, because a larger conductor draws more flow. The margins leave room for
reactive power; that the result is secure under AC power flow is tested, not assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue, NetworkError
from gridtool.network.synthetic.dcflow import GRID, Branch, worst_flows
from gridtool.network.synthetic.layout import Layout, route_length_km
from gridtool.network.synthetic.parameters import (
    AUTOTRANSFORMER,
    CABLES_110,
    OVERHEAD_330,
    OVERHEADS_110,
    LineType,
)

__all__ = ["Sizing", "Span", "size_equipment"]

FloatArray = npt.NDArray[np.float64]
Row = dict[str, Any]
Sizes = dict[tuple[str, str, bool], int]

_MW_PER_MVA = 0.92 * 0.95
"""Active power planned per MVA of rating: power factor on the branch times a reserve."""
_INFEED_X_OHM = 1e-3
_CABLE_CORE = 0.4
"""Spans within this share of the city's radius are cables."""
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A double circuit between neighbouring sites of a corridor."""

    start: str
    end: str
    line_type: LineType


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What was chosen.

    ``autotransformers`` is their number by supply point, ``autotransformer_mw`` the intact flow
    of one of them; ``infeed_mw`` the largest flow of each infeed's supply point.
    """

    spans: tuple[Span, ...]
    autotransformers: Mapping[str, int]
    autotransformer_mw: Mapping[str, float]
    infeed_mw: Mapping[str, float]


def size_equipment(
    layout: Layout, peaks: Mapping[str, float], *, units: list[Row], infeed_points: tuple[str, ...]
) -> Sizing:
    """Equipment of the layout without overloads by linear flows.

    Raises
    ------
    NetworkError
        If the largest equipment does not suffice.
    """
    generation = [(str(unit["id"]).split("/")[0], float(unit["max_mw"])) for unit in units]
    injections = {station: -peak for station, peak in peaks.items()}
    for plant, unit_mw in generation:
        injections[plant] = injections.get(plant, 0.0) + unit_mw
    sizes: Sizes = {}
    for _ in range(_MOST_ROUNDS):
        branches = _list_branches(layout, infeed_points, sizes=sizes)
        intact, worst = worst_flows(branches, injections, losses=generation)
        tight = {
            branch.owner
            for branch, flow, after in zip(branches, intact, worst, strict=True)
            if _is_tight(branch, flow, after, sizes=sizes)
        }
        if not tight:
            return _collect(layout, branches, intact, worst=worst, sizes=sizes)
        for owner in tight:
            sizes[owner] = sizes.get(owner, 0) + 1
    raise NetworkError(Issue(message="no equipment makes this layout N-1 secure"))


def _list_branches(layout: Layout, infeed_points: tuple[str, ...], *, sizes: Sizes) -> list[Branch]:
    """Every circuit, autotransformer and infeed."""
    branches = [
        Branch(start=GRID, end=f"{p}/330", x_ohm=_INFEED_X_OHM, owner=("infeed", p, False))
        for p in infeed_points
    ]
    to_110 = (110.0 / 330.0) ** 2
    for here, there in zip(layout.ring, (*layout.ring[1:], layout.ring[0]), strict=True):
        x_ohm = to_110 * _length(layout, here, there) * OVERHEAD_330.x_ohm_per_km
        ends = {"start": f"{here}/330", "end": f"{there}/330"}
        branches.append(Branch(**ends, x_ohm=x_ohm, owner=("ring", here, False)))
    x_ohm = AUTOTRANSFORMER.vk_pct / 100 * 110.0**2 / AUTOTRANSFORMER.sn_mva
    for p in layout.ring:
        owner = ("supply", p, False)
        unit = Branch(start=f"{p}/330", end=p, x_ohm=x_ohm, owner=owner)
        branches += [unit] * (2 + sizes.get(owner, 0))
    for number, corridor in enumerate(layout.corridors):
        for a, b in zip(corridor.path, corridor.path[1:], strict=False):
            owner = ("corridor", str(number), _in_core(layout, a) and _in_core(layout, b))
            x_ohm = _length(layout, a, b) * _line_type(owner, sizes).x_ohm_per_km
            branches += [Branch(start=a, end=b, x_ohm=x_ohm, owner=owner)] * 2
    return branches


def _length(layout: Layout, a: str, b: str) -> float:
    return route_length_km(layout.sites[a], layout.sites[b])


def _in_core(layout: Layout, site: str) -> bool:
    place = layout.sites[site]
    return math.hypot(place.x_km, place.y_km) < _CABLE_CORE * layout.radius_km


def _line_type(owner: tuple[str, str, bool], sizes: Sizes) -> LineType:
    types = CABLES_110 if owner[2] else OVERHEADS_110
    size = sizes.get(owner, 0)
    if size >= len(types):
        raise NetworkError(Issue(message="no conductor makes this layout N-1 secure"))
    return types[size]


def _is_tight(branch: Branch, flow: float, after: float, *, sizes: Sizes) -> bool:
    """Whether the flow does not fit when intact or after the worst outage, MW."""
    kind = branch.owner[0]
    if kind == "supply":
        rating = _MW_PER_MVA * AUTOTRANSFORMER.sn_mva
        return flow > rating or after > rating * AUTOTRANSFORMER.overload_pct / 100
    if kind == "corridor":
        max_i_ka = _line_type(branch.owner, sizes).max_i_ka
        return after > _MW_PER_MVA * math.sqrt(3) * 110.0 * max_i_ka
    return False


def _collect(
    layout: Layout, branches: list[Branch], intact: FloatArray, *, worst: FloatArray, sizes: Sizes
) -> Sizing:
    spans = [
        Span(start=branch.start, end=branch.end, line_type=_line_type(branch.owner, sizes))
        for branch in branches
        if branch.owner[0] == "corridor"
    ]

    def by_name(kind: str, flows: FloatArray) -> dict[str, float]:
        rows = zip(branches, flows.tolist(), strict=True)
        return {branch.owner[1]: flow for branch, flow in rows if branch.owner[0] == kind}

    return Sizing(
        spans=tuple(dict.fromkeys(spans)),
        autotransformers={p: 2 + sizes.get(("supply", p, False), 0) for p in layout.ring},
        autotransformer_mw=by_name("supply", intact),
        infeed_mw=by_name("infeed", worst),
    )
