"""Restoration times from Hazus, by kind of asset."""

from __future__ import annotations

import math

from gridtool.damage.model import HAZUS_RESTORATION_DAYS, DamageState

__all__ = ["hazus_class", "lognormal_parameters", "restoration_days"]

_CLASS_OF_KIND = {
    "substation": "substation",
    "transformer": "substation",
    "busbar": "substation",
    "bay": "substation",
    "coupler": "substation",
    "shunt": "substation",
    "infeed": "substation",
    "line": "circuit",
    "feeder": "circuit",
    "impedance": "circuit",
    "unit": "generation",
    "storage": "generation",
}


def hazus_class(kind: str) -> str:
    """The Hazus class an asset of ``kind`` is restored like: a substation's parts like the
    substation, lines and feeders like circuits, units and storages like generation; KeyError if
    unknown."""
    return _CLASS_OF_KIND[kind]


def restoration_days(kind: str, state: DamageState) -> tuple[float, float]:
    """Mean and sigma of the restoration time in days; (0, 0) for state "none".

    Hazus 5.1 states them for a normal distribution, which would give negative times for four of
    the twelve entries; sample them by :func:`lognormal_parameters`.
    """
    if state is DamageState.NONE:
        return 0.0, 0.0
    return HAZUS_RESTORATION_DAYS[hazus_class(kind)][state]


def lognormal_parameters(mean: float, sigma: float) -> tuple[float, float]:
    """Mean and sigma of ln(X) for a lognormal X with this mean and sigma.

    Raises
    ------
    ValueError
        If ``mean`` is not positive or ``sigma`` is negative.

    Examples
    --------
    >>> mu, s = lognormal_parameters(3.0, 1.5)
    >>> round(math.exp(mu + s**2 / 2), 12)
    3.0
    """
    if mean <= 0 or sigma < 0:
        raise ValueError(f"no lognormal has the mean {mean} and the sigma {sigma}")
    variance = math.log1p((sigma / mean) ** 2)
    return math.log(mean) - variance / 2, math.sqrt(variance)
