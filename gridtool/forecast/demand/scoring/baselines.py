"""What costs nothing: last year's load again, and what was usual at the time of the year.

A forecast that is no better than these is not worth its trouble. Both take from the history
alone, without temperature and without a fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.scoring.scores import place_quantiles

__all__ = ["CLIMATOLOGY_LEVELS", "repeat_last_year", "usual_load"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WEEK_H = 168
LAG_H = 52 * WEEK_H
"""The same weekday 52 weeks before."""
WINDOW_DAYS = 15
LEAST_VALUES = 8
"""An hour with fewer values of its day type near its date takes those of the whole year."""
CLIMATOLOGY_LEVELS: FloatArray = np.arange(101) / 100


def repeat_last_year(load_mw: FloatArray, *, hours: int) -> tuple[FloatArray, FloatArray]:
    """The load of 52 weeks before, and with the spread of this method's own past errors.

    Each path carries one stretch of past errors on the log scale, begun at another week and
    taken with both signs, so that the middle of the paths is last year's load. A history of
    less than two years has no such errors: one path.

    Parameters
    ----------
    load_mw : (n,)
        History up to the origin, from its first known hour on; unknown hours count as the mean
        of their hour of the week.

    Returns
    -------
    point : (hours,)
    paths : (2 k, hours) or (1, hours)
    """
    filled = _fill_by_week(load_mw[np.flatnonzero(np.isfinite(load_mw))[0] :])
    naive = np.resize(filled[-LAG_H:], hours)
    before = len(filled) - LAG_H
    if before < LAG_H:
        return naive, naive[None]
    errors = np.log(filled[LAG_H:] / filled[:before])
    starts = np.arange(len(errors) % WEEK_H, len(errors), WEEK_H)
    rows = (starts[:, None] + np.arange(hours)) % len(errors)
    factor = np.exp(errors[rows])
    return naive, np.concatenate([naive * factor, naive / factor])


def _fill_by_week(load_mw: FloatArray) -> FloatArray:
    """Unknown hours as the mean of their hour of the week over the year that ends with them all."""
    known = np.isfinite(load_mw) & (load_mw > 0)
    if known.all():
        return load_mw
    week_hour = (np.arange(len(load_mw)) - len(load_mw)) % WEEK_H
    recent = known & (np.arange(len(load_mw)) >= len(load_mw) - LAG_H)
    pool = recent if recent.any() else known
    count = np.bincount(week_hour[pool], minlength=WEEK_H)
    total = np.bincount(week_hour[pool], weights=load_mw[pool], minlength=WEEK_H)
    usual = np.where(count > 0, total / np.maximum(count, 1), load_mw[pool].mean())
    return np.where(known, load_mw, usual[week_hour])


def usual_load(
    load_mw: FloatArray,
    *,
    calendar: LocalCalendar,
    ahead: LocalCalendar,
    special_days: SpecialDays,
) -> FloatArray:
    """Climatology: quantiles by hour and day type within 15 days of the date, over all years.

    Day types are working days, Saturdays, and Sundays with special days.

    Parameters
    ----------
    load_mw : (n,)
        History up to the origin, ``calendar`` that of its hours.
    ahead
        Calendar of the H hours to be forecast.

    Returns
    -------
    (101, H)
        At :data:`CLIMATOLOGY_LEVELS`.
    """
    first = int(calendar.day[0])
    by_day = np.full((int(calendar.day[-1]) - first + 1, 24), np.nan)
    by_day[calendar.day - first, calendar.hour] = load_mw
    days = first + np.arange(len(by_day))
    types = _day_types(days, special_days)
    dates = _days_of_year(days)
    ahead_days, of_hour = np.unique(ahead.day, return_inverse=True)
    ahead_types, ahead_dates = _day_types(ahead_days, special_days), _days_of_year(ahead_days)
    found = np.empty((len(ahead_days), len(CLIMATOLOGY_LEVELS), 24))
    for row, (kind, date) in enumerate(zip(ahead_types, ahead_dates, strict=True)):
        apart = np.abs(dates - date)
        near = np.minimum(apart, 366 - apart) <= WINDOW_DAYS
        found[row] = _pool_quantiles(by_day[near & (types == kind)], by_day[types == kind], by_day)
    quantiles: FloatArray = found[of_hour, :, ahead.hour].T
    return quantiles


def _pool_quantiles(*pools: FloatArray) -> FloatArray:
    """Quantiles (101, 24) by hour, from the first pool (d, 24) with enough values of the hour."""
    found = np.full((len(CLIMATOLOGY_LEVELS), 24), np.nan)
    for place, pool in enumerate(pools):
        least = 1 if place == len(pools) - 1 else LEAST_VALUES
        for count in np.unique(np.isfinite(pool).sum(axis=0)):
            take = (np.isfinite(pool).sum(axis=0) == count) & np.isnan(found[0])
            if count >= least and take.any():
                ordered = np.sort(pool[:, take], axis=0)[:count]  # unknown hours sort to the end
                found[:, take] = place_quantiles(ordered, CLIMATOLOGY_LEVELS)
    return found


def _day_types(days: IntArray, special_days: SpecialDays) -> IntArray:
    """0 working day, 1 Saturday, 2 Sunday or special, of days since 1970-01-01 (a Thursday).

    Special periods are too long to be Sundays all: their days keep their own type.
    """
    weekday = special_days.resembled((days + 3) % 7, day=days)
    types = np.select([weekday == 5, weekday == 6], [1, 2], 0)
    single = replace(special_days, periods=())
    for kind in single.kinds:
        types[np.isin(days, single.numbers(kind))] = 2
    return types


def _days_of_year(days: IntArray) -> IntArray:
    dates = days.astype("datetime64[D]")
    found: IntArray = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    return found
