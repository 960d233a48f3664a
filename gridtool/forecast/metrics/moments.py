"""Means, their standard errors and ratios of means, from samples that come in portions.

Portions are joined by the updates of Chan, Golub and LeVeque (1983), which lose no digits where
the spread is small beside the mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CrossMoments", "Moments", "RatioMoments"]

FloatArray = npt.NDArray[np.float64]


class Moments:
    """Mean and spread over samples of an array of quantities.

    Attributes
    ----------
    count
        Samples so far.
    mean
        Of each quantity.
    squares
        Sum of the squared deviations from the mean.
    """

    def __init__(self, *shape: int) -> None:
        self.count = 0
        self.mean: FloatArray = np.zeros(shape)
        self.squares: FloatArray = np.zeros(shape)

    def add(self, values: FloatArray) -> None:
        """Take in samples, along the first axis of ``values``."""
        if not len(values):
            return
        portion = Moments(*self.mean.shape)
        portion.count = len(values)
        portion.mean = values.mean(axis=0)
        portion.squares = ((values - portion.mean) ** 2).sum(axis=0)
        self.merge(portion)

    def merge(self, other: Moments) -> None:
        """Take in the samples of ``other``."""
        if not other.count:
            return
        total = self.count + other.count
        step = other.mean - self.mean
        self.squares = self.squares + other.squares + step**2 * (self.count * other.count / total)
        self.mean = self.mean + step * (other.count / total)
        self.count = total

    @property
    def standard_error(self) -> FloatArray:
        """Of the mean; NaN below two samples."""
        if self.count < 2:
            return np.full(self.mean.shape, np.nan)
        return np.sqrt(self.squares / (self.count - 1) / self.count)


class RatioMoments:
    """Quantities and what they are measured against: both means and their ratio.

    Attributes
    ----------
    part, whole
        Moments of the quantities and of what they are measured against, whose shape broadcasts.
    products
        Sum of the products of both deviations from their means.
    """

    def __init__(self, *shape: int, whole: tuple[int, ...]) -> None:
        self.part = Moments(*shape)
        self.whole = Moments(*whole)
        self.products: FloatArray = np.zeros(shape)

    def add(self, part: FloatArray, whole: FloatArray) -> None:
        """Take in samples of both, along the first axes."""
        portion = RatioMoments(*self.part.mean.shape, whole=self.whole.mean.shape)
        portion.part.add(part)
        portion.whole.add(whole)
        off, off_whole = part - portion.part.mean, whole - portion.whole.mean
        portion.products = (off * off_whole).sum(axis=0)
        self.merge(portion)

    def merge(self, other: RatioMoments) -> None:
        """Take in the samples of ``other``."""
        if not other.part.count:
            return
        counts = self.part.count, other.part.count
        step = (other.part.mean - self.part.mean) * (other.whole.mean - self.whole.mean)
        joined = step * (counts[0] * counts[1] / sum(counts))
        self.products = self.products + other.products + joined
        self.part.merge(other.part)
        self.whole.merge(other.whole)

    @property
    def ratio(self) -> FloatArray:
        """Ratio of the means; NaN where there is nothing to measure against."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.whole.mean > 0, self.part.mean / self.whole.mean, np.nan)

    @property
    def ratio_error(self) -> FloatArray:
        """Standard error of the ratio, to first order in the errors of both means."""
        count = self.part.count
        if count < 2:
            return np.full(self.part.mean.shape, np.nan)
        ratio = self.ratio
        spread = self.part.squares - 2 * ratio * self.products + ratio**2 * self.whole.squares
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.sqrt(np.maximum(spread, 0.0) / (count - 1) / count)
            return np.asarray(error / self.whole.mean)


class CrossMoments:
    """Means and all covariances over samples of a row of quantities.

    Attributes
    ----------
    count
        Samples so far.
    mean : (q,)
    products : (q, q)
        Sum of the products of the deviations from the means.
    """

    def __init__(self, quantities: int) -> None:
        self.count = 0
        self.mean: FloatArray = np.zeros(quantities)
        self.products: FloatArray = np.zeros((quantities, quantities))

    def add(self, values: FloatArray) -> None:
        """Take in samples, along the first axis of ``values``."""
        if not len(values):
            return
        portion = CrossMoments(len(self.mean))
        portion.count = len(values)
        portion.mean = values.mean(axis=0)
        off = values - portion.mean
        portion.products = off.T @ off
        self.merge(portion)

    def merge(self, other: CrossMoments) -> None:
        """Take in the samples of ``other``."""
        if not other.count:
            return
        total = self.count + other.count
        step = other.mean - self.mean
        joined = np.outer(step, step) * (self.count * other.count / total)
        self.products = self.products + other.products + joined
        self.mean = self.mean + step * (other.count / total)
        self.count = total

    @property
    def covariance(self) -> FloatArray:
        """Of the samples (q, q); NaN below two."""
        if self.count < 2:
            return np.full(self.products.shape, np.nan)
        return self.products / (self.count - 1)
