"""Means with a control variate, from mergeable sums.

A quantity X of the network is strongly correlated with the same quantity C without it, whose
mean is known exactly: the mean of X - b (C - E[C]) has a smaller variance. The coefficient b is
that of the regression where enough samples are short without the network, else 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ControlledMoments", "summarise"]

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

    def estimate(self, expected: FloatArray, usual: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means (M,) and the variances of one sample (M,), given the exact mean of the controls."""
        slope = self.coefficient(usual)
        left = self.square - 2.0 * slope * self.cross + slope**2 * self.control_square
        mean = self.mean - slope * (self.control - expected)
        return mean, np.maximum(left, 0.0) / max(self.count - 1, 1)


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
