"""How long repairs take: lognormals from crews' own estimates and from Hazus.

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

from gridtool.damage.capacity import state_for_share
from gridtool.damage.hazus import restoration_days
from gridtool.damage.model import AssetDamage, DamageState, Estimate3
from gridtool.restoration.model import Duration

__all__ = [
    "WIDEST",
    "WORK_HOURS_PER_DAY",
    "estimate_duration",
    "fit_estimate",
    "hazus_duration",
]

WORK_HOURS_PER_DAY = 12.0
"""Working hours that one calendar day of a Hazus restoration time stands for."""

WIDEST = 1.5
"""Largest sigma of the logarithm taken from an estimate: P90 is then 47 times P10."""

Z90 = 1.2815515655446004
"""Standard normal quantile of 90 %."""


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
