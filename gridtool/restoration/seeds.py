"""Orders that the search starts from: greedy in both directions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.value import StateValues

__all__ = ["backward_order", "forward_order"]

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
