"""Chance of a unit to be up, hour by hour, from its state now."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from gridtool.errors import InputError, Issue
from gridtool.forecast.adequacy.model import UnitGroup

__all__ = ["availability_by_hour", "availability_from_up"]

FloatArray = npt.NDArray[np.float64]


def availability_by_hour(
    group: UnitGroup, *, hours: int, start: Literal["stationary", "up"] = "stationary"
) -> FloatArray:
    """Chance that a unit of ``group`` is up at the beginning of each hour, (1,) or (hours,).

    "stationary": F(t) (1 - FOR) with F the chance to be back by t. "up": as the chain that is up
    at its return, or at hour 0 if it is not damaged, goes on from there.

    Raises
    ------
    InputError
        If "up" is asked of a unit whose chances to fail and to be repaired are not known.
    """
    up = 1.0 - group.outage_rate
    if start == "stationary":
        if group.returns is None:
            return np.array([up])
        return np.asarray(group.returns.back_by(hours) * up)
    if np.isnan(group.p_fail) or np.isnan(group.p_repair):
        issue = Issue(
            message="the way out of today's state needs times to failure and to repair",
            ids=(group.id,),
            hint="give mttf_h and mttr_h",
        )
        raise InputError(issue, subject="units")
    back = np.ones(hours) if group.returns is None else group.returns.back_by(hours)
    return availability_from_up(back, p_fail=group.p_fail, p_repair=group.p_repair)


def availability_from_up(back_by: FloatArray, *, p_fail: float, p_repair: float) -> FloatArray:
    """Chance to be up at each hour of a two-state chain that starts up when it is back.

    Parameters
    ----------
    back_by : (..., H)
        Chance to be back by each hour, rising.

    Notes
    -----
    k hours after its return the chain is up with A + (1 - A) r**k, A = p_repair / (p_fail +
    p_repair), r = 1 - p_fail - p_repair. Summed over the hours of return: A F(t) + (1 - A) g(t)
    with g(t) = r g(t - 1) + F(t) - F(t - 1).
    """
    total = p_fail + p_repair
    if total <= 0:  # neither fails nor is repaired
        return back_by
    up = p_repair / total
    fresh = np.diff(back_by, axis=-1, prepend=0.0)
    memory = lfilter([1.0], [1.0, total - 1.0], fresh, axis=-1)
    return np.asarray(up * back_by + (1.0 - up) * memory)
