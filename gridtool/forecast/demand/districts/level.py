"""The slow course of a district's share: weeks that remember the ones before, and return."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ShareLevel", "fit_share_level", "spread_weeks", "weekly_means"]

FloatArray = npt.NDArray[np.float64]
WEEK_H = 168
LEAST_WEEKS = 12
LEAST_KNOWN_H = 84
PRIOR_MEMORY, PRIOR_STEP = 0.97, 0.01
"""Memory and step of a week where the history is too short to tell: 1 %, half forgotten in 23."""
LONGEST_MEMORY = 0.995
"""People who move may stay: a memory this long halves in 138 weeks."""
KEEPING_COSTS = 1.0
"""Of log likelihood, as Akaike's criterion prices a parameter."""
LEAST_SPREAD = 1e-9
WEEKS_A_YEAR = 365.25 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLevel:
    """Deviation of a log share from its usual course: what is known, how it goes on.

    Attributes
    ----------
    mean, variance
        At the history's end.
    memory
        Of a week's deviation in the next, in [0, 1).
    step_sigma
        Standard deviation of what a week adds.
    usual_sd
        Standard errors of the usual course that the share returns to: of its mean, and of the
        coefficients of its first and second yearly wave.
    """

    mean: float
    variance: float
    memory: float
    step_sigma: float
    usual_sd: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def follow(self, normal: FloatArray, *, weeks: int) -> FloatArray:
        """Courses of weeks 0, 1, ... from normal numbers (..., weeks + j), (..., weeks).

        The last j numbers, j odd, are of what the course returns to: its mean and (j - 1) / 2
        yearly waves, whose coefficients have errors as its mean has. They count as the
        deviation fades, which at first makes up for them.
        """
        courses: FloatArray = np.empty((*normal.shape[:-1], weeks))
        courses[..., 0] = self.mean + np.sqrt(self.variance) * normal[..., 0]
        for week in range(1, weeks):
            courses[..., week] = (
                self.memory * courses[..., week - 1] + self.step_sigma * normal[..., week]
            )
        time = np.arange(weeks, dtype=np.float64)
        usual = _usual_courses(time, count=normal.shape[-1] - weeks)
        missed = usual - usual[:, :1] * self.memory**time
        errors = np.array(self.usual_sd)[(np.arange(len(missed)) + 1) // 2]
        courses += np.einsum("...j,j,jw->...w", normal[..., weeks:], errors, missed)
        return courses

    def expect(self, weeks: int) -> FloatArray:
        """Expected course of weeks 0 to ``weeks - 1``."""
        faded: FloatArray = self.mean * self.memory ** np.arange(weeks, dtype=np.float64)
        return faded


def fit_share_level(weekly: FloatArray) -> tuple[ShareLevel, FloatArray]:
    """First-order autoregression in noise, by maximum likelihood (statsmodels), of (w,) weeks.

    NaN where a week is unknown. How fast a share returns to its usual course is thus the
    history's to say; people who moved are kept where they are (:data:`LONGEST_MEMORY`) if that
    costs less than :data:`KEEPING_COSTS` of log likelihood. With fewer than
    :data:`LEAST_WEEKS` known weeks, or where no maximum is found, memory and step are
    :data:`PRIOR_MEMORY` and :data:`PRIOR_STEP`.

    Returns
    -------
    The level, and the deviation of each week seen from the history's end, (w,).
    """
    known = np.isfinite(weekly)
    scale = float(np.nanstd(weekly)) if known.any() else 0.0
    if known.sum() < LEAST_WEEKS or scale < LEAST_SPREAD:
        return _assume_level(weekly)
    fitted = _choose_fit(weekly / scale)
    if fitted is None:
        return _assume_level(weekly)
    noise, step, memory = (float(value) for value in fitted.params)
    memory = _correct_memory(memory, weeks=int(known.sum()))
    level = ShareLevel(
        mean=scale * float(fitted.filtered_state[0, -1]),
        variance=scale**2 * float(max(fitted.filtered_state_cov[0, 0, -1], 0.0)),
        memory=memory,
        step_sigma=scale * float(np.sqrt(step)),
        usual_sd=_usual_errors(
            memory, step=scale**2 * step, noise=scale**2 * noise, weeks=int(known.sum())
        ),
    )
    return level, scale * np.asarray(fitted.smoothed_state[0])


def _choose_fit(weekly: FloatArray) -> Any:
    """The fit with the longest memory if it is hardly less likely than the best, None if none is.

    Parameters of a fit are the variances of noise and step and the memory.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # only to fit

    model = UnobservedComponents(weekly, irregular=True, autoregressive=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is checked below
        free = model.fit([0.2, 0.3, 0.8], disp=0, maxiter=200)
        with model.fix_params({"ar.L1": LONGEST_MEMORY}):
            kept = model.fit([0.2, 0.05], disp=0, maxiter=200)
    found = [fit for fit in (kept, free) if fit.mle_retvals["converged"] and fit.params[2] >= 0.0]
    if not found:
        return None
    best = max(fit.llf for fit in found)
    return next(fit for fit in found if fit.llf > best - KEEPING_COSTS or fit.llf == best)


def _usual_errors(
    memory: float, *, step: float, noise: float, weeks: int
) -> tuple[float, float, float]:
    """Standard errors of a mean and of yearly waves' coefficients by least squares.

    Their squares are the spectral density of an autoregression in noise at the wave's frequency,
    step / |1 - memory exp(-i w)|^2 + noise, over the number of weeks (Grenander 1954, "On the
    estimation of regression coefficients in the case of an autocorrelated disturbance", Annals of
    Mathematical Statistics 25, 252-272); the waves have mean square 1.
    """
    turns = 2 * np.pi * np.arange(3) / WEEKS_A_YEAR
    density = step / np.abs(1.0 - memory * np.exp(-1j * turns)) ** 2 + noise
    mean, first, second = np.sqrt(density / weeks).tolist()
    return mean, first, second


def _usual_courses(time: FloatArray, *, count: int) -> FloatArray:
    """1 and ``count - 1`` yearly waves of mean square 1 at weeks ``time`` (w,), (count, w)."""
    turn = 2 * np.pi * time / WEEKS_A_YEAR
    waves = [np.sqrt(2.0) * f(k * turn) for k in range(1, count // 2 + 1) for f in (np.cos, np.sin)]
    return np.stack([np.ones(len(time)), *waves])


def weekly_means(values: FloatArray) -> FloatArray:
    """Means of the weeks (n // 168,) counted back from the end; NaN where half is unknown."""
    weeks = len(values) // WEEK_H
    block = values[len(values) - weeks * WEEK_H :].reshape(weeks, WEEK_H)
    known = np.isfinite(block)
    count = known.sum(axis=1)
    total = np.where(known, block, 0.0).sum(axis=1)
    return np.where(count >= LEAST_KNOWN_H, total / np.maximum(count, 1), np.nan)


def _correct_memory(memory: float, *, weeks: int) -> float:
    """``memory`` without the bias of its estimate, -(1 + 3 memory) / weeks where a mean is removed.

    Kendall (1954), "Note on bias in the estimation of autocorrelation", Biometrika 41, 403-404.
    """
    corrected = (weeks * memory + 1.0) / (weeks - 3.0)
    return min(max(memory, corrected), max(memory, LONGEST_MEMORY))


def spread_weeks(levels: FloatArray, *, hours: int) -> FloatArray:
    """Weekly values (w,) at the middle of their weeks, joined by straight lines, (hours,)."""
    middles = hours - (np.arange(len(levels))[::-1] + 0.5) * WEEK_H
    spread: FloatArray = np.interp(np.arange(hours) + 0.5, middles, levels)
    return spread


def _assume_level(weekly: FloatArray) -> tuple[ShareLevel, FloatArray]:
    known = weekly[np.isfinite(weekly)]
    level = ShareLevel(
        mean=float(known[-4:].mean()) if len(known) else 0.0,
        variance=PRIOR_STEP**2,
        memory=PRIOR_MEMORY,
        step_sigma=PRIOR_STEP,
        usual_sd=_usual_errors(
            PRIOR_MEMORY, step=PRIOR_STEP**2, noise=0.0, weeks=max(len(known), 1)
        ),
    )
    return level, np.where(np.isfinite(weekly), weekly, 0.0)
