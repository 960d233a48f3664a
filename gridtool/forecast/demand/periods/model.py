"""A demand model fitted to days, weeks, months or years, which draws paths by the hour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.censored.rebound import rebound_factor, stated_level
from gridtool.forecast.demand.model import DemandEvent
from gridtool.forecast.demand.paths import STALE
from gridtool.forecast.demand.periods.ahead import PeriodsAhead, Step, find_periods_ahead
from gridtool.forecast.demand.periods.shape import HourShape, ShapedHours, shape_hours
from gridtool.timegrid import TimeGrid

__all__ = ["FittedPeriods", "LevelSource", "PeriodPaths"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
MONTH_H = 730.5


class LevelSource(Protocol):
    """What draws the log level of periods: energy = exp(level) x energy of the shape."""

    @property
    def words(self) -> str:
        """What it is, for the description."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of any forecast from it, in words."""
        ...

    def prepare(self, ahead: PeriodsAhead) -> Callable[..., FloatArray]:
        """``draw(n, seed=, first=)`` of log levels (n, P)."""
        ...


@dataclass(frozen=True, kw_only=True)
class PeriodPaths:
    """Draws hours of a grid from levels of periods and the shape within them.

    Attributes
    ----------
    skip, hours
        The grid's first hour among those of the periods, and how many it has.
    band
        Least and most log level.
    factor : (hours,)
        On the history's demand: size, rebounds and levels as stated.
    """

    draw_levels: Callable[..., FloatArray]
    shaped: ShapedHours
    skip: int
    hours: int
    band: tuple[float, float]
    factor: FloatArray

    def draw(self, n: int, *, seed: int, first: int = 0) -> FloatArray:
        """Paths ``first`` to ``first + n - 1`` in MW, (n, hours); path i depends on (seed, i)."""
        levels = np.clip(self.draw_levels(n, seed=seed, first=first), *self.band)
        paths = self.shaped.draw(levels, seed=seed, first=first)
        kept: FloatArray = paths[:, self.skip : self.skip + self.hours] * self.factor
        return kept


@dataclass(frozen=True, kw_only=True)
class FittedPeriods:
    """A :class:`gridtool.forecast.model.FittedModel` of a history without hours.

    Attributes
    ----------
    step
        Of the periods whose levels are drawn.
    end
        Of the history, aware UTC.
    reach_h
        How far ahead it speaks, hours.
    seasons
        The year's course is that of the classes' profiles.
    band
        Least and most log level of a period.
    said
        What must be known of any forecast from it, in words.
    """

    step: Step
    source: LevelSource
    shape: HourShape
    seasons: bool
    end: datetime
    reach_h: int
    band: tuple[float, float]
    reference_peak_mw: float
    factor: float
    description: str
    said: tuple[str, ...] = ()
    weaker: str | None = None
    events: tuple[DemandEvent, ...] = ()

    def simulate(self, n: int, *, grid: TimeGrid, seed: int, first: int = 0) -> FloatArray:
        """Demand paths ``first`` to ``first + n - 1`` in MW, shape (n, grid.hours).

        Path i depends on (seed, i) only.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid.
        """
        return self.prepare(grid).draw(n, seed=seed, first=first)

    def prepare(self, grid: TimeGrid) -> PeriodPaths:
        """What all paths over ``grid`` share, to draw many of them in turns.

        Raises
        ------
        HistoryError
            If no past year's temperatures cover the months of the grid, or it begins before the
            history's end.
        """
        if grid.start < self.end:
            raise HistoryError(
                Issue(
                    message=f"the months ahead begin on {grid.start:%Y-%m-%d %H:%M} UTC, before "
                    f"the history's end on {self.end:%Y-%m-%d %H:%M} UTC",
                    hint="cut the history where the months ahead begin",
                )
            )
        ahead = find_periods_ahead(self.end, step=self.step, grid=grid)
        stated = rebound_factor(self.events, grid) * stated_level(self.events, self.end, grid)
        return PeriodPaths(
            draw_levels=self.source.prepare(ahead),
            shaped=shape_hours(self.shape, ahead, by_day=self.step == "day", seasons=self.seasons),
            skip=int((grid.start - ahead.start) / HOUR),
            hours=grid.hours,
            band=self.band,
            factor=self.factor * stated,
        )

    def check_reach(self, grid: TimeGrid) -> None:
        """Refuse months that the history is too short to speak of.

        Raises
        ------
        HistoryError
            If the grid ends beyond that.
        """
        stale = grid.start - self.end > STALE
        reach = (grid.start if stale else self.end) + self.reach_h * HOUR
        if grid.end <= reach:
            return
        raise HistoryError(
            Issue(
                message=f"the forecast ends on {grid.end:%Y-%m-%d}, beyond the reach of the "
                f"history, {self.reach_h / MONTH_H:.0f} months",
                accepted=f"months that end by {reach:%Y-%m-%d}: a model reaches as far ahead as "
                "its history is long",
                hint="forecast fewer months, or give a longer history",
            )
        )

    def notes(self, grid: TimeGrid) -> tuple[str, ...]:
        """What a reader of a forecast for ``grid`` must know of its demand, in words."""
        gap = grid.start - self.end
        if gap <= STALE:
            return self.said
        old = (
            f"the demand history ends on {self.end:%Y-%m-%d}, {gap.days} days before the "
            "forecast begins: it stands for typical years"
        )
        return (*self.said, old)
