"""Who is supplied: station peaks, feeders, their customers and rotation groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gridtool.network.synthetic.parameters import COSPHI, MEAN_STATION_MW
from gridtool.network.synthetic.streams import Purpose, stream

__all__ = ["ROTATION_GROUPS", "draw_station_peaks", "make_customers", "make_feeders"]

Row = dict[str, Any]

ROTATION_GROUPS = tuple(f"{group}.{part}" for group in range(1, 7) for part in (1, 2))
_FEEDER_MW = 2.1
_CRITICAL_SHARE = 0.17
_SPREAD = 0.45
_CRITICAL_CLASSES = ("hospital", "water", "heat", "transport")
_CRITICAL_WEIGHTS = (0.3, 0.25, 0.25, 0.2)
_KW_PER_CUSTOMER: Mapping[str, float] = {
    "household": 1.6,
    "commercial": 20.0,
    "industry": 400.0,
    "transport": 500.0,
    "water": 600.0,
    "heat": 800.0,
    "hospital": 800.0,
}


def draw_station_peaks(stations: tuple[str, ...], *, seed: int) -> dict[str, float]:
    """Winter peak of each station in MW: lognormal, cut at 10 and 62 MW, mean 25 MW."""
    draws = stream(seed, Purpose.PEAKS)
    raw = np.exp(_SPREAD * draws.standard_normal(len(stations)))
    peaks = np.clip(raw / raw.mean() * MEAN_STATION_MW, 10.0, 62.0)
    peaks *= MEAN_STATION_MW / peaks.mean()
    return {station: round(float(peak), 2) for station, peak in zip(stations, peaks, strict=True)}


def make_feeders(peaks: Mapping[str, float], *, seed: int) -> list[Row]:
    """Rows of ``feeders``: half of a station's on each 10 kV section, about a sixth critical."""
    draws = stream(seed, Purpose.FEEDERS)
    mvar_per_mw = math.tan(math.acos(COSPHI))
    rows: list[Row] = []
    for station, peak in peaks.items():
        count = min(max(6, round(peak / _FEEDER_MW)), 24)
        weights = draws.uniform(0.6, 1.4, count)
        critical = set(draws.permutation(count)[: max(1, round(_CRITICAL_SHARE * count))].tolist())
        for position, weight in enumerate(weights / weights.sum()):
            section = 1 if position < (count + 1) // 2 else 2
            feeder_mw = round(float(peak * weight), 3)
            rows.append(
                {
                    "id": f"{station}/F{position + 1:02d}",
                    "busbar": f"{station}/10-{section}",
                    "peak_mw": feeder_mw,
                    "peak_mvar": round(feeder_mw * mvar_per_mw, 3),
                    "critical": position in critical,
                }
            )
    _assign_rotation_groups(rows)
    return rows


def _assign_rotation_groups(rows: list[Row]) -> None:
    """Largest ordinary feeder first, each to the group with the least load so far."""
    load = dict.fromkeys(ROTATION_GROUPS, 0.0)
    ordinary = [row for row in rows if not row["critical"]]
    for row in sorted(ordinary, key=lambda row: (-row["peak_mw"], row["id"])):
        group = min(load, key=lambda name: (load[name], name))
        row["rotation_group"] = group
        load[group] += row["peak_mw"]


def make_customers(feeders: list[Row], *, seed: int) -> list[Row]:
    """Rows of ``customers``: classes of each feeder with their share of its peak."""
    draws = stream(seed, Purpose.CUSTOMERS)
    rows: list[Row] = []
    for feeder in feeders:
        shares = _critical_mix(draws) if feeder["critical"] else _ordinary_mix(draws)
        for customer_class, share in shares.items():
            class_kw = 1000 * feeder["peak_mw"] * share
            rows.append(
                {
                    "feeder": feeder["id"],
                    "customer_class": customer_class,
                    "customers": max(1, round(class_kw / _KW_PER_CUSTOMER[customer_class])),
                    "demand_share": share,
                }
            )
    return rows


def _critical_mix(draws: np.random.Generator) -> dict[str, float]:
    """One critical customer class, and the households that share its feeder."""
    main = str(draws.choice(_CRITICAL_CLASSES, p=_CRITICAL_WEIGHTS))
    share = round(float(draws.uniform(0.55, 0.85)), 2)
    return {main: share, "household": round(1 - share, 2)}


def _ordinary_mix(draws: np.random.Generator) -> dict[str, float]:
    industrial = draws.uniform() < 0.15
    industry = round(float(draws.uniform(0.3, 0.7)), 2) if industrial else 0.0
    commercial = round(float(draws.uniform(0.1, 0.3)), 2)
    shares = {"household": round(1 - industry - commercial, 2), "commercial": commercial}
    return shares | ({"industry": industry} if industrial else {})
