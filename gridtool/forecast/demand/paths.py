"""Paths of demand over one grid: what all of them share is made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.level import WEEK_H, DemandLevel
from gridtool.forecast.demand.residual_days import BLOCK_DAYS, ResidualDays, find_block_starts
from gridtool.forecast.streams import FRESH, component_number, open_stream
from gridtool.timegrid import TimeGrid

__all__ = ["STALE", "DemandPaths", "find_blocks", "lead_hours"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HOUR = timedelta(hours=1)
STALE = timedelta(weeks=8)
"""Beyond this age a history stands for typical years: its level is not walked on."""
_DEMAND = component_number("demand")
_WEATHER_ORDER = component_number("demand: order of weather years")


@dataclass(frozen=True, kw_only=True)
class DemandPaths:
    """Draws paths of log demand over the H hours of a grid.

    Attributes
    ----------
    calendar
        Of the grid.
    explained : (s, H)
        Log demand by weather scenario, calendar included.
    lead_h : (H,)
        Hours since the level was known.
    blocks
        Of each week of the grid, the days of the history its residuals may be drawn from.
    band
        Least and most log demand.
    factor : (H,)
        On the history's demand.
    residual_scale, level_scale
        Factors on the residual days and on the level's deviations from its mean.
    """

    calendar: LocalCalendar
    explained: FloatArray
    lead_h: IntArray
    blocks: tuple[IntArray, ...]
    level: DemandLevel
    residual_days: ResidualDays
    band: tuple[float, float]
    factor: FloatArray
    residual_scale: float = 1.0
    level_scale: float = 1.0

    def draw(self, n: int, *, seed: int, first: int = 0) -> FloatArray:
        """Paths ``first`` to ``first + n - 1`` in MW, shape (n, H).

        Path i depends on (seed, i) only. Weather years are dealt out in an order drawn once per
        seed (once more for paths drawn anew), so that any run of paths covers them evenly.
        """
        weeks = int(self.lead_h[-1]) // WEEK_H + 1
        steps = np.empty((n, weeks + 1))
        picks = np.empty((n, len(self.blocks)))
        for row in range(n):
            stream = open_stream(seed, first + row, component=_DEMAND)
            steps[row] = stream.standard_normal(weeks + 1)
            picks[row] = stream.random(len(self.blocks))
        dealt = open_stream(seed, first - first % FRESH, component=_WEATHER_ORDER)
        order = dealt.permutation(len(self.explained))
        paths: FloatArray = self.explained[order[(first + np.arange(n)) % len(order)]]
        paths += self._level_paths(steps)
        paths += self.residual_scale * self._residual_paths(picks)
        np.clip(paths, *self.band, out=paths)
        np.exp(paths, out=paths)
        paths *= self.factor
        return paths

    def _level_paths(self, steps: FloatArray) -> FloatArray:
        walk = np.cumsum(self.level.step_sigma * steps[:, 1:], axis=1)
        apart = np.sqrt(self.level.variance) * steps[:, :1] + walk
        paths: FloatArray = (self.level.mean + self.level_scale * apart)[:, self.lead_h // WEEK_H]
        return paths

    def _residual_paths(self, picks: FloatArray) -> FloatArray:
        starts = np.stack(
            [
                block[(picks[:, b] * len(block)).astype(np.int64)]
                for b, block in enumerate(self.blocks)
            ],
            axis=1,
        )
        day = self.calendar.day - self.calendar.day[0]
        rows = starts[:, day // BLOCK_DAYS] + (day % BLOCK_DAYS)
        paths: FloatArray = self.residual_days.values[rows, self.calendar.hour]
        return paths


def lead_hours(end: datetime, *, grid: TimeGrid) -> IntArray:
    """Hours from the ``end`` of a history to each hour of the grid, from 0 for a stale one."""
    gap = max(grid.start - end, timedelta())
    gap_h = 0 if gap > STALE else int(gap // HOUR)
    return gap_h + np.arange(grid.hours, dtype=np.int64)


def find_blocks(days: ResidualDays, *, calendar: LocalCalendar) -> tuple[IntArray, ...]:
    """For each week of the grid's local days, the days of the history it may be drawn from."""
    first_of_day = np.flatnonzero(np.diff(calendar.day, prepend=calendar.day[0] - 1))
    return tuple(
        find_block_starts(days, day_of_year=int(calendar.day_of_year[hour]))
        for hour in first_of_day[::BLOCK_DAYS]
    )
