"""How long repairs take: lognormals from crews' own estimates and from Hazus; what is left of
a job under way.

All durations of repair jobs are *crew working hours*, one unit for both sources:

- A crew's own estimate is in working hours already.
- Hazus gives calendar days, and they contain the wait for crews and parts. A Hazus day is taken
  as :data:`WORK_HOURS_PER_DAY` hours of one crew's work, so that a job done at once by a crew on
  a 12 h shift takes the calendar time that Hazus gives; a crew that works around the clock takes
  half of it. Queueing for crews, and spares that a report asks for, come on top: with Hazus
  durations a plan errs on the late side, by the logistics Hazus has counted already.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

from gridtool.damage.capacity import state_for_share
from gridtool.damage.hazus import lognormal_parameters, restoration_days
from gridtool.damage.model import AssetDamage, DamageState, Estimate3
from gridtool.restoration.model import Duration

__all__ = [
    "LEAST_LEFT_H",
    "WIDEST",
    "WORK_HOURS_PER_DAY",
    "draw_remaining",
    "estimate_duration",
    "fit_estimate",
    "hazus_duration",
    "remaining_duration",
]

FloatArray = npt.NDArray[np.float64]

WORK_HOURS_PER_DAY = 12.0
"""Working hours that one calendar day of a Hazus restoration time stands for."""

WIDEST = 1.5
"""Largest sigma of the logarithm taken from an estimate: P90 is then 47 times P10."""

Z90 = 1.2815515655446004
"""Standard normal quantile of 90 %."""

LEAST_LEFT_H = 0.25
"""Least work left of a job that is not finished, hours."""


def fit_estimate(estimate: Estimate3) -> Duration:
    """The lognormal nearest to an estimate of P10, mode and P90.

    Three numbers for two parameters: least squares over the logarithms, where a lognormal has
    P10 = mu - z s, mode = mu - s^2, P90 = mu + z s. An estimate that is exactly lognormal is
    met exactly; mu follows from s, and s is the one positive root of a cubic. It is taken as at
    most :data:`WIDEST`: the mean of a wider lognormal says more about its tail than about work.

    Raises
    ------
    ValueError
        If the estimate is not positive and in order.
    """
    low, likely, high = estimate.low_h, estimate.likely_h, estimate.high_h
    if not 0 < low <= likely <= high or not math.isfinite(high):
        raise ValueError(f"estimate {low} / {likely} / {high} h is not positive and in order")
    spread = math.log(high / low)
    centre = (math.log(low) + math.log(high)) / 2
    offset = math.log(likely) - centre
    s = min(_positive_root(4 * Z90**2 + 8 / 3 * offset, 2 * Z90 * spread), WIDEST)
    mu = (2 * centre + math.log(likely) + s**2) / 3
    mean = math.exp(mu + s**2 / 2)
    return Duration(mean_h=mean, sigma_h=mean * math.sqrt(math.expm1(s**2)), basis="own estimate")


def _positive_root(linear: float, constant: float) -> float:
    """The root s >= 0 of ``8/3 s^3 + linear s = constant`` (one, by Descartes' rule of signs)."""
    if constant <= 0:
        return 0.0
    roots = np.roots([8 / 3, 0.0, linear, -constant])
    return float(max(root.real for root in roots if abs(root.imag) < 1e-9))


def hazus_duration(kind: str, state: DamageState) -> Duration:
    """Working hours of a repair by Hazus, for a state other than "none"."""
    mean_d, sigma_d = restoration_days(kind, state)
    return Duration(
        mean_h=mean_d * WORK_HOURS_PER_DAY,
        sigma_h=sigma_d * WORK_HOURS_PER_DAY,
        basis=f"Hazus {state.value}",
    )


def estimate_duration(damage: AssetDamage) -> Duration:
    """The crew's own estimate where there is one, else Hazus for the damage state.

    An asset at part capacity whose state is "none" takes the state whose usual capacity is
    nearest.
    """
    if damage.estimate is not None:
        return fit_estimate(damage.estimate)
    state = damage.state
    if state is DamageState.NONE:
        state = state_for_share(damage.capacity_share)
    return hazus_duration(damage.kind, state)


def remaining_duration(duration: Duration, worked_h: float) -> Duration:
    """The work that is left of a job which has taken ``worked_h`` hours and is not finished.

    With X lognormal (mu, s) and z = (ln w - mu) / s, for k = 1, 2

        E[X^k | X > w] = exp(k mu + k^2 s^2 / 2) Phi(k s - z) / Phi(-z),

    from which mean and sigma of X - w follow. Work is taken as at least :data:`LEAST_LEFT_H`:
    an estimate without spread that has passed leaves nothing, yet the job is not finished.

    Raises
    ------
    ValueError
        If ``worked_h`` is negative or not finite.
    """
    if not 0 <= worked_h < math.inf:
        raise ValueError(f"{worked_h} h of work done is not a time")
    if worked_h == 0:
        return duration
    basis = f"{duration.basis}, {worked_h:.1f} h done"
    mu, s = lognormal_parameters(duration.mean_h, duration.sigma_h)
    if s == 0:
        left = max(duration.mean_h - worked_h, LEAST_LEFT_H)
        return Duration(mean_h=left, sigma_h=0.0, basis=basis)
    z = (math.log(worked_h) - mu) / s
    first, second = (
        math.exp(k * mu + k**2 * s**2 / 2 + float(log_ndtr(k * s - z) - log_ndtr(-z)))
        for k in (1, 2)
    )
    left = max(first - worked_h, LEAST_LEFT_H)
    return Duration(mean_h=left, sigma_h=math.sqrt(max(0.0, second - first**2)), basis=basis)


def draw_remaining(duration: Duration, worked_h: float, *, normal: FloatArray) -> FloatArray:
    """Work left (hours) of a job that has taken ``worked_h``, by standard normal draws.

    The draw of quantile u gives the duration's quantile Phi(z) + u (1 - Phi(z)), less what is
    done: for ``worked_h`` 0 it is exp(mu + s x) itself.

    Parameters
    ----------
    normal : (n,)
        Draws of a standard normal.
    """
    mu, s = lognormal_parameters(duration.mean_h, duration.sigma_h)
    if worked_h <= 0:
        drawn: FloatArray = np.exp(mu + s * normal)
        return drawn
    if s == 0:
        return np.full(len(normal), max(duration.mean_h - worked_h, LEAST_LEFT_H))
    z = (math.log(worked_h) - mu) / s
    # In logarithms of the upper tail, so that work far beyond its estimate keeps its digits.
    above = log_ndtr(-normal) + log_ndtr(-z)
    left = np.exp(mu - s * ndtri_exp(above)) - worked_h
    return np.maximum(left, LEAST_LEFT_H)
