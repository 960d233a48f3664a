"""Compiled: unserved load where limits of the network bind, summed over a load series.

As a function of the demand factor it is followed from the highest factor downwards, optimal
basis by optimal basis (parametric right-hand sides, Gal & Nedoma, Management Science 18, 1972).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.load_profile_kernel import SHORT_MW, Series, Sums, count_above

__all__ = ["integrate_bases"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Bases = tuple[IntArray, IntArray, FloatArray, FloatArray]
"""First row and number of rows of each basis, rows (R, P), unserved by place (b, 1 + Z, P)."""

_STEP = 1e-7
"""The factor is lowered by this to find what holds below a breakpoint."""
_ROW = 1e-8


@numba.njit(cache=True)
def _reach(rating: FloatArray, fixed: float, bases: Bases) -> FloatArray:
    """Where each basis is optimal for these ratings (b, 3).

    From which factor on; from which on it is within the tolerance; up to which.
    """
    first, count, rows, _ = bases
    reach = np.empty((first.shape[0], 3))
    for b in range(first.shape[0]):
        low, least, high = 0.0, 0.0, np.inf
        for r in range(first[b], first[b] + count[b]):
            constant = rows[r, 0] + rows[r, 2] * fixed
            for k in range(rating.shape[0]):
                constant += rows[r, 3 + k] * rating[k]
            slope = rows[r, 1]
            if slope > 1e-12:
                low = max(low, -constant / slope)
                least = max(least, -(constant + _ROW) / slope)
            elif slope < -1e-12:
                high = min(high, (constant + _ROW) / -slope)
            elif constant < -_ROW:
                high = -1.0
            if least > high:
                break
        reach[b, 0], reach[b, 1], reach[b, 2] = low, least, high
    return reach


@numba.njit(cache=True)
def _add_piece(
    s: int, line: FloatArray, ends: tuple[float, float], series: Series, sums: Sums
) -> None:
    """Add the factors in (low, high], where each place lacks ``line`` (1 + Z, 2) MW."""
    factor, below, peaks = series
    hours, energy, days = sums
    low, high = ends
    size = factor.shape[0]
    first = size - count_above(factor, low)
    last = size - count_above(factor, high)
    total = below[last] - below[first]
    for z in range(line.shape[0]):
        constant, slope = line[z]
        lacking = constant * (last - first) + slope * total
        if abs(constant) + abs(slope) < 1e-10:
            continue
        energy[s, z] += lacking
        begin, end = low, high
        if slope > 1e-12:
            begin = min(max((SHORT_MW - constant) / slope, low), high)
        elif slope < -1e-12:
            end = max(min((SHORT_MW - constant) / slope, high), low)
        elif constant <= SHORT_MW:
            continue
        hours[s, z] += count_above(factor, begin) - count_above(factor, end)
        if z == 0:
            days[s] += count_above(peaks, begin) - count_above(peaks, end)


@numba.njit(cache=True)
def _best(reach: FloatArray, probe: float) -> int:
    """The basis that is optimal at ``probe`` and reaches farthest down, -1 for none."""
    best = -1
    for b in range(reach.shape[0]):
        covers = reach[b, 1] <= probe <= reach[b, 2]
        if covers and (best < 0 or reach[b, 0] < reach[best, 0]):
            best = b
    return best


@numba.njit(cache=True)
def _fill_line(
    line: FloatArray, basis: FloatArray, rating: FloatArray, fixed: float, lost: FloatArray
) -> None:
    """Unserved load by place (1 + Z, 2), constant and slope in the factor, of a basis."""
    for z in range(line.shape[0]):
        line[z, 0] = basis[z, 0] + basis[z, 2] * fixed
        for k in range(rating.shape[0]):
            line[z, 0] += basis[z, 3 + k] * rating[k]
        line[z, 1] = basis[z, 1] + lost[z]


@numba.njit(cache=True)
def _follow(
    s: int,
    rating: FloatArray,
    known: tuple[float, Bases, FloatArray, bool],
    series: Series,
    sums: Sums,
) -> float:
    """Fill the sums of one state from the highest factor down; the factor to solve, or -1."""
    fixed, bases, lost, scalable = known
    maps = bases[3]
    factor = series[0]
    reach = _reach(rating, fixed, bases)
    line = np.zeros((lost.shape[0], 2))
    high = factor[-1]
    while high >= factor[0] and high > 0.0:
        probe = max(high - _STEP, 0.0)
        b = _best(reach, probe)
        if b < 0:
            return float(probe)
        low = max(min(reach[b, 0], probe), 0.0)
        _fill_line(line, maps[b], rating, fixed, lost)
        _add_piece(s, line, (low, high), series, sums)
        high = low
        if scalable and line[0, 0] + (line[0, 1] - lost[0]) * low <= 1e-9:
            # Nothing is shed here, so nothing is below: only what is cut off lacks.
            line[:, 0] = 0.0
            line[:, 1] = lost
            _add_piece(s, line, (-1.0, low), series, sums)
            break
    return -1.0


@numba.njit(cache=True)
def integrate_bases(
    rating: FloatArray,
    known: tuple[float, Bases, FloatArray, bool],
    series: Series,
    first: int,
    sums: Sums,
) -> tuple[int, float]:
    """Fill ``sums`` of the states from ``first`` on.

    Parameters
    ----------
    rating : (n, K)
    known
        Import limit, which is the same for all; bases; demand by place that nothing can serve
        (1 + Z,), the total first; whether flows scale with the demand.

    Returns
    -------
    tuple of int and float
        ``n`` if all states are answered, else the state that no basis covers, and the factor.
    """
    for s in range(first, rating.shape[0]):
        for z in range(sums[0].shape[1]):
            sums[0][s, z] = sums[1][s, z] = 0.0
        sums[2][s] = 0.0
        probe = _follow(s, rating[s], known, series, sums)
        if probe >= 0.0:
            return s, probe
    return int(rating.shape[0]), 0.0
