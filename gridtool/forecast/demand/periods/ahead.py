"""Local days, weeks, months or years that follow a history without hours, and their hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.demand.paths import STALE
from gridtool.timegrid import TimeGrid

__all__ = ["PeriodsAhead", "Step", "add_steps", "cover_edges", "find_periods_ahead"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Step = Literal["day", "week", "month", "year"]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class PeriodsAhead:
    """P whole periods and their E hours; an hour belongs to the period in which it begins.

    Attributes
    ----------
    start
        First hour, UTC.
    calendar
        Of the hours.
    first_hour : (P,) int
        Position of each period's first hour.
    lead : (P,) int
        Periods since the end of the history, 1 for the first after it; 1 on for a stale history.
    """

    start: datetime
    calendar: LocalCalendar
    first_hour: IntArray
    lead: IntArray

    @property
    def hours(self) -> IntArray:
        """Hours of each period, (P,)."""
        return np.diff(np.append(self.first_hour, len(self.calendar.hour)))

    @property
    def middle(self) -> IntArray:
        """Position of the hour in the middle of each period, (P,)."""
        return self.first_hour + self.hours // 2

    @property
    def day(self) -> IntArray:
        """Local date of each period's middle as days since 1970-01-01, (P,)."""
        return self.calendar.day[self.middle]

    @property
    def year_part(self) -> FloatArray:
        """Part of the year that is over in the middle of each period, (P,)."""
        hours = 24 * self.calendar.day_of_year + self.calendar.hour
        return np.asarray(hours[self.middle] / 8766.0, dtype=np.float64)

    def since(self, first: int) -> PeriodsAhead:
        """From period ``first`` on."""
        begin = int(self.first_hour[first])
        whole = self.calendar
        return PeriodsAhead(
            start=self.start + begin * HOUR,
            calendar=LocalCalendar(
                hour=whole.hour[begin:],
                weekday=whole.weekday[begin:],
                day_of_year=whole.day_of_year[begin:],
                day=whole.day[begin:],
            ),
            first_hour=self.first_hour[first:] - begin,
            lead=self.lead[first:],
        )


def find_periods_ahead(end: datetime, *, step: Step, grid: TimeGrid) -> PeriodsAhead:
    """The periods after ``end`` (aware UTC, where a history ends) that the grid touches."""
    edges, number = [end], 0
    while edges[-1] < grid.end:
        number += 1
        edges.append(add_steps(end, number, step=step, zone=grid.zone))
    skipped = max(sum(edge <= grid.start for edge in edges) - 1, 0)
    lead = np.arange(skipped, len(edges) - 1, dtype=np.int64) + 1
    if grid.start - end > STALE and skipped:
        lead = lead - skipped
    return cover_edges(edges[skipped:], zone=grid.zone, lead=lead)


def cover_edges(
    edges: list[datetime], *, zone: ZoneInfo, lead: IntArray | None = None
) -> PeriodsAhead:
    """The hours between the first and the last of ``edges`` (aware UTC)."""
    at = np.array([-(-int(edge.timestamp()) // 3600) for edge in edges], dtype=np.int64)
    start = datetime.fromtimestamp(int(at[0]) * 3600, tz=UTC)
    return PeriodsAhead(
        start=start,
        calendar=make_calendar(start, int(at[-1] - at[0]), zone=zone),
        first_hour=at[:-1] - at[0],
        lead=np.arange(len(at) - 1, dtype=np.int64) + 1 if lead is None else lead,
    )


def add_steps(moment: datetime, number: int, *, step: Step, zone: ZoneInfo) -> datetime:
    """``moment`` moved on by ``number`` steps of the local calendar, UTC.

    From 31 January on, a month ends on the last of February.
    """
    local = moment.astimezone(zone).replace(tzinfo=None)
    if step in ("day", "week"):
        moved = local + timedelta(days=number * (7 if step == "week" else 1))
    else:
        months = local.year * 12 + local.month - 1 + number * (12 if step == "year" else 1)
        moved = local.replace(
            year=months // 12, month=months % 12 + 1, day=min(local.day, _month_days(months))
        )
    return moved.replace(tzinfo=zone).astimezone(UTC)


def _month_days(months: int) -> int:
    first = datetime(months // 12, months % 12 + 1, 1)  # noqa: DTZ001 - a date has no zone
    following = datetime((months + 1) // 12, (months + 1) % 12 + 1, 1)  # noqa: DTZ001 - as above
    return (following - first).days
