"""Compiled loops of the parametric dispatch: which known basis covers an hour, and its answer."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import branch_flows
from gridtool.flow.screen_kernel import GENERATION_RULES, share_generation, share_shortage

__all__ = ["evaluate", "match", "screen_hours", "supply_shortage"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Terminals = tuple[FloatArray, FloatArray, IntArray, IntArray]
Sources = tuple[IntArray, IntArray, BoolArray]
Factor = tuple[IntArray, IntArray, FloatArray, FloatArray]
Branches = tuple[IntArray, IntArray, FloatArray, FloatArray]
Core = tuple[Factor, Branches, FloatArray, BoolArray]


@numba.njit(cache=True)
def _first_violated(
    theta: FloatArray, rows: FloatArray, first: int, count: int, tolerance: float
) -> int:
    for r in range(first, first + count):
        total = 0.0
        for p in range(theta.shape[0]):
            total += rows[r, p] * theta[p]
        if total < -tolerance:
            return r
    return -1


@numba.njit(cache=True)
def match(
    theta: FloatArray,
    start: int,
    bases: tuple[IntArray, IntArray, FloatArray],
    tried: tuple[IntArray, IntArray],
    choice: IntArray,
    tolerance: float,
) -> int:
    """Choose a basis for each hour from ``start`` on; stop at the first hour that none covers.

    A basis covers an hour when all its rows are at least ``-tolerance`` there. The basis of the
    hour before is tried first, then all in the order given; a violated row moves one place up,
    so that the rows that decide come first.

    Parameters
    ----------
    theta : (H, P)
        Parameters of each hour.
    bases
        First row and number of rows of each basis, and the rows (R, P), which are reordered.
    tried
        Order in which bases are tried, and hits by basis, which are counted up.
    choice : (H,) int
        Filled with the basis of each hour.
    """
    first, count, rows = bases
    order, hits = tried
    last = -1
    for h in range(start, theta.shape[0]):
        found = -1
        for q in range(-1, order.shape[0]):
            basis = last if q < 0 else order[q]
            if basis < 0 or (q >= 0 and basis == last):
                continue
            violated = _first_violated(theta[h], rows, first[basis], count[basis], tolerance)
            if violated < 0:
                found = basis
                break
            if violated > first[basis]:
                for p in range(theta.shape[1]):
                    swapped = rows[violated, p]
                    rows[violated, p] = rows[violated - 1, p]
                    rows[violated - 1, p] = swapped
        if found < 0:
            return h
        choice[h] = found
        hits[found] += 1
        last = found
    return int(theta.shape[0])


@numba.njit(cache=True)
def evaluate(theta: FloatArray, maps: FloatArray, choice: IntArray, out: FloatArray) -> None:
    """Fill ``out`` (H, Z) with ``maps[choice] @ theta``, never below 0; hours of choice -1 stay.

    ``maps`` is (bases, Z, P).
    """
    for h in range(theta.shape[0]):
        if choice[h] < 0:
            continue
        for z in range(out.shape[1]):
            total = 0.0
            for p in range(theta.shape[1]):
                total += maps[choice[h], z, p] * theta[h, p]
            out[h, z] = max(total, 0.0)


@numba.njit(cache=True)
def supply_shortage(
    theta: FloatArray, demand: FloatArray, sources: tuple[IntArray, npt.NDArray[np.bool_]]
) -> FloatArray:
    """Load that no network could serve, from demand and sources of each island (H,).

    ``theta`` is (1, demand factor, import limit, rating of each source), ``demand`` (I,) at
    factor 1, ``sources`` (island, infeed).
    """
    island, infeed = sources
    missing = np.zeros(theta.shape[0])
    units = np.empty(demand.shape[0])
    infeeds = np.empty(demand.shape[0])
    for h in range(theta.shape[0]):
        units[:] = 0.0
        infeeds[:] = 0.0
        for k in range(island.shape[0]):
            if infeed[k]:
                infeeds[island[k]] += theta[h, 3 + k]
            else:
                units[island[k]] += theta[h, 3 + k]
        imported = 0.0
        for i in range(demand.shape[0]):
            need = max(theta[h, 1] * demand[i] - units[i], 0.0)
            imported += min(need, infeeds[i])
            missing[h] += max(need - infeeds[i], 0.0)
        missing[h] += max(imported - theta[h, 2], 0.0)
    return missing


@numba.njit(cache=True)
def _some_split_fits(
    served: FloatArray,
    supply: FloatArray,
    hour: tuple[FloatArray, float],
    terminals: Terminals,
    sources: Sources,
    core: Core,
) -> bool:
    """Whether one of the simple splits of generation keeps import and core within limits."""
    rating, import_limit = hour
    source_core, source_island, infeed = sources
    factor, branches, bound, reference = core
    need = np.zeros(supply.shape[0])
    injection = np.zeros(reference.shape[0])
    for n in range(served.shape[0]):
        need[terminals[2][n]] += served[n]
        injection[terminals[3][n]] -= served[n]
    need = np.minimum(need, supply)
    for rule in range(GENERATION_RULES):
        output = share_generation(rule, need, (rating, source_island, infeed), import_limit)
        given = injection.copy()
        imported = 0.0
        for k in range(output.shape[0]):
            given[source_core[k]] += output[k]
            imported += output[k] if infeed[k] else 0.0
        if imported > import_limit + 1e-7:
            continue
        flow = branch_flows(factor, branches, given, reference)
        if np.all(np.abs(flow) <= bound):
            return True
    return False


@numba.njit(cache=True)
def screen_hours(
    theta: FloatArray,
    hours: tuple[int, int],
    grid: tuple[Terminals, Sources, Core],
    places: tuple[IntArray, IntArray, FloatArray, FloatArray],
    out: FloatArray,
) -> int:
    """Answer hours in closed form; stop at the first hour that has none.

    Parameters
    ----------
    theta : (H, P)
    hours
        First hour, and the hour to stop before.
    grid
        Terminals (demand at factor 1, cap, island, core node), sources (core node, island,
        infeed) and core (factor, branches, limit, reference nodes) of the reduced grid.
    places
        Begin of each cell (2 T + 1,), place in ``out`` and weight of its entries, and the demand
        of each place that is lost at factor 1.
    out : (H, Z)
        Filled with unserved load.

    Returns
    -------
    int
        The first hour not answered.
    """
    terminals, sources, core = grid
    demand, cap, island, _ = terminals
    begin, place, weight, lost = places
    islands = int(island.max()) + 1 if island.shape[0] else 0
    for h in range(hours[0], hours[1]):
        wanted = demand * theta[h, 1]
        rating = theta[h, 3:].copy()
        infeeds = np.zeros(islands)
        supply = np.zeros(islands)
        for k in range(rating.shape[0]):
            if sources[2][k]:
                infeeds[sources[1][k]] += rating[k]
            else:
                supply[sources[1][k]] += rating[k]
        for i in range(islands):
            supply[i] += min(infeeds[i], theta[h, 2])
        shed = share_shortage(wanted, cap, island, supply)
        served = (wanted - shed).sum(axis=1)
        if not _some_split_fits(served, supply, (rating, theta[h, 2]), terminals, sources, core):
            return h
        for z in range(lost.shape[0]):
            out[h, z] = lost[z] * theta[h, 1]
        for n in range(demand.shape[0]):
            for tier in range(2):
                for entry in range(begin[2 * n + tier], begin[2 * n + tier + 1]):
                    out[h, place[entry]] += weight[entry] * shed[n, tier]
    return hours[1]
