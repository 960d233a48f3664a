"""Compiled: samples into bins that are fine near 0 and coarser above."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["fill_bins", "find_bin"]

FloatArray = npt.NDArray[np.float64]


@numba.njit(cache=True)
def find_bin(value: float, top: float, bins: int) -> int:
    """Bin of a value: the cube root of its share of the top, in so many even steps."""
    return min(bins - 1, int(bins * np.cbrt(value / top)))


@numba.njit(cache=True)
def fill_bins(
    values: FloatArray,
    top: FloatArray,
    counts: npt.NDArray[np.int32],
    sums: FloatArray,
    missing: npt.NDArray[np.bool_],
) -> None:
    """Count samples (n, q) of q quantities in their bins (q, bins); mark those with a NaN."""
    bins = counts.shape[1]
    for sample in range(values.shape[0]):
        for at in range(values.shape[1]):
            value = max(values[sample, at], 0.0)
            if np.isnan(values[sample, at]):
                missing[at] = True
                value = 0.0
            bin_at = find_bin(value, top[at], bins)
            counts[at, bin_at] += 1
            sums[at, bin_at] += value
