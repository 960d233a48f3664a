"""Compiled: unserved load where only the supply of islands binds, summed over a load series.

Loads all scale with one factor, so the shortage is a hinge in that factor.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["SHORT_MW", "Grid", "Places", "Series", "Sums", "count_above", "integrate_hinges"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Series = tuple[FloatArray, FloatArray, FloatArray]
"""Factors, rising; sums of the first 0, 1, 2, ... of them; highest factors of days, rising."""
Islands = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Demand by island and tier (I, 2), factor at which a leaf's cap binds (I,), flow on each core
branch that the demand of an island and tier takes (I, 2, M), limits (M,)."""
Leaves = tuple[IntArray, FloatArray, FloatArray]
"""Island, demand (t, 2) and cap (t,) of the terminals that have a cap."""
Sources = tuple[IntArray, FloatArray]
"""Island of each source (K,), flow on each core branch per MW of it (K, M)."""
Places = tuple[IntArray, FloatArray, FloatArray, IntArray]
"""Island of each place (-1: none), what it has of the island's demand by tier (Z, 2), and the
demand (MW) of it that nothing can serve (Z,), and its district (Z,)."""
Grid = tuple[Islands, Leaves, Sources, Places, bool]
"""The last: whether flows scale with the demand, no phase shifter drives one of its own."""
Sums = tuple[FloatArray, FloatArray, FloatArray]
"""Filled by state: hours short and unserved energy (n, 1 + Z; the first is the total), and days
short (n,)."""

SHORT_MW = 1e-6
"""A shortage of no more than this is none: load equal to capacity is served."""
_LIMIT_MW = 1e-7


@numba.njit(cache=True)
def count_above(factor: FloatArray, least: float) -> int:
    """How many factors are above ``least``."""
    return int(factor.shape[0] - np.searchsorted(factor, least, side="right"))


@numba.njit(cache=True)
def _hinge(series: Series, demand: float, supply: float) -> tuple[float, float]:
    """Hours in which ``demand`` at the factor exceeds the supply, and the energy above it."""
    if demand <= 0.0:
        return 0.0, 0.0
    factor, below, _ = series
    count = count_above(factor, supply / demand)
    total = below[-1] - below[factor.shape[0] - count]
    short = count_above(factor, (supply + SHORT_MW) / demand)
    return float(short), max(demand * total - supply * count, 0.0)


@numba.njit(cache=True)
def _worst(flow: FloatArray, limit: FloatArray) -> tuple[int, float]:
    """The branch farthest above its limit and by how much; -1 if none is."""
    worst, over = -1, _LIMIT_MW
    for m in range(limit.shape[0]):
        if abs(flow[m]) - limit[m] > over:
            worst, over = m, abs(flow[m]) - limit[m]
    return worst, over


@numba.njit(cache=True)
def _pair(
    effect: FloatArray, able: tuple[BoolArray, BoolArray], island: IntArray
) -> tuple[float, int, int]:
    """The sources to lower and to raise that relieve a branch most, and by how much per MW.

    ``effect`` (K,) is the flow towards the limit per MW, ``able`` says which can be lowered and
    raised; both are of one island.
    """
    gain, down, up = 1e-9, -1, -1
    for a in range(island.shape[0]):
        for b in range(island.shape[0]):
            if (
                able[0][a]
                and able[1][b]
                and island[a] == island[b]
                and effect[a] - effect[b] > gain
            ):
                gain, down, up = effect[a] - effect[b], a, b
    return gain, down, up


@numba.njit(cache=True)
def _relieve(
    output: FloatArray,
    rating: FloatArray,
    flow: FloatArray,
    limit: FloatArray,
    sources: Sources,
    free: BoolArray,
) -> bool:
    """Shift generation of the ``free`` islands until no branch is above its limit, if it can.

    Each step takes the branch farthest above its limit and the pair of sources that relieves it
    most.
    """
    island, effect = sources
    movable = free[island]
    for _ in range(4 * output.shape[0] + 8):
        worst, over = _worst(flow, limit)
        if worst < 0:
            return True
        sign = 1.0 if flow[worst] > 0.0 else -1.0
        able = (movable & (output > 1e-12), movable & (output < rating - 1e-12))
        gain, down, up = _pair(sign * effect[:, worst], able, island)
        if down < 0:
            return False
        moved = min(over / gain, output[down], rating[up] - output[up])
        output[down] -= moved
        output[up] += moved
        flow += moved * (effect[up] - effect[down])
    return False


@numba.njit(cache=True)
def _fits_protected(
    supply: FloatArray, flow: FloatArray, islands: Islands, leaves: Leaves, top: float
) -> bool:
    """Whether limits hold as well where only protected load is left, islands short of supply.

    ``flow`` is that of the generation alone, which is at its ratings in these islands.
    """
    demand, _, taken, limit = islands
    for i in range(demand.shape[0]):
        ordinary, protected = demand[i, 0], demand[i, 1]
        at = min(supply[i] / max(ordinary + protected, 1e-300), top)
        rest = 1.0
        if supply[i] < top * (ordinary + protected) and ordinary > 0.0 and protected > 0.0:
            at = min(supply[i] / protected, top)
            rest = max(supply[i] - at * protected, 0.0) / (at * ordinary) if at > 0.0 else 0.0
        for m in range(limit.shape[0]):
            flow[m] -= at * (taken[i, 0, m] * rest + taken[i, 1, m])
        for t in range(leaves[0].shape[0]):
            if leaves[0][t] == i:
                given = at * (leaves[1][t, 0] * rest + leaves[1][t, 1])
                if given > leaves[2][t] + _LIMIT_MW:
                    return False
    return bool(np.all(np.abs(flow) <= limit + _LIMIT_MW))


