"""Temperature of the weeks or months ahead: its usual course and departures as they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.periods.ahead import PeriodsAhead

__all__ = ["PeriodWeather", "fit_weather"]

FloatArray = npt.NDArray[np.float64]
APART = 0.13
"""Departures come from periods at most this part of a year away in season."""


@dataclass(frozen=True, kw_only=True)
class PeriodWeather:
    """Usual temperature over the year, and departures of the n periods of a history.

    Attributes
    ----------
    course : (5,)
        Mean, sines and cosines of two annual waves, degrees Celsius.
    departures : (n,)
        0 where unknown.
    year_part : (n,)
        Part of the year over in the middle of each period.
    """

    course: FloatArray
    departures: FloatArray
    year_part: FloatArray

    def usual(self, year_part: FloatArray) -> FloatArray:
        """Usual temperature, (m,)."""
        found: FloatArray = _course_terms(year_part) @ self.course
        return found

    def fill(self, temp_c: FloatArray) -> FloatArray:
        """The history's temperatures with the usual ones in its gaps, (n,)."""
        return np.where(np.isfinite(temp_c), temp_c, self.usual(self.year_part))

    def draw(self, ahead: PeriodsAhead, *, share: float) -> FloatArray:
        """Temperature of the periods ahead, (P,): departures in their order, shifted in date.

        Parameters
        ----------
        share
            In [0, 1): which of the possible shifts.
        """
        number = len(self.departures)
        apart = np.abs(self.year_part - ahead.year_part[0])
        near = np.flatnonzero(np.minimum(apart, 1.0 - apart) <= APART)
        starts = near if len(near) else np.arange(number)
        start = starts[int(share * len(starts))]
        rows = (start + np.arange(len(ahead.lead))) % number
        temp_c: FloatArray = self.usual(ahead.year_part) + self.departures[rows]
        return temp_c


def fit_weather(temp_c: FloatArray, *, year_part: FloatArray) -> PeriodWeather:
    """The usual course by least squares of the known temperatures (n,)."""
    from statsmodels.regression.linear_model import OLS  # simulating workers do without

    known = np.isfinite(temp_c)
    terms = _course_terms(year_part)
    course = np.asarray(OLS(temp_c[known], terms[known]).fit().params)
    return PeriodWeather(
        course=course,
        departures=np.where(known, temp_c - terms @ course, 0.0),
        year_part=year_part,
    )


def _course_terms(year_part: FloatArray) -> FloatArray:
    turn = 2 * np.pi * year_part
    waves = [f(k * turn) for k in (1, 2) for f in (np.sin, np.cos)]
    return np.stack([np.ones(len(turn)), *waves], axis=1)
