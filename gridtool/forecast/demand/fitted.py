"""A fitted demand model of hours: what it holds, and the paths it draws ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import LocalCalendar, make_calendar
from gridtool.forecast.demand.censored.rebound import rebound_factor, stated_level
from gridtool.forecast.demand.level import DemandLevel
from gridtool.forecast.demand.model import Calibration, DemandEvent
from gridtool.forecast.demand.paths import STALE, DemandPaths, find_blocks, lead_hours
from gridtool.forecast.demand.regression import DemandRegression, Deviations, trailing_mean
from gridtool.forecast.demand.residual_days import ResidualDays
from gridtool.forecast.demand.spline import draw_beyond
from gridtool.forecast.demand.weather import (
    LOOKBACK_H,
    TemperatureRecord,
    find_weather_year,
    make_weather_years,
)
from gridtool.timegrid import TimeGrid

__all__ = ["FittedDemand"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
YEAR_H = 8760
MONTH_H = 730.5
FEW_YEARS = 2.9
TURN = 150


@dataclass(frozen=True, kw_only=True)
class FittedDemand:
    """A fitted demand model: a :class:`gridtool.forecast.model.DemandModel`.

    ``factor`` scales paths from the history's size to the network's; ``reference_peak_mw`` is
    the highest hour of the last twelve months of the history, in its own MW; ``history_h`` is
    the time from the first known hour to the last. ``deviations`` is by what the coefficients of
    ``regression`` may be wrong, ``calibration`` scales the spread, ``events`` are what the planner
    states (those ahead change paths), ``said`` what the fit has to tell of itself.
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
    deviations: Deviations | None = None
    calibration: Calibration | None = None
    events: tuple[DemandEvent, ...] = ()
    said: tuple[str, ...] = ()

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        """Demand paths ``first`` to ``first + n - 1`` in MW, shape (n, grid.hours).

        Path i depends on (seed, i) only.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid.
        """
        return self.prepare(grid).draw(n, seed=seed, first=first)

    def prepare(self, grid: TimeGrid, *, weather_year: int | None = None) -> DemandPaths:
        """What all paths over ``grid`` share, to draw many of them in turns.

        Parameters
        ----------
        weather_year
            Take the temperatures of this year only, on the same dates; None: of all years.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid, or an event ahead states
            no size.
        """
        calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
        scale = self.calibration or Calibration()
        ahead = stated_level(self.events, self.end, grid) * rebound_factor(self.events, grid)
        return DemandPaths(
            calendar=calendar,
            explained=self._explain(grid, calendar=calendar, year=weather_year),
            lead_h=lead_hours(self.end, grid=grid),
            blocks=find_blocks(self.residual_days, calendar=calendar),
            level=self.level,
            residual_days=self.residual_days,
            band=self.band,
            factor=self.factor * ahead,
            residual_scale=scale.residual_scale,
            level_scale=scale.level_scale,
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
        found = list(self.said)
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

    def _explain(self, grid: TimeGrid, *, calendar: LocalCalendar, year: int | None) -> FloatArray:
        """Log demand without level and residual days by scenario, shape (s, hours).

        A scenario is a course of temperature and one deviation of the coefficients.
        """
        drawn = self.deviations
        variants = 1 if drawn is None else len(drawn.level)
        scenarios = self.find_weather(grid, year=year)
        if scenarios is not None and year is not None:
            scenarios = np.repeat(scenarios, variants, axis=0)
        count = variants if scenarios is None else len(scenarios)
        variant = np.arange(count) % variants
        explained: FloatArray = np.atleast_2d(
            self.regression.predict_calendar(calendar, deviations=drawn)
        )[variant]
        if drawn is not None:
            explained += drawn.level[variant, None]
        if scenarios is None:
            return explained
        for first in range(0, count, TURN):  # in turns, which need less memory
            turn = slice(first, first + TURN)
            means = tuple(
                trailing_mean(scenarios[turn], hours=memory)[:, LOOKBACK_H:]
                for memory in self.regression.terms.memories_h
            )
            explained[turn] += self.regression.predict_temperature(
                means, hour=calendar.hour, deviations=drawn, variant=variant[turn]
            )
            if drawn is not None:
                day = min(1, len(means) - 1)  # of the memories that of a day, not of an hour
                explained[turn] += draw_beyond(
                    means[day], knots=self.regression.knots_c[day], variant=variant[turn]
                )
        return explained

    def find_weather(self, grid: TimeGrid, *, year: int | None = None) -> FloatArray | None:
        """Courses of temperature over ``grid``, (s, LOOKBACK_H + hours); None without weather.

        Parameters
        ----------
        year
            The course of this year alone.

        Raises
        ------
        HistoryError
            If the record holds none.
        """
        if self.weather is None:
            return None
        if year is None:
            scenarios = make_weather_years(self.weather, grid=grid)
        else:
            scenarios = find_weather_year(self.weather, grid=grid, year=year)
        if not len(scenarios):
            whose = "no past year's temperatures" if year is None else f"no temperatures of {year}"
            raise HistoryError(
                Issue(
                    message=f"{whose} cover the months from "
                    f"{grid.start:%Y-%m-%d} to {grid.end:%Y-%m-%d}",
                    hint="give at least a year of temperatures, or fewer months ahead",
                )
            )
        return scenarios
