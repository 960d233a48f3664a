"""The independent check of what is shown: restoration curve, ETR, and comparison with the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isclose

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue
from gridtool.restoration.check.energy import ENERGY, LOAD_MW
from gridtool.restoration.check.view import PlanState, StateViews
from gridtool.restoration.model import RestorationPlan

__all__ = ["check_comparison", "check_frames"]

FloatArray = npt.NDArray[np.float64]

_BACK_SHARE = 0.01
"""Back is what has less than this share of its demand unserved."""


def check_frames(
    plan: RestorationPlan, states: Sequence[PlanState], views: StateViews
) -> list[Issue]:
    """Whether curve and ETR are those of the states, at the reference demand."""
    last = {state.begins: state for state in states}
    moments = list(last)
    sums = [_sum_up(state, views, plan) for state in last.values()]
    return _check_curve(plan.curve, moments, sums) or _check_etr(plan, moments, sums)


def _sum_up(state: PlanState, views: StateViews, plan: RestorationPlan) -> FloatArray:
    """Demand, unserved load and customers out (3, S) by substation."""
    dispatch = views.dispatch(state, plan.config.demand_factor)
    case = dispatch.case
    sums = np.zeros((3, len(case.substation_ids)))
    np.add.at(sums[0], case.busbar_substation, dispatch.demand_mw.sum(axis=1))
    np.add.at(sums[1], case.busbar_substation, dispatch.unserved_mw.sum(axis=1))
    demand = dispatch.demand_mw[case.feeder_busbar, case.feeder_tier]
    unserved = dispatch.unserved_mw[case.feeder_busbar, case.feeder_tier]
    share = unserved / np.where(demand > 0, demand, np.inf)
    np.add.at(sums[2], case.feeder_substation, share * case.feeder_customers)
    return sums


def _check_curve(
    curve: pd.DataFrame, moments: Sequence[datetime], sums: Sequence[FloatArray]
) -> list[Issue]:
    if list(curve["time"]) != [pd.Timestamp(moment) for moment in moments]:
        message = "the restoration curve does not step where the plan changes the network"
        return [Issue(message=message)]
    found = [curve[name].to_numpy(np.float64) for name in ("served_mw", "unserved_mw")]
    customers = curve["customers_out"].to_numpy(np.float64)
    issues = []
    for k, (moment, (demand, unserved, out)) in enumerate(zip(moments, sums, strict=True)):
        wrong = abs(found[0][k] - (demand.sum() - unserved.sum())) > LOAD_MW
        wrong |= abs(found[1][k] - unserved.sum()) > LOAD_MW
        wrong |= abs(customers[k] - out.sum()) > 1.0 + 1e-6 * out.sum()
        if wrong or np.isnan([found[0][k], found[1][k]]).any():
            issues.append(Issue(message=f"the restoration curve is wrong at {moment:%F %H:%M}"))
    return issues


def _check_etr(
    plan: RestorationPlan, moments: Sequence[datetime], sums: Sequence[FloatArray]
) -> list[Issue]:
    network = plan.state.network
    stations = [str(key) for key in network.substations.index]
    owner = np.array([network.district_of_substation[station] for station in stations])
    places = [("substation", name, np.array([k])) for k, name in enumerate(stations)]
    places += [
        ("district", str(name), np.flatnonzero(owner == name)) for name in network.districts.index
    ]
    series = np.array(sums)
    wanted = {}
    for level, name, members in places:
        demand, unserved, out = series[:, :, members].sum(axis=2).T
        without = np.flatnonzero(unserved > np.maximum(_BACK_SHARE * demand, 1e-6))
        if without.size:
            back = int(without[-1]) + 1
            etr = pd.Timestamp(moments[back]) if back < len(moments) else pd.NaT
            wanted[level, name] = (unserved[0], out[0], etr)
    columns = ("level", "id", "unserved_mw", "customers_out", "etr")
    found = list(zip(*(plan.etr[name].tolist() for name in columns), strict=True))
    if sorted(row[:2] for row in found) != sorted(wanted):
        return [Issue(message="the ETR are not of those that are without supply")]
    return [
        Issue(message=f"the ETR of {level} {name} is not what the timetable gives")
        for level, name, unserved, out, etr in found
        if not abs(unserved - wanted[level, name][0]) <= LOAD_MW
        or not abs(out - wanted[level, name][1]) <= 1.0 + 1e-6 * out
        or not (
            etr == wanted[level, name][2] or (etr is pd.NaT and wanted[level, name][2] is pd.NaT)
        )
    ]


def check_comparison(plan: RestorationPlan) -> list[Issue]:
    """Whether the plan's own row is the plan, and the excess of the others is over it."""
    table = plan.comparison
    energy = table["ens_mwh"].to_numpy(np.float64)
    excess = table["excess_pct"].to_numpy(np.float64)
    last = max((entry.finish for entry in plan.jobs), default=plan.state.as_of)
    own, complete = energy[0], table["complete_at"].iloc[0]
    if not abs(own - plan.ens_mwh) <= ENERGY * max(100.0, abs(plan.ens_mwh)):
        return [Issue(message="the comparison has another energy not served for the plan")]
    if complete != pd.Timestamp(last):
        return [Issue(message="the comparison has another date for the last repair")]
    issues = []
    for rule, other, said in zip(table["rule"], energy, excess, strict=True):
        over = 100.0 * (other / own - 1.0) if own > 0 else np.inf
        right = over if other > own else 0.0
        if not isclose(said, right, rel_tol=1e-6, abs_tol=1e-6):
            message = f"the rule {rule!r} leaves {right:.2f} % more, not {said:.2f} %"
            issues.append(Issue(message=message))
    return issues
