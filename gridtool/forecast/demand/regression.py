"""Log demand by local hour: 24 regressions on day type, season and temperature."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.deviations import Deviations, draw_deviations
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.spline import SplineTable, place_knots, spline_basis
from gridtool.forecast.demand.terms import Terms, calendar_terms, slow_terms, trailing_mean

__all__ = [
    "DemandRegression",
    "Deviations",
    "Terms",
    "calendar_terms",
    "compress_rows",
    "fit_regression",
    "trailing_mean",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
YEARLY_STEP = 0.02
"""Standard deviation of a year's change of the level of log demand, before the fit."""
DAILY_NOISE = 0.03
"""Standard deviation of an hour of log demand around the regression, before the fit."""
PIECE = 64


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

    def predict_calendar(
        self, calendar: LocalCalendar, *, deviations: Deviations | None = None
    ) -> FloatArray:
        """Log demand without the temperature effect, (n,); with ``deviations`` (r, n)."""
        rows = calendar_terms(calendar, terms=self.terms, special_days=self.special_days)
        if deviations is None:
            predicted: FloatArray = (rows * self.calendar[calendar.hour]).sum(axis=1)
            return predicted
        varied = np.empty((len(deviations.level), len(rows)))
        for hour in range(24):
            at = np.flatnonzero(calendar.hour == hour)
            coefficients = self.calendar[hour] + deviations.calendar[:, hour]
            varied[:, at] = np.einsum("nc,rc->rn", rows[at], coefficients)
        return varied

    def predict_temperature(
        self,
        means_c: tuple[FloatArray, ...],
        *,
        hour: IntArray,
        deviations: Deviations | None = None,
        variant: IntArray | None = None,
    ) -> FloatArray:
        """Effect of temperature on log demand, of the shape of a mean; NaN where one is.

        Parameters
        ----------
        means_c : tuple of (n,) or (s, n)
            Trailing mean temperatures, one array per memory.
        hour : (n,) int
            Local hour.
        deviations, variant : (s,) int
            Coefficients deviate in row s by the deviation of number ``variant``; none by default.
        """
        total = np.zeros(np.atleast_2d(means_c[0]).shape)
        if variant is None:
            variant = np.zeros(len(total), dtype=np.int64)
        for memory, means in enumerate(means_c):
            effects = self.effects[None, :, memory]
            if deviations is not None:
                effects = effects + deviations.effects[:, :, memory]
            table = SplineTable.of(effects, knots=self.knots_c[memory])
            rows = np.atleast_2d(means)
            missing = np.isnan(rows)
            table.add_to(total, np.where(missing, 0.0, rows), hour=hour, variant=variant)
            total[missing] = np.nan
        return total.reshape(means_c[0].shape)


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Design of all usable hours: calendar, splines, slow course; where each begins.

    ``penalty`` (p, p) is added to the normal equations: the prior of the slow course.
    """

    design: FloatArray
    penalty: FloatArray
    fixed: int
    slow: int
    knots_c: FloatArray
    kept: tuple[int, ...]


def fit_regression(
    load_mw: FloatArray,
    *,
    temp_c: FloatArray | None,
    calendar: LocalCalendar,
    terms: Terms,
    special_days: SpecialDays,
    deviate: bool = False,
) -> tuple[DemandRegression, Deviations | None]:
    """Fit the 24 regressions by ordinary least squares (statsmodels) on the valid hours.

    The spline of each memory is written in the basis of its values at the knots; the value at
    the middle knot is the reference (zero), since the constant takes the mean. With ``deviate``
    also by what the coefficients may be wrong.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    fixed = calendar_terms(calendar, terms=terms, special_days=special_days)
    means = [trailing_mean(temp_c, hours=m) for m in terms.memories_h] if temp_c is not None else []
    usable = np.isfinite(load_mw) & np.all([np.isfinite(m) for m in means], axis=0)
    columns = _lay_columns(fixed, means, usable=usable, terms=terms)
    target, hour = np.log(load_mw[usable]), calendar.hour[usable]
    found = _solve_hours(columns, target, hour=hour)
    deviations = None
    if deviate:
        age_h = np.flatnonzero(usable)
        drawn = draw_deviations(
            columns.design,
            target - (columns.design * found[hour]).sum(axis=1),
            hour=hour,
            age_h=len(usable) - 1 - age_h,
            penalty=columns.penalty,
        )
        deviations = Deviations(
            calendar=drawn[..., : columns.fixed],
            effects=_to_knots(drawn, columns, terms=terms),
            level=np.zeros(len(drawn)),
        )
    regression = DemandRegression(
        terms=terms,
        special_days=special_days,
        calendar=found[:, : columns.fixed],
        knots_c=columns.knots_c,
        effects=_to_knots(found, columns, terms=terms),
    )
    return regression, deviations


