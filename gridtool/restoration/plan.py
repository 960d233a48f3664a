"""The restoration plan: jobs, search, timetable, curve and ETR, checked before it is returned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import GridState
from gridtool.errors import AnalysisError, Infeasible
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.blocks import constant_blocks
from gridtool.restoration.check import check_plan
from gridtool.restoration.effects import make_effects
from gridtool.restoration.jobs import make_jobs
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan, ScheduledJob
from gridtool.restoration.rules import rule_orders
from gridtool.restoration.schedule import ScheduleProblem, Timetable, make_problem
from gridtool.restoration.search import (
    EXHAUSTIVE_JOBS,
    SearchResult,
    enumerate_orders,
    search_order,
)
from gridtool.restoration.seeds import backward_order, forward_order
from gridtool.restoration.stages import dispatch_shares, make_curve, make_etr, view_stage
from gridtool.restoration.value import ServedLoad, StateValues

__all__ = ["PlanConfig", "make_served", "plan_restoration"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PLAN_NAME = "this plan"


def plan_restoration(
    state: GridState,
    resources: Resources,
    *,
    config: PlanConfig | None = None,
    seed: int = 1,
    dispatcher: Dispatcher | None = None,
) -> RestorationPlan:
    """The order of repairs that leaves the least energy not served, as far as it was searched.

    Parameters
    ----------
    dispatcher
        A dispatcher of the state's network, where one is built already.

    Raises
    ------
    Infeasible
        If a job cannot be done by any crew, or its spares never come: all of them are named.
    """
    config = config or PlanConfig()
    jobs = make_jobs(state, resources, durations=config.durations)
    network = state.network
    problem = make_problem(
        jobs,
        resources,
        as_of=state.as_of,
        zone=network.manifest.zone,
        horizon_days=config.horizon_days,
    )
    dispatcher = dispatcher or Dispatcher(compile_case(network))
    effects = make_effects(state, jobs)
    blocks = config.demand or constant_blocks(config.demand_factor)
    served = make_served(dispatcher, config, weighted=False)
    values = StateValues(effects, served=served, blocks=blocks)
    weighted = values
    if config.protected_weight != 1.0:
        weighted = StateValues(effects, served=make_served(dispatcher, config), blocks=blocks)
    rules = {
        rule: problem.put_back_waiting(order)
        for rule, order in rule_orders(network, jobs, resources).items()
    }
    found = _search(problem, weighted, rules=rules, config=config, seed=seed)
    timetable = problem.schedule(found.order)
    _raise_if_unfinished(problem, timetable)
    plan = _assemble(
        state,
        problem,
        values,
        timetable=timetable,
        order=found.order,
        config=config,
        seed=seed,
        dispatcher=dispatcher,
        comparison=_compare_rules(problem, values, found=found, rules=rules),
        evaluations=values.evaluations + (weighted is not values) * weighted.evaluations,
    )
    issues = check_plan(plan, dispatcher=dispatcher)
    if issues:
        raise AnalysisError(
            "the plan fails its own check, please report it: " + "; ".join(map(str, issues[:5]))
        )
    return plan


def make_served(dispatcher: Dispatcher, config: PlanConfig, *, weighted: bool = True) -> ServedLoad:
    """The value of a state: served MW, protected load weighted as configured if ``weighted``."""
    weight = np.array([1.0, config.protected_weight if weighted else 1.0])
    if config.import_limit_mw is None and weight[1] == 1.0:

        def served(capacity_share: Mapping[str, float], /) -> FloatArray:
            return np.array(
                [dispatcher.served_mw(capacity_share, demand_factor=config.demand_factor)]
            )

        return served

    def served_weighted(capacity_share: Mapping[str, float], /) -> FloatArray:
        dispatch = dispatch_shares(dispatcher, capacity_share, config)
        return np.array([(dispatch.served_mw * weight).sum()])

    return served_weighted


def _search(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    rules: Mapping[str, IntArray],
    config: PlanConfig,
    seed: int,
) -> SearchResult:
    n = len(problem.jobs)
    if n <= EXHAUSTIVE_JOBS:
        return enumerate_orders(problem, values)
    greedy = []
    if 4 * n <= config.evaluations:
        width = max(3, min(n, config.evaluations // (12 * n)))
        backward = backward_order(values, problem.expected_h, width=width)
        forward = forward_order(values, problem.expected_h, width=width, fallback=backward)
        greedy = [problem.put_back_waiting(order) for order in (backward, forward)]
    return search_order(
        problem,
        values,
        starts=[*greedy, *rules.values()],
        evaluations=config.evaluations,
        seed=seed,
    )


def _raise_if_unfinished(problem: ScheduleProblem, timetable: Timetable) -> None:
    late = [
        job.id
        for job, finish in zip(problem.jobs, timetable.finish_h, strict=True)
        if not np.isfinite(finish)
    ]
    if late:
        raise Infeasible(
            f"no order of repairs finishes {', '.join(late)}: the crews that can do it are not "
            f"available for long enough within {problem.days} days; give crews more time "
            "(available_to) or the plan a longer horizon",
            constraints=late,
        )


def _assemble(
    state: GridState,
    problem: ScheduleProblem,
    values: StateValues,
    *,
    timetable: Timetable,
    order: IntArray,
    config: PlanConfig,
    seed: int,
    dispatcher: Dispatcher,
    comparison: pd.DataFrame,
    evaluations: int,
) -> RestorationPlan:
    finish = [_moment(state.as_of, hours) for hours in timetable.finish_h]
    gains = np.zeros(len(finish))
    mask, served = 0, values.served_mw(0)
    masks = {state.as_of: mask}
    for j in sorted(range(len(finish)), key=lambda j: (finish[j], j)):
        mask |= 1 << j
        masks[finish[j]] = mask
        after = values.served_mw(mask)
        gains[j], served = after - served, after
    stages = [
        view_stage(
            dispatch_shares(dispatcher, values.effects.shares(mask), config),
            begins=begins,
        )
        for begins, mask in masks.items()
    ]
    jobs = tuple(
        ScheduledJob(
            job=problem.jobs[j],
            crew=problem.resources.crews[timetable.crew[j]].id,
            start=_moment(state.as_of, timetable.start_h[j]),
            finish=finish[j],
            travel_h=float(timetable.travel_h[j]),
            served_gain_mw=float(gains[j]),
        )
        for j in order.tolist()
    )
    return RestorationPlan(
        state=state,
        resources=problem.resources,
        jobs=jobs,
        order=tuple(problem.jobs[j].id for j in order.tolist()),
        ens_mwh=values.energy_not_served(timetable),
        curve=make_curve(stages),
        etr=make_etr(state.network, stages),
        comparison=comparison,
        evaluations=evaluations,
        seed=seed,
        config=config,
    )


def _moment(as_of: datetime, hours: float) -> datetime:
    """``hours`` after ``as_of`` to the second."""
    return as_of + timedelta(seconds=round(float(hours) * 3600))


def _compare_rules(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    found: SearchResult,
    rules: Mapping[str, IntArray],
) -> pd.DataFrame:
    names, energy, complete = [], [], []
    for name, order in {PLAN_NAME: found.order, **rules}.items():
        timetable = problem.schedule(order)
        names.append(name)
        energy.append(values.energy_not_served(timetable))
        last = float(timetable.finish_h.max(initial=0.0))
        complete.append(_moment(problem.as_of, last) if np.isfinite(last) else None)
    best = energy[0]
    excess = [
        0.0 if ens <= best else (100 * (ens / best - 1) if best > 0 else np.inf) for ens in energy
    ]
    return pd.DataFrame(
        {
            "rule": names,
            "ens_mwh": np.array(energy),
            "excess_pct": np.array(excess),
            "complete_at": pd.to_datetime(pd.Series(complete, dtype=object), utc=True),
        }
    )
