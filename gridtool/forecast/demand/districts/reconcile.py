"""Forecasts of a city and of its districts made to agree.

Base forecasts made apart do not add up. Trace minimisation (MinT) takes the coherent ones
nearest to them, nearness weighted by the covariance W of the base errors:

    reconciled = S (S' W^-1 S)^-1 S' W^-1 base,

with S the matrix that adds districts up; of all unbiased linear reconciliations it has the
least total error variance. Wickramasuriya, Athanasopoulos and Hyndman (2019), "Optimal forecast
reconciliation for hierarchical and grouped time series through trace minimization", Journal of
the American Statistical Association 114, 804-819; applied path by path as in Panagiotelis,
Gamakumara, Athanasopoulos and Hyndman (2023), "Probabilistic forecast reconciliation",
European Journal of Operational Research 306, 693-706. With a diagonal W (WLS) and one city over D
districts it is in closed form: the gap between city and districts is shared by variance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.districts.shares import SharePaths
from gridtool.forecast.model import FittedModel
from gridtool.timegrid import TimeGrid

__all__ = ["draw_reconciled", "reconcile_paths", "shrink_covariance", "trace_minimising"]

FloatArray = npt.NDArray[np.float64]
PILOT_PATHS = 64
"""Paths that tell the districts' variances, the same for any run of paths."""
LEAST_LEFT = 0.05
"""A district's path is not pressed below this share of its base path."""


def trace_minimising(summing: FloatArray, *, covariance: FloatArray) -> FloatArray:
    """The matrix that turns base forecasts of all series into coherent ones, (m, m).

    Parameters
    ----------
    summing : (m, b)
        S: all series from the b bottom ones.
    covariance : (m, m)
        W of the base errors, positive definite.
    """
    weighted = np.linalg.solve(covariance, summing)
    bottom = np.linalg.solve(summing.T @ weighted, weighted.T)
    projection: FloatArray = summing @ bottom
    return projection


def shrink_covariance(errors: FloatArray) -> FloatArray:
    """Covariance of base errors (m, t), its correlations shrunk towards zero, (m, m).

    The intensity is that of Schaefer and Strimmer (2005), "A shrinkage approach to large-scale
    covariance matrix estimation and implications for functional genomics", Statistical
    Applications in Genetics and Molecular Biology 4(1): sum of the variances of the correlations
    over the sum of their squares, both off the diagonal.
    """
    count = errors.shape[1]
    centred = errors - errors.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=1) / (count - 1))
    scaled = centred / spread[:, None]
    products = scaled[:, None, :] * scaled[None, :, :]
    means = products.mean(axis=2)
    correlation = means * count / (count - 1)
    variance = count / (count - 1) ** 3 * ((products - means[..., None]) ** 2).sum(axis=2)
    off = ~np.eye(len(errors), dtype=bool)
    squares = float((correlation[off] ** 2).sum())
    share = min(1.0, float(variance[off].sum()) / squares) if squares > 0 else 1.0
    shrunk = np.where(off, (1.0 - share) * correlation, correlation)
    covariance: FloatArray = shrunk * np.outer(spread, spread)
    return covariance


def reconcile_paths(
    city_mw: FloatArray,
    *,
    districts_mw: FloatArray,
    variance: FloatArray,
    city_variance: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """City (n, H) and district paths (n, D, H) that agree in every path and hour.

    Trace minimisation with a diagonal W: of the gap g = city - sum of districts, district d takes
    g v_d / (v_city + sum of v), and the city gives up g v_city / (v_city + sum of v). With
    ``city_variance`` 0 the city's paths stay as they are. No district falls below
    :data:`LEAST_LEFT` of its base path unless the city does: what it may not lose the others do.

    Parameters
    ----------
    variance : (D,) or (D, H)
        Error variances of the districts' base forecasts, MW squared.
    city_variance
        The city's.
    """
    weights = variance if variance.ndim == 2 else variance[:, None]
    total = weights.sum(axis=0) + city_variance
    gap = city_mw - districts_mw.sum(axis=1)
    city = city_mw - gap * city_variance / total
    moved = districts_mw + gap[:, None, :] * (weights / total)
    return city, _keep_positive(moved, districts_mw, city=city)


def _keep_positive(moved: FloatArray, base: FloatArray, *, city: FloatArray) -> FloatArray:
    """``moved`` with every part at its floor or above, and the same sum.

    Floors that would not fit are lowered together; what lies above them is scaled.
    """
    floor = LEAST_LEFT * base
    fit = np.minimum(1.0, city / np.maximum(floor.sum(axis=1), np.finfo(float).tiny))
    floor = floor * fit[:, None, :]
    low = moved < floor
    if not low.any():
        return moved
    above = np.maximum(moved - floor, 0.0)
    room = city - floor.sum(axis=1)
    scale = room / np.maximum(above.sum(axis=1), np.finfo(float).tiny)
    touched = low.any(axis=1)[:, None, :]
    kept: FloatArray = np.where(touched, floor + above * scale[:, None, :], moved)
    return kept


def draw_reconciled(
    city_mw: FloatArray,
    models: Sequence[FittedModel],
    *,
    shares: SharePaths,
    grid: TimeGrid,
    seed: int,
    first: int = 0,
) -> FloatArray:
    """District paths (n, D, H) from shares and from a model for each district, combined.

    The two are forecasts of one thing. Bottom-up knows how each district answers to the weather:
    path i has one weather year for the city and all districts; its gap to the city is shared by
    the variance of the districts' paths. Top-down knows how shares move, all together. The log
    shares are the mean of the two, spread as the shares' own paths are; equal weights, as
    estimated ones seldom beat them (Clemen 1989, "Combining forecasts: a review and annotated
    bibliography", International Journal of Forecasting 5, 559-583). The city's paths stay.

    Path i depends on (seed, i) and the city's path only.
    """
    ahead = [model.prepare(grid) for model in models]
    pilot = np.stack([draws.draw(PILOT_PATHS, seed=seed) for draws in ahead], axis=1)
    variance = np.maximum(pilot.var(axis=0), np.finfo(float).tiny)
    count = len(city_mw)
    base = np.stack([draws.draw(count, seed=seed, first=first) for draws in ahead], axis=1)
    _, bottom_up = reconcile_paths(city_mw, districts_mw=base, variance=variance)
    logs = np.log(shares.draw(count, seed=seed, first=first))
    logs += 0.5 * (np.log(bottom_up / city_mw[:, None, :]) - np.log(shares.expect()))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    paths: FloatArray = city_mw[:, None, :] * (weights / weights.sum(axis=1, keepdims=True))
    return paths
