"""The independent check of energy: gains, energy not served, bound, from the states of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.restoration.check.view import PlanState, StateViews, follow_plan
from gridtool.restoration.model import PlanConfig, RestorationPlan

__all__ = ["check_bound", "check_energy", "check_gains", "level_hours_between"]

FloatArray = npt.NDArray[np.float64]

LOAD_MW = 1e-3
ENERGY = 1e-4
"""Share of the energy not served that rounding and tolerances of the dispatch may account for."""


def check_gains(
    plan: RestorationPlan, states: Sequence[PlanState], views: StateViews
) -> list[Issue]:
    """Whether every job wins the load that the plan says, at the reference demand."""
    factor = plan.config.demand_factor
    gains = {entry.job.id: entry.served_gain_mw for entry in plan.jobs}
    issues = []
    for before, after in pairwise(states):
        if after.job:
            served = [views.dispatch(state, factor).total_served_mw for state in (before, after)]
            gain = served[1] - served[0]
            if not abs(gain - gains[after.job]) <= LOAD_MW:
                issues.append(f"{after.job} wins {gain:.3f} MW, not {gains[after.job]:.3f} MW")
    return [Issue(message=message) for message in issues]


def check_energy(
    plan: RestorationPlan, states: Sequence[PlanState], views: StateViews
) -> list[Issue]:
    """Whether the energy not served, plain and weighted, is that of the states."""
    energy, slack = _energy_not_served(plan, states, views)
    names = ("energy not served", "weighted energy not served")
    given = (plan.ens_mwh, plan.weighted_mwh)
    issues = [
        Issue(message=f"the {name} is {right:.3f} MWh, not {said:.3f} MWh")
        for name, said, right, most in zip(names, given, energy, slack, strict=True)
        if not abs(said - right) <= most
    ]
    return issues or _check_placement_gains(plan, energy[0], slack[0], views, states)


def check_bound(plan: RestorationPlan) -> list[Issue]:
    """Whether the bound lies below the plan, and the gap is the distance between them."""
    bound = plan.bound
    if bound is None:
        return []
    weighted = plan.weighted_mwh
    slack = ENERGY * max(1.0, abs(weighted))
    if not bound.weighted_mwh <= weighted + slack:
        message = f"the lower bound {bound.weighted_mwh:.3f} MWh is above the plan's"
        return [Issue(message=f"{message} {weighted:.3f} MWh")]
    gap_pct = 100.0 * (1.0 - bound.weighted_mwh / weighted) if weighted > 0.0 else 0.0
    if not abs(max(0.0, gap_pct) - bound.gap_pct) <= 0.01:
        return [Issue(message=f"the gap is {gap_pct:.2f} %, not {bound.gap_pct:.2f} %")]
    return []


def _energy_not_served(
    plan: RestorationPlan, states: Sequence[PlanState], views: StateViews
) -> tuple[FloatArray, FloatArray]:
    """Plain and weighted energy (2,) until the last repair, and what rounding may shift (2,)."""
    levels = _levels(plan.config)
    last = max((entry.finish for entry in plan.jobs), default=plan.state.as_of)
    served = [views.served(state, levels) for state in states]
    repaired = PlanState(begins=last, capacity=states[-1].capacity, placed=frozenset())
    full = views.served(repaired, levels)
    energy, swing = np.zeros(2), np.zeros(2)
    for k, (state, after) in enumerate(pairwise(states)):
        hours = level_hours_between(plan, min(state.begins, last), min(after.begins, last))
        energy += (full - served[k]) @ hours
        swing += abs(served[k + 1] - served[k]).max(axis=1, initial=0.0) / 3600
    return energy, ENERGY * np.maximum(100.0, abs(energy)) + swing


def _check_placement_gains(
    plan: RestorationPlan,
    energy_mwh: float,
    slack_mwh: float,
    views: StateViews,
    states: Sequence[PlanState],
) -> list[Issue]:
    """Whether each stay of a mobile unit serves, on average, the load that the plan says."""
    issues = []
    positions = {state.job: k for k, state in enumerate(states)}
    last = max((entry.finish for entry in plan.jobs), default=plan.state.as_of)
    for k, placed in enumerate(plan.placements):
        others = plan.placements[:k] + plan.placements[k + 1 :]
        without = follow_plan(plan, positions=positions, placements=others)
        saved = _energy_not_served(plan, without, views)[0][0] - energy_mwh
        counted = min(_counted_until(plan), last, placed.offline or last) - placed.online
        hours = counted / timedelta(hours=1)
        if hours <= 0.0:
            issues.append(f"{placed.unit} comes to {placed.site} after the last repair")
        elif not abs(saved - placed.served_gain_mw * hours) <= 2 * slack_mwh + LOAD_MW * hours:
            gain = saved / hours
            issues.append(
                f"{placed.unit} at {placed.site} serves {gain:.3f} MW more, "
                f"not {placed.served_gain_mw:.3f} MW"
            )
    return [Issue(message=message) for message in issues]


def _levels(config: PlanConfig) -> FloatArray:
    if config.demand is None:
        return np.array([config.demand_factor])
    return np.asarray(config.demand.level, dtype=np.float64)


def _counted_until(plan: RestorationPlan) -> datetime:
    """When energy ceases to count: the deadline or the horizon, whichever is earlier."""
    config, as_of = plan.config, plan.state.as_of
    ends = [] if config.deadline is None else [max(as_of, config.deadline)]
    if config.horizon_days is not None:
        ends.append(as_of + timedelta(days=config.horizon_days))
    if config.demand is not None:
        silent = np.flatnonzero(~config.demand.weight.any(axis=1))
        ends += [as_of + timedelta(hours=float(config.demand.begins_h[m])) for m in silent]
    return min(ends, default=max([as_of, *(entry.finish for entry in plan.jobs)]))


def level_hours_between(plan: RestorationPlan, begin: datetime, end: datetime) -> FloatArray:
    """Hours (L,) that count at each demand level between two dates, period by period."""
    config, as_of = plan.config, plan.state.as_of
    cut = [config.deadline] if config.deadline else []
    if config.horizon_days is not None:
        cut.append(as_of + timedelta(days=config.horizon_days))
    until = min([end, *cut])
    begin_h, end_h = (begin - as_of) / timedelta(hours=1), (until - as_of) / timedelta(hours=1)
    if config.demand is None:
        return np.array([max(0.0, end_h - begin_h)])
    blocks = config.demand
    hours = np.zeros(len(blocks.level))
    closes = [*blocks.begins_h[1:].tolist(), np.inf]
    for opens_h, closes_h, weight in zip(blocks.begins_h, closes, blocks.weight, strict=True):
        hours += max(0.0, min(closes_h, end_h) - max(opens_h, begin_h)) * weight
    return hours
