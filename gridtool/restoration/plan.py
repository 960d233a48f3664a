"""The restoration plan: jobs, values, search, and all that is checked before it is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.errors import AnalysisError, Infeasible
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.model import CityNetwork
from gridtool.restoration.assemble import Found, assemble_plan, compare_rules
from gridtool.restoration.certify import bound_plan
from gridtool.restoration.check.plan import check_plan
from gridtool.restoration.interrupt import INTERRUPTED, Interrupt
from gridtool.restoration.mobile.plan import MakeValues, SearchOrder, improve_with_units
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan
from gridtool.restoration.outcome.verify import verify_stages
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable, make_problem
from gridtool.restoration.search.bundles import supply_bundles
from gridtool.restoration.search.order import (
    EXHAUSTIVE_JOBS,
    SearchResult,
    enumerate_orders,
    search_order,
)
from gridtool.restoration.search.rules import rule_orders
from gridtool.restoration.search.seeds import backward_order, bundle_order, forward_order
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.plain_and_weighted import make_values
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.work.jobs import make_jobs

__all__ = ["PlanConfig", "plan_restoration"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SHORT_SEARCH = 4
"""Part of the budget that a search around placed mobile units gets: one in so many."""


def plan_restoration(
    state: GridState,
    resources: Resources,
    *,
    config: PlanConfig | None = None,
    seed: int = 1,
    dispatcher: Dispatcher | None = None,
    stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
    starts: Sequence[Sequence[str]] = (),
    order: Sequence[str] | None = None,
) -> RestorationPlan:
    """The order of repairs that leaves the least energy not served, as far as it was searched.

    Parameters
    ----------
    dispatcher
        A dispatcher of the state's network, where one is built already.
    stop
        Asked often; once it says True the best plan found so far is returned, labelled
        ``stopped="interrupted"``.
    clock
        Seconds of a clock that never goes back, for ``config.time_limit_s``; without it there is
        no limit. A plan that the limit cut is labelled ``stopped="time limit"``.
    starts
        Priority orders of all jobs (by id) that the search starts from besides its own.
    order
        The priority order to take as it is, without a search: a plan made before, or by hand.

    Raises
    ------
    Infeasible
        If a job cannot be done by any crew, or its spares never come: all of them are named.
    AnalysisError
        If the plan fails its own check.
    """
    config = config or PlanConfig()
    interrupt = Interrupt(stop=stop, clock=clock, limit_s=config.time_limit_s)
    jobs = make_jobs(state, resources, durations=config.durations)
    problem = make_problem(
        jobs,
        resources,
        as_of=state.as_of,
        zone=state.network.manifest.zone,
        horizon_days=config.horizon_days,
    )
    dispatcher = dispatcher or Dispatcher(compile_case(state.network))
    value_states = partial(make_values, state=state, config=config)
    plain, weighted = value_states(dispatcher, make_effects(state, jobs))
    rules = {
        rule: problem.put_back_waiting(by_rule)
        for rule, by_rule in rule_orders(state.network, jobs, resources).items()
    }
    if order is None:
        given = (*rules.values(), *(_positions(problem, start) for start in starts))
        result = _search(
            problem,
            weighted,
            network=state.network,
            starts=given,
            config=config,
            seed=seed,
            interrupt=interrupt,
        )
    else:
        result = SearchResult(order=_positions(problem, order), ens_mwh=float("nan"), candidates=0)
    timetable = problem.schedule(result.order)
    _raise_if_unfinished(problem, timetable)
    found = Found(
        problem=problem,
        dispatcher=dispatcher,
        plain=plain,
        weighted=weighted,
        order=result.order,
        timetable=timetable,
    )
    if resources.mobile_units:
        search = partial(_search_anew, problem, config=config, seed=seed, interrupt=interrupt)
        found = _place_units(
            state,
            found,
            make_values=value_states,
            search=search if order is None else None,
            config=config,
            interrupt=interrupt,
        )
    plan = assemble_plan(
        state,
        found,
        config=config,
        seed=seed,
        comparison=compare_rules(found, rules),
        stopped=interrupt.reason,
    )
    plan = _certify(plan, found, dispatcher=dispatcher, interrupt=interrupt)
    _raise_if_unsound(plan, dispatcher)
    return plan


def _place_units(
    state: GridState,
    found: Found,
    *,
    make_values: MakeValues,
    search: SearchOrder | None,
    config: PlanConfig,
    interrupt: Interrupt,
) -> Found:
    """``found`` with mobile units, where they save anything."""
    placed = improve_with_units(
        state,
        found.problem,
        order=found.order,
        dispatcher=found.dispatcher,
        make_values=make_values,
        search=search,
        demand_factor=float(found.plain.blocks.level.max()),
        import_limit_mw=config.import_limit_mw,
        stop=interrupt,
    )
    if placed is None or placed.weighted_mwh > found.weighted_mwh:
        return found
    return Found(
        problem=found.problem,
        dispatcher=placed.dispatcher,
        plain=placed.values,
        weighted=placed.weighted,
        order=placed.order,
        timetable=placed.timetable,
        placements=placed.placements,
        switchings=placed.switchings,
        elsewhere=found.evaluations + placed.evaluations,
    )


def _certify(
    plan: RestorationPlan, found: Found, *, dispatcher: Dispatcher, interrupt: Interrupt
) -> RestorationPlan:
    """The plan with its lower bound and its stages by AC power flow, as configured.

    A plan that was cut short has no bound, and an interrupted one is not verified either.
    """
    config = plan.config
    if config.bound and not plan.stopped:
        plan = replace(plan, bound=bound_plan(plan, found, interrupt=interrupt))
    if config.ac and interrupt.reason != INTERRUPTED:
        plan = replace(plan, ac=verify_stages(plan, dispatcher=dispatcher))
    return plan


def _search(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    network: CityNetwork,
    starts: Sequence[IntArray],
    config: PlanConfig,
    seed: int,
    interrupt: Interrupt,
) -> SearchResult:
    n = len(problem.jobs)
    if n <= EXHAUSTIVE_JOBS:
        return enumerate_orders(problem, values, interrupt=interrupt)
    greedy: list[IntArray] = []
    if 4 * n <= config.evaluations:
        orders = _list_greedy(problem, values, network=network, evaluations=config.evaluations)
        for order in orders:
            if interrupt():  # each takes a third of a second for the shipped city
                break
            greedy.append(problem.put_back_waiting(order))
    return search_order(
        problem,
        values,
        starts=[*greedy, *starts],
        evaluations=config.evaluations,
        seed=seed,
        interrupt=interrupt,
    )


def _list_greedy(
    problem: ScheduleProblem, values: StateValues, *, network: CityNetwork, evaluations: int
) -> Iterator[IntArray]:
    """Greedy orders, each made when it is asked for."""
    n = len(problem.jobs)
    width = max(3, min(n, evaluations // (12 * n)))
    backward = backward_order(values, problem.expected_h, width=width)
    yield backward
    yield forward_order(values, problem.expected_h, width=width, fallback=backward)
    yield bundle_order(
        values,
        problem.expected_h,
        bundles=supply_bundles(network, problem.jobs),
        width=width,
        fallback=backward,
    )


def _search_anew(
    problem: ScheduleProblem,
    values: StateValues,
    order: IntArray,
    *,
    config: PlanConfig,
    seed: int,
    interrupt: Interrupt,
) -> IntArray:
    """A short search from ``order``, for values in which mobile units stand."""
    found = search_order(
        problem,
        values,
        starts=[order],
        evaluations=values.evaluations + config.evaluations // SHORT_SEARCH,
        seed=seed,
        interrupt=interrupt,
    )
    return found.order


def _positions(problem: ScheduleProblem, order: Sequence[str]) -> IntArray:
    """The job positions of an order by id."""
    position = {job.id: j for j, job in enumerate(problem.jobs)}
    return np.array([position[job_id] for job_id in order], dtype=np.int64)


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


def _raise_if_unsound(plan: RestorationPlan, dispatcher: Dispatcher) -> None:
    issues = check_plan(plan, dispatcher=dispatcher)
    if issues:
        raise AnalysisError(
            "the plan fails its own check, please report it: " + "; ".join(map(str, issues[:5]))
        )
