"""Weather years of daily temperatures: the days ahead as they were in past years, dates shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.demand.periods.days_terms import MEMORIES_D, trailing_days

__all__ = ["DayWeather"]

FloatArray = npt.NDArray[np.float64]
SHIFTS_DAYS = (7, 14, 21)
"""Dates are shifted by up to the first of these that gives enough scenarios."""
ENOUGH_SCENARIOS = 150
MOST_MISSING = 0.05
YEAR_D = 365
BEFORE = max(MEMORIES_D) - 1


@dataclass(frozen=True, kw_only=True)
class DayWeather:
    """Daily mean temperatures (n,) from ``first_day`` (days since 1970-01-01) on, NaN gaps."""

    temp_c: FloatArray
    first_day: int

    def scenarios(self, ahead: PeriodsAhead) -> tuple[FloatArray, ...]:
        """Mean temperatures of the days ahead by memory, each (s, P).

        For every year of the record and every shift of up to K days: what was measured from the
        first date in that year on. Where a year ends too early, the same dates of the year
        before follow.

        Raises
        ------
        HistoryError
            If no past year covers the days.
        """
        known = np.isfinite(self.temp_c)
        at = np.arange(len(self.temp_c))
        measured = np.interp(at, at[known], self.temp_c[known])
        first = int(ahead.day[0]) - self.first_day
        span = np.arange(-BEFORE, len(ahead.day))
        found: list[FloatArray] = []
        for most in SHIFTS_DAYS:
            found = []
            for start in _starts(first, length=len(measured), most=most):
                rows = _wrap(start + span, length=len(measured))
                if rows[0] >= 0 and rows.min() >= 0 and (~known[rows]).mean() <= MOST_MISSING:
                    found.append(measured[rows])
            if len(found) >= ENOUGH_SCENARIOS:
                break
        if not found:
            raise HistoryError(
                Issue(
                    message="no past year's temperatures cover the months ahead",
                    hint="give at least a year of temperatures, or fewer months ahead",
                )
            )
        paths = np.array(found)
        return tuple(trailing_days(paths, days=memory)[:, BEFORE:] for memory in MEMORIES_D)


def _starts(first: int, *, length: int, most: int) -> list[int]:
    """Days of the record, shifted from the same date of past years, at which scenarios begin."""
    found = []
    for years in range(first // YEAR_D + 2):
        same = first - round(365.25 * years)
        found += [
            same + shift for shift in range(-most, most + 1) if BEFORE <= same + shift < length
        ]
    return found


def _wrap(rows: npt.NDArray[np.int64], *, length: int) -> npt.NDArray[np.int64]:
    over = np.maximum(rows - length + 1, 0)
    wrapped: npt.NDArray[np.int64] = rows - YEAR_D * -(-over // YEAR_D)
    return wrapped
