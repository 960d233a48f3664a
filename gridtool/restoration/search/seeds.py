"""Orders that the search starts from: greedy in both directions, and by bundles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gridtool.restoration.value.states import StateValues

__all__ = ["backward_order", "bundle_order", "forward_order"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def backward_order(values: StateValues, work_h: FloatArray, *, width: int) -> IntArray:
    """Jobs ordered from the end: last goes what the repaired network misses least per hour.

    Works where repairs help only together (a line and the busbar behind it), which a forward
    greedy cannot see. At every step only the ``width`` jobs missed least when last asked are
    asked again. Ties go to the job that comes first in the network.
    """
    n = len(work_h)
    hours = work_h.tolist()
    rate = [
        (values.full_mw - values.served_mw(values.all_done & ~(1 << j))) / hours[j]
        for j in range(n)
    ]
    mask, left = values.all_done, list(range(n))
    tail: list[int] = []
    while left:
        served = values.served_mw(mask)
        asked = sorted(left, key=lambda j: (rate[j], j))[:width]
        for j in asked:
            rate[j] = (served - values.served_mw(mask & ~(1 << j))) / hours[j]
        chosen = min(asked, key=lambda j: (round(rate[j], 9), -hours[j], j))
        mask &= ~(1 << chosen)
        left.remove(chosen)
        tail.append(chosen)
    return np.array(tail[::-1], dtype=np.int64)


def forward_order(
    values: StateValues, work_h: FloatArray, *, width: int, fallback: IntArray
) -> IntArray:
    """Jobs ordered by load won per crew hour, one after the other.

    Where no single repair wins anything, the next job of ``fallback`` is taken. At every step
    only the ``width`` jobs that won most when last asked are asked again, and the ``width``
    next ones of ``fallback``, because what wins nothing alone may win after its neighbour.
    """
    rank = {int(j): position for position, j in enumerate(fallback)}
    hours = work_h.tolist()
    rate = [(values.served_mw(1 << j) - values.served_mw(0)) / h for j, h in enumerate(hours)]
    mask, left = 0, list(range(len(hours)))
    order: list[int] = []
    while left:
        served = values.served_mw(mask)
        asked = set(sorted(left, key=lambda j: (-rate[j], rank[j]))[:width])
        asked |= set(sorted(left, key=lambda j: rank[j])[:width])
        for j in sorted(asked):
            rate[j] = (values.served_mw(mask | 1 << j) - served) / hours[j]
        chosen = min(asked, key=lambda j: (-max(0.0, round(rate[j], 9)), rank[j]))
        mask |= 1 << chosen
        left.remove(chosen)
        order.append(chosen)
    return np.array(order, dtype=np.int64)


def bundle_order(
    values: StateValues,
    work_h: FloatArray,
    *,
    bundles: Sequence[Sequence[int]],
    width: int,
    fallback: IntArray,
) -> IntArray:
    """Jobs by the bundle, or the single job, of most load won per crew hour, again and again.

    Sees what pays only once all of a path is repaired. At every step only the ``width`` bundles
    that won most when last asked are asked again; a bundle's jobs are taken in the order of
    ``fallback``, and so are those left when nothing wins any more.

    Parameters
    ----------
    bundles
        Sets of job positions, see :func:`gridtool.restoration.search.bundles.supply_bundles`.
    """
    rank = {int(j): position for position, j in enumerate(fallback)}
    left = [frozenset([j]) for j in range(len(work_h))] + [frozenset(b) for b in bundles]
    mask, order = 0, []

    def rate(bundle: frozenset[int]) -> float:
        after = mask | sum(1 << j for j in bundle)
        hours = float(work_h[sorted(bundle)].sum())
        return (values.served_mw(after) - values.served_mw(mask)) / hours

    stale = {bundle: rate(bundle) for bundle in left}
    while stale:
        asked = sorted(stale, key=lambda bundle: (-stale[bundle], sorted(bundle)))[:width]
        for bundle in asked:
            stale[bundle] = rate(bundle)
        best = min(asked, key=lambda bundle: (-round(stale[bundle], 9), sorted(bundle)))
        if stale[best] <= 0.0:
            break
        order += sorted(best, key=rank.__getitem__)
        mask |= sum(1 << j for j in best)
        stale = {b - best: max(stale[b], stale.get(b - best, 0.0)) for b in stale if b - best}
    taken = set(order)
    return np.array([*order, *(int(j) for j in fallback if int(j) not in taken)], dtype=np.int64)
