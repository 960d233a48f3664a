"""Working hours and remaining work counted with the calendar, for the independent check."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import exp, log, log1p, sqrt
from zoneinfo import ZoneInfo

from scipy.special import log_ndtr

from gridtool.restoration.model import Crew, Duration
from gridtool.restoration.work.durations import LEAST_LEFT_H

__all__ = ["CLOCK_H", "NEAR", "mean_hours_left", "worked_hours"]

CLOCK_H = 3 / 3600
"""Three roundings to the second, hours."""

NEAR = timedelta(seconds=1)
"""Two roundings to the second."""


def worked_hours(crew: Crew, begin: datetime, end: datetime, *, zone: ZoneInfo) -> float:
    """Hours that ``crew`` works between two aware UTC times, shift by local shift."""
    begin = max(begin, crew.available_from or begin)
    end = min(end, crew.available_to or end)
    if begin >= end:
        return 0.0
    if crew.shift_h >= 24:
        return (end - begin).total_seconds() / 3600
    day = begin.astimezone(zone).date() - timedelta(days=2)
    final = end.astimezone(zone).date()
    total = 0.0
    while day <= final:
        opens, closes = _local_shift(day, crew.shift_start_h, crew.shift_h, zone)
        first, last = max(begin, opens), min(end, closes)
        if last > first:
            total += (last - first).total_seconds() / 3600
            begin = last  # a long shift may run into the next one where the clock is put forward
        day += timedelta(days=1)
    return total


@lru_cache(maxsize=50_000)
def _local_shift(
    day: date, start_h: float, length_h: float, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Begin and end (UTC) of the shift that begins on a local day, by the clock on the wall."""
    opens = datetime.combine(day, time()) + timedelta(hours=start_h)
    closes = opens + timedelta(hours=length_h)
    return opens.replace(tzinfo=zone).astimezone(UTC), closes.replace(tzinfo=zone).astimezone(UTC)


def mean_hours_left(duration: Duration, worked_h: float) -> float:
    """Mean work left of a lognormal that has lasted for ``worked_h`` hours already."""
    if worked_h <= 0:
        return duration.mean_h
    variance = log1p((duration.sigma_h / duration.mean_h) ** 2)
    if variance == 0.0:
        return max(LEAST_LEFT_H, duration.mean_h - worked_h)
    s = sqrt(variance)
    z = (log(worked_h / duration.mean_h) + variance / 2) / s
    longer = exp(float(log_ndtr(s - z)) - float(log_ndtr(-z)))
    return max(LEAST_LEFT_H, duration.mean_h * longer - worked_h)
