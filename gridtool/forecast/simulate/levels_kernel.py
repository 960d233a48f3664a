"""The levels of damaged assets through each sample: repairs, further damage, mobile units."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["Hits", "LevelEvents", "Works", "find_level_events"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TINY_H = 1e-9
_REPAIR, _HIT, _SET = 0, 1, 2


class Works(NamedTuple):
    """Executed repairs of n samples: J planned jobs, and T stays of mobile units.

    Attributes
    ----------
    begin_h, finish_h : (n, J)
        Hours after the as-of time; infinite for a job that is not done.
    asset, level : (J,) int
        Whose repair it is (-1: of nothing that counts), and the level it brings about.
    comes_h, goes_h : (n, T)
        When units are set up and taken down; infinite for never.
    stay : (T,) int
        The asset that stands for the unit at its place.
    """

    begin_h: FloatArray
    finish_h: FloatArray
    asset: IntArray
    level: IntArray
    comes_h: FloatArray
    goes_h: FloatArray
    stay: IntArray


class Hits(NamedTuple):
    """Further damage of n samples, m assets hit in all; those of sample i are
    ``first[i]:first[i + 1]``, by time.

    Attributes
    ----------
    at_h : (m,)
        Hours after the as-of time.
    asset, level : (m,) int
        What is hit, and the level it is left with at most.
    begin_h, finish_h : (m,)
        Of the repair; infinite for none of its own.
    top : (m,) int
        The level after the repair.
    """

    first: IntArray
    at_h: FloatArray
    asset: IntArray
    level: IntArray
    begin_h: FloatArray
    finish_h: FloatArray
    top: IntArray


class LevelEvents(NamedTuple):
    """Changes of level of n samples; those of sample i are ``first[i]:first[i + 1]``, by hour."""

    first: IntArray
    hour: IntArray
    asset: IntArray
    level: IntArray


@numba.njit(cache=True)
def find_level_events(
    works: Works, hits: Hits, start: IntArray, later_h: float, slip_h: float, hours: int
) -> LevelEvents:
    """When which asset comes to which level, as seen at the beginnings of hours.

    A repair raises its asset to its level, unless the asset was hit between the begin of the work
    and its end: then the work is void. A hit leaves the worse of two levels. What happens within
    an hour counts from the next.

    Parameters
    ----------
    start : (u,) int
        Levels as of now.
    later_h
        Hours from the as-of time to the first hour.
    slip_h
        Hours by which every repair ends later.
    """
    n = works.finish_h.shape[0]
    found = np.empty((3, n * _most_events(works, 0) + 2 * hits.at_h.shape[0]), dtype=np.int64)
    first = np.zeros(n + 1, dtype=np.int64)
    count = 0
    level, last_hit = start.copy(), np.full(start.shape[0], -np.inf)
    for i in range(n):
        own = hits.first[i + 1] - hits.first[i]
        moment = np.empty((2, _most_events(works, own)))
        what = np.empty((3, _most_events(works, own)), dtype=np.int64)
        size = _gather_works(works, i, slip_h, moment, what)
        size = _gather_hits(hits, i, slip_h, moment, what, size)
        level[:] = start
        last_hit[:] = -np.inf
        for e in np.argsort(moment[0, :size], kind="mergesort"):
            asset = what[1, e]
            new = _new_level(what[0, e], what[2, e], level[asset], moment[1, e], last_hit[asset])
            if what[0, e] == _HIT:
                last_hit[asset] = moment[0, e]
            at = max(0.0, np.ceil(moment[0, e] - later_h - _TINY_H))
            if new != level[asset] and at < hours:
                level[asset] = new
                found[0, count], found[1, count], found[2, count] = np.int64(at), asset, new
                count += 1
        first[i + 1] = count
    return LevelEvents(
        first, found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()
    )


@numba.njit(cache=True)
def _most_events(works: Works, hits: int) -> int:
    return int(works.asset.shape[0] + 2 * works.stay.shape[0] + 2 * hits)


@numba.njit(cache=True)
def _new_level(kind: int, given: int, level: int, begin: float, last_hit: float) -> int:
    """The level of an asset after an event, from the one before."""
    if kind == _REPAIR:
        return max(level, given) if last_hit <= begin else level
    return min(level, given) if kind == _HIT else given


@numba.njit(cache=True)
def _gather_works(works: Works, i: int, slip_h: float, moment: FloatArray, what: IntArray) -> int:
    """Write the ends of repairs and the stays of sample ``i``; how many events that is."""
    size = 0
    for j in range(works.asset.shape[0]):
        if works.asset[j] >= 0 and works.finish_h[i, j] < np.inf:
            moment[0, size], moment[1, size] = works.finish_h[i, j] + slip_h, works.begin_h[i, j]
            what[0, size], what[1, size], what[2, size] = _REPAIR, works.asset[j], works.level[j]
            size += 1
    for t in range(works.stay.shape[0]):
        if works.comes_h[i, t] < works.goes_h[i, t]:
            moment[0, size], what[0, size] = works.comes_h[i, t], _SET
            what[1, size], what[2, size] = works.stay[t], 1
            moment[0, size + 1], what[0, size + 1] = works.goes_h[i, t], _SET
            what[1, size + 1], what[2, size + 1] = works.stay[t], 0
            size += 2
    return size


@numba.njit(cache=True)
def _gather_hits(
    hits: Hits, i: int, slip_h: float, moment: FloatArray, what: IntArray, size: int
) -> int:
    """Write the hits of sample ``i`` and the ends of their repairs behind the others."""
    for h in range(hits.first[i], hits.first[i + 1]):
        moment[0, size], what[0, size] = hits.at_h[h], _HIT
        what[1, size], what[2, size] = hits.asset[h], hits.level[h]
        size += 1
        if hits.finish_h[h] < np.inf:
            moment[0, size], moment[1, size] = hits.finish_h[h] + slip_h, hits.begin_h[h]
            what[0, size], what[1, size], what[2, size] = _REPAIR, hits.asset[h], hits.top[h]
            size += 1
    return size
