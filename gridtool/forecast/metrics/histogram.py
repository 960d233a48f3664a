"""Distributions over samples in memory that does not grow with them.

Every quantity has bins from 0 to its top that are fine near 0 and coarser above: with K bins a
value x lies in one 3 (x^2 top)^(1/3) / K wide. A bin keeps how many values it got and their sum,
and answers with their mean: where it got one value, with the value itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

from gridtool.forecast.metrics.histogram_kernel import fill_bins, find_bin

__all__ = ["CONFIDENCE", "TAIL", "Histogram", "bins_within"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONFIDENCE = 0.95
"""Of the intervals of quantiles."""
TAIL = 0.95
"""The conditional value at risk is the mean of the worst 5 % of the samples."""
BIN_BYTES = 12
FEWEST_BINS, MOST_BINS = 200, 8_000


def bins_within(budget: int, *, quantities: int) -> int:
    """Bins for each of so many quantities in ``budget`` bytes, 200 to 8,000."""
    return int(np.clip(budget // (BIN_BYTES * max(1, quantities)), FEWEST_BINS, MOST_BINS))


class Histogram:
    """Counts and sums by bin of an array of quantities that are not negative.

    A quantity with a value that is NaN has no distribution: its answers are NaN.

    Parameters
    ----------
    top
        Where the last bin of each quantity ends, above 0; what lies above is counted in it.
    bins
        Bins of each quantity.
    """

    def __init__(self, top: FloatArray, *, bins: int) -> None:
        self.count = 0
        self.top = np.asarray(top, dtype=np.float64)
        self.counts: npt.NDArray[np.int32] = np.zeros((self.top.size, bins), dtype=np.int32)
        self.sums: FloatArray = np.zeros((self.top.size, bins))
        self.missing: npt.NDArray[np.bool_] = np.zeros(self.top.size, dtype=np.bool_)

    def add(self, values: FloatArray) -> None:
        """Take in samples, along the first axis of ``values``."""
        self.count += len(values)
        rows = np.ascontiguousarray(values.reshape(len(values), self.top.size))
        fill_bins(rows, self.top.ravel(), self.counts, self.sums, self.missing)

    def merge(self, other: Histogram) -> None:
        """Take in the samples of ``other``, which has the same quantities and bins."""
        self.count += other.count
        self.counts += other.counts
        self.sums += other.sums
        self.missing |= other.missing

    def quantile(self, share: float) -> FloatArray:
        """Quantile over samples, linear between the two nearest of them; NaN without samples."""
        if not self.count:
            return np.full(self.top.shape, np.nan)
        position = share * (self.count - 1)
        low = int(np.floor(position))
        below, above = self._ordered([low, min(low + 1, self.count - 1)])
        return self._shape(below + (position - low) * (above - below))

    def interval(self, share: float) -> tuple[FloatArray, FloatArray]:
        """Interval that holds the true quantile with at least 95 % probability.

        Order statistics: how many of n independent samples lie below the quantile is binomial,
        whatever their distribution (David and Nagaraja 2003, 7.1). Where so few samples say
        nothing, the interval reaches to 0 or to the top.
        """
        n, doubt = self.count, (1.0 - CONFIDENCE) / 2.0
        below = bdtr(np.arange(n + 1), n, share)
        low = int(np.searchsorted(below, doubt, side="right")) - 1
        high = int(np.searchsorted(below, 1.0 - doubt))
        found = self._ordered([max(low, 0), min(high, n - 1)]) if n else [self.top.ravel()] * 2
        least = found[0] if low >= 0 else np.zeros(self.top.size)
        most = found[1] if high < n else self.top.ravel()
        return self._shape(least), self._shape(most)

    def tail_mean(self) -> tuple[FloatArray, FloatArray]:
        """Conditional value at risk, the mean of the worst 5 % of the samples, and its error.

        With v the quantile it is v + E[(X - v)+] / 5 %; the error is that of the mean excess,
        since to first order that of v cancels. As v is one of the k samples of the tail, the
        variance is taken k / (k - 1) times; it is NaN where k is below 2.
        """
        n, share = self.count, 1.0 - TAIL
        if not n:
            return np.full(self.top.shape, np.nan), np.full(self.top.shape, np.nan)
        inside = n * share
        edge = self._ordered([n - max(1, int(np.ceil(inside - 1e-9)))])[0]
        over = self._means() - edge[:, None]
        excess = np.where(over > 0, over, 0.0) * self.counts
        total = excess.sum(axis=1)
        mean = edge + total / max(inside, 1.0)
        if inside < 2:
            return self._shape(mean), np.full(self.top.shape, np.nan)
        squares = (excess * over).sum(axis=1)
        spread = np.maximum(squares - total**2 / n, 0.0) / (n - 1)
        spread *= inside / (inside - 1.0)
        return self._shape(mean), self._shape(np.sqrt(spread / n) / share)

    def shares(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Share of samples in bins below the one of each value, and in that bin.

        Parameters
        ----------
        values
            One for each quantity, of the shape of ``top``.
        """
        bins = self.counts.shape[1]
        pairs = zip(values.ravel(), self.top.ravel(), strict=True)
        at = np.array([find_bin(max(value, 0.0), top, bins) for value, top in pairs])
        own = self.counts[np.arange(self.top.size), at]
        below = np.where(np.arange(bins) < at[:, None], self.counts, 0).sum(axis=1)
        return self._shape(below / self.count), self._shape(own / self.count)

    def _ordered(self, ranks: list[int]) -> list[FloatArray]:
        """Sample of each rank (0: the least) of every quantity: the mean of its bin."""
        upto = np.cumsum(self.counts, axis=1, dtype=np.int32)
        means = self._means()
        rows = np.arange(self.top.size)
        # The first bin with more samples up to it than the rank.
        return [means[rows, (upto <= rank).sum(axis=1)] for rank in ranks]

    def _means(self) -> FloatArray:
        return self.sums / np.maximum(self.counts, 1)

    def _shape(self, values: FloatArray) -> FloatArray:
        return np.where(self.missing, np.nan, values).reshape(self.top.shape)
