"""What the hours that a history has tell of its shape, though they are too few to be fitted."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.periods.profiles import KINDS
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.history.model import History

__all__ = ["learn_shape"]

FloatArray = npt.NDArray[np.float64]
LEAST_VALUES = 8
"""Known hours of a kind of day and an hour of it, from which their mean is taken."""


def learn_shape(shape: HourShape, history: History, *, zone: ZoneInfo) -> HourShape:
    """``shape`` with the mean departure of the known hours from it, by kind of day and hour.

    Departures are from the day's own size, so that seasons and growth do not count. Hours of the
    day that are hardly ever known lie between their neighbours; a kind of day that is hardly ever
    known keeps the shape it has.
    """
    calendar = make_calendar(history.start, history.hours, zone=zone)
    load = history.load_mw
    known = np.isfinite(load) & (load > 0)
    if history.short is not None:
        known = known & ~history.short
    expected = shape.follow(calendar, seasons=False)
    day = calendar.day - calendar.day[0]
    taken, days = day[known], int(day[-1]) + 1
    asked = np.bincount(taken, weights=expected[known], minlength=days)
    size = np.bincount(taken, weights=load[known], minlength=days) / np.maximum(asked, 1e-9)
    away = np.log(load[known] / (expected[known] * size[taken]))
    cell = 24 * shape.kinds(calendar)[known] + calendar.hour[known]
    count = np.bincount(cell, minlength=24 * KINDS)
    total = np.bincount(cell, weights=away, minlength=24 * KINDS)
    mean = np.where(count >= LEAST_VALUES, total / np.maximum(count, 1), np.nan)
    return replace(shape, learned=np.stack([_close(row) for row in mean.reshape(KINDS, 24)]))


def _close(hours: FloatArray) -> FloatArray:
    """The hours of a day (24,) with those unknown between their neighbours, round the clock."""
    at = np.flatnonzero(np.isfinite(hours))
    if not len(at):
        return np.zeros(24)
    return np.asarray(np.interp(np.arange(24), at, hours[at], period=24))
