"""Finds hours in which less was served than wanted, where no log tells it.

A day far below the model may be a holiday; weeks of them are not. So hours are not judged one
by one: first whole stretches must lie so low that neither the history's own high stretches
(shedding only lowers) nor the same weeks of other years know the like. Only within such
stretches are hours masked, and there from a small depth on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.censored.level import (
    WeeklyLevel,
    median_course,
    week_values,
)

__all__ = ["ShortHours", "find_short_hours"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

UPPER = 0.8
"""The level of a week is told by this quantile: shed hours are among those below."""
MASK_BELOW = 1.5
"""Depth, in robust standard deviations, from which an hour of a short stretch is masked."""
COUNT_BELOW = 2.0
DEEPEST = 8.0
"""An hour's evidence: depth beyond ``COUNT_BELOW``, at most this."""
WINDOWS_DAYS = ((14, 192.0, 300.0), (56, 40.0, 600.0))
"""Lengths of stretches, the most evidence a day adds and the least they must hold (standard
deviations x hours): two weeks of some deep days, or eight of many."""
MIRROR = 1.5
"""A stretch must hold this many times the evidence of the history's highest stretch."""
TELLING = 12.0
LEAST_STRETCH = 100.0
"""Evidence of a day, and of a whole stretch, below which it counts for nothing."""
JOIN_DAYS = 10
EDGE_DAYS = 2
RECURRING_DAYS = 24
RECURRENCE = range(347, 386)
RECURS = 0.35
LEAST_RUN_H = 2
ROUNDS = 6
LEAST_SCALE = 0.004
LEAST_CUT = 0.02
TRUNCATED_MEDIAN = 0.084
"""Median of a standard normal above -1.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortHours:
    """What was found in n hours.

    Attributes
    ----------
    short : (n,) bool
    level : (n,)
        Level of log demand as the hours not short tell it.
    scale : (n,)
        Robust standard deviation of what is left.
    stretches
        First and last day (rows of local days from the first) of each short stretch.
    recurring
        Of stretches passed over since other years have them too.
    """

    short: BoolArray
    level: FloatArray
    scale: FloatArray
    stretches: tuple[tuple[int, int], ...]
    recurring: tuple[tuple[int, int], ...]


def find_short_hours(left: FloatArray, *, calendar: LocalCalendar, silent: BoolArray) -> ShortHours:
    """Hours clearly below the model, over stretches that chance does not make.

    Parameters
    ----------
    left : (n,)
        Log demand less what calendar and temperature explain; NaN where unknown.
    silent : (n,) bool
        Hours known to be short, or of rebound: they tell nothing and are not found again.
    """
    left = np.where(silent, np.nan, left)
    day = calendar.day - calendar.day[0]
    upper = _upper_weeks(left)
    level = upper.spread(median_course(upper.value))
    scale = _scale_of(left - level, calendar=calendar)
    short = np.zeros(len(left), dtype=np.bool_)
    stretches: list[tuple[int, int]] = []
    recurring: list[tuple[int, int]] = []
    for _ in range(ROUNDS):
        depth = (left - level) / scale
        stretches, recurring = _find_stretches(depth, day=day)
        found = _mask_hours(depth, day=day, stretches=stretches)
        settled = np.array_equal(found, short)
        short = found
        if settled:
            break
        weeks = _trim_weeks(upper, left, scale=scale, short=short)
        level = weeks.spread(median_course(weeks.value))
        scale = _scale_of(np.where(short, np.nan, left) - level, calendar=calendar)
    return ShortHours(
        short=short,
        level=level,
        scale=scale,
        stretches=tuple(stretches),
        recurring=tuple(recurring),
    )


def _upper_weeks(left: FloatArray) -> WeeklyLevel:
    """Levels by week, told by an upper quantile less its usual distance from the median."""
    upper, middle = week_values(left, quantile=UPPER), week_values(left, quantile=0.5)
    apart = upper.value - middle.value
    usual = np.nanmedian(apart) if np.isfinite(apart).any() else 0.0
    return replace(upper, value=upper.value - usual)


def _trim_weeks(
    weeks: WeeklyLevel, left: FloatArray, *, scale: FloatArray, short: BoolArray
) -> WeeklyLevel:
    """``weeks``, those with masked hours by the median of the others, which is that of a trimmed
    normal. The other weeks stay, lest what is found in one place make the rest look low."""
    weekly = week_values(np.where(short, np.nan, left), quantile=0.5)
    cut = week_values(short.astype(np.float64)).value > LEAST_CUT
    trimmed = weekly.value - TRUNCATED_MEDIAN * week_values(scale).value
    return replace(weeks, value=np.where(cut, trimmed, weeks.value))


def _scale_of(depth: FloatArray, *, calendar: LocalCalendar) -> FloatArray:
    """Robust standard deviation around each month and hour, from what lies above the level."""
    month = np.minimum(calendar.day_of_year * 12 // 366, 11)
    part = calendar.hour // 3
    above = depth > 0
    whole = np.median(depth[above]) / 0.6745 if above.any() else 0.02
    table = np.full((12, 8), whole)
    for m in range(12):
        near = above & (np.minimum((month - m) % 12, (m - month) % 12) <= 1)
        for p in range(8):
            values = depth[near & (part == p)]
            if len(values) >= 50:
                table[m, p] = np.median(values) / 0.6745
    return np.asarray(np.maximum(table, LEAST_SCALE)[month, part])


def _find_stretches(
    depth: FloatArray, *, day: IntArray
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    low = _evidence(-depth / _skewness(depth), day=day)
    high = _evidence(depth, day=day)
    telling = np.zeros(len(low), dtype=np.bool_)
    for length, most, least in WINDOWS_DAYS:
        mirrored = _window_sums(np.minimum(high, most), length).max()
        sums = _window_sums(np.minimum(low, most), length)
        for last in np.flatnonzero(sums >= max(least, MIRROR * mirrored)):
            telling[max(last - length + 1, 0) : last + 1] = True
    telling &= low >= TELLING
    joined = _join_days(np.flatnonzero(telling))
    stretches = [one for one in joined if low[one[0] : one[1] + 1].sum() >= LEAST_STRETCH]
    recurring = [one for one in stretches if _recurs(low, stretch=one)]
    return [one for one in stretches if one not in recurring], recurring


def _skewness(depth: FloatArray) -> float:
    """How much wider the usual week spreads below its median than above, at least one."""
    low, middle, high = (week_values(depth, quantile=q).value for q in (1 - UPPER, 0.5, UPPER))
    below, above = middle - low, high - middle
    told = np.isfinite(below)
    if not told.any():
        return 1.0
    return max(1.0, float(np.median(below[told]) / max(float(np.median(above[told])), 1e-9)))


def _evidence(depth: FloatArray, *, day: IntArray) -> FloatArray:
    """By day: how far its hours lie out; a single day as low as a holiday tells nothing."""
    beyond = np.clip(np.nan_to_num(depth, nan=0.0) - COUNT_BELOW, 0.0, DEEPEST)
    sums = np.bincount(day, weights=beyond)
    hours = np.bincount(day, weights=beyond > 0)
    around = np.pad(hours, 1)
    single = (hours >= 14) & (around[:-2] < 10) & (around[2:] < 10)
    return np.where(single, 0.0, sums)


def _window_sums(daily: FloatArray, length: int) -> FloatArray:
    """Sum of the ``length`` days up to and including each."""
    total = np.cumsum(daily)
    return np.asarray(total - np.pad(total, (length, 0))[: len(total)])


def _join_days(days: IntArray) -> list[tuple[int, int]]:
    if not len(days):
        return []
    cuts = np.flatnonzero(np.diff(days) > JOIN_DAYS)
    firsts, lasts = np.r_[days[0], days[cuts + 1]], np.r_[days[cuts], days[-1]]
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def _recurs(low: FloatArray, *, stretch: tuple[int, int]) -> bool:
    """Whether the same weeks of another year lie low too: a feast, not an outage."""
    first, last = stretch
    length = last - first + 1
    if length > RECURRING_DAYS:
        return False
    own = low[first : last + 1].sum()
    others = _window_sums(low, length)
    lags = np.array(RECURRENCE)
    ends = np.r_[last - lags, last + lags]
    ends = ends[(ends >= 0) & (ends < len(low))]
    return bool(len(ends) and others[ends].max() >= RECURS * own)


def _mask_hours(depth: FloatArray, *, day: IntArray, stretches: list[tuple[int, int]]) -> BoolArray:
    inside = np.zeros(len(depth), dtype=np.bool_)
    for first, last in stretches:
        inside |= (day >= first - EDGE_DAYS) & (day <= last + EDGE_DAYS)
    low = inside & (depth < -MASK_BELOW)
    return low & _in_runs(low, least=LEAST_RUN_H)


def _in_runs(flags: BoolArray, *, least: int) -> BoolArray:
    edges = np.diff(np.r_[0, flags.astype(np.int8), 0])
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    kept = np.zeros(len(flags) + 1, dtype=np.int64)
    long = ends - firsts >= least
    np.add.at(kept, firsts[long], 1)
    np.add.at(kept, ends[long], -1)
    return np.asarray(np.cumsum(kept)[:-1] > 0)
