"""The usual course of the districts' shares: hour of the week and season, by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import SpecialDays

__all__ = ["ShareCourse", "fit_course"]

FloatArray = npt.NDArray[np.float64]
WEEKDAYS = 7
LEAST_WEIGHT = 1e-6
"""Of the coefficients' squares: a weekday or an hour never seen has the effect nothing."""


@dataclass(frozen=True, kw_only=True)
class ShareCourse:
    """Log shares by the calendar.

    Attributes
    ----------
    harmonics
        Pairs of yearly sine and cosine.
    coefficients : (24, c, D)
        By local hour.
    """

    harmonics: int
    special_days: SpecialDays
    coefficients: FloatArray

    def predict(self, calendar: LocalCalendar) -> FloatArray:
        """Log shares of the hours of ``calendar``, (D, n)."""
        rows = _lay_terms(calendar, harmonics=self.harmonics, special_days=self.special_days)
        predicted = np.empty((self.coefficients.shape[2], len(rows)))
        for hour in range(24):
            at = calendar.hour == hour
            predicted[:, at] = (rows[at] @ self.coefficients[hour]).T
        return predicted


def fit_course(
    logs: FloatArray, *, calendar: LocalCalendar, harmonics: int, special_days: SpecialDays
) -> ShareCourse:
    """Least squares of log shares (D, n), NaN where unknown, in each hour of the day.

    All districts are known in the same hours. A small weight on the squares of the coefficients
    but the constant settles what the history cannot tell.
    """
    rows = _lay_terms(calendar, harmonics=harmonics, special_days=special_days)
    known = np.isfinite(logs).all(axis=0)
    coefficients = np.zeros((24, rows.shape[1], len(logs)))
    for hour in range(24):
        at = known & (calendar.hour == hour)
        if not at.any():
            at = known
        design, target = rows[at], logs[:, at].T
        square = np.einsum("ni,nj->ij", design, design)
        weight = LEAST_WEIGHT * len(design) * np.eye(len(square))
        weight[0, 0] = 0.0
        product = np.einsum("ni,nd->id", design, target)
        coefficients[hour] = np.linalg.solve(square + weight, product)
    return ShareCourse(harmonics=harmonics, special_days=special_days, coefficients=coefficients)


def _lay_terms(calendar: LocalCalendar, *, harmonics: int, special_days: SpecialDays) -> FloatArray:
    """Constant, six weekdays against Monday, special days, yearly harmonics, (n, c)."""
    weekday = special_days.resembled(calendar.weekday, day=calendar.day)
    days = [special_days.numbers(kind) for kind in special_days.kinds]
    special = np.isin(calendar.day, np.concatenate(days) if days else np.empty(0))
    year = 2 * np.pi * (calendar.day_of_year + calendar.hour / 24.0) / 365.25
    columns = [np.ones(len(weekday))]
    columns += [(weekday == day).astype(np.float64) for day in range(1, WEEKDAYS)]
    columns.append(special.astype(np.float64))
    for k in range(1, harmonics + 1):
        columns += [np.sin(k * year), np.cos(k * year)]
    return np.stack(columns, axis=1)
