"""The slow level of demand that calendar and temperature leave: a weekly random walk.

A local level model (Harvey 1989, "Forecasting, structural time series models and the Kalman
filter", section 2.3) of weekly means, filtered by statsmodels. How far the level moves in a week
decides how uncertain demand is months ahead, and one to five years of weeks tell little of it:
maximum likelihood often says "not at all". So the step's standard deviation has a prior, and the
variance taken is its posterior mean over a fixed grid: never zero, the same to the last bit
wherever the filter is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

__all__ = ["PRIOR_SIGMA", "WEEK_H", "DemandLevel", "fit_level", "weekly_means"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WEEK_H = 168
LEAST_VALID_H = 24
LEAST_WEEKS = 4
PRIOR_SIGMA = 0.02 / np.sqrt(30.4 / 7)
"""Weekly step of the level where the history is too short to tell: 2 % a month."""
USUAL_STEP, USUAL_SPREAD = 0.005, 0.5
"""Prior of the weekly step's standard deviation: log-normal, half a percent (3.6 % a year) times
or divided by 1.65. Demand of a city at given weather moves by a few percent a year."""
RATIOS: FloatArray = np.geomspace(0.005, 5.0, 28)
"""Step against the noise of a week: the grid of the posterior."""
LEAST_NOISE = 1e-6
VAGUE = 1e6
"""Variance of the level before the first week, against that of a week's noise."""


@dataclass(frozen=True, kw_only=True)
class DemandLevel:
    """Level of log demand: what is known at the history's end and how it moves on.

    Attributes
    ----------
    mean, variance
        At the end of the history.
    step_sigma
        Standard deviation of a week's step.
    noise_sigma
        Standard deviation of a whole week's mean around the level.
    smoothed : (n,)
        Level during each hour of the history, seen from its end.
    basis
        How it was found, in words.
    """

    mean: float
    variance: float
    step_sigma: float
    noise_sigma: float
    smoothed: FloatArray
    basis: str

    def recent_weights(self, weeks: int) -> FloatArray:
        """Weights of the last ``weeks`` weeks in ``mean``, of the filter in its steady state."""
        ratio = (self.step_sigma / self.noise_sigma) ** 2
        gain = (np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2
        return np.asarray((1.0 - gain) ** np.arange(weeks)[::-1], dtype=np.float64)


def fit_level(
    residual: FloatArray, *, prior: bool = False, steps: FloatArray | None = None
) -> DemandLevel:
    """Local level of the weekly means of ``residual`` (n,), NaN where unknown.

    Weeks are counted back from the end; one with fewer known hours counts for less. With
    ``prior`` the step is that of :data:`PRIOR_SIGMA` at least.

    Parameters
    ----------
    steps : (n,)
        Known steps of the level, which the random walk is spared; the level has them again.
    """
    hours = len(residual)
    steps = np.zeros(hours) if steps is None else steps
    weekly, known = weekly_means(residual - steps)
    if (known > 0).sum() < LEAST_WEEKS:
        return _assumed_level(weekly[known > 0], steps=steps)
    noise, logs, means, variances = _weigh_ratios(weekly, known)
    share = np.exp(logs - logs.max())
    share /= share.sum()
    mean = float(share @ means)
    within = float(share @ variances)
    step = float(np.sqrt(share @ (RATIOS * noise) ** 2))
    sigma = float(np.sqrt(share @ noise**2))
    basis = "weekly local level"
    if prior and step < PRIOR_SIGMA:
        step, basis = PRIOR_SIGMA, "weekly local level, step of 2 % a month assumed"
    nearest = RATIOS[np.argmin(np.abs(np.log(RATIOS * sigma / step)))]
    course = _build_filter(weekly, known, ratio=float(nearest)).smooth().smoothed_state[0]
    return DemandLevel(
        mean=mean + float(steps[-1]),
        variance=within + float(share @ (means - mean) ** 2),
        step_sigma=step,
        noise_sigma=sigma,
        smoothed=_spread_weeks(np.asarray(course), hours=hours) + steps,
        basis=basis,
    )


def weekly_means(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Means of the known ``values`` (..., n) by week back from the end, and how many are known.

    Weeks with fewer than :data:`LEAST_VALID_H` known hours are unknown: NaN, and 0.
    """
    weeks = max(1, values.shape[-1] // WEEK_H)
    hours = min(values.shape[-1], weeks * WEEK_H)
    block = values[..., values.shape[-1] - hours :].reshape(*values.shape[:-1], weeks, -1)
    known = np.isfinite(block)
    count = known.sum(axis=-1)
    count = np.where(count >= LEAST_VALID_H, count, 0)
    total = np.where(known, block, 0.0).sum(axis=-1)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means, (count if count.ndim == 1 else count.min(axis=0))


def _weigh_ratios(weekly: FloatArray, known: IntArray) -> FloatArray:
    """Of each of :data:`RATIOS`: noise (concentrated out), log posterior, mean and variance.

    Mean and variance are those of the level at the end. Shape (4, ratios).
    """
    rows = []
    at = np.flatnonzero(known)[1:]  # the first week only finds the level
    for ratio in RATIOS:
        result = _build_filter(weekly, known, ratio=float(ratio)).filter()
        error, variance = result.forecasts_error[0, at], result.forecasts_error_cov[0, 0, at]
        noise = max(float(np.sqrt(np.mean(error**2 / variance))), LEAST_NOISE)
        apart = np.log(ratio * noise / USUAL_STEP) / USUAL_SPREAD
        log = -len(at) * np.log(noise) - 0.5 * np.log(variance).sum() - 0.5 * apart**2
        end = noise**2 * result.filtered_state_cov[0, 0, -1]
        rows.append((noise, log, result.filtered_state[0, -1], end))
    return np.array(rows).T


def _build_filter(weekly: FloatArray, known: IntArray, *, ratio: float) -> KalmanSmoother:
    """Local level in units of a whole week's noise; fewer known hours make it greater."""
    from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother  # only to fit

    model = KalmanSmoother(k_endog=1, k_states=1)
    model.bind(weekly[:, None].copy())
    for matrix in ("design", "transition", "selection"):
        model[matrix, 0, 0] = 1.0
    model["obs_cov"] = (WEEK_H / np.maximum(known, 1.0))[None, None, :]
    model["state_cov", 0, 0] = ratio**2
    first = weekly[np.flatnonzero(known)[:1]]
    model.initialize_known(first, np.array([[VAGUE]]))
    return model


def _assumed_level(weekly: FloatArray, *, steps: FloatArray) -> DemandLevel:
    mean = float(weekly.mean()) if len(weekly) else 0.0
    return DemandLevel(
        mean=mean + float(steps[-1]),
        variance=PRIOR_SIGMA**2,
        step_sigma=PRIOR_SIGMA,
        noise_sigma=PRIOR_SIGMA,
        smoothed=mean + steps,
        basis="level of the few known weeks, step of 2 % a month assumed",
    )


def _spread_weeks(levels: FloatArray, *, hours: int) -> FloatArray:
    """Weekly levels at the middle of their weeks, joined by straight lines, by hour."""
    middles = hours - (np.arange(len(levels))[::-1] + 0.5) * WEEK_H
    spread: FloatArray = np.interp(np.arange(hours) + 0.5, middles, levels)
    return spread
