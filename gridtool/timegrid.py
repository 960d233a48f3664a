"""Time slots: UTC inside, an IANA zone at the edges, half-open intervals, never 23:59:59."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

__all__ = ["TimeGrid", "merge_intervals", "parse_timestamp"]

HOUR = timedelta(hours=1)


def parse_timestamp(text: str, *, zone: ZoneInfo) -> datetime:
    """ISO 8601 or ``dd.mm.yyyy[ hh:mm]`` to UTC; a time without offset is local to ``zone``.

    Raises
    ------
    ValueError
        If the text is in neither form, names a local time that the clock skips, or lies outside
        the years 1900 to 2200.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - zone is attached below
            except ValueError:
                continue
            break
        else:
            raise ValueError(f"{text!r} is neither ISO 8601 nor dd.mm.yyyy hh:mm") from None
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=zone)
        if _to_utc(local, text).astimezone(zone).replace(tzinfo=None) != moment:
            raise ValueError(f"{text!r} does not exist in {zone.key}: the clock skips it")
        moment = local
    return _to_utc(moment, text)


def _to_utc(moment: datetime, text: str) -> datetime:
    if not 1900 <= moment.year <= 2200:  # beyond it, frames and zones overflow
        raise ValueError(f"{text!r} is not between the years 1900 and 2200")
    return moment.astimezone(UTC)


def merge_intervals(
    intervals: list[tuple[datetime, datetime]],
) -> list[tuple[datetime, datetime]]:
    """Half-open intervals sorted, with touching and overlapping ones joined."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


@dataclass(frozen=True)
class TimeGrid:
    """Hourly slots ``[start + i h, start + (i + 1) h)`` for ``i`` in ``range(hours)``.

    ``start`` is an aware UTC time on the hour; ``zone`` gives local days and months.
    """

    start: datetime
    hours: int
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.start.utcoffset() != timedelta(0):
            raise ValueError("TimeGrid.start must be an aware UTC time")
        if self.start.minute or self.start.second or self.start.microsecond:
            raise ValueError("TimeGrid.start must be on the hour")
        if self.hours < 0:
            raise ValueError("TimeGrid.hours must not be negative")

    @property
    def end(self) -> datetime:
        """First instant after the last slot, UTC."""
        return self.start + self.hours * HOUR

    @cached_property
    def utc(self) -> npt.NDArray[np.datetime64]:
        """Slot starts, shape (hours,), ``datetime64[h]`` in UTC."""
        first = np.datetime64(self.start.replace(tzinfo=None), "h")
        return first + np.arange(self.hours)

    @cached_property
    def local(self) -> list[datetime]:
        """Slot starts as aware local times, length ``hours``."""
        return [(self.start + i * HOUR).astimezone(self.zone) for i in range(self.hours)]

    @cached_property
    def day_index(self) -> npt.NDArray[np.int64]:
        """Local day of each slot as an index into :attr:`days`, shape (hours,)."""
        order = {day: i for i, day in enumerate(self.days)}
        return np.array([order[moment.date()] for moment in self.local], dtype=np.int64)

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The local days touched, in order; a DST day has 23 or 25 slots."""
        return tuple(dict.fromkeys(moment.date() for moment in self.local))

    @cached_property
    def month_index(self) -> npt.NDArray[np.int64]:
        """Local month of each slot as an index into :attr:`months`, shape (hours,)."""
        order = {month: i for i, month in enumerate(self.months)}
        return np.array([order[f"{m:%Y-%m}"] for m in self.local], dtype=np.int64)

    @cached_property
    def months(self) -> tuple[str, ...]:
        """The local months touched, as ``2026-01``, in order."""
        return tuple(dict.fromkeys(f"{moment:%Y-%m}" for moment in self.local))
