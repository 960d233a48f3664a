"""Most load that states could serve if only supply and the lines at each bus limited it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gridtool.restoration.unit_repairs.model import RepairCase

__all__ = ["SupplyBound"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BUS, _GEN, _BRANCH = 0, 1, 2
_KINDS = {"bus": _BUS, "gen": _GEN, "branch": _BRANCH}


class SupplyBound:
    """Upper bounds on the load served along orders, thousands of times cheaper than programs.

    Within an island no more is served than its generators give and its loads take, and a bus
    exchanges no more than its branches carry.
    """

    def __init__(self, repair_case: RepairCase) -> None:
        case = repair_case.case
        self._kind = np.array([_KINDS.get(c.kind, -1) for c in repair_case.components], np.int64)
        self._place = np.array([c.place for c in repair_case.components], np.int64)
        buses = len(case.bus_ids)
        worth = case.load_weight * np.abs(case.load_pu)
        weight = float(case.load_weight.max(initial=1.0))
        taken, given = np.zeros(buses), np.zeros(buses)
        np.add.at(taken, case.load_bus, worth)
        np.add.at(given, case.load_bus, weight * np.maximum(-case.load_pu, 0.0))
        np.add.at(given, case.shunt_bus, weight * np.maximum(-case.shunt_pu, 0.0))
        # A negative load counts as served and gives as much: let it supply its own credit too.
        np.add.at(given, case.load_bus, worth * (case.load_pu < 0.0))
        # Where what a negative load gives can go, beside other loads.
        self._drains = np.zeros(buses)
        self._drains[case.shunt_bus[case.shunt_pu > 0.0]] = 1.0
        self._drains[case.gen_bus[case.gen_min < 0.0]] = 1.0
        flow = np.maximum(np.abs(case.flow_low), np.abs(case.flow_high)) * weight
        self._grid = (
            taken,
            given,
            case.gen_bus,
            np.maximum(case.gen_max, 0.0) * weight,
            case.branch_from,
            case.branch_to,
            flow,
        )
        self._counts = np.array([buses, len(case.gen_ids), len(case.branch_ids)])

    def along(self, mask: int, added: Sequence[int]) -> FloatArray:
        """Bound, p.u., of ``mask`` with the first, the first two, ... of ``added`` repaired."""
        on = self._flags(mask)
        found: FloatArray = _bounds_along(
            on,
            np.array(added, dtype=np.int64),
            self._kind,
            self._place,
            self._counts,
            self._grid,
        )
        return found

    def live(self, mask: int) -> int:
        """The components of ``mask`` that carry anything.

        Left out is what stands in an island without generation or without load, and branches
        that end at a bus with neither: the load served is the same without them.
        """
        kept = _live(
            self._flags(mask), self._kind, self._place, self._counts, self._grid, self._drains
        )
        return int.from_bytes(np.packbits(kept, bitorder="little").tobytes(), "little")

    def _flags(self, mask: int) -> npt.NDArray[np.uint8]:
        n = len(self._kind)
        packed = np.frombuffer(mask.to_bytes(n // 8 + 1, "little"), np.uint8)
        return np.unpackbits(packed, bitorder="little")[:n]


@njit(cache=True)
def _live(
    on: npt.NDArray[np.uint8],
    kind: IntArray,
    place: IntArray,
    counts: IntArray,
    grid: Any,
    drains: FloatArray,
) -> npt.NDArray[np.uint8]:
    taken, given, gen_bus, gen_max, branch_from, branch_to, _ = grid
    bus_on = np.ones(counts[0], np.bool_)
    gen_on = np.ones(counts[1], np.bool_)
    branch_on = np.ones(counts[2], np.bool_)
    for bit in range(len(kind)):
        if not on[bit]:
            _switch(kind[bit], place[bit], 0, bus_on, gen_on, branch_on)
    supply = given.copy()
    for k in range(len(gen_bus)):
        supply[gen_bus[k]] += gen_max[k] * gen_on[k]
    for k in range(len(branch_from)):
        branch_on[k] &= bus_on[branch_from[k]] and bus_on[branch_to[k]]
    _cut_dead_ends(branch_on, taken + supply + drains, branch_from, branch_to)
    lit = _lit(bus_on, branch_on, taken, supply, branch_from, branch_to)
    kept = np.zeros(len(on), np.uint8)
    for bit in range(len(kind)):
        k = place[bit]
        if not on[bit] or k < 0:
            continue
        if kind[bit] == _BUS:
            kept[bit] = lit[k]
        elif kind[bit] == _GEN:
            kept[bit] = lit[gen_bus[k]]
        elif kind[bit] == _BRANCH:
            kept[bit] = lit[branch_from[k]] and branch_on[k]
    return kept


@njit(cache=True)
def _lit(
    bus_on: npt.NDArray[np.bool_],
    branch_on: npt.NDArray[np.bool_],
    taken: FloatArray,
    supply: FloatArray,
    branch_from: IntArray,
    branch_to: IntArray,
) -> npt.NDArray[np.bool_]:
    """Buses on in an island with both generation and load."""
    buses = len(bus_on)
    root = np.arange(buses)
    for k in range(len(branch_from)):
        if branch_on[k]:
            start, end = _root_of(root, branch_from[k]), _root_of(root, branch_to[k])
            root[max(start, end)] = min(start, end)
    wanted, offered = np.zeros(buses), np.zeros(buses)
    for bus in range(buses):
        wanted[_root_of(root, bus)] += taken[bus] * bus_on[bus]
        offered[_root_of(root, bus)] += supply[bus] * bus_on[bus]
    lit = np.zeros(buses, np.bool_)
    for bus in range(buses):
        top = _root_of(root, bus)
        lit[bus] = bus_on[bus] and wanted[top] > 0.0 and offered[top] > 0.0
    return lit


@njit(cache=True)
def _cut_dead_ends(
    branch_on: npt.NDArray[np.bool_],
    used: FloatArray,
    branch_from: IntArray,
    branch_to: IntArray,
) -> None:
    """Switch off branches that end at a bus where nothing is, until there are none."""
    degree = np.zeros(len(used), np.int64)
    for k in range(len(branch_on)):
        if branch_on[k]:
            degree[branch_from[k]] += 1
            degree[branch_to[k]] += 1
    cut = True
    while cut:
        cut = False
        for k in range(len(branch_on)):
            start, end = branch_from[k], branch_to[k]
            bare = (degree[start] == 1 and used[start] == 0.0) or (
                degree[end] == 1 and used[end] == 0.0
            )
            if branch_on[k] and bare:
                branch_on[k] = False
                degree[start] -= 1
                degree[end] -= 1
                cut = True


@njit(cache=True)
def _bounds_along(
    on: npt.NDArray[np.uint8],
    added: IntArray,
    kind: IntArray,
    place: IntArray,
    counts: IntArray,
    grid: Any,
) -> FloatArray:
    bus_on = np.ones(counts[0], np.bool_)
    gen_on = np.ones(counts[1], np.bool_)
    branch_on = np.ones(counts[2], np.bool_)
    for bit in range(len(kind)):
        if not on[bit]:
            _switch(kind[bit], place[bit], 0, bus_on, gen_on, branch_on)
    found = np.empty(len(added))
    for k in range(len(added)):
        _switch(kind[added[k]], place[added[k]], 1, bus_on, gen_on, branch_on)
        found[k] = _bound(bus_on, gen_on, branch_on, grid)
    return found


@njit(cache=True)
def _switch(
    kind: int,
    place: int,
    on: int,
    bus_on: npt.NDArray[np.bool_],
    gen_on: npt.NDArray[np.bool_],
    branch_on: npt.NDArray[np.bool_],
) -> None:
    if place < 0:
        return
    if kind == _BUS:
        bus_on[place] = on == 1
    elif kind == _GEN:
        gen_on[place] = on == 1
    elif kind == _BRANCH:
        branch_on[place] = on == 1


@njit(cache=True)
def _root_of(root: IntArray, bus: int) -> int:
    while root[bus] != bus:
        root[bus] = root[root[bus]]
        bus = root[bus]
    return bus


@njit(cache=True)
def _bound(
    bus_on: npt.NDArray[np.bool_],
    gen_on: npt.NDArray[np.bool_],
    branch_on: npt.NDArray[np.bool_],
    grid: Any,
) -> float:
    taken, given, gen_bus, gen_max, branch_from, branch_to, flow = grid
    buses = len(bus_on)
    root = np.arange(buses)
    supply = given.copy()
    exchange = np.zeros(buses)
    for k in range(len(gen_bus)):
        if gen_on[k]:
            supply[gen_bus[k]] += gen_max[k]
    for k in range(len(branch_from)):
        start, end = branch_from[k], branch_to[k]
        if branch_on[k] and bus_on[start] and bus_on[end]:
            exchange[start] += flow[k]
            exchange[end] += flow[k]
            start, end = _root_of(root, start), _root_of(root, end)
            root[max(start, end)] = min(start, end)
    wanted, offered = np.zeros(buses), np.zeros(buses)
    for bus in range(buses):
        if bus_on[bus]:
            top = _root_of(root, bus)
            wanted[top] += min(taken[bus], supply[bus] + exchange[bus])
            offered[top] += min(supply[bus], taken[bus] + exchange[bus])
    total = 0.0
    for bus in range(buses):
        total += min(wanted[bus], offered[bus])
    return total
