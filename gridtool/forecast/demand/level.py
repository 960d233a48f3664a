"""The slow level of demand that calendar and temperature leave: a weekly random walk."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["WEEK_H", "DemandLevel", "fit_level"]

FloatArray = npt.NDArray[np.float64]
WEEK_H = 168
LEAST_VALID_H = 84
LEAST_WEEKS = 26
PRIOR_SIGMA = 0.02 / np.sqrt(30.4 / 7)
"""Weekly step of the level where the history is too short to tell: 2 % a month."""


@dataclass(frozen=True, kw_only=True)
class DemandLevel:
    """Level of log demand: what is known at the history's end and how it moves on.

    Attributes
    ----------
    mean, variance
        At the end of the history.
    step_sigma
        Standard deviation of a week's step.
    smoothed : (n,)
        Level during each hour of the history, seen from its end.
    basis
        How it was found, in words.
    """

    mean: float
    variance: float
    step_sigma: float
    smoothed: FloatArray
    basis: str


def fit_level(residual: FloatArray, *, prior: bool) -> DemandLevel:
    """Local level of the weekly means of ``residual`` (n,), NaN where unknown.

    Weeks are counted back from the end. With ``prior``, or fewer than half a year of weeks, the
    step is that of :data:`PRIOR_SIGMA` at least.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # only to fit

    weekly = _weekly_means(residual)
    known = np.isfinite(weekly)
    if known.sum() < LEAST_WEEKS:
        return _prior_level(weekly, hours=len(residual))
    model = UnobservedComponents(weekly, level="llevel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is checked below, and said
        fitted = model.fit(disp=0, maxiter=500)
    if not fitted.mle_retvals["converged"]:
        return _prior_level(weekly, hours=len(residual))
    step = float(np.sqrt(fitted.params[list(fitted.model.param_names).index("sigma2.level")]))
    basis = "weekly local level"
    if prior and step < PRIOR_SIGMA:
        step, basis = PRIOR_SIGMA, "weekly local level, step of 2 % a month assumed"
    return DemandLevel(
        mean=float(fitted.filtered_state[0, -1]),
        variance=float(fitted.filtered_state_cov[0, 0, -1]),
        step_sigma=step,
        smoothed=_spread_weeks(np.asarray(fitted.smoothed_state[0]), hours=len(residual)),
        basis=basis,
    )


def _weekly_means(residual: FloatArray) -> FloatArray:
    weeks = max(1, len(residual) // WEEK_H)
    block = residual[len(residual) - weeks * WEEK_H :] if len(residual) >= WEEK_H else residual
    block = block.reshape(weeks, -1)
    valid = np.isfinite(block).sum(axis=1)
    total = np.where(np.isfinite(block), block, 0.0).sum(axis=1)
    return np.asarray(np.where(valid >= LEAST_VALID_H, total / np.maximum(valid, 1), np.nan))


def _prior_level(weekly: FloatArray, *, hours: int) -> DemandLevel:
    recent = weekly[np.isfinite(weekly)][-4:]
    mean = float(recent.mean()) if len(recent) else 0.0
    return DemandLevel(
        mean=mean,
        variance=PRIOR_SIGMA**2,
        step_sigma=PRIOR_SIGMA,
        smoothed=np.zeros(hours),
        basis="level of the last four weeks, step of 2 % a month assumed",
    )


def _spread_weeks(levels: FloatArray, *, hours: int) -> FloatArray:
    """Weekly levels at the middle of their weeks, joined by straight lines, by hour."""
    middles = hours - (np.arange(len(levels))[::-1] + 0.5) * WEEK_H
    spread: FloatArray = np.interp(np.arange(hours) + 0.5, middles, levels)
    return spread