@numba.njit(cache=True)
def _serve_islands(
    rating: FloatArray, supply: FloatArray, islands: Islands, sources: Sources, top: float
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    """Output, flows, islands with supply to spare and highest factors served in whole."""
    demand, _, taken, limit = islands
    island, effect = sources
    whole = demand[:, 0] + demand[:, 1]
    free = supply >= top * whole
    served = np.full(supply.shape[0], top)
    flow = np.zeros(limit.shape[0])
    for i in range(supply.shape[0]):
        if not free[i]:
            served[i] = supply[i] / whole[i]
        flow -= served[i] * (taken[i, 0] + taken[i, 1])
    output = rating.copy()
    for k in range(rating.shape[0]):
        i = island[k]
        if free[i] and supply[i] > 0.0:
            output[k] *= top * whole[i] / supply[i]
        flow += effect[k] * output[k]
    return output, flow, free, served


@numba.njit(cache=True)
def _is_hinge(
    rating: FloatArray,
    supply: FloatArray,
    grid: Grid,
    top: float,
) -> bool:
    """Whether the limits of the network hold back no load at any factor up to ``top``.

    They hold back none below a factor at which all islands can be served: the flows of a smaller
    factor are that much smaller. Above it the sources stay at their ratings, the served load
    stays the same, and so do the flows; with two tiers it shifts to protected load, until that
    is all that is left.
    """
    islands, leaves, sources, _, _ = grid
    demand, cap, _, limit = islands
    output, flow, free, served = _serve_islands(rating, supply, islands, sources, top)
    if np.any(served > cap + 1e-12):
        return False
    if not _relieve(output, rating, flow, limit, sources, free):
        return False
    if not np.any(~free & (demand[:, 0] > 0.0) & (demand[:, 1] > 0.0)):
        return True
    given = np.zeros(limit.shape[0])
    for k in range(rating.shape[0]):
        given += sources[1][k] * output[k]
    return _fits_protected(supply, given, islands, leaves, top)


@numba.njit(cache=True)
def _add_hinges(
    s: int, supply: FloatArray, islands: Islands, places: Places, series: Series, sums: Sums
) -> None:
    """Hours, energy and days of a state in which only supply binds."""
    demand = islands[0]
    hours, energy, days = sums
    island, share, lost, district = places
    count = supply.shape[0]
    at = np.empty((count, 2))  # hours in which the tier is short
    given = np.empty((count, 2))
    least = SHORT_MW / lost.sum() if lost.sum() > 0.0 else np.inf
    for i in range(count):
        short, whole = _hinge(series, demand[i, 0] + demand[i, 1], supply[i])
        at[i, 1], given[i, 1] = _hinge(series, demand[i, 1], supply[i])
        at[i, 0], given[i, 0] = short, whole - given[i, 1]
        if demand[i, 0] + demand[i, 1] > 0.0:
            least = min(least, (supply[i] + SHORT_MW) / (demand[i, 0] + demand[i, 1]))
        energy[s, 0] += whole
    everything = series[1][-1]
    energy[s, 0] += lost.sum() * everything
    hours[s, 0] = count_above(series[0], least)
    days[s] = count_above(series[2], least)
    for z in range(island.shape[0]):
        i = island[z]
        if i >= 0:
            energy[s, 1 + z] += share[z, 0] * given[i, 0] + share[z, 1] * given[i, 1]
            hours[s, 1 + z] = at[i, 0] if share[z, 0] > 0.0 else at[i, 1] * (share[z, 1] > 0.0)
        if lost[z] > 0.0:
            energy[s, 1 + z] += lost[z] * everything
            hours[s, 1 + z] = count_above(series[0], SHORT_MW / lost[z])
        # Each busbar is short above a factor of its own: the district is in the hours of the one
        # that is short most often.
        d = 1 + island.shape[0] + district[z]
        energy[s, d] += energy[s, 1 + z]
        hours[s, d] = max(hours[s, d], hours[s, 1 + z])


@numba.njit(cache=True)
def integrate_hinges(
    rating: FloatArray,
    grid: Grid,
    series: Series,
    sums: Sums,
    supply_mwh: FloatArray,
) -> BoolArray:
    """Fill ``sums`` of the states in which only supply binds; which these are (n,).

    Parameters
    ----------
    rating : (n, K)
        Rating left of each source.
    supply_mwh : (n,)
        Filled for all states: energy short if no branch had a limit.
    """
    islands, _, sources, places, scalable = grid
    demand = islands[0]
    top = series[0][-1]
    answered = np.zeros(rating.shape[0], np.bool_)
    for s in range(rating.shape[0]):
        supply = np.zeros(demand.shape[0])
        for k in range(rating.shape[1]):
            supply[sources[0][k]] += rating[s, k]
        for i in range(demand.shape[0]):
            supply_mwh[s] += _hinge(series, demand[i, 0] + demand[i, 1], supply[i])[1]
        if scalable and _is_hinge(rating[s], supply, grid, top):
            _add_hinges(s, supply, islands, places, series, sums)
            answered[s] = True
    return answered
