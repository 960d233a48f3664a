"""Uniforms of many samples and components at once, compiled."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.stream_kernel import fill_uniforms

__all__ = ["draw_rows"]

FloatArray = npt.NDArray[np.float64]
WordArray = npt.NDArray[np.uint64]


@numba.njit(cache=True)
def draw_rows(seed: np.uint64, samples: WordArray, components: WordArray, count: int) -> FloatArray:
    """The first ``count`` uniforms of each component of each sample (n, c, count)."""
    out = np.empty((samples.shape[0], components.shape[0], count))
    for i in range(samples.shape[0]):
        for c in range(components.shape[0]):
            fill_uniforms(seed, samples[i], components[c], out[i, c])
    return out
