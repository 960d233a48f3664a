"""The work that is left of a job that has been under way for some hours: lognormals, cut off."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

from gridtool.damage.hazus import lognormal_parameters
from gridtool.restoration.model import Duration

__all__ = ["remaining_mean", "remaining_work"]

FloatArray = npt.NDArray[np.float64]


def remaining_mean(duration: Duration, worked_h: float) -> float:
    """Mean hours left of work that has lasted longer than ``worked_h`` hours.

    ``E[X | X > w] - w`` of a lognormal X. Where X is certain, what is left of it, and nothing
    once it should be finished.
    """
    mu, s = lognormal_parameters(duration.mean_h, duration.sigma_h)
    if worked_h <= 0:
        return duration.mean_h
    if s <= 0:
        return max(0.0, duration.mean_h - worked_h)
    z = (math.log(worked_h) - mu) / s
    longer = math.exp(float(log_ndtr(s - z)) - float(log_ndtr(-z)))
    return max(0.0, duration.mean_h * longer - worked_h)


def remaining_work(duration: Duration, worked_h: float, *, normal: FloatArray) -> FloatArray:
    """Hours left of work that has lasted longer than ``worked_h``, from standard normal draws.

    Larger draws give longer work; without work done it is ``exp(mu + s * normal)``.
    """
    mu, s = lognormal_parameters(duration.mean_h, duration.sigma_h)
    if worked_h <= 0:
        return np.asarray(np.exp(mu + s * normal))
    if s <= 0:
        return np.full(normal.shape, max(0.0, duration.mean_h - worked_h))
    z = (math.log(worked_h) - mu) / s
    tail = -ndtri_exp(log_ndtr(-z) + log_ndtr(-normal))
    return np.maximum(0.0, np.exp(mu + s * tail) - worked_h)
