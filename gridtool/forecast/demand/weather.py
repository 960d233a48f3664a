"""Weather years: the temperature of the months ahead as past years had it, dates shifted.

What is taken from a past year is how far it lay from its season; the season of the dates ahead is
added. So dates may be shifted by weeks without spring becoming winter, and a few years give many
courses. A season learned from a few years is uncertain itself: each course has its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.streams import component_number, open_stream
from gridtool.timegrid import TimeGrid

__all__ = [
    "LOOKBACK_H",
    "TemperatureRecord",
    "find_weather_year",
    "make_weather_years",
    "remove_trend",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int32]
HOUR = timedelta(hours=1)
LOOKBACK_H = 72
"""Hours before the first, for trailing means."""
SHIFT_DAYS = 45
"""Dates are shifted by up to this: weather swings alike for as long."""
SHIFT_WITHOUT_SEASON_DAYS = 21
MOST_SCENARIOS = 450
MOST_MISSING = 0.02
YEAR_H = 365 * 24
MEAN_YEAR_H = 8766.0
MONTH_H = 730
LEAST_SEASON_H = 360 * 24
"""Of a shorter record the season is not known."""
HARMONICS = 2
TAKE_UP_H = 240.0
"""Hours in which a course takes up the season of its own: weather goes on from what it was."""
_SEASON = component_number("demand: season of temperature")


@dataclass(frozen=True, kw_only=True)
class TemperatureRecord:
    """Hourly temperature from ``start`` (aware UTC) on, shape (n,), in the city's ``zone``."""

    start: datetime
    temp_c: FloatArray
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class _Season:
    """Usual temperature by hour of the day and time of the year.

    Attributes
    ----------
    coefficients : (24, 1 + 2 * HARMONICS)
        By hour since the record's start, modulo 24.
    error_c : (1 + 2 * HARMONICS,)
        Standard deviation by which a year ahead differs from what its weather would be in it.
    """

    coefficients: FloatArray
    error_c: FloatArray

    def at(self, hours: npt.NDArray[np.int64]) -> FloatArray:
        """Usual temperature ``hours`` (n,) after the record's start, (n,)."""
        usual: FloatArray = (_waves(hours) * self.coefficients[hours % 24]).sum(axis=1)
        return usual


def make_weather_years(record: TemperatureRecord, *, grid: TimeGrid) -> FloatArray:
    """Temperature scenarios for ``grid``, each preceded by ``LOOKBACK_H`` hours.

    For every year of the record and every shift of up to ``SHIFT_DAYS``: what was measured from
    the grid's first date of that year plus the shift on, by local standard time, against its
    season, laid on the season of the grid. At most ``MOST_SCENARIOS``, evenly chosen. Where a
    year ends too early, the same dates of the year before follow. The hours before the grid are
    the measured ones where the record reaches them.

    Returns
    -------
    (s, LOOKBACK_H + hours)
        Empty if no year of the record covers the months of the grid.
    """
    measured, missing = _fill_gaps(record.temp_c)
    season = _fit_season(measured, missing)
    apart = measured - season.at(np.arange(len(measured)))
    first = _standard_hour(grid.start, grid.zone) - _standard_hour(record.start, record.zone)
    firsts = _scenario_starts(record, grid=grid, first=first, seasonal=bool(season.error_c.any()))
    found = [
        at
        for start in firsts
        if (at := _place_path(missing, start=start, hours=grid.hours)) is not None
    ]
    count = min(len(found), MOST_SCENARIOS)
    kept = np.linspace(0, len(found) - 1, count).astype(np.int64)
    ahead = np.arange(first - LOOKBACK_H, first + grid.hours)
    scenarios = np.empty((count, len(ahead)))
    for row, one in enumerate(kept):
        scenarios[row] = apart[found[one]]
    scenarios += season.at(ahead)
    _vary_season(scenarios, season, hours=ahead)
    real = (ahead >= 0) & (ahead < min(len(measured), first))
    scenarios[:, np.flatnonzero(real)] = measured[ahead[real]]
    return scenarios


def find_weather_year(record: TemperatureRecord, *, grid: TimeGrid, year: int) -> FloatArray:
    """The temperatures that followed the grid's first date of ``year``, and ``LOOKBACK_H`` before.

    As they were measured, by local standard time. Where the record begins later, or ends earlier
    (the year under way), or has larger gaps, there are none.

    Returns
    -------
    (1, LOOKBACK_H + hours), or (0, LOOKBACK_H + hours) for none.
    """
    day = grid.start.astimezone(grid.zone).date()
    first = _standard_hour(grid.start, grid.zone) - _standard_hour(record.start, record.zone)
    first -= 24 * (day - _same_date(day, year)).days
    size = LOOKBACK_H + grid.hours
    begin, missing = first - LOOKBACK_H, ~np.isfinite(record.temp_c)
    inside = slice(begin, begin + size)
    if begin < 0 or begin + size > len(missing) or missing[inside].mean() > MOST_MISSING:
        return np.empty((0, size))
    measured, _ = _fill_gaps(record.temp_c)
    return measured[None, inside]


