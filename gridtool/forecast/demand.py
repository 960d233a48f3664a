"""Hourly demand months ahead: fitted to a history, simulated as paths.

Log demand = calendar and temperature (24 regressions by hour) + a weekly level (local level
model) + residual days. A path draws a weather year with shifted dates, a course of the level
and weeks of residual days: joint paths, so that peaks and energy keep their spread, which
quantiles hour by hour would lose. After Hong, Wilson and Xie (2014), "Long term probabilistic
load forecasting and normalization with hourly information", and the GEFCom2014 winners' use of
weather scenarios.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.calendar import LocalCalendar, make_calendar
from gridtool.forecast.history import History
from gridtool.forecast.level import WEEK_H, DemandLevel, fit_level
from gridtool.forecast.regression import (
    DemandRegression,
    Terms,
    fit_regression,
    trailing_mean,
)
from gridtool.forecast.residual_days import (
    BLOCK_DAYS,
    ResidualDays,
    collect_residual_days,
    find_block_starts,
)
from gridtool.forecast.streams import component_number, open_stream
from gridtool.forecast.weather import LOOKBACK_H, TemperatureRecord, make_weather_years
from gridtool.timegrid import TimeGrid

__all__ = ["FittedDemand", "fit_demand"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HOUR = timedelta(hours=1)
YEAR_H = 8760
LEAST_DAYS = 90
LEAST_DAYS_WITHOUT_WEATHER = 360
FULL_DAYS = 360
STALE = timedelta(weeks=8)
"""Beyond this age a history stands for typical years: its level is not walked on."""
FEW_YEARS = 2.9
BAND = 0.35
"""Paths stay within the history's extremes, widened by this on the log scale."""
FULL = Terms(harmonics=3, knots=7, memories_h=(1, 24, 72))
SHORT = Terms(harmonics=0, knots=5, memories_h=(24,))
NO_WEATHER = Terms(harmonics=4)
_DEMAND = component_number("demand")
_WEATHER_ORDER = component_number("demand: order of weather years")


