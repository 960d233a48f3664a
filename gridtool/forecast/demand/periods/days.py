"""Log demand by day: one regression, weeks in a state space, residual days of weeks.

What :mod:`gridtool.forecast.demand.fit` does by hour, by day: the regression is one instead of
24, and weather years are of daily means. Level and seasons of what weekdays and temperature leave
are those of its weeks (:mod:`gridtool.forecast.demand.periods.levels`), so that a season seen
once is known as little as it is. What is left of a day within its week is drawn in whole weeks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.days.special_days import settle_kinds
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.demand.periods.days_terms import DayTerms, fit_days
from gridtool.forecast.demand.periods.days_weather import DayWeather
from gridtool.forecast.demand.periods.levels import PeriodLevels, annual_waves, fit_levels
from gridtool.forecast.streams import FRESH, component_number, open_stream

__all__ = ["DayLevels", "fit_day_levels"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WEEK = 7
LEAST_KNOWN_DAYS = 4
"""Of a week."""
WAVES = 3
WINDOW_DAYS, LEAST_CANDIDATES = 45, 10
_LEVELS = component_number("demand")
_WEATHER_ORDER = component_number("demand: order of weather years")


@dataclass(frozen=True, kw_only=True)
class DayLevels:
    """Daily log demand: weekdays and temperature, weekly level and seasons, days of weeks.

    Attributes
    ----------
    within : (w, 7)
        What is left of the days of known weeks, their mean taken off; 0 where unknown. Weeks are
        counted from the end of the history, so that their weekdays are those of weeks ahead.
    day_of_year : (w,) int
        Of their middles.
    """

    terms: DayTerms
    weekly: PeriodLevels
    within: FloatArray
    day_of_year: IntArray
    weather: DayWeather | None
    words: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of its special days."""
        return self.terms.special_days.notes

    def prepare(self, ahead: PeriodsAhead) -> Callable[..., FloatArray]:
        """Draws log levels of the days ahead: ``draw(n, seed=, first=)`` gives (n, P).

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the days.
        """
        explained = self.terms.predict_calendar(ahead)[None]
        if self.weather is not None:
            explained = explained + self.terms.predict_temperature(self.weather.scenarios(ahead))
        waves = annual_waves(ahead.year_part, number=self.weekly.waves)
        unit, place = np.divmod(ahead.lead - 1, WEEK)
        block = unit - unit[0]
        of_year = ahead.calendar.day_of_year[ahead.middle]
        pools = [self._near(int(of_year[block == b][0])) for b in range(int(block[-1]) + 1)]

        def draw(n: int, *, seed: int, first: int = 0) -> FloatArray:
            order = open_stream(seed, first - first % FRESH, component=_WEATHER_ORDER)
            dealt = order.permutation(len(explained))
            levels: FloatArray = explained[dealt[(first + np.arange(n)) % len(dealt)]]
            for row in range(n):
                stream = open_stream(seed, first + row, component=_LEVELS)
                levels[row] += self.weekly.follow(stream, terms=waves, unit=unit)
                picks = stream.random(len(pools))
                chosen = [own[int(pick * len(own))] for own, pick in zip(pools, picks, strict=True)]
                levels[row] += self.within[np.array(chosen)[block], place]
            return levels

        return draw

    def _near(self, day_of_year: int) -> IntArray:
        """Known weeks from around a day of the year; all if those are few."""
        apart = np.abs(self.day_of_year - day_of_year)
        near = np.flatnonzero(np.minimum(apart, 365 - apart) <= WINDOW_DAYS)
        return near if len(near) >= LEAST_CANDIDATES else np.arange(len(apart))


def fit_day_levels(
    log_level: FloatArray,
    *,
    past: PeriodsAhead,
    temp_c: FloatArray | None,
    special_days: SpecialDays,
    level_sd: float = 0.0,
) -> DayLevels:
    """Fit to days (n,), NaN where unknown; ``temp_c`` (n,) daily means or None.

    ``level_sd`` is what guessing adds to the doubt of the level at the history's end.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    special_days = settle_kinds(special_days, known=past.day[np.isfinite(log_level)])
    terms = fit_days(log_level, past=past, temp_c=temp_c, special_days=special_days)
    left = log_level - terms.explain(past, temp_c=temp_c)
    rows = np.arange(len(left) % WEEK, len(left)).reshape(-1, WEEK)
    by_week, middle = left[rows], rows[:, WEEK // 2]
    known = np.isfinite(by_week)
    enough = known.sum(axis=1) >= LEAST_KNOWN_DAYS
    total = np.where(known, by_week, 0.0).sum(axis=1)
    mean = np.where(enough, total / np.maximum(known.sum(axis=1), 1), np.nan)
    weekly = fit_levels(
        mean,
        year_part=past.year_part[middle],
        temp_c=None,
        period_days=WEEK,
        waves=0 if terms.short else WAVES,
    )
    doubt = weekly.cov.copy()
    doubt[0, 0] += level_sd**2
    weekly = replace(weekly, cov=doubt)
    within = np.where(known, by_week - mean[:, None], 0.0)[enough]
    return DayLevels(
        terms=terms,
        weekly=weekly,
        within=within,
        day_of_year=past.calendar.day_of_year[past.middle][middle][enough],
        weather=None if temp_c is None else DayWeather(temp_c=temp_c, first_day=int(past.day[0])),
        words=_describe(terms, weekly),
    )


def _describe(terms: DayTerms, weekly: PeriodLevels) -> str:
    kind = "small regression on weekday and temperature" if terms.short else "regression on "
    if not terms.short:
        kind += "calendar and temperature" if len(terms.knots_c) else "the calendar alone"
    return f"one {kind} by day, weekly {weekly.words}, residual days in weeks"
