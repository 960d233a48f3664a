"""Feeders, their customers and rotation groups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = [
    "check_balance",
    "check_customers",
    "check_feeder_loads",
    "check_groups",
    "check_shares",
    "check_total",
]

_IMPOSSIBLE_KA = 10.0
_UNUSUAL_KA = 3.0
_MVAR_PER_MW_MOST = 2.0
_TOTAL_RATIO_MOST = 20.0
_SHARE_TOLERANCE = 1e-3
_GROUP_RATIO_MOST = 2.0


def check_feeder_loads(network: CityNetwork) -> Iterator[Issue]:
    """Peaks that would take more current than a feeder has: kW written as MW."""
    frame = network.feeders
    vn_kv = frame["busbar"].map(network.busbars["vn_kv"])
    current_ka = frame["peak_mw"] / (math.sqrt(3) * vn_kv)
    for position, key, row in flagged(frame, current_ka > _UNUSUAL_KA):
        amount, kv = float(current_ka.iloc[position]), float(vn_kv.iloc[position])
        yield finding(
            "feeders",
            position,
            "peak_mw",
            f"{row['peak_mw']:g} MW at {kv:g} kV are {amount:.3g} kA",
            value=row["peak_mw"],
            ids=(key,),
            accepted=f"up to {_IMPOSSIBLE_KA * math.sqrt(3) * kv:.3g} MW at {kv:g} kV",
            hint="are these kW?",
            severity="error" if amount > _IMPOSSIBLE_KA else "warning",
        )
    reactive = frame["peak_mvar"].abs() > _MVAR_PER_MW_MOST * frame["peak_mw"]
    for position, key, row in flagged(frame, reactive & (frame["peak_mw"] > 0)):
        yield finding(
            "feeders",
            position,
            "peak_mvar",
            f"{row['peak_mvar']:g} Mvar with {row['peak_mw']:g} MW is no power factor of a feeder",
            value=row["peak_mvar"],
            ids=(key,),
            severity="warning",
        )


def check_total(network: CityNetwork) -> Iterator[Issue]:
    """Demand far beyond all sources together: kW written as MW throughout."""
    sources_mw = float(network.infeeds["max_mw"].sum() + network.units["max_mw"].sum())
    if 0 < _TOTAL_RATIO_MOST * sources_mw < network.peak_mw:
        yield finding(
            "feeders",
            None,
            "peak_mw",
            f"{network.peak_mw:g} MW of demand and {sources_mw:g} MW of infeeds and units",
            accepted=f"demand up to {_TOTAL_RATIO_MOST:g} times the sources",
            hint="are the demands in kW?",
            severity="warning",
        )


def check_shares(network: CityNetwork) -> Iterator[Issue]:
    """Shares of a feeder's demand that do not add up to 1."""
    customers = network.customers.reset_index(drop=True)
    total = customers.groupby("feeder", sort=False)["demand_share"].sum()
    wrong = total[(total - 1).abs() > _SHARE_TOLERANCE]
    last_row = customers[customers["feeder"].isin(wrong.index)].drop_duplicates(
        "feeder", keep="last"
    )
    for position, row in last_row.iterrows():
        yield finding(
            "customers",
            int(str(position)),
            "demand_share",
            f"the shares of feeder {row['feeder']} add up to {wrong[row['feeder']]:g}",
            value=row["demand_share"],
            ids=(row["feeder"],),
            accepted="a sum of 1",
        )


def check_customers(network: CityNetwork) -> Iterator[Issue]:
    """Feeders that serve nobody; one finding for all of them."""
    served = network.customers.groupby("feeder")["customers"].sum()
    loaded = network.feeders.index[network.feeders["peak_mw"] > 0]
    nobody = [str(key) for key in loaded if served.get(key, 0) == 0]
    if nobody:
        yield finding(
            "customers",
            None,
            "feeder",
            f"{len(nobody)} of {len(loaded)} feeders with demand have no customers: they are not "
            f"counted as out ({', '.join(nobody[:3])}{', ...' if len(nobody) > 3 else ''})",
            ids=tuple(nobody),
            severity="warning",
        )


def check_groups(network: CityNetwork) -> Iterator[Issue]:
    """Rotation groups: ordinary feeders in one, critical feeders in none."""
    frame = network.feeders
    grouped = frame["rotation_group"].notna()
    if not grouped.any():
        return
    for position, key, row in flagged(frame, grouped & frame["critical"]):
        yield finding(
            "feeders",
            position,
            "rotation_group",
            "a feeder with a critical customer is in a rotation group",
            value=row["rotation_group"],
            ids=(key,),
            hint="leave it empty: critical feeders are not rotated",
            severity="warning",
        )
    for position, key, _ in flagged(frame, ~grouped & ~frame["critical"]):
        yield finding(
            "feeders",
            position,
            "rotation_group",
            "an ordinary feeder is in no rotation group",
            ids=(key,),
            severity="warning",
        )


def check_balance(network: CityNetwork) -> Iterator[Issue]:
    """Rotation groups of about the same load."""
    frame = network.feeders
    grouped = frame["rotation_group"].notna()
    if not grouped.any():
        return
    loads = frame[grouped].groupby("rotation_group")["peak_mw"].sum()
    if loads.max() > _GROUP_RATIO_MOST * loads.min():
        yield finding(
            "feeders",
            None,
            "rotation_group",
            f"rotation groups are unequal: {loads.idxmax()} has {loads.max():.1f} MW, "
            f"{loads.idxmin()} has {loads.min():.1f} MW",
            accepted=f"at most {_GROUP_RATIO_MOST:g} times the smallest",
            severity="warning",
        )
