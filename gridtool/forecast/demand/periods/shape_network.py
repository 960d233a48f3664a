"""The mix of classes of a network's customers, by energy."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.profiles import MEAN_CITY
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.network.model import CityNetwork

__all__ = ["network_mix"]

LEAST_KNOWN = 0.5
"""Share of demand whose customers must be known for the network's own mix."""
_ROUNDS = 8


def network_mix(network: CityNetwork) -> dict[str, float] | None:
    """Share of energy by class of customers, None where the network says too little of them.

    Feeders say what classes take at the reference peak. A class whose peak comes at another hour
    has more energy than that tells: the shares of energy are those that give the feeders' shares
    at the highest hour of their own shape, or at an hour as high.
    """
    at_peak = _peak_shares(network)
    if at_peak is None:
        return None
    mix = dict(at_peak)
    winter = make_calendar(datetime(2023, 1, 10, tzinfo=UTC), 24, zone=ZoneInfo("UTC"))  # Tuesday
    for _ in range(_ROUNDS):
        alone = {name: _follow_class(name).follow(winter, seasons=True) for name in mix}
        peak = int(np.argmax(sum(share * alone[name] for name, share in mix.items())))
        weights = {name: at_peak[name] / float(alone[name][peak]) for name in mix}
        total = sum(weights.values())
        mix = {name: weight / total for name, weight in weights.items()}
    return mix


def _follow_class(name: str) -> HourShape:
    return HourShape(mix={name: 1.0}, southern=False, special_days=SpecialDays())


def _peak_shares(network: CityNetwork) -> dict[str, float] | None:
    """Share of demand at the reference peak by class; customers not known are as in a city."""
    feeders, customers = network.feeders, network.customers
    on = feeders[feeders["in_service"]]
    peak_mw = dict(zip(on.index.astype(str), on["peak_mw"].astype(float), strict=True))
    total = sum(peak_mw.values())
    shares = dict.fromkeys(MEAN_CITY, 0.0)
    for feeder, name, share in zip(
        customers["feeder"], customers["customer_class"], customers["demand_share"], strict=True
    ):
        shares[str(name)] += peak_mw.get(str(feeder), 0.0) * float(share)
    known = sum(shares.values())
    if total <= 0.0 or known < LEAST_KNOWN * total:
        return None
    rest = max(1.0 - known / total, 0.0)
    return {name: share / total + rest * MEAN_CITY[name] for name, share in shares.items()}
