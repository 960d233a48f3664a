"""The crews' working clock, compiled: intervals of hours that a crew works in."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["TINY_H", "next_working", "work_until"]

FloatArray = npt.NDArray[np.float64]

TINY_H = 1e-9


@numba.njit(cache=True)
def _first_open(end: FloatArray, count: int, moment: float) -> int:
    """First interval that ends after ``moment``, by bisection; ``count`` if there is none."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if end[middle] > moment + TINY_H:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True)
def next_working(start: FloatArray, end: FloatArray, count: int, moment: float) -> float:
    """First working moment from ``moment`` on."""
    k = _first_open(end, count, moment)
    return max(moment, start[k]) if k < count else np.inf


@numba.njit(cache=True)
def work_until(
    start: FloatArray, end: FloatArray, worked: FloatArray, count: int, moment: float, work: float
) -> float:
    """When ``work`` hours are done from ``moment`` on; infinite beyond the calendar."""
    if work <= TINY_H:
        return moment
    k = _first_open(end, count, moment)
    if k >= count:
        return np.inf
    target = worked[k] + max(moment - start[k], 0.0) + work
    last = worked[count - 1] + end[count - 1] - start[count - 1]
    if target > last + TINY_H:
        return np.inf
    low, high = k, count  # last interval that begins with less than the target worked
    while high - low > 1:
        middle = (low + high) // 2
        if worked[middle] < target - TINY_H:
            low = middle
        else:
            high = middle
    return float(start[low] + target - worked[low])
