"""From energy by day, week, month or year to hours: a shape by class, and how far it may be off.

The energy of every period is kept exactly in every path. What a history without hours cannot say
is drawn: how sharp the day is, when it peaks, the weather's way through the weeks. The sizes of
these draws are those by which a mean city's shape misses two real cities on two continents (New
York 2012-2017, Victoria 2012-2014), rounded; ``tests/forecast/demand`` holds the intervals that
come of them against those cities' hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.demand.periods.profiles import BASE, MEAN_CITY, PROFILES, day_kinds
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["HourShape", "ShapedHours", "shape_hours"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SHARPNESS_SD = 0.22
"""Of the logarithm of the power to which the shape is raised."""
COURSE_SD = 0.03
"""Of each of the coefficients of a day's first two waves, on log demand."""
COURSE_SEASON_SD = 0.02
"""Of what these coefficients change by over the year."""
DAY_SD, DAY_MEMORY = 0.065, 0.7
"""Weather of days that no daily figure tells of: spread, correlation from day to day."""
HOUR_SD, HOUR_MEMORY = 0.035, 0.88
"""The same of hours within a day."""
YEAR_SD = (0.12, 0.05)
"""Of each coefficient of a year's first and second wave, where no figure tells of seasons."""
MIDWINTER = -10.0
"""Day of the year of the longest night, 1 January 0, in the north."""
_SHAPE = component_number("demand: shape of hours")
_WAVES = 2


@dataclass(frozen=True, kw_only=True)
class HourShape:
    """Demand of a city relative to its mean: by day type, hour and season.

    Attributes
    ----------
    mix
        Share of energy by class of customers, adding up to 1.
    southern
        Midwinter is in June.
    special_days
        Single days among them are lived as Sundays.
    sharpness
        Power to which the classes' shape is raised.
    learned : (3, 24) or None
        Added to log demand on working days, Saturdays and free days by local hour.
    """

    mix: Mapping[str, float]
    southern: bool
    special_days: SpecialDays
    sharpness: float = 1.0
    learned: FloatArray | None = None

    @classmethod
    def of(
        cls, mix: Mapping[str, float] | None, *, zone: ZoneInfo, special_days: SpecialDays
    ) -> HourShape:
        """The shape of a mix of classes, of a mean city without one."""
        mix = mix or MEAN_CITY
        total = sum(mix.values())
        return cls(
            mix={name: share / total for name, share in mix.items()},
            southern=_lies_south(zone),
            special_days=special_days,
        )

    def follow(self, calendar: LocalCalendar, *, seasons: bool) -> FloatArray:
        """Demand of each hour relative to the mean, (n,); with the yearly wave or not."""
        kind = self.kinds(calendar)
        cold = self.season_cosine(calendar)
        total = np.zeros(len(calendar.hour))
        for name, share in self.mix.items():
            profile = PROFILES[name]
            hours = profile.follow(calendar, kind=kind, dark=0.5 + 0.5 * cold) / profile.mean
            wave = 1.0 + profile.winter * cold if seasons else 1.0
            total += share * ((1.0 - BASE) * hours + BASE) * wave
        if self.learned is not None:
            total = total * np.exp(self.learned[kind, calendar.hour])
        return np.asarray(total**self.sharpness)

    def kinds(self, calendar: LocalCalendar) -> IntArray:
        """0 on working days, 1 on Saturdays, 2 on Sundays and other free days, (n,)."""
        days = self.special_days
        free = np.isin(calendar.day, _free_days(days))
        weekday = days.resembled(calendar.weekday, day=calendar.day)
        return day_kinds(weekday, free=free)

    def season_doubt(self, calendar: LocalCalendar) -> float:
        """Standard deviation of mean log demand over the hours, where seasons are drawn."""
        return float(np.sqrt((_year_waves(calendar).mean(axis=0) ** 2).sum()))

    def season_cosine(self, calendar: LocalCalendar) -> FloatArray:
        """1 in midwinter, -1 in midsummer, (n,)."""
        turn = 2 * np.pi * (calendar.day_of_year - MIDWINTER) / 365.25
        cosine: FloatArray = np.cos(turn)
        return -cosine if self.southern else cosine


