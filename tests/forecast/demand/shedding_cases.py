"""Made shedding: a real or made history whose demand fell and was then shed, truth known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from scipy.optimize import brentq

HOUR = timedelta(hours=1)
WAR = datetime(2015, 11, 1, 5, tzinfo=UTC)
PEACE = datetime(2016, 5, 1, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Shedding:
    """How demand moves at the war's start, and how the grid fails until the peace.

    Attacks come every ``every_days`` on average. Each takes a share of the grid away, which comes
    back evenly within ``repair_days``; the shares are such that ``energy`` of the demand is shed.
    The part ``local`` of a loss cuts customers off, whatever the others use; the rest lowers what
    the grid can carry, so that the hours of high demand are shed more.
    """

    step: float
    energy: float
    every_days: float
    repair_days: tuple[float, float]
    local: float = 0.5


SEVERE = Shedding(step=-0.25, energy=0.18, every_days=11, repair_days=(5, 14))
MILD = Shedding(step=-0.15, energy=0.03, every_days=14, repair_days=(3, 9))


def shed_history(history, shedding, *, seed, war=WAR, peace=PEACE):
    """The history until the peace as it would have been served, and its true demand (n,)."""
    known = history.until(peace)
    hours, first = known.hours, int((war - history.start) / HOUR)
    demand = known.load_mw.copy()
    demand[first:] *= 1 + shedding.step
    random = np.random.default_rng(seed)
    attacks, at = [], first + 72
    while at < hours - 120:
        ramp = 1 - (np.arange(hours) - at) / (24 * random.uniform(*shedding.repair_days))
        attacks.append(random.uniform(0.5, 1.0) * np.clip(ramp, 0, 1) * (np.arange(hours) >= at))
        at += int(24 * shedding.every_days * random.uniform(0.4, 1.6))
    most = np.nanquantile(demand[first:], 0.97)

    def serve(scale):
        loss = 1 - np.prod([1 - np.minimum(scale * attack, 0.97) for attack in attacks], axis=0)
        capacity = np.where(loss > 0, most * (1 - (1 - shedding.local) * loss), np.inf)
        return np.minimum(demand * (1 - shedding.local * loss), capacity)

    def miss(scale):
        part = np.nansum((demand - serve(scale))[first:]) / np.nansum(demand[first:])
        return part - shedding.energy

    return replace(known, load_mw=serve(brentq(miss, 0.01, 20.0, xtol=1e-3))), demand
