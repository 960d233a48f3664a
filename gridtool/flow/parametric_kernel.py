"""Compiled loops of the parametric dispatch: which known basis covers an hour, and its answer."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["evaluate", "match", "supply_shortage"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
