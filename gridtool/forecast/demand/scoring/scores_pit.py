"""Whether the truth lies among the paths as one of them would: histogram and test.

Hours that follow each other err together, so that a test which counts them as independent
rejects every forecast. Here each path is put in the truth's place in turn: if the forecast is
right, truth and paths are exchangeable, and the share of paths whose histogram is at least as
uneven as the truth's is an exact p-value, whatever the dependence of hours. Sources: Hamill
(2001), "Interpretation of rank histograms"; Besag and Clifford (1989), "Generalized Monte Carlo
significance tests".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["PIT_BINS", "count_places", "judge_evenness", "unevenness"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
PIT_BINS = 10


def count_places(truth: FloatArray, paths: FloatArray, *, bins: int = PIT_BINS) -> IntArray:
    """Hours by bin of the place that each member takes among all, shape (n + 1, bins).

    Members are the truth, then the paths (n, h). Equal values are put in the order of members.
    """
    members = np.concatenate([truth[None], paths])
    order = np.argsort(members, axis=0, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(len(members))[:, None], axis=0)
    places *= bins
    places //= len(members)
    return np.stack([(places == b).sum(axis=1) for b in range(bins)], axis=1)


def unevenness(counts: IntArray) -> FloatArray:
    """Squared distance of histograms (..., bins) from the even one, relative to it, shape (...)."""
    bins = counts.shape[-1]
    share = counts / counts.sum(axis=-1, keepdims=True)
    found: FloatArray = bins * ((share - 1 / bins) ** 2).sum(axis=-1)
    return found


def judge_evenness(counts: Sequence[IntArray]) -> float:
    """Probability that a right forecast's histogram over all origins is as uneven as found.

    Parameters
    ----------
    counts
        By origin, what :func:`count_places` gives, from equally many paths. Paths of one number
        may share random numbers between origins: they are put together with those of others.
    """
    truth = unevenness(np.sum([found[0] for found in counts], axis=0))
    paths = len(counts[0]) - 1
    apart = max(1, paths // len(counts))
    pooled = np.sum(
        [np.roll(found[1:], apart * place, axis=0) for place, found in enumerate(counts)], axis=0
    )
    return float((1 + (unevenness(pooled) >= truth).sum()) / (paths + 1))
