"""Means with a control variate, from mergeable sums.

A quantity X of the network is strongly correlated with the same quantity C without it, whose
mean is known exactly: the mean of X - b (C - E[C]) has a smaller variance. The coefficient b is
that of the regression where enough samples are short without the network, else 1.

A coefficient fitted to the samples it is used on makes their error look smaller than it is, the
more so as few deep shortages decide both. So the samples are dealt into folds, and each fold's
coefficient is that of all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

__all__ = ["ControlledMoments", "estimate_crossed", "summarise"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ENOUGH = 100
"""Samples with a shortage that a regression coefficient needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledMoments:
    """Moments of M quantities, each with its control, over ``count`` samples.

    Attributes
    ----------
    mean, control : (M,)
    square, cross, control_square : (M,)
        Sums of products of the distances from the means.
    short : (M,)
        Samples whose control is not zero.
    """

    count: int
    mean: FloatArray
    control: FloatArray
    square: FloatArray
    cross: FloatArray
    control_square: FloatArray
    short: FloatArray

    def merge(self, other: ControlledMoments) -> ControlledMoments:
        """The moments of both together (Chan, Golub & LeVeque 1983)."""
        n, m = self.count, other.count
        ahead, aside = other.mean - self.mean, other.control - self.control
        scale = n * m / (n + m)
        return ControlledMoments(
            count=n + m,
            mean=self.mean + ahead * (m / (n + m)),
            control=self.control + aside * (m / (n + m)),
            square=self.square + other.square + scale * ahead**2,
            cross=self.cross + other.cross + scale * ahead * aside,
            control_square=self.control_square + other.control_square + scale * aside**2,
            short=self.short + other.short,
        )

    def coefficient(self, usual: FloatArray) -> FloatArray:
        """Of the regression on the control (M,), or ``usual`` where too few samples are short."""
        known = (self.short >= _ENOUGH) & (self.control_square > 0.0)
        slope = self.cross / np.where(known, self.control_square, 1.0)
        return np.where(known, slope, usual)


def estimate_crossed(
    folds: Sequence[ControlledMoments], expected: FloatArray, usual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Means (M,) and variances of one sample (M,), each fold's coefficient from the others.

    Parameters
    ----------
    expected : (M,)
        Exact means of the controls.
    usual : (M,)
        Coefficients where the other folds have too few samples with a shortage, or are none.
    """
    means, squares = [], []
    for place, fold in enumerate(folds):
        others = [*folds[:place], *folds[place + 1 :]]
        slope = (
            reduce(ControlledMoments.merge, others).coefficient(usual)
            if others
            else np.asarray(usual, dtype=np.float64)
        )
        means.append(fold.mean - slope * (fold.control - expected))
        left = fold.square - 2.0 * slope * fold.cross + slope**2 * fold.control_square
        squares.append(np.maximum(left, 0.0))
    count = np.array([[fold.count] for fold in folds])
    total = int(count.sum())
    mean = (count * means).sum(axis=0) / total
    between = (count * (np.array(means) - mean) ** 2).sum(axis=0)
    return mean, (np.sum(squares, axis=0) + between) / max(total - 1, 1)


def summarise(values: FloatArray, controls: FloatArray) -> ControlledMoments:
    """Moments of samples (n, M) with their controls (n, M)."""
    mean, control = values.mean(axis=0), controls.mean(axis=0)
    apart, aside = values - mean, controls - control
    return ControlledMoments(
        count=len(values),
        mean=mean,
        control=control,
        square=(apart**2).sum(axis=0),
        cross=(apart * aside).sum(axis=0),
        control_square=(aside**2).sum(axis=0),
        short=np.count_nonzero(controls, axis=0).astype(np.float64),
    )