def _lay_columns(
    fixed: FloatArray, means: list[FloatArray], *, usable: npt.NDArray[np.bool_], terms: Terms
) -> _Columns:
    knots = np.array([place_knots(m[usable], terms.knots) for m in means])
    kept = tuple(j for j in range(terms.knots) if j != terms.knots // 2)
    blocks = [fixed[usable]]
    for memory, mean in enumerate(means):
        blocks.append(spline_basis(mean[usable], knots=knots[memory])[:, kept])
    slow = slow_terms(usable)
    blocks.append(slow[usable])
    design = np.concatenate(blocks, axis=1)
    pieces = slow.shape[1]
    # Steps between the knots: a random walk from year to year, of the end's known zero.
    steps = np.eye(pieces) - np.eye(pieces, k=1)
    penalty = np.zeros((design.shape[1],) * 2)
    penalty[-pieces:, -pieces:] = (DAILY_NOISE / YEARLY_STEP) ** 2 * steps.T @ steps
    return _Columns(
        design=design,
        penalty=penalty,
        fixed=fixed.shape[1],
        slow=pieces,
        knots_c=knots,
        kept=kept,
    )


def _solve_hours(columns: _Columns, target: FloatArray, *, hour: IntArray) -> FloatArray:
    """Coefficients by local hour, (24, p)."""
    from statsmodels.regression.linear_model import OLS  # simulating workers do without

    found = np.empty((24, columns.design.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a special day may be unseen at an hour: least norm
        for h in range(24):
            rows, values = compress_rows(
                columns.design[hour == h], target[hour == h], penalty=columns.penalty
            )
            found[h] = OLS(values, rows).fit().params
    return found


def _to_knots(coefficients: FloatArray, columns: _Columns, *, terms: Terms) -> FloatArray:
    """Effects at all knots, (..., 24, m, k), of coefficients (..., 24, p)."""
    memories, kept = len(columns.knots_c), list(columns.kept)
    effects = np.zeros((*coefficients.shape[:-1], memories, terms.knots))
    spline = coefficients[..., columns.fixed : -columns.slow]
    effects[..., kept] = spline.reshape(*coefficients.shape[:-1], memories, len(kept))
    return effects


def compress_rows(
    design: FloatArray, target: FloatArray, *, penalty: FloatArray | float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """As few rows as there are columns, with the same least-squares solution.

    With X'X + ``penalty`` = V diag(w) V' these are diag(sqrt(w)) V' and diag(1/sqrt(w)) V'X'y.
    """
    square, product = _sum_products(design, target)
    square += penalty
    weights, vectors = np.linalg.eigh(square)
    roots = np.sqrt(np.maximum(weights, 0.0))
    kept = roots > 1e-7 * roots[-1]
    rows = roots[kept, None] * vectors[:, kept].T
    return rows, (vectors[:, kept].T @ product) / roots[kept]


def _sum_products(design: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """X'X and X'y, by pieces too small for BLAS to start threads.

    On a busy machine its threads get into each other's way: a fit took 20 s instead of 0.2 s.
    """
    both = np.column_stack([design, target])
    pieces = np.zeros((-(-len(both) // PIECE), PIECE, both.shape[1]))
    pieces.reshape(-1, both.shape[1])[: len(both)] = both
    sums: FloatArray = np.matmul(pieces.transpose(0, 2, 1), pieces).sum(axis=0)
    return sums[:-1, :-1].copy(), sums[:-1, -1].copy()