@dataclass(frozen=True, kw_only=True)
class ShapedHours:
    """The hours of whole periods, E of them in P periods, and how their shape is drawn.

    Attributes
    ----------
    ahead
        The periods and their hours.
    log_shape : (E,)
    energy_per_level : (P,)
        Energy of the period at level 1, MWh.
    by_day
        The periods are days: nothing is drawn between days.
    seasons
        No figure tells of the year's course: it is drawn.
    """

    ahead: PeriodsAhead
    log_shape: FloatArray
    energy_per_level: FloatArray
    by_day: bool
    seasons: bool

    def draw(self, levels: FloatArray, *, seed: int, first: int = 0) -> FloatArray:
        """Hours of paths ``first`` on in MW, (n, E), from their log levels (n, P).

        Path i depends on (seed, i) and its levels only.
        """
        paths = self._draw_shapes(len(levels), seed=seed, first=first)
        if not self.by_day:
            paths += self._join_levels(levels)
        np.exp(paths, out=paths)
        starts = self.ahead.first_hour
        energy = np.exp(levels) * self.energy_per_level
        scale = energy / np.add.reduceat(paths, starts, axis=1)
        paths *= np.repeat(scale, np.diff(np.append(starts, paths.shape[1])), axis=1)
        return paths

    def _draw_shapes(self, n: int, *, seed: int, first: int) -> FloatArray:
        """Log shapes (n, E), not yet of the right energy."""
        calendar = self.ahead.calendar
        hours = len(calendar.hour)
        day = calendar.day - calendar.day[0]
        days = int(day[-1]) + 1
        waves, year = _day_waves(calendar), _year_waves(calendar)
        pieces = 1 + waves.shape[1] + year.shape[1]
        drawn = np.empty((n, pieces + days + hours))
        for row in range(n):
            drawn[row] = open_stream(seed, first + row, component=_SHAPE).standard_normal(
                drawn.shape[1]
            )
        sharp, rest = drawn[:, :1], drawn[:, 1:]
        shapes: FloatArray = np.exp(SHARPNESS_SD * sharp) * self.log_shape
        shapes += np.einsum("np,hp->nh", rest[:, : waves.shape[1]], waves)
        if self.seasons:
            shapes += np.einsum("np,hp->nh", rest[:, waves.shape[1] : pieces - 1], year)
        if not self.by_day:
            noise = rest[:, pieces - 1 : pieces - 1 + days]
            shapes += _remember(noise, sd=DAY_SD, memory=DAY_MEMORY)[:, day]
        shapes += _remember(rest[:, pieces - 1 + days :], sd=HOUR_SD, memory=HOUR_MEMORY)
        return shapes

    def _join_levels(self, levels: FloatArray) -> FloatArray:
        """Levels as straight lines from middle to middle of the periods, (n, E)."""
        starts = np.append(self.ahead.first_hour, len(self.log_shape))
        middles = 0.5 * (starts[1:] + starts[:-1])
        hour = np.arange(len(self.log_shape)) + 0.5
        after = np.clip(np.searchsorted(middles, hour), 1, max(len(middles) - 1, 1))
        if len(middles) == 1:
            return np.repeat(levels, len(hour), axis=1)
        share = (hour - middles[after - 1]) / (middles[after] - middles[after - 1])
        share = np.clip(share, 0.0, 1.0)
        joined: FloatArray = levels[:, after - 1] * (1.0 - share) + levels[:, after] * share
        return joined


def shape_hours(
    shape: HourShape, ahead: PeriodsAhead, *, by_day: bool, seasons: bool
) -> ShapedHours:
    """The hours of ``ahead`` as ``shape`` has them."""
    values = shape.follow(ahead.calendar, seasons=seasons)
    sums = np.add.reduceat(values, ahead.first_hour)
    if by_day:
        sums = np.diff(np.append(ahead.first_hour, len(values))).astype(np.float64)
    return ShapedHours(
        ahead=ahead,
        log_shape=np.log(values),
        energy_per_level=sums,
        by_day=by_day,
        seasons=seasons,
    )


def _remember(normal: FloatArray, *, sd: float, memory: float) -> FloatArray:
    """First-order autoregressions of standard deviation ``sd`` along the last axis."""
    start = memory / np.sqrt(1.0 - memory**2) * normal[:, :1]
    filtered, _ = lfilter([1.0], [1.0, -memory], normal[:, 1:], axis=1, zi=start)
    whole = np.concatenate([start / memory, filtered], axis=1)
    remembered: FloatArray = sd * np.sqrt(1.0 - memory**2) * whole
    return remembered


def _day_waves(calendar: LocalCalendar) -> FloatArray:
    """What a unit of each drawn coefficient adds to the log demand of the hours, (n, 12)."""
    turn = 2 * np.pi * calendar.hour / 24.0
    year = 2 * np.pi * calendar.day_of_year / 365.25
    waves = [f(k * turn) for k in range(1, _WAVES + 1) for f in (np.cos, np.sin)]
    fixed = [COURSE_SD * wave for wave in waves]
    moving = [COURSE_SEASON_SD * wave * f(year) for wave in waves for f in (np.cos, np.sin)]
    return np.stack([*fixed, *moving], axis=1)


def _year_waves(calendar: LocalCalendar) -> FloatArray:
    turn = 2 * np.pi * calendar.day_of_year / 365.25
    waves = [sd * f(k * turn) for k, sd in enumerate(YEAR_SD, 1) for f in (np.cos, np.sin)]
    return np.stack(waves, axis=1)


def _free_days(days: SpecialDays) -> IntArray:
    """Single days off work as days since 1970-01-01; days of longer spells are shaped as usual."""
    off = [day for day in days.kind_of if day not in days.like]
    return np.array(off, dtype="datetime64[D]").astype(np.int64)


def _lies_south(zone: ZoneInfo) -> bool:
    """Whether summer time is kept in January: the only trace that a time zone has of a latitude."""
    none = timedelta()
    january, july = (datetime(2012, month, 15, 12, tzinfo=zone) for month in (1, 7))
    moved = (january.utcoffset() or none) - (july.utcoffset() or none)
    return bool(january.dst() or none) and moved > none
