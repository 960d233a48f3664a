"""A restoration plan in a few sentences."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.report.mobile import describe_placements
from gridtool.report.restore_checks import describe_ac, describe_bound
from gridtool.restoration.model import RestorationPlan
from gridtool.units import format_quantity

__all__ = [
    "count_repairs",
    "describe_milestones",
    "describe_plan",
    "describe_stop",
    "warn_stopped",
]

_STOPS = {
    "interrupted": "The search was interrupted: this is the best plan it had found.",
    "time limit": "The time limit cut the search: this is the best plan it had found, and another "
    "run may find another.",
}


def describe_plan(
    plan: RestorationPlan, *, zone: ZoneInfo, milestones: pd.DataFrame | None = None
) -> str:
    """The plan in a few sentences."""
    if not plan.jobs and plan.state.damage:
        return "No damaged asset is below full capacity: there is nothing to repair."
    if not plan.jobs:
        return "Nothing is damaged: there is nothing to repair."
    last = max(entry.finish for entry in plan.jobs)
    text = (
        f"{count_repairs(plan)} by {_count(len({entry.crew for entry in plan.jobs}), 'crew')}, "
        f"the last finished on {last.astimezone(zone):%Y-%m-%d %H:%M}."
    )
    lost = float(plan.curve["served_mw"].iloc[-1] - plan.curve["served_mw"].iloc[0])
    parts = [describe_stop(plan), text]
    if lost <= 0.05:
        parts.append("The damage leaves no load unserved at the reference demand.")
    else:
        parts += [_say_energy(plan, lost, zone=zone), _say_rules(plan), describe_bound(plan)]
    if milestones is not None:
        parts.append(describe_milestones(milestones, zone=zone))
    parts += [describe_placements(plan), describe_ac(plan)]
    return " ".join(part for part in parts if part)


def describe_stop(plan: RestorationPlan) -> str:
    """What cut the search short, with its label; empty if nothing did."""
    if not plan.stopped:
        return ""
    words = _STOPS.get(plan.stopped, "The search was cut short.")
    return f"Stopped: {plan.stopped}. {words}"


def warn_stopped(plan: RestorationPlan) -> tuple[str, ...]:
    """The label of a plan whose search was cut, as a warning; none otherwise."""
    if not plan.stopped:
        return ()
    return (f"stopped: {plan.stopped}; this is the best plan found until then",)


def describe_milestones(milestones: pd.DataFrame, *, zone: ZoneInfo) -> str:
    """When 90 and 100 % of the customers are back, by P50 and P90; empty if none were out."""
    if not len(milestones) or not int(milestones["customers"].max()):
        return ""

    def say(when: pd.Timestamp) -> str:
        return "never" if pd.isna(when) else f"{when.tz_convert(zone):%Y-%m-%d}"

    rows = zip(milestones["share_pct"], milestones["p50"], milestones["p90"], strict=True)
    shares = " and ".join(
        f"{share:.0f} % by {say(median)} (P90 {say(late)})" for share, median, late in rows
    )
    return f"Customers that the damage put out are back: {shares}."


def count_repairs(plan: RestorationPlan) -> str:
    """The number of repairs in words, and of stages where some have several."""
    assets = len({entry.job.asset for entry in plan.jobs})
    if assets == len(plan.jobs):
        return _count(assets, "repair")
    return f"{_count(assets, 'repair')} in {len(plan.jobs)} stages"


def _say_energy(plan: RestorationPlan, lost: float, *, zone: ZoneInfo) -> str:
    half, most = (_time_regained(plan, share) for share in (0.5, 0.9))
    counted = "until the last repair, at the reference demand"
    if plan.config.deadline is not None:
        deadline = plan.config.deadline.astimezone(zone)
        counted = f"until the deadline, {deadline:%Y-%m-%d %H:%M}"
    elif plan.config.horizon_days is not None:
        counted = f"within {plan.config.horizon_days} days"
    elif plan.config.demand is not None:
        counted = "until the last repair, at the demand expected"
    return (
        f"{format_quantity(lost, decimals=0)} MW are lost to the damage: half of them back by "
        f"{half.tz_convert(zone):%Y-%m-%d %H:%M}, 90 % by {most.tz_convert(zone):%Y-%m-%d %H:%M}; "
        f"{format_quantity(plan.ens_mwh, decimals=0)} MWh are not served {counted}."
    )


def _say_rules(plan: RestorationPlan) -> str:
    rules = plan.comparison.iloc[1:]
    if not len(rules) or plan.ens_mwh <= 0:
        return ""
    best = rules.iloc[int(rules["ens_mwh"].argmin())]
    excess = float(best["excess_pct"])
    if excess >= 0.05:
        return f"The best of {len(rules)} rules in use ({best['rule']}) leaves {excess:.1f} % more."
    return f"The rule {best['rule']!r} does as well here."


def _time_regained(plan: RestorationPlan, share: float) -> pd.Timestamp:
    """First step from which at least ``share`` of the load lost to the damage is back."""
    served = plan.curve["served_mw"].to_numpy(dtype=np.float64)
    wanted = served[0] + share * (served[-1] - served[0]) - 1e-6
    below = np.flatnonzero(served < wanted)
    return pd.Timestamp(plan.curve["time"].iloc[int(below[-1]) + 1])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
