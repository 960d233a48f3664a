"""The level of log demand by week where part of the hours says nothing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "WEEK_H",
    "LevelVariances",
    "WeeklyLevel",
    "estimate_variances",
    "link_weeks",
    "median_course",
    "smooth_level",
    "week_values",
    "week_weights",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
WEEK_H = 168
LEAST_HOURS = 12
"""Of a week, to say anything of its level."""
WINDOW_WEEKS = 9
LEAST_VARIANCE = 0.001**2
FEW_WEEKS = 26
USUAL_STEP = 0.02
"""Step between weeks that is assumed where none is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelVariances:
    """Variances of the level's weekly ``step`` and of the ``noise`` of a week known whole."""

    step: float
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyLevel:
    """Values of ``w`` weeks counted back from the end of ``n`` hours.

    Attributes
    ----------
    value : (w,)
        Mean or median of the week's known hours, NaN below :data:`LEAST_HOURS` of them.
    count : (w,)
        Known hours.
    hours
        n.
    """

    value: FloatArray
    count: FloatArray
    hours: int

    @property
    def middles(self) -> FloatArray:
        """Hour of the middle of each week, (w,); negative where a first week is not whole."""
        weeks = len(self.value)
        return np.asarray(self.hours - (np.arange(weeks)[::-1] + 0.5) * WEEK_H)

    def spread(self, level: FloatArray) -> FloatArray:
        """Weekly ``level`` (w,) at the middles of the weeks, joined by straight lines, (n,)."""
        found: FloatArray = np.interp(np.arange(self.hours) + 0.5, self.middles, level)
        return found


def week_values(left: FloatArray, *, quantile: float | None = None) -> WeeklyLevel:
    """Means (or a quantile) by week of ``left`` (n,), NaN where unknown."""
    weeks = -(-len(left) // WEEK_H)
    missing = np.full(weeks * WEEK_H - len(left), np.nan)
    block = np.concatenate([missing, left]).reshape(weeks, WEEK_H)
    count = np.isfinite(block).sum(axis=1).astype(np.float64)
    value = np.full(weeks, np.nan)
    told = count >= LEAST_HOURS
    if told.any():
        value[told] = (
            np.nanmean(block[told], axis=1)
            if quantile is None
            else np.nanquantile(block[told], quantile, axis=1)
        )
    return WeeklyLevel(value=value, count=count, hours=len(left))


def median_course(weekly: FloatArray) -> FloatArray:
    """Running median over :data:`WINDOW_WEEKS` weeks, gaps bridged; zero if nothing is known.

    A median keeps a step that lasts and drops what passes within half its window.
    """
    reach = WINDOW_WEEKS // 2
    padded = np.pad(weekly, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_WEEKS)
    told = np.isfinite(windows).sum(axis=1) >= min(3, int(np.isfinite(weekly).sum()))
    told &= np.isfinite(windows).any(axis=1)
    if not told.any():
        return np.zeros(len(weekly))
    course = np.nanmedian(windows[told], axis=1)
    found: FloatArray = np.interp(np.arange(len(weekly)), np.flatnonzero(told), course)
    return found


def smooth_level(weekly: WeeklyLevel, variances: LevelVariances) -> tuple[FloatArray, FloatArray]:
    """Level of each week seen from the end, and its variance, both (w,).

    The smoother of the local level model as a weighted least-squares problem, since the weeks'
    noise differs: a week with half its hours known counts half.
    """
    weight, link = week_weights(weekly, variances), link_weeks(len(weekly.value), variances)
    covariance = np.asarray(np.linalg.inv(np.diag(weight) + link), dtype=np.float64)
    level = covariance @ (weight * np.nan_to_num(weekly.value))
    return level, np.asarray(np.diag(covariance))


def week_weights(weekly: WeeklyLevel, variances: LevelVariances) -> FloatArray:
    """Inverse variance of each week's noise, (w,); zero where nothing is known."""
    told = np.isfinite(weekly.value)
    return np.asarray(np.where(told, weekly.count / WEEK_H, 0.0) / variances.noise)


def link_weeks(weeks: int, variances: LevelVariances) -> FloatArray:
    """Inverse covariance of a random walk that may begin anywhere, (weeks, weeks)."""
    neighbours = np.r_[0.0, np.ones(weeks - 1)] + np.r_[np.ones(weeks - 1), 0.0]
    link = np.diag(neighbours + 1e-9)  # where all is unknown, the level is zero
    link -= np.eye(weeks, k=1) + np.eye(weeks, k=-1)
    return np.asarray(link / variances.step)


def estimate_variances(weekly: WeeklyLevel) -> LevelVariances:
    """Of the local level model (statsmodels); moments where the weeks are few or it fails."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # only to fit

    value = np.where(weekly.count >= WEEK_H / 2, weekly.value, np.nan)
    steps = np.diff(value)
    steps = steps[np.isfinite(steps)]
    spread = float((np.median(np.abs(steps)) / 0.6745) ** 2) if len(steps) else USUAL_STEP**2
    if np.isfinite(value).sum() >= FEW_WEEKS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence is checked below
            fitted = UnobservedComponents(value, level="llevel").fit(disp=0, maxiter=500)
        if fitted.mle_retvals["converged"]:
            named = dict(zip(fitted.model.param_names, fitted.params, strict=True))
            return _bounded(float(named["sigma2.level"]), float(named["sigma2.irregular"]))
    return _bounded(0.25 * spread, 0.5 * spread)


def _bounded(step: float, noise: float) -> LevelVariances:
    return LevelVariances(step=max(step, LEAST_VARIANCE), noise=max(noise, LEAST_VARIANCE))
