"""A made history: hourly demand and temperature of a city that does not exist.

Winter-peaking, some cooling in summer, people's habits on the local clock, special days, growth.
Every number is invented; the shapes are what such cities show. The model that forecasts from it
(:mod:`gridtool.forecast.demand.fit`) is not the model that made it.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["MadeCity", "gzip_history", "make_history"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)

_WORKDAY = (
    "0.70 0.66 0.64 0.63 0.64 0.69 0.79 0.91 0.97 0.97 0.96 0.96 "
    "0.95 0.95 0.94 0.95 0.97 1.01 1.05 1.06 1.04 0.99 0.90 0.79"
)
_FREE_DAY = (
    "0.71 0.67 0.64 0.63 0.63 0.65 0.69 0.76 0.84 0.90 0.92 0.92 "
    "0.91 0.90 0.89 0.89 0.91 0.95 1.00 1.02 1.00 0.95 0.88 0.79"
)
WORKDAY = np.array([float(share) for share in _WORKDAY.split()])
FREE_DAY = np.array([float(share) for share in _FREE_DAY.split()])


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCity:
    """Numbers of the made city; see ``forecasts/history/README.md``.

    ``base_mw`` is the demand of a mild working hour of the last year at shape 1; heating adds
    ``heating_mw_per_c`` for each degree that the building temperature (24 h memory) lies below
    ``heating_below_c``, cooling ``cooling_mw_per_c`` above ``cooling_above_c``.
    """

    timezone: str = "Europe/Kyiv"
    base_mw: float = 905.0
    heating_mw_per_c: float = 16.0
    heating_below_c: float = 15.0
    cooling_mw_per_c: float = 14.0
    cooling_above_c: float = 22.0
    growth_per_year: float = 0.012
    noise_pct: float = 1.6
    mean_temp_c: float = 8.8
    season_temp_c: float = 13.2
    day_temp_c: float = 3.4
    weather_sigma_c: float = 4.3
    weather_days: float = 3.5


def make_history(
    *,
    start: datetime,
    end: datetime,
    special_days: Collection[date],
    seed: int = 1,
    city: MadeCity | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Demand (MW) and temperature (C) of the hours of [``start``, ``end``), aware UTC times."""
    city = city or MadeCity()
    hours = int((end - start) / HOUR)
    calendar = make_calendar(start, hours, zone=ZoneInfo(city.timezone))
    temp = _make_temperature(calendar, city=city, seed=seed)
    free = (calendar.weekday >= 5) | np.isin(
        calendar.day, [day.toordinal() - date(1970, 1, 1).toordinal() for day in special_days]
    )
    shape = np.where(free, FREE_DAY[calendar.hour] * 0.94, WORKDAY[calendar.hour])
    shape = shape * (1 + 0.02 * _lighting(calendar))
    felt = _smooth(temp, memory_h=24.0)
    heating = city.heating_mw_per_c * np.maximum(city.heating_below_c - felt, 0.0)
    cooling = city.cooling_mw_per_c * np.maximum(0.5 * (temp + felt) - city.cooling_above_c, 0.0)
    years_back = (hours - np.arange(hours)) / 8766.0
    growth = np.exp(-city.growth_per_year * years_back)
    load = (city.base_mw * shape + heating * (0.75 + 0.25 * shape) + cooling * shape) * growth
    noise = _autoregressive(
        seed, hours=hours, memory_h=18.0, sigma=city.noise_pct / 100, component="made: demand"
    )
    return np.round(load * np.exp(noise), 1), np.round(temp, 1)


def gzip_history(start: datetime, load_mw: FloatArray, *, temp_c: FloatArray | None) -> bytes:
    """``timestamp,load_mw[,temp_c]`` in UTC as gzipped CSV, the same bytes every time."""
    text = io.StringIO()
    text.write("timestamp,load_mw\n" if temp_c is None else "timestamp,load_mw,temp_c\n")
    for hour, load in enumerate(load_mw.tolist()):
        stamp = (start + hour * HOUR).astimezone(UTC)
        temp = "" if temp_c is None else f",{temp_c[hour]:.1f}"
        text.write(f"{stamp:%Y-%m-%dT%H:%MZ},{load:.1f}{temp}\n")
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def _make_temperature(calendar: LocalCalendar, *, city: MadeCity, seed: int) -> FloatArray:
    hours = len(calendar.hour)
    season = -np.cos(2 * np.pi * (calendar.day_of_year - 17) / 365.25)
    day = -np.cos(2 * np.pi * (calendar.hour - 3) / 24)
    anomaly = _autoregressive(
        seed,
        hours=hours,
        memory_h=24 * city.weather_days,
        sigma=city.weather_sigma_c,
        component="made: weather",
    )
    # Winters swing more than summers; clear summer days warm up more than winter days.
    anomaly = anomaly * (1 - 0.25 * season)
    wave = city.season_temp_c * season + city.day_temp_c * day * (1 + 0.4 * season)
    return np.asarray(city.mean_temp_c + wave + anomaly)


def _lighting(calendar: LocalCalendar) -> FloatArray:
    """Share of evening and morning lighting: more in winter."""
    season = np.cos(2 * np.pi * calendar.day_of_year / 365.25)
    evening = np.exp(-(((calendar.hour - 18.5) / 2.5) ** 2))
    morning = np.exp(-(((calendar.hour - 7.5) / 1.5) ** 2))
    return np.asarray(season * (2.2 * evening + 1.2 * morning))


def _smooth(values: FloatArray, *, memory_h: float) -> FloatArray:
    from scipy.signal import lfilter

    keep = float(np.exp(-1.0 / memory_h))
    smoothed, _ = lfilter([1 - keep], [1, -keep], values, zi=[keep * values[0]])
    return np.asarray(smoothed)


def _autoregressive(
    seed: int, *, hours: int, memory_h: float, sigma: float, component: str
) -> FloatArray:
    """Stationary AR(1) of standard deviation ``sigma``, seen through its last two hours."""
    from scipy.signal import lfilter

    keep = float(np.exp(-1.0 / memory_h))
    stream = open_stream(seed, 0, component=component_number(component))
    steps = stream.standard_normal(hours) * sigma * np.sqrt(1 - keep**2)
    values, _ = lfilter([1.0], [1, -keep], steps, zi=[keep * sigma * stream.standard_normal()])
    return np.asarray(values)
