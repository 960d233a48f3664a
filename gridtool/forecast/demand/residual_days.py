"""What the model did not explain, kept as whole days and drawn again in blocks of a week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar

__all__ = ["BLOCK_DAYS", "ResidualDays", "collect_residual_days", "find_block_starts"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BLOCK_DAYS = 7
WINDOW_DAYS = 45
LEAST_CANDIDATES = 20
LEAST_HOURS = 12


@dataclass(frozen=True, kw_only=True)
class ResidualDays:
    """Residuals of log demand by local day and hour.

    Attributes
    ----------
    values : (d, 24)
        Zero where unknown.
    day_of_year : (d,) int
    starts : (s,) int
        Days from which ``BLOCK_DAYS`` known days follow each other.
    """

    values: FloatArray
    day_of_year: IntArray
    starts: IntArray


def collect_residual_days(residual: FloatArray, *, calendar: LocalCalendar) -> ResidualDays:
    """Residuals (n,) laid out by local day; an hour the clock repeats counts once.

    A day with fewer than ``LEAST_HOURS`` known hours is in no block; single unknown hours take
    the mean of their day.
    """
    row = calendar.day - calendar.day[0]
    values = np.full((int(row[-1]) + 1, 24), np.nan)
    values[row, calendar.hour] = residual
    day_of_year = np.zeros(len(values), dtype=np.int64)
    day_of_year[row] = calendar.day_of_year
    known = np.isfinite(values)
    whole = known.sum(axis=1) >= LEAST_HOURS
    means = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    values = np.where(known, values, means[:, None])
    run = np.convolve(whole, np.ones(BLOCK_DAYS), mode="valid")
    starts = np.flatnonzero(run > BLOCK_DAYS - 0.5)
    return ResidualDays(values=values, day_of_year=day_of_year, starts=starts.astype(np.int64))


def find_block_starts(days: ResidualDays, *, day_of_year: int) -> IntArray:
    """Starts of blocks from around ``day_of_year`` (0-365), of any year; all if those are few."""
    apart = np.abs(days.day_of_year[days.starts] - day_of_year)
    near = np.minimum(apart, 365 - apart) <= WINDOW_DAYS
    return days.starts[near] if near.sum() >= LEAST_CANDIDATES else days.starts
