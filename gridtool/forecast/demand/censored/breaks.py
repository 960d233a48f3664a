"""Steps of the level of demand: stated ones, and those that the weeks give evidence of.

The level of log demand is a random walk from week to week. A step at a week is tested against
it by generalised least squares (as Harvey and Koopman 1992, "Diagnostic checking of unobserved
components time series models", do with auxiliary residuals); since every week is tried, it must
gain more likelihood than the price of a search (a modified BIC as of Zhang and Siegmund 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.censored.level import (
    WEEK_H,
    WeeklyLevel,
    estimate_variances,
    link_weeks,
    week_values,
    week_weights,
)
from gridtool.forecast.demand.model import DemandEvent, LevelBreak

__all__ = ["find_breaks", "level_offset"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
MOST_BREAKS = 4
PRICE = 4.0
"""A found step must gain this times log(weeks) in twice the log likelihood."""
LEAST_STEP = 0.03
"""Smaller steps are left to the random walk."""
REACH_WEEKS = 8
LEAST_BEFORE, LEAST_AFTER = 6, 4
LASTS = 0.5
"""Of the step that must remain between the medians of the weeks before and after it."""
DATE_DAYS = 10
DATE_SPAN_DAYS = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """An hour of the history at which the level steps, by ``step`` if that is stated."""

    hour: int
    stated: bool
    step: float | None = None


def find_breaks(
    left: FloatArray,
    *,
    calendar: LocalCalendar,
    start: datetime,
    events: Sequence[DemandEvent] = (),
) -> tuple[LevelBreak, ...]:
    """Steps of the level of ``left`` (n,), in order.

    Parameters
    ----------
    left : (n,)
        Log demand less what calendar and temperature explain; NaN where unknown.
    start
        Of the first hour, aware UTC.
    events
        Those of the kind ``level`` within the history enter as stated; where their change is not
        stated it is estimated, at the stated time.
    """
    places = _stated_places(events, start=start, hours=len(left))
    estimates = _estimate_steps(left, places)
    for _ in range(MOST_BREAKS):
        week = _find_week(left - _offset_of(places, estimates, hours=len(left)))
        if week is None:
            break
        hour = _find_date(left, around=len(left) - week * WEEK_H, calendar=calendar)
        more = [*places, _Place(hour=hour, stated=False)]
        steps = _estimate_steps(left, more)
        size, error = steps[-1]
        weeks = len(left) / WEEK_H
        if abs(size) < LEAST_STEP or (size / error) ** 2 < PRICE * np.log(weeks):
            break
        places, estimates = more, steps
    found = [
        LevelBreak(at=start + p.hour * HOUR, step=step, step_se=error, stated=p.stated)
        for p, (step, error) in zip(places, estimates, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def level_offset(breaks: Sequence[LevelBreak], *, start: datetime, hours: int) -> FloatArray:
    """Sum of the steps that lie behind each hour, (hours,)."""
    offset = np.zeros(hours)
    for one in breaks:
        offset[max(int((one.at - start) / HOUR), 0) :] += one.step
    return offset


def _stated_places(events: Sequence[DemandEvent], *, start: datetime, hours: int) -> list[_Place]:
    places = []
    for event in events:
        hour = int((event.start - start) / HOUR)
        if event.kind == "level" and 0 < hour < hours:
            step = None if event.change is None else float(np.log1p(event.change))
            places.append(_Place(hour=hour, stated=True, step=step))
    return places


def _offset_of(
    places: Sequence[_Place], steps: Sequence[tuple[float, float]], *, hours: int
) -> FloatArray:
    offset = np.zeros(hours)
    for place, (step, _) in zip(places, steps, strict=True):
        offset[place.hour :] += step
    return offset


def _estimate_steps(left: FloatArray, places: Sequence[_Place]) -> list[tuple[float, float]]:
    """Step and standard error of each place, all at once, by generalised least squares."""
    steps = [(0.0 if p.step is None else p.step, 0.0) for p in places]
    free = [i for i, p in enumerate(places) if p.step is None]
    if not free:
        return steps
    known = np.isfinite(left)
    after = [week_values(np.where(known, _after(places[i], len(left)), np.nan)) for i in free]
    for _ in range(2):  # the variances are first those with the steps in them
        bare = week_values(left - _offset_of(places, steps, hours=len(left)))
        precision = _level_precision(bare)
        design = np.nan_to_num(np.stack([weekly.value for weekly in after], axis=1))
        weighted = np.einsum("ij,jk->ik", precision, design, optimize=False)
        normal = np.einsum("ji,jk->ik", design, weighted, optimize=False)
        normal += 1e-9 * np.eye(len(free))
        right = np.einsum("jk,j->k", weighted, np.nan_to_num(bare.value), optimize=False)
        covariance = np.linalg.inv(normal)
        moves = np.linalg.solve(normal, right)
        for k, i in enumerate(free):
            steps[i] = (steps[i][0] + float(moves[k]), float(np.sqrt(covariance[k, k])))
    return steps


def _after(place: _Place, hours: int) -> FloatArray:
    return np.asarray(np.arange(hours) >= place.hour, dtype=np.float64)


def _level_precision(weekly: WeeklyLevel) -> FloatArray:
    """Inverse covariance of the weekly values, whatever the level of the first, (w, w)."""
    variances = estimate_variances(weekly)
    weight = week_weights(weekly, variances)
    inner = np.linalg.inv(np.diag(weight) + link_weeks(len(weight), variances))
    return np.asarray(np.diag(weight) - weight[:, None] * inner * weight)


def _find_week(left: FloatArray) -> int | None:
    """Weeks between the end and the most evident step that lasts; None if there is none."""
    weekly = week_values(left)
    value = weekly.value
    if np.isfinite(value).sum() < LEAST_BEFORE + LEAST_AFTER:
        return None
    precision = _level_precision(weekly)
    pull = np.einsum("ij,j->i", precision, np.nan_to_num(value), optimize=False)
    score = np.cumsum(pull[::-1])[::-1]
    square = np.cumsum(np.cumsum(precision[::-1, ::-1], axis=0), axis=1).diagonal()[::-1]
    evidence = score**2 / np.maximum(square, 1e-12)
    for week in np.argsort(-evidence, kind="stable"):
        if evidence[week] < PRICE * np.log(len(value)) / 2:  # the step still widens its error
            return None
        step = score[week] / square[week]
        before = value[:week][np.isfinite(value[:week])][-REACH_WEEKS:]
        after = value[week:][np.isfinite(value[week:])][:REACH_WEEKS]
        if len(before) < LEAST_BEFORE or len(after) < LEAST_AFTER:
            continue
        apart = np.median(after) - np.median(before)
        if apart * np.sign(step) >= max(LASTS * abs(step), LEAST_STEP):
            return len(value) - int(week)
    return None


def _find_date(left: FloatArray, *, around: int, calendar: LocalCalendar) -> int:
    """First hour of the local day at which a step near hour ``around`` splits the days best.

    Where the days around the step are unknown, the first of them: people leave when the damage
    begins, rather than when it ends.
    """
    day = calendar.day - calendar.day[0]
    known = np.isfinite(left)
    count = np.bincount(day, weights=known)
    told = np.flatnonzero(count > 0)
    means = np.bincount(day, weights=np.where(known, left, 0.0))[told] / count[told]
    weight = count[told]
    middle = int(np.searchsorted(told, day[min(max(around, 0), len(day) - 1)]))
    first, last = max(middle - DATE_SPAN_DAYS, 0), min(middle + DATE_SPAN_DAYS, len(told))
    splits = range(max(middle - DATE_DAYS, first + 1), min(middle + DATE_DAYS + 1, last))

    def loss(split: int) -> float:
        sides = (slice(first, split), slice(split, last))
        apart = [means[side] - np.average(means[side], weights=weight[side]) for side in sides]
        return float(sum((weight[side] * v**2).sum() for side, v in zip(sides, apart, strict=True)))

    split = min(splits, key=loss)
    return int(np.flatnonzero(day > told[split - 1])[0])
