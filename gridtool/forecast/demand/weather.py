"""Weather years: the temperature of the months ahead as it was in past years, dates shifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.timegrid import TimeGrid

__all__ = ["LOOKBACK_H", "TemperatureRecord", "make_weather_years"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
LOOKBACK_H = 72
"""Hours before the first, for trailing means."""
SHIFTS_DAYS = (7, 14, 21)
"""Dates are shifted by up to the first of these that gives enough scenarios."""
ENOUGH_SCENARIOS = 150
MOST_MISSING = 0.02
YEAR_H = 365 * 24


@dataclass(frozen=True, kw_only=True)
class TemperatureRecord:
    """Hourly temperature from ``start`` (aware UTC) on, shape (n,), in the city's ``zone``."""

    start: datetime
    temp_c: FloatArray
    zone: ZoneInfo


def make_weather_years(record: TemperatureRecord, *, grid: TimeGrid) -> FloatArray:
    """Temperature scenarios for ``grid``, each preceded by ``LOOKBACK_H`` hours.

    For every year of the record and every shift of up to K days: what was measured from the
    grid's first date of that year plus the shift on, by local standard time. K is the least of
    ``SHIFTS_DAYS`` that gives ``ENOUGH_SCENARIOS``. Where a year ends too early, the same dates
    of the year before follow. The hours before the grid are the measured ones where the record
    reaches them.

    Returns
    -------
    (s, LOOKBACK_H + hours)
        Empty if no year of the record covers the months of the grid.
    """
    measured, missing = _fill_gaps(record.temp_c)
    origin = _standard_hour(record.start, record.zone)
    first = _standard_hour(grid.start, grid.zone) - origin
    found: list[FloatArray] = []
    for most in SHIFTS_DAYS:
        firsts = _scenario_starts(record, grid=grid, first=first, most_shift=most)
        found = [
            path
            for start in firsts
            if (path := _take_path(measured, missing, start=start, hours=grid.hours)) is not None
        ]
        if len(found) >= ENOUGH_SCENARIOS:
            break
    scenarios = np.array(found).reshape(len(found), LOOKBACK_H + grid.hours)
    before = np.arange(first - LOOKBACK_H, first)
    real = (before >= 0) & (before < len(measured))
    scenarios[:, np.flatnonzero(real)] = measured[before[real]]
    return scenarios


def _standard_hour(moment: datetime, zone: ZoneInfo) -> int:
    """Hours since 1970 on the clock of ``zone`` without summer time."""
    local = moment.astimezone(zone)
    offset = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    return int((local.timestamp() + offset.total_seconds()) // 3600)


def _scenario_starts(
    record: TemperatureRecord, *, grid: TimeGrid, first: int, most_shift: int
) -> list[int]:
    """Positions in the record (possibly outside) at which scenarios begin."""
    day = grid.start.astimezone(grid.zone).date()
    last = record.start + len(record.temp_c) * HOUR
    starts: list[int] = []
    for year in range(record.start.year - 1, last.year + 1):
        back = (day - _same_date(day, year)).days
        if first - 24 * back >= len(record.temp_c):
            continue  # not before the origin: that would be the future
        starts += [first - 24 * (back - shift) for shift in range(-most_shift, most_shift + 1)]
    return starts


def _same_date(day: date, year: int) -> date:
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _take_path(
    measured: FloatArray, missing: npt.NDArray[np.bool_], *, start: int, hours: int
) -> FloatArray | None:
    if start < 0 or start >= len(measured):
        return None
    at = np.arange(start - LOOKBACK_H, start + hours)
    over = np.maximum(at - len(measured) + 1, 0)
    at = np.maximum(at, 0) - YEAR_H * -(-over // YEAR_H)
    if at.min() < 0 or missing[at].mean() > MOST_MISSING:
        return None
    path: FloatArray = measured[at]
    return path


def _fill_gaps(temp_c: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    missing = ~np.isfinite(temp_c)
    positions = np.arange(len(temp_c))
    return np.interp(positions, positions[~missing], temp_c[~missing]), missing