@dataclass(frozen=True, kw_only=True)
class FittedDemand:
    """A fitted demand model: a :class:`gridtool.forecast.model.DemandModel`.

    ``factor`` scales paths from the history's size to the network's; ``reference_peak_mw`` is
    the highest hour of the last twelve months of the history, in its own MW.
    """

    regression: DemandRegression
    level: DemandLevel
    residual_days: ResidualDays
    weather: TemperatureRecord | None
    end: datetime
    band: tuple[float, float]
    reference_peak_mw: float
    factor: float
    description: str

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        """Demand paths ``first`` to ``first + n - 1`` in MW, shape (n, grid.hours).

        Path i depends on (seed, i) only. Weather years are dealt out in an order drawn once per
        seed, so that any run of paths covers them evenly.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid.
        """
        calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
        lead_h = _lead_hours(self.end, grid=grid)
        weeks = int(lead_h[-1]) // WEEK_H + 1
        blocks = _block_candidates(self.residual_days, calendar=calendar)
        steps = np.empty((n, weeks + 1))
        picks = np.empty((n, len(blocks)))
        for row in range(n):
            stream = open_stream(seed, first + row, component=_DEMAND)
            steps[row] = stream.standard_normal(weeks + 1)
            picks[row] = stream.random(len(blocks))
        paths = self._weather_paths(grid=grid, calendar=calendar)
        order = open_stream(seed, 0, component=_WEATHER_ORDER).permutation(len(paths))
        paths = paths[order[(first + np.arange(n)) % len(paths)]]
        paths += self.regression.predict_calendar(calendar)
        paths += self._level_paths(steps, lead_h=lead_h)
        paths += _residual_paths(self.residual_days, blocks, picks=picks, calendar=calendar)
        np.clip(paths, *self.band, out=paths)
        np.exp(paths, out=paths)
        paths *= self.factor
        return paths

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        """What a reader of a forecast for ``grid`` must know of its demand, in words."""
        found = []
        gap = grid.start - self.end
        if gap > STALE:
            found.append(
                f"the demand history ends on {self.end:%Y-%m-%d}, {gap.days} days before the "
                "forecast begins: it stands for typical years"
            )
        if self.weather is not None:
            years = np.isfinite(self.weather.temp_c).sum() / YEAR_H
            if years < FEW_YEARS:
                found.append(
                    f"only {years:.1f} years of temperature: cold spells that did not occur in "
                    "them are missing from the forecast"
                )
        return tuple(found)

    def _weather_paths(self, *, grid: TimeGrid, calendar: LocalCalendar) -> FloatArray:
        """Effect of temperature by weather scenario, shape (s, hours); one of zero without."""
        if self.weather is None:
            return np.zeros((1, grid.hours))
        scenarios = make_weather_years(self.weather, grid=grid)
        if not len(scenarios):
            raise HistoryError(
                Issue(
                    message="no past year's temperatures cover the months from "
                    f"{grid.start:%Y-%m-%d} to {grid.end:%Y-%m-%d}",
                    hint="give at least a year of temperatures, or fewer months ahead",
                )
            )
        means = tuple(
            trailing_mean(scenarios, hours=memory)[:, LOOKBACK_H:]
            for memory in self.regression.terms.memories_h
        )
        return self.regression.predict_temperature(means, hour=calendar.hour)

    def _level_paths(self, steps: FloatArray, *, lead_h: IntArray) -> FloatArray:
        walk = np.cumsum(self.level.step_sigma * steps[:, 1:], axis=1)
        start = self.level.mean + np.sqrt(self.level.variance) * steps[:, :1]
        paths: FloatArray = (start + walk)[:, lead_h // WEEK_H]
        return paths


def fit_demand(
    history: History,
    *,
    zone: ZoneInfo | None = None,
    peak_mw: float | None = None,
    special_days: Collection[date] = (),
) -> FittedDemand:
    """Fit the demand model that the history allows.

    A year or more with temperature: the full model. Three months or more with temperature: a
    small one. A year or more without: seasons and residual days carry the weather. Less is
    refused.

    Parameters
    ----------
    zone
        Time zone of the history's local days, if not the one it was read with.
    peak_mw
        Scale the paths so that the highest hour of the history's last twelve months becomes
        this, MW. None keeps the history's own size.
    special_days
        Local dates on which people live as on holidays, past and ahead.

    Raises
    ------
    HistoryError
        If the history is too short.
    """
    zone = zone or history.zone
    terms, words = _choose_terms(history)
    calendar = make_calendar(history.start, history.hours, zone=zone)
    temp = history.temp_c if terms.memories_h else None
    regression = fit_regression(
        history.load_mw, temp_c=temp, calendar=calendar, terms=terms, special_days=special_days
    )
    residual = np.log(history.load_mw) - _explain(regression, calendar=calendar, temp_c=temp)
    level = fit_level(residual, prior=terms is SHORT)
    days = collect_residual_days(residual - level.smoothed, calendar=calendar)
    if not len(days.starts):
        raise HistoryError(
            Issue(message="no week of the history is whole", hint="fill the gaps of the history")
        )
    known = history.load_mw[np.isfinite(history.load_mw)]
    recent = history.load_mw[-YEAR_H:]
    peak = float(np.nanmax(recent)) if np.isfinite(recent).any() else float(known.max())
    return FittedDemand(
        regression=regression,
        level=level,
        residual_days=days,
        weather=None
        if temp is None
        else TemperatureRecord(start=history.start, temp_c=temp, zone=zone),
        end=history.end,
        band=(float(np.log(known.min())) - BAND, float(np.log(known.max())) + BAND),
        reference_peak_mw=peak,
        factor=1.0 if peak_mw is None else peak_mw / peak,
        description=_describe(history, words=words, level=level, peak=peak, peak_mw=peak_mw),
    )


def _explain(
    regression: DemandRegression, *, calendar: LocalCalendar, temp_c: FloatArray | None
) -> FloatArray:
    """What the regressions say of log demand, shape (n,); NaN where a temperature is missing."""
    explained = regression.predict_calendar(calendar)
    if temp_c is None:
        return explained
    means = tuple(trailing_mean(temp_c, hours=m) for m in regression.terms.memories_h)
    return explained + regression.predict_temperature(means, hour=calendar.hour)


def _choose_terms(history: History) -> tuple[Terms, str]:
    known = np.flatnonzero(np.isfinite(history.load_mw))
    days = (known[-1] - known[0] + 1) / 24 if len(known) else 0.0
    temp = (
        history.temp_c is not None
        and len(known) > 0
        and bool(np.isfinite(history.temp_c[known]).mean() > 0.5)
    )
    if temp and days >= FULL_DAYS:
        return FULL, "24 hourly regressions on calendar and temperature, weather years"
    if temp and days >= LEAST_DAYS:
        return SHORT, "short history: 24 small regressions on weekday and temperature"
    if days >= LEAST_DAYS_WITHOUT_WEATHER:
        return NO_WEATHER, "no weather: 24 hourly regressions on the calendar alone"
    least = LEAST_DAYS if temp else LEAST_DAYS_WITHOUT_WEATHER
    raise HistoryError(
        Issue(
            message=f"the history holds {days:.0f} days of demand",
            file=history.origin or None,
            accepted=f"at least {least} days"
            + ("" if temp else f", or {LEAST_DAYS} with temperature"),
        )
    )


def _describe(
    history: History, *, words: str, level: DemandLevel, peak: float, peak_mw: float | None
) -> str:
    years = history.hours / 8766
    text = (
        f"{words}; {level.basis}; residual days in weekly blocks; "
        f"{years:.1f} years of hourly history to {history.end:%Y-%m-%d}"
    )
    if peak_mw is None:
        return text
    return text + f"; scaled from a peak of {peak:,.0f} MW to the network's {peak_mw:,.0f} MW"


def _lead_hours(end: datetime, *, grid: TimeGrid) -> IntArray:
    gap = max(grid.start - end, timedelta())
    gap_h = 0 if gap > STALE else int(gap // HOUR)
    return gap_h + np.arange(grid.hours, dtype=np.int64)


def _block_candidates(days: ResidualDays, *, calendar: LocalCalendar) -> list[IntArray]:
    """For each week of the grid's local days, the days of the history it may be drawn from."""
    first_of_day = np.flatnonzero(np.diff(calendar.day, prepend=calendar.day[0] - 1))
    return [
        find_block_starts(days, day_of_year=int(calendar.day_of_year[hour]))
        for hour in first_of_day[::BLOCK_DAYS]
    ]


def _residual_paths(
    days: ResidualDays,
    blocks: list[IntArray],
    *,
    picks: FloatArray,
    calendar: LocalCalendar,
) -> FloatArray:
    starts = np.stack(
        [block[(picks[:, b] * len(block)).astype(np.int64)] for b, block in enumerate(blocks)],
        axis=1,
    )
    day = calendar.day - calendar.day[0]
    rows = starts[:, day // BLOCK_DAYS] + (day % BLOCK_DAYS)
    paths: FloatArray = days.values[rows, calendar.hour]
    return paths
