"""Local calendar of hourly data as arrays: hour, weekday, day of the year, day number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["LocalCalendar", "make_calendar"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LocalCalendar:
    """Local calendar of ``n`` consecutive hours.

    Attributes
    ----------
    hour, weekday, day_of_year : (n,) int
        Local hour 0-23, Monday 0, 1 January 0.
    day : (n,) int
        Local date as days since 1970-01-01.
    """

    hour: IntArray
    weekday: IntArray
    day_of_year: IntArray
    day: IntArray

    def last(self, hours: int) -> LocalCalendar:
        """The last ``hours`` hours, or all there are."""
        return LocalCalendar(
            hour=self.hour[-hours:],
            weekday=self.weekday[-hours:],
            day_of_year=self.day_of_year[-hours:],
            day=self.day[-hours:],
        )


def make_calendar(start: datetime, hours: int, *, zone: ZoneInfo) -> LocalCalendar:
    """The calendar of ``hours`` hours from ``start`` (aware UTC) in ``zone``."""
    stamps = pd.date_range(start, periods=hours, freq="h").tz_convert(zone)
    dates = stamps.tz_localize(None).to_numpy().astype("datetime64[D]")
    return LocalCalendar(
        hour=stamps.hour.to_numpy().astype(np.int64),
        weekday=stamps.dayofweek.to_numpy().astype(np.int64),
        day_of_year=stamps.dayofyear.to_numpy().astype(np.int64) - 1,
        day=dates.astype(np.int64),
    )
