"""The shortage of areas joined by transport interfaces in one hour, by flows.

Least in total is unserved (a largest flow from supplies to loads). It is shared so that the
largest share of an area's load that goes unserved is as small as the interfaces allow, then the
next largest: the rule of :mod:`gridtool.forecast.adequacy.areas_exact_shares`, found here by
Newton's steps on cuts (Fujishige 1980; Radzik 1993), which also serve many areas.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["Flow", "open_flow", "push_flow", "set_flow", "share_unserved"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_LEAST_MW = 1e-9
"""Less than this is no flow."""


class Flow(NamedTuple):
    """What is left of each supply (A,), load (A,) and link (A, A; from row to column), MW.

    ``before`` and ``queue`` (A,) are for the search; after a flow was pushed ``before`` is -1
    for areas that no supply left over can reach.
    """

    supply: FloatArray
    load: FloatArray
    link: FloatArray
    before: IntArray
    queue: IntArray


class _Settled(NamedTuple):
    """Areas whose share is found and what they are served, and room for the next step; (A,)."""

    served: FloatArray
    settled: BoolArray
    tight: BoolArray
    wanted: FloatArray


@numba.njit(cache=True)
def open_flow(areas: int) -> Flow:
    """Room for the flows of so many areas."""
    return Flow(
        np.zeros(areas),
        np.zeros(areas),
        np.zeros((areas, areas)),
        np.zeros(areas, np.int64),
        np.zeros(areas, np.int64),
    )


@numba.njit(cache=True)
def set_flow(flow: Flow, supply_mw: FloatArray, load_mw: FloatArray, link_mw: FloatArray) -> None:
    """Begin a flow anew; in loops, which compile ten times faster than assignments of slices."""
    for one in range(supply_mw.shape[0]):
        flow.supply[one] = supply_mw[one]
        flow.load[one] = load_mw[one]
        for other in range(supply_mw.shape[0]):
            flow.link[one, other] = link_mw[one, other]


@numba.njit(cache=True)
def _find_path(flow: Flow) -> int:
    """Area with load that the shortest path from a supply ends in; -1: there is none."""
    areas = flow.supply.shape[0]
    head, tail = 0, 0
    for area in range(areas):
        flow.before[area] = -1
        if flow.supply[area] > _LEAST_MW:
            flow.before[area] = area
            flow.queue[tail] = area
            tail += 1
    while head < tail:
        area = flow.queue[head]
        head += 1
        if flow.load[area] > _LEAST_MW:
            return int(area)
        for other in range(areas):
            if flow.before[other] < 0 and flow.link[area, other] > _LEAST_MW:
                flow.before[other] = area
                flow.queue[tail] = other
                tail += 1
    return -1


@numba.njit(cache=True)
def push_flow(flow: Flow) -> float:
    """Serve what can be served with what is left, own loads first; gives how much that is."""
    pushed = 0.0
    for area in range(flow.supply.shape[0]):
        own = min(flow.supply[area], flow.load[area])
        if own > 0:
            flow.supply[area] -= own
            flow.load[area] -= own
            pushed += own
    end = _find_path(flow)
    while end >= 0:
        most = flow.load[end]
        area = end
        while flow.before[area] != area:
            most = min(most, flow.link[flow.before[area], area])
            area = flow.before[area]
        most = min(most, flow.supply[area])
        flow.supply[area] -= most
        flow.load[end] -= most
        area = end
        while flow.before[area] != area:
            flow.link[flow.before[area], area] -= most
            flow.link[area, flow.before[area]] += most
            area = flow.before[area]
        pushed += most
        end = _find_path(flow)
    return pushed


@numba.njit(cache=True)
def _serve_share(
    flow: Flow,
    supply_mw: FloatArray,
    link_mw: FloatArray,
    wanted_mw: FloatArray,
) -> float:
    """Push a flow that wants ``wanted_mw``; gives what of it lacks."""
    set_flow(flow, supply_mw, wanted_mw, link_mw)
    push_flow(flow)
    lacks = 0.0
    for area in range(supply_mw.shape[0]):
        lacks += flow.load[area]
    return lacks


@numba.njit(cache=True)
def _cut_share(
    flow: Flow,
    supply_mw: FloatArray,
    link_mw: FloatArray,
    load_mw: FloatArray,
    behind: _Settled,
) -> float:
    """Share of their load that the areas behind the cut just found can all be served."""
    areas = load_mw.shape[0]
    given, size = 0.0, 0.0
    for area in range(areas):
        if flow.before[area] >= 0:
            continue
        given += supply_mw[area]
        if behind.settled[area]:
            given -= behind.served[area]
        else:
            size += load_mw[area]
        for other in range(areas):
            if flow.before[other] >= 0:
                given += link_mw[other, area]
    return max(given, 0.0) / size if size > 0 else -1.0


@numba.njit(cache=True)
def _largest_share(
    flow: Flow,
    supply_mw: FloatArray,
    link_mw: FloatArray,
    load_mw: FloatArray,
    areas: _Settled,
) -> float:
    """Largest share that all areas not settled can be served; marks those that allow no more."""
    count = load_mw.shape[0]
    share = 1.0
    for area in range(count):
        areas.tight[area] = False
    while True:
        for area in range(count):
            own = areas.served[area] if areas.settled[area] else share * load_mw[area]
            areas.wanted[area] = own
        if _serve_share(flow, supply_mw, link_mw, areas.wanted) <= _LEAST_MW * count:
            return share
        lower = _cut_share(flow, supply_mw, link_mw, load_mw, areas)
        if lower < 0.0 or lower >= share:  # no further than rounding allows
            return share
        share = lower
        for area in range(count):
            areas.tight[area] = flow.before[area] < 0


@numba.njit(cache=True)
def share_unserved(
    supply_mw: FloatArray,
    load_mw: FloatArray,
    link_mw: FloatArray,
    flow: Flow,
    unserved_mw: FloatArray,
) -> None:
    """Write the unserved load of each area.

    Parameters
    ----------
    supply_mw, load_mw : (A,)
    link_mw : (A, A)
        Most that flows from row to column.
    flow
        Room for the search; what it holds is lost.
    unserved_mw : (A,)
        The result.
    """
    areas = load_mw.shape[0]
    served = np.zeros(areas)
    settled = np.zeros(areas, np.bool_)
    tight = np.zeros(areas, np.bool_)
    wanted = np.zeros(areas)
    fixed = 1
    while fixed > 0:
        fixed = 0
        share = _largest_share(
            flow, supply_mw, link_mw, load_mw, _Settled(served, settled, tight, wanted)
        )
        for area in range(areas):
            if not settled[area] and (tight[area] or share >= 1.0):
                settled[area] = True
                served[area] = share * load_mw[area]
                fixed += 1
    for area in range(areas):
        unserved_mw[area] = max(load_mw[area] - served[area], 0.0)
