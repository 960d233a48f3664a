"""The city's unserved energy with the help of a control variate whose mean is known better.

Each sample has, beside its simulated energy y, a control c that moves with it
(:mod:`gridtool.forecast.control`). The mean of c is known from futures and paths of their own, with
a standard error. Then

    mean of (y - b c) + b x known mean of c

is y without bias for any b that does not look at what it is used on: b of each of ``FOLDS`` parts
of the samples is fitted to the others (cross-fitting, Avramidis and Wilson 1993). Its best value
counts the error of the known mean too,

    b = cov(y, c) / (var(c) + n x error^2),

where the error used with one half of the known mean is that of the other half,

so that it is small where the control tells little, and the plain mean comes back of itself as n
grows. Nothing is chosen by its result. The error covers both parts and the months together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.metrics.moments import CrossMoments
from gridtool.forecast.metrics.periods import with_whole

__all__ = ["FOLDS", "ControlTally", "Controlled", "KnownMean"]

FloatArray = npt.NDArray[np.float64]

FOLDS = 5
LEAST = 50
"""Fewer samples than this do not tell b; the plain mean is taken."""


@dataclass(frozen=True, kw_only=True)
class KnownMean:
    """Mean of the control by month, from futures that are not among the samples.

    Attributes
    ----------
    batches : (B, M)
        Means of batches that are alike and independent, MWh; their mean is the known mean.
    """

    batches: FloatArray

    @property
    def mean(self) -> FloatArray:
        """By month (M,), MWh."""
        return np.asarray(self.batches.mean(axis=0))

    @property
    def covariance(self) -> FloatArray:
        """Of the errors of the mean (M, M)."""
        found = np.cov(self.batches, rowvar=False)
        return np.atleast_2d(found) / len(self.batches)


@dataclass(frozen=True, kw_only=True)
class Controlled:
    """Expected energy and its standard error by month, the whole horizon last (M + 1,), MWh.

    ``weight`` is the mean of b, NaN for the horizon, which is the sum of its months.
    """

    mean: FloatArray
    error: FloatArray
    plain: FloatArray
    plain_error: FloatArray
    weight: FloatArray

    def table(self, months: tuple[str, ...]) -> pd.DataFrame:
        """One row per name of ``months``, the horizon's included."""
        with np.errstate(invalid="ignore", divide="ignore"):
            worth = np.where(self.error > 0, (self.plain_error / self.error) ** 2, 1.0)
        return pd.DataFrame(
            {
                "month": list(months),
                "eue_mwh": self.mean,
                "eue_mwh_se": self.error,
                "plain_mwh": self.plain,
                "plain_mwh_se": self.plain_error,
                "control_weight": self.weight,
                "samples_worth": worth,
            }
        )


class ControlTally:
    """Simulated energy and control by month, in parts; flat in the number of samples."""

    def __init__(self, months: int) -> None:
        self._months = months
        self._folds = tuple(CrossMoments(2 * months) for _ in range(FOLDS))

    @property
    def samples(self) -> int:
        """Samples so far."""
        return sum(fold.count for fold in self._folds)

    def add(self, simulated: FloatArray, control: FloatArray) -> None:
        """Take in both of the next samples (n, M), in order."""
        fold_of = (self.samples + np.arange(len(simulated))) % FOLDS
        both = np.concatenate([simulated, control], axis=1)
        for at, fold in enumerate(self._folds):
            fold.add(both[fold_of == at])

    def estimate(self, known: KnownMean) -> Controlled:
        """The mean with the control, and without it."""
        months, count = self._months, self.samples
        every = _merge(self._folds)
        halves = known.batches[::2], known.batches[1::2]
        weights, mean = np.zeros((2, months)), np.zeros(months)
        covariance = np.zeros((months, months))
        for fold in self._folds:
            others = _merge(tuple(other for other in self._folds if other is not fold))
            both = self._fit(others, halves, count=count)
            share = fold.count / max(count, 1)
            mix = np.hstack([np.eye(months), -np.diag(both.mean(axis=0))])
            mean += share * (mix @ fold.mean)
            weights += share * both
            if count >= LEAST:
                covariance += share / count * (mix @ fold.covariance @ mix.T)
        for weight, half in zip(weights, halves, strict=True):
            mean += weight / 2 * half.mean(axis=0)
            share = len(known.batches) / len(half) / 4
            covariance += np.outer(weight, weight) * known.covariance * share
        plain = every.covariance[:months, :months] / max(count, 1)
        if count < LEAST:
            covariance = plain
        return Controlled(
            mean=with_whole(mean),
            error=_errors(covariance),
            plain=with_whole(every.mean[:months]),
            plain_error=_errors(plain),
            weight=np.append(weights.mean(axis=0), np.nan),
        )

    def _fit(
        self, others: CrossMoments, halves: tuple[FloatArray, FloatArray], *, count: int
    ) -> FloatArray:
        """The b of each half of the known mean and month (2, M), from what it is not used on."""
        months = self._months
        if count < LEAST:
            return np.zeros((2, months))
        joint = np.diagonal(others.covariance[:months, months:])
        spread = np.diagonal(others.covariance)[months:]
        batches = len(halves[0]) + len(halves[1])
        error = np.stack([half.var(axis=0, ddof=1) / batches for half in reversed(halves)])
        whole = spread + count * error
        b = np.divide(joint, whole, out=np.zeros((2, months)), where=whole > 0)
        return np.asarray(np.clip(b, 0.0, 1.0))


def _merge(folds: tuple[CrossMoments, ...]) -> CrossMoments:
    merged = CrossMoments(len(folds[0].mean))
    for fold in folds:
        merged.merge(fold)
    return merged


def _errors(covariance: FloatArray) -> FloatArray:
    """Standard errors by month and of their sum."""
    variance = np.append(np.diagonal(covariance), covariance.sum())
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
