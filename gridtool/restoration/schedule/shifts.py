"""When crews work: local shifts and availability as intervals of hours after a start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import Crew

__all__ = ["CrewCalendar", "make_calendar", "shift_intervals", "worked_before"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class CrewCalendar:
    """Working intervals of C crews, in hours after a common start.

    Attributes
    ----------
    start_h, end_h : (C, K)
        Half-open working intervals in order; unused places are infinite.
    worked_h : (C, K)
        Hours the crew has worked before each interval.
    count : (C,) int
        Intervals in use.
    """

    start_h: FloatArray
    end_h: FloatArray
    worked_h: FloatArray
    count: npt.NDArray[np.int64]


def shift_intervals(
    crew: Crew, *, as_of: datetime, zone: ZoneInfo, days: int
) -> list[tuple[float, float]]:
    """Working intervals of ``crew`` in hours after ``as_of``, joined where they touch.

    Shifts start and end by the local clock: on the day the clock changes a shift across the
    change is an hour shorter or longer.
    """
    first = as_of
    last = as_of + timedelta(days=days)
    if crew.available_from is not None:
        first = max(first, crew.available_from)
    if crew.available_to is not None:
        last = min(last, crew.available_to)
    joined: list[tuple[float, float]] = []
    for start, end in _local_shifts(crew, as_of=as_of, zone=zone, days=days):
        begin_h, end_h = (max(start, first) - as_of) / HOUR, (min(end, last) - as_of) / HOUR
        if begin_h >= end_h:
            continue
        if joined and begin_h <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_h))
        else:
            joined.append((begin_h, end_h))
    return joined


def _local_shifts(
    crew: Crew, *, as_of: datetime, zone: ZoneInfo, days: int
) -> Iterator[tuple[datetime, datetime]]:
    if crew.shift_h >= 24:
        yield as_of, as_of + timedelta(days=days)
        return
    midnight = datetime.combine(as_of.astimezone(zone).date(), time())
    for day in range(-2, days + 2):
        start = midnight + timedelta(days=day, hours=crew.shift_start_h)
        end = start + crew.shift_h * HOUR
        yield (
            start.replace(tzinfo=zone).astimezone(UTC),
            end.replace(tzinfo=zone).astimezone(UTC),
        )


def make_calendar(
    crews: Sequence[Crew], *, as_of: datetime, zone: ZoneInfo, days: int
) -> CrewCalendar:
    """The working intervals of ``crews`` from ``as_of`` (aware UTC) for ``days`` days."""
    intervals = [shift_intervals(crew, as_of=as_of, zone=zone, days=days) for crew in crews]
    width = max((len(found) for found in intervals), default=0) or 1
    start_h = np.full((len(crews), width), np.inf)
    end_h = np.full((len(crews), width), np.inf)
    worked_h = np.full((len(crews), width), np.inf)
    for row, found in enumerate(intervals):
        total = 0.0
        for column, (begin, end) in enumerate(found):
            start_h[row, column], end_h[row, column] = begin, end
            worked_h[row, column] = total
            total += end - begin
    count = np.array([len(found) for found in intervals], dtype=np.int64)
    return CrewCalendar(start_h=start_h, end_h=end_h, worked_h=worked_h, count=count)


def worked_before(crew: Crew, started_at: datetime, *, as_of: datetime, zone: ZoneInfo) -> float:
    """Hours that ``crew`` has worked from ``started_at`` until ``as_of`` (aware UTC)."""
    if started_at >= as_of:
        return 0.0
    length_h = (as_of - started_at) / HOUR
    days = (as_of - started_at).days + 1
    intervals = shift_intervals(crew, as_of=started_at, zone=zone, days=days)
    return sum(max(0.0, min(end, length_h) - begin) for begin, end in intervals)
