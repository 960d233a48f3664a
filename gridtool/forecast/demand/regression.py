"""Log demand by local hour: 24 regressions on day type, season and temperature."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import SpecialDays

__all__ = [
    "DemandRegression",
    "Terms",
    "calendar_terms",
    "compress_rows",
    "fit_regression",
    "trailing_mean",
]

FloatArray = npt.NDArray[np.float64]
BEYOND_SEEN_C = 3.0
"""Temperatures further than this outside what the history saw count as if they were there."""
LEAST_STEP_C = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the regressions contain.

    ``harmonics`` pairs of annual sine and cosine; for each of ``memories_h`` a natural cubic
    spline with ``knots`` knots of the mean temperature of that many hours (1: the hour itself).
    """

    harmonics: int
    knots: int = 0
    memories_h: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DemandRegression:
    """Fitted regressions.

    Attributes
    ----------
    calendar : (24, c)
        Coefficients of :func:`calendar_terms` by local hour.
    knots_c : (m, k)
        Knots of the splines by memory.
    effects : (24, m, k)
        Effect on log demand at the knots, by local hour and memory.
    """

    terms: Terms
    special_days: SpecialDays
    calendar: FloatArray
    knots_c: FloatArray
    effects: FloatArray

    def predict_calendar(self, calendar: LocalCalendar) -> FloatArray:
        """Log demand without the temperature effect, shape (n,)."""
        rows = calendar_terms(calendar, terms=self.terms, special_days=self.special_days)
        predicted: FloatArray = (rows * self.calendar[calendar.hour]).sum(axis=1)
        return predicted

    def predict_temperature(
        self, means_c: tuple[FloatArray, ...], *, hour: npt.NDArray[np.int64]
    ) -> FloatArray:
        """Effect of temperature on log demand.

        Parameters
        ----------
        means_c : tuple of (..., n)
            Trailing mean temperatures, one array per memory.
        hour : (n,) int
            Local hour.
        """
        total = np.zeros(means_c[0].shape)
        for memory, means in enumerate(means_c):
            knots = self.knots_c[memory]
            inside = np.clip(means, knots[0], knots[-1])
            outside = np.clip(means - inside, -BEYOND_SEEN_C, BEYOND_SEEN_C)
            for h in range(24):
                at = np.flatnonzero(hour == h)
                if not len(at):
                    continue
                curve = CubicSpline(knots, self.effects[h, memory], bc_type="natural")
                slope = curve(knots[[0, -1]], 1)
                beyond = outside[..., at]
                total[..., at] += curve(inside[..., at]) + beyond * np.where(
                    beyond < 0, slope[0], slope[1]
                )
        return total


def trailing_mean(values: FloatArray, *, hours: int) -> FloatArray:
    """Mean of the last ``hours`` values up to and including each, along the last axis.

    Near the beginning, of those there are. NaN values are left out; NaN where fewer than half
    are known.
    """
    if hours == 1:
        return values
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0), axis=-1)
    count = np.cumsum(known, axis=-1).astype(np.float64)
    for sums in (total, count):
        sums[..., hours:] -= sums[..., :-hours].copy()
    window = np.minimum(np.arange(values.shape[-1]) + 1, hours)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(2 * count >= window, total / count, np.nan)


def calendar_terms(
    calendar: LocalCalendar, *, terms: Terms, special_days: SpecialDays
) -> FloatArray:
    """Constant, six weekdays against Monday, kinds of special days, annual harmonics, (n, c).

    A special day takes the effect of its weekday and that of its kind.
    """
    hours = len(calendar.hour)
    year = 2 * np.pi * (calendar.day_of_year + calendar.hour / 24.0) / 365.25
    columns = [np.ones(hours)]
    columns += [(calendar.weekday == weekday).astype(np.float64) for weekday in range(1, 7)]
    for kind in special_days.kinds:
        columns.append(np.isin(calendar.day, special_days.numbers(kind)).astype(np.float64))
    for k in range(1, terms.harmonics + 1):
        columns += [np.sin(k * year), np.cos(k * year)]
    return np.stack(columns, axis=1)


def fit_regression(
    load_mw: FloatArray,
    *,
    temp_c: FloatArray | None,
    calendar: LocalCalendar,
    terms: Terms,
    special_days: SpecialDays,
) -> DemandRegression:
    """Fit the 24 regressions by ordinary least squares (statsmodels) on the valid hours.

    The spline of each memory is written in the basis of its values at the knots; the value at
    the middle knot is the reference (zero), since the constant takes the mean.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    from statsmodels.regression.linear_model import OLS  # simulating workers do without

    fixed = calendar_terms(calendar, terms=terms, special_days=special_days)
    means = [trailing_mean(temp_c, hours=m) for m in terms.memories_h] if temp_c is not None else []
    usable = np.isfinite(load_mw) & np.all([np.isfinite(m) for m in means], axis=0)
    knots = np.array([_place_knots(m[usable], terms.knots) for m in means])
    kept = [j for j in range(terms.knots) if j != terms.knots // 2]
    blocks = [fixed[usable]]
    for memory, mean in enumerate(means):
        basis = CubicSpline(knots[memory], np.eye(terms.knots), bc_type="natural")
        blocks.append(basis(mean[usable])[:, kept])
    design = np.concatenate(blocks, axis=1)
    target, hour = np.log(load_mw[usable]), calendar.hour[usable]
    found = np.empty((24, design.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a special day may be unseen at an hour: least norm
        for h in range(24):
            rows, values = compress_rows(design[hour == h], target[hour == h])
            found[h] = OLS(values, rows).fit().params
    effects = np.zeros((24, len(means), terms.knots))
    effects[:, :, kept] = found[:, fixed.shape[1] :].reshape(24, len(means), len(kept))
    return DemandRegression(
        terms=terms,
        special_days=special_days,
        calendar=found[:, : fixed.shape[1]],
        knots_c=knots,
        effects=effects,
    )


def compress_rows(design: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """As few rows as there are columns, with the same least-squares solution.

    With X'X = V diag(w) V' these are diag(sqrt(w)) V' and diag(1/sqrt(w)) V'X'y. The products
    are summed without BLAS, whose threads get into each other's way on a busy machine: a fit
    took 20 s instead of 0.2 s.
    """
    square = np.einsum("ni,nj->ij", design, design, optimize=False)
    product = np.einsum("ni,n->i", design, target, optimize=False)
    weights, vectors = np.linalg.eigh(square)
    roots = np.sqrt(np.maximum(weights, 0.0))
    kept = roots > 1e-7 * roots[-1]
    rows = roots[kept, None] * vectors[:, kept].T
    return rows, (vectors[:, kept].T @ product) / roots[kept]


def _place_knots(values: FloatArray, count: int) -> FloatArray:
    """Extremes and equally spaced quantiles of the distinct values."""
    distinct = np.unique(values)
    knots: FloatArray = (
        np.quantile(distinct, np.linspace(0, 1, count)) if len(distinct) else distinct
    )
    if len(knots) < count or (np.diff(knots) < LEAST_STEP_C).any():
        raise HistoryError(
            Issue(
                message="the temperature hardly changes: there is no weather to learn from",
                hint="check the column, or leave it out to forecast without weather",
            )
        )
    return knots
