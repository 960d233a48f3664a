"""Demand of days as it would have been where less was served than wanted.

Days give less to lean on than hours: no day of the week is free of shedding at night. What is
known is the course of the days around, the weekday, and how often and how deep days were shed
whose shed load was reported. A day of unknown shed load is a mixture: unshed with the frequency
of the days around, else shed by one of the shares seen; each is weighed by how well the demand
it implies fits the course of the days.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import Unconstrained

__all__ = ["unconstrain_days"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LEAST_DAYS = 28
NEAR_DAYS = 30
FEW_SHARES = 20
USUAL_SHARES = np.geomspace(0.02, 0.6, 25)
"""Shed shares of a day that are taken as alike likely where hardly any was reported."""
RARE = 0.02
"""Days of shedding added to those around, and as many without: a chance is never nought or one."""
CERTAIN = 0.9
TAILS = 4.0
"""Degrees of freedom of a day's deviation (Student): feasts and storms are not shedding."""
OUTLIER = 3.0
LEAST_SD = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """Log demand expected of each day from the others, and its standard deviation, (n,)."""

    mean: FloatArray
    sd: FloatArray


def unconstrain_days(
    served: FloatArray,
    *,
    day: IntArray,
    shed: FloatArray | None = None,
    short: BoolArray | None = None,
    explained: FloatArray | None = None,
) -> Unconstrained:
    """The demand behind what was served by day: energies or evening peaks alike.

    Parameters
    ----------
    served : (n,)
        NaN where missing.
    day : (n,) int
        Local dates as days since 1970-01-01, consecutive.
    shed : (n,) or None
        In the unit of ``served``, NaN where unknown. Such days are judged by the days around.
    short : (n,) bool or None
        Days known to be short; where their shed load is unknown it is guessed as positive.
    explained : (n,) or None
        What a model of temperature and season explains of log demand, if there is one.

    Returns
    -------
    Unconstrained
        ``load_mw`` in the unit of ``served``; ``guessed`` are the days whose estimate lies above
        what was served without a measure.

    Raises
    ------
    HistoryError
        If hardly any day's demand is known.
    """
    none = np.zeros(len(served), dtype=np.bool_)
    reported = np.full(len(served), 0.0) if shed is None else shed
    short = none if short is None else short
    served = np.where(served > 0, served, np.nan)
    measured = np.isfinite(served) & (reported > 0)
    silent = np.isfinite(served) & ~measured & (short | ~np.isfinite(reported))
    demand = served + np.where(measured, reported, 0.0)
    known = np.where(silent, np.nan, demand)
    if silent.any() and np.isfinite(known).sum() < LEAST_DAYS:
        raise HistoryError(
            Issue(
                message=f"the demand of only {int(np.isfinite(known).sum())} days is known: "
                "nothing tells what was wanted on the others",
                accepted=f"at least {LEAST_DAYS} days without shedding, or with the load shed",
            )
        )
    if not silent.any():
        return Unconstrained(load_mw=demand, guessed=none, measured=measured)
    course = _follow_days(np.log(known), day=day, explained=explained)
    shares = (reported / demand)[measured & np.isfinite(known)]
    chance = np.where(short, 1.0, _chance_of_shedding(measured, known=known))
    load, sd = demand.copy(), np.zeros(len(served))
    load[silent], sd[silent] = _weigh_shares(
        served[silent],
        chance=chance[silent],
        shares=shares if len(shares) >= FEW_SHARES else np.r_[shares, USUAL_SHARES],
        mean=course.mean[silent],
        sd=course.sd[silent],
    )
    guessed = silent & (load > served * (1 + LEAST_SD))
    total = float(np.nansum((load - served)[silent]))
    likely = int((silent & (load > 1.02 * served)).sum())
    text = (
        f"{int(silent.sum()):,} days of unknown shed load: {likely:,} of them taken as short by "
        f"2 % or more, {total:,.0f} beyond what was served, judged by the days around them and "
        f"{len(shares):,} days whose shed load is known"
    )
    return Unconstrained(
        load_mw=load, guessed=guessed, measured=measured, guess_sd=sd, notes=(text,)
    )


def _follow_days(log_demand: FloatArray, *, day: IntArray, explained: FloatArray | None) -> _Course:
    """Local level and weekdays (statsmodels), smoothed through the days that are NaN.

    Days far outside are left out of a second fit, so that feasts do not blur the rest.
    """
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # only to fit

    left = log_demand if explained is None else log_demand - explained
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    dummies = np.stack([weekday == k for k in range(1, 7)], axis=1).astype(np.float64)
    used = left.copy()
    for last in (False, True):
        model = UnobservedComponents(used, level="llevel", exog=dummies)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without convergence the smoother still interpolates
            fitted = model.fit(disp=0, maxiter=200)
        effect = dummies @ fitted.params[-6:]
        level = np.asarray(fitted.smoothed_state[0])
        away = left - effect - level
        sd = float(np.nanmedian(np.abs(away)) / 0.6745)
        if not last:
            used = np.where(np.abs(away) > OUTLIER * max(sd, LEAST_SD), np.nan, left)
    mean = effect + level
    named = dict(zip(model.param_names, fitted.params, strict=True))
    variance = np.asarray(fitted.smoothed_state_cov[0, 0]) + named["sigma2.irregular"]
    return _Course(
        mean=mean if explained is None else mean + explained,
        sd=np.maximum(np.sqrt(variance), LEAST_SD),
    )


def _chance_of_shedding(measured: BoolArray, *, known: FloatArray) -> FloatArray:
    """Share of the days around, of those known, that were shed, (n,)."""
    window = np.ones(2 * NEAR_DAYS + 1)
    told = np.isfinite(known)
    count = np.convolve(told, window, mode="same")
    times = np.convolve(measured & told, window, mode="same")
    return np.asarray(np.clip((times + RARE) / (count + 2 * RARE), RARE / 10, 1 - RARE))


def _weigh_shares(
    served: FloatArray, *, chance: FloatArray, shares: FloatArray, mean: FloatArray, sd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Demand expected of each day and the standard deviation of its logarithm."""
    bins = np.unique(np.quantile(shares, np.linspace(0.02, 0.98, 25)))
    offset = np.r_[0.0, -np.log1p(-np.minimum(bins, CERTAIN))]
    implied = np.log(served)[:, None] + offset
    prior = np.concatenate(
        [(1 - chance)[:, None], np.repeat(chance[:, None] / len(bins), len(bins), axis=1)], axis=1
    )
    away = (implied - mean[:, None]) / sd[:, None]
    fit = -0.5 * (TAILS + 1) * np.log1p(away**2 / TAILS)
    fit = np.where(chance[:, None] == 1.0, -0.5 * away**2, fit)  # known to be no feast
    weight = prior * np.exp(fit - fit.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    above = (weight * offset).sum(axis=1)
    spread = np.sqrt((weight * (offset - above[:, None]) ** 2).sum(axis=1))
    above = np.where(weight[:, 0] > 0.5, 0.0, above)
    return served * np.exp(above), spread
