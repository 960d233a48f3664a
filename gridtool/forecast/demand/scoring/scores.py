"""Scores of a sample against what came, hour by hour.

Samples are given sorted: one sort serves every score. A forecast that names only quantiles is a
sample too, of evenly spaced levels from 0 to 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "NAIVE_LAG_H",
    "NINETY_NINE_LEVELS",
    "NINE_LEVELS",
    "crps",
    "hold_interval",
    "naive_scale",
    "pinball",
    "place_quantiles",
    "rank_truth",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
NINE_LEVELS: FloatArray = np.arange(1, 10) / 10
NINETY_NINE_LEVELS: FloatArray = np.arange(1, 100) / 100
NAIVE_LAG_H = 168
"""The naive method by which MASE is scaled: the same hour a week before."""


def place_quantiles(ordered: FloatArray, levels: FloatArray) -> FloatArray:
    """Quantiles of sorted samples, linear between the values.

    Parameters
    ----------
    ordered : (n, h)
        Sorted along the first axis.
    levels : (q,)

    Returns
    -------
    (q, h)
        As ``numpy.quantile(ordered, levels, axis=0)``.
    """
    at = np.asarray(levels) * (len(ordered) - 1)
    low = np.minimum(np.floor(at).astype(np.int64), len(ordered) - 1)
    high = np.minimum(low + 1, len(ordered) - 1)
    share = (at - low)[:, None]
    found: FloatArray = ordered[low] + share * (ordered[high] - ordered[low])
    return found


def pinball(truth: FloatArray, quantiles: FloatArray, *, levels: FloatArray) -> FloatArray:
    """Pinball loss of ``quantiles`` (q, h) at ``levels`` (q,), mean over the levels, shape (h,)."""
    error = truth - quantiles
    weight = np.asarray(levels)[:, None]
    loss: FloatArray = np.maximum(weight * error, (weight - 1) * error).mean(axis=0)
    return loss


def crps(truth: FloatArray, ordered: FloatArray) -> FloatArray:
    """Continuous ranked probability score of the samples' own distribution, shape (h,).

    Exact: mean |x - y| - mean |x - x'| / 2, the second from the sorted values in linear time.
    Source: Gneiting and Raftery (2007), equation 20, in the form of Jordan, Krüger and Lerch
    (2019), "Evaluating probabilistic forecasts with scoringRules".

    Parameters
    ----------
    ordered : (n, h)
        Sorted along the first axis.
    """
    n = len(ordered)
    weight = (2 * np.arange(1, n + 1) - n - 1) / n**2
    found: FloatArray = np.abs(ordered - truth).mean(axis=0) - weight @ ordered
    return found


def hold_interval(truth: FloatArray, ordered: FloatArray, *, share: float) -> BoolArray:
    """Where the central interval of ``share`` (0 to 1) of the samples holds the truth, (h,)."""
    tail = (1 - share) / 2
    low, high = place_quantiles(ordered, np.array([tail, 1 - tail]))
    held: BoolArray = (truth >= low) & (truth <= high)
    return held


def rank_truth(truth: FloatArray, ordered: FloatArray) -> FloatArray:
    """The truth's place among the samples (probability integral transform), in (0, 1), (h,).

    Samples below it count whole, equal ones half: (below + equal / 2 + 1/2) / (n + 1).
    """
    below = (ordered < truth).sum(axis=0)
    equal = (ordered == truth).sum(axis=0)
    place: FloatArray = (below + equal / 2 + 0.5) / (len(ordered) + 1)
    return place


def naive_scale(load_mw: FloatArray) -> float:
    """Mean absolute change from a week before, over the known hours of a history; NaN if none.

    The scale of MASE. Source: Hyndman and Koehler (2006), "Another look at measures of forecast
    accuracy", with the season of the week.
    """
    change = np.abs(load_mw[NAIVE_LAG_H:] - load_mw[:-NAIVE_LAG_H])
    known = np.isfinite(change)
    return float(change[known].mean()) if known.any() else float("nan")