def remove_trend(record: TemperatureRecord) -> TemperatureRecord:
    """``record`` as if all of it had been as warm as its end: the straight trend removed."""
    measured, missing = _fill_gaps(record.temp_c)
    if len(measured) < 2 * LEAST_SEASON_H:
        return record  # a year cannot tell a trend from its season
    hours = np.arange(len(measured))
    apart = measured - _fit_season(measured, missing).at(hours)
    slope = np.polyfit(hours[~missing], apart[~missing], 1)[0]
    return TemperatureRecord(
        start=record.start, temp_c=record.temp_c - slope * (hours - hours[-1]), zone=record.zone
    )


def _waves(hours: npt.NDArray[np.int64]) -> FloatArray:
    year = 2 * np.pi * hours / MEAN_YEAR_H
    columns = [np.ones(len(hours))]
    for k in range(1, HARMONICS + 1):
        columns += [np.sin(k * year), np.cos(k * year)]
    return np.stack(columns, axis=1)


def _fit_season(measured: FloatArray, missing: BoolArray) -> _Season:
    """Least squares by hour of the day; none of a record shorter than a year.

    Means of months around the season vary by sigma, from N months with p coefficients. Those of
    the record scatter by sigma^2 (1 - p/N) around its own season, a month to come by
    sigma^2 (1 + p/N): the coefficients drawn make up the difference.
    """
    waves = _waves(np.arange(len(measured)))
    size = waves.shape[1]
    if len(measured) < LEAST_SEASON_H:
        return _Season(coefficients=np.zeros((24, size)), error_c=np.zeros(size))
    coefficients = np.empty((24, size))
    for hour in range(24):
        at = hour + 24 * np.flatnonzero(~missing[hour::24])
        coefficients[hour] = np.linalg.lstsq(waves[at], measured[at], rcond=None)[0]
    season = _Season(coefficients=coefficients, error_c=np.zeros(size))
    apart = measured - season.at(np.arange(len(measured)))
    months = len(measured) // MONTH_H
    means = apart[len(apart) - months * MONTH_H :].reshape(months, MONTH_H).mean(axis=1)
    sigma = np.sqrt((means**2).sum() / (months - size))
    share = np.sqrt(np.r_[1.0, np.full(size - 1, 2.0)])
    return _Season(coefficients=coefficients, error_c=sigma * np.sqrt(2.0 / months) * share)


def _vary_season(scenarios: FloatArray, season: _Season, *, hours: npt.NDArray[np.int64]) -> None:
    """Give each of ``scenarios`` (s, n) a season of its own; the same for the same record."""
    if not season.error_c.any():
        return
    taken_up = np.clip((np.arange(len(hours)) - LOOKBACK_H) / TAKE_UP_H, 0.0, 1.0)
    waves = _waves(hours) * taken_up[:, None]
    for number in range(len(scenarios)):
        stream = open_stream(0, number, component=_SEASON)
        scenarios[number] += waves @ (season.error_c * stream.standard_normal(len(season.error_c)))


def _standard_hour(moment: datetime, zone: ZoneInfo) -> int:
    """Hours since 1970 on the clock of ``zone`` without summer time."""
    local = moment.astimezone(zone)
    offset = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    return int((local.timestamp() + offset.total_seconds()) // 3600)


def _scenario_starts(
    record: TemperatureRecord, *, grid: TimeGrid, first: int, seasonal: bool
) -> list[int]:
    """Positions in the record (possibly outside) at which scenarios begin."""
    day = grid.start.astimezone(grid.zone).date()
    last = record.start + len(record.temp_c) * HOUR
    most = SHIFT_DAYS if seasonal else SHIFT_WITHOUT_SEASON_DAYS
    starts: list[int] = []
    for year in range(record.start.year - 1, last.year + 1):
        back = (day - _same_date(day, year)).days
        if first - 24 * back >= len(record.temp_c):
            continue  # not before the origin: that would be the future
        starts += [first - 24 * (back - shift) for shift in range(-most, most + 1)]
    return starts


def _same_date(day: date, year: int) -> date:
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _place_path(missing: BoolArray, *, start: int, hours: int) -> IntArray | None:
    """Positions in the record of a course, None where it does not hold one."""
    if start < 0 or start >= len(missing):
        return None
    at: IntArray = np.arange(start - LOOKBACK_H, start + hours, dtype=np.int32)
    over = np.maximum(at - len(missing) + 1, 0)
    placed: IntArray = np.maximum(at, 0) - YEAR_H * -(-over // YEAR_H)
    if placed.min() < 0 or missing[placed].mean() > MOST_MISSING:
        return None
    return placed


def _fill_gaps(temp_c: FloatArray) -> tuple[FloatArray, BoolArray]:
    missing = ~np.isfinite(temp_c)
    positions = np.arange(len(temp_c))
    return np.interp(positions, positions[~missing], temp_c[~missing]), missing
