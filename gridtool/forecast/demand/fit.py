"""Hourly demand months ahead: fitted to a history, simulated as paths.

Log demand = calendar and temperature (24 regressions by hour) + a weekly level (local level
model) + residual days. A path draws a weather year with shifted dates, a course of the level
and weeks of residual days: joint paths, so that peaks and energy keep their spread, which
quantiles hour by hour would lose. After Hong, Wilson and Xie (2014), "Long term probabilistic
load forecasting and normalization with hourly information", and the GEFCom2014 winners' use of
weather scenarios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.base import fit_base
from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.demand.level import DemandLevel
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.paths import STALE, DemandPaths, find_blocks, lead_hours
from gridtool.forecast.demand.regression import (
    DemandRegression,
    Terms,
    trailing_mean,
)
from gridtool.forecast.demand.residual_days import ResidualDays, collect_residual_days
from gridtool.forecast.demand.unconstrain import unconstrain
from gridtool.forecast.demand.weather import LOOKBACK_H, TemperatureRecord, make_weather_years
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

__all__ = ["FittedDemand", "fit_demand"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
YEAR_H = 8760
MONTH_H = 730.5
LEAST_DAYS = 90
LEAST_DAYS_WITHOUT_WEATHER = 360
FULL_DAYS = 360
FEW_YEARS = 2.9
BAND = 0.35
"""Paths stay within the history's extremes, widened by this on the log scale."""
FULL = Terms(harmonics=3, knots=7, memories_h=(1, 24, 72))
SHORT = Terms(harmonics=0, knots=5, memories_h=(24,))
NO_WEATHER = Terms(harmonics=4)
NO_DAYS = SpecialDays()


@dataclass(frozen=True, kw_only=True)
class FittedDemand:
    """A fitted demand model: a :class:`gridtool.forecast.model.DemandModel`.

    ``factor`` scales paths from the history's size to the network's; ``reference_peak_mw`` is
    the highest hour of the last twelve months of the history, in its own MW; ``history_h`` is
    the length of the history.
    """

    regression: DemandRegression
    level: DemandLevel
    residual_days: ResidualDays
    weather: TemperatureRecord | None
    end: datetime
    history_h: int
    band: tuple[float, float]
    reference_peak_mw: float
    factor: float
    description: str
    weaker: str | None = None

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        """Demand paths ``first`` to ``first + n - 1`` in MW, shape (n, grid.hours).

        Path i depends on (seed, i) only.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid.
        """
        return self.prepare(grid).draw(n, seed=seed, first=first)

    def prepare(self, grid: TimeGrid) -> DemandPaths:
        """What all paths over ``grid`` share, to draw many of them in turns.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid.
        """
        calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
        explained = self._weather_paths(grid=grid, calendar=calendar)
        explained = explained + self.regression.predict_calendar(calendar)
        return DemandPaths(
            calendar=calendar,
            explained=explained,
            lead_h=lead_hours(self.end, grid=grid),
            blocks=find_blocks(self.residual_days, calendar=calendar),
            level=self.level,
            residual_days=self.residual_days,
            band=self.band,
            factor=self.factor,
        )

    def check_reach(self, grid: TimeGrid) -> None:
        """Refuse months that the history is too short to speak of.

        A model reaches as far ahead as its history is long: from the history's end, or from the
        first hour where it stands for typical years (see :data:`STALE`).

        Raises
        ------
        HistoryError
            If the grid ends beyond that.
        """
        stale = grid.start - self.end > STALE
        reach = (grid.start if stale else self.end) + self.history_h * HOUR
        if grid.end <= reach:
            return
        raise HistoryError(
            Issue(
                message=f"the forecast ends on {grid.end:%Y-%m-%d}, beyond the reach of a history "
                f"of {self.history_h / MONTH_H:.1f} months",
                accepted=f"months that end by {reach:%Y-%m-%d}: a model reaches as far ahead as "
                "its history is long",
                hint="forecast fewer months, or give a longer history",
            )
        )

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


def fit_demand(
    history: History,
    *,
    zone: ZoneInfo | None = None,
    peak_mw: float | None = None,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
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
        Local dates on which people live otherwise, past and ahead.
    events
        What the planner states of demand, past and ahead.

    Raises
    ------
    HistoryError
        If the history is too short.
    """
    zone = zone or history.zone
    terms, words = _choose_terms(history)
    calendar = make_calendar(history.start, history.hours, zone=zone)
    demand = unconstrain(
        history, calendar=calendar, terms=terms, special_days=special_days, events=events
    )
    base = fit_base(
        np.where(demand.guessed, np.nan, demand.load_mw),
        temp_c=history.temp_c,
        calendar=calendar,
        terms=terms,
        special_days=special_days,
        prior_level=terms is SHORT,
    )
    days = collect_residual_days(base.residual, calendar=calendar)
    if not len(days.starts):
        raise HistoryError(
            Issue(message="no week of the history is whole", hint="fill the gaps of the history")
        )
    known = history.load_mw[np.isfinite(history.load_mw)]
    recent = history.load_mw[-YEAR_H:]
    peak = float(np.nanmax(recent)) if np.isfinite(recent).any() else float(known.max())
    return FittedDemand(
        regression=base.regression,
        level=base.level,
        residual_days=days,
        weather=None
        if history.temp_c is None or not terms.memories_h
        else TemperatureRecord(start=history.start, temp_c=history.temp_c, zone=zone),
        end=history.end,
        history_h=history.hours,
        band=(float(np.log(known.min())) - BAND, float(np.log(known.max())) + BAND),
        reference_peak_mw=peak,
        factor=1.0 if peak_mw is None else peak_mw / peak,
        description=_describe(history, words=words, level=base.level, peak=peak, peak_mw=peak_mw),
    )


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
