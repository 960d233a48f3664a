"""The restoration plan: jobs, values, search, and all that is checked before it is returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.errors import AnalysisError, Infeasible
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.assemble import Found, assemble_plan, compare_rules
from gridtool.restoration.blocks import plan_blocks
from gridtool.restoration.check import check_plan
from gridtool.restoration.effects import make_effects
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.jobs import make_jobs
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan
from gridtool.restoration.rules import rule_orders
from gridtool.restoration.schedule import ScheduleProblem, Timetable, make_problem
from gridtool.restoration.search import (
    EXHAUSTIVE_JOBS,
    SearchResult,
    enumerate_orders,
    search_order,
)
from gridtool.restoration.seeds import backward_order, forward_order
from gridtool.restoration.served import DispatchedLoad
from gridtool.restoration.value import StateValues
from gridtool.restoration.weights import busbar_weights

__all__ = ["PlanConfig", "plan_restoration"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
    plain, weighted = _make_values(state, problem, config=config, dispatcher=dispatcher)
    rules = {
        rule: problem.put_back_waiting(order)
        for rule, order in rule_orders(state.network, jobs, resources).items()
    }
    if order is None:
        given = (*rules.values(), *(_positions(problem, start) for start in starts))
        result = _search(
            problem, weighted, starts=given, config=config, seed=seed, interrupt=interrupt
        )
    else:
        result = SearchResult(order=_positions(problem, order), ens_mwh=float("nan"), candidates=0)
    timetable = problem.schedule(result.order)
    _raise_if_unfinished(problem, timetable)
    found = Found(
        problem=problem,
        plain=plain,
        weighted=weighted,
        order=result.order,
        timetable=timetable,
    )
    plan = assemble_plan(
        state,
        found,
        config=config,
        seed=seed,
        dispatcher=dispatcher,
        comparison=compare_rules(found, rules),
        stopped=interrupt.reason,
    )
    _raise_if_unsound(plan, dispatcher)
    return plan


def _make_values(
    state: GridState, problem: ScheduleProblem, *, config: PlanConfig, dispatcher: Dispatcher
) -> tuple[StateValues, StateValues]:
    """The load of a state in plain MW and as weighted; one object where every MW counts 1."""
    effects = make_effects(state, problem.jobs)
    blocks = plan_blocks(config, as_of=state.as_of)
    weights = busbar_weights(state.network, dispatcher.case, config)

    def count(weights: FloatArray | None) -> StateValues:
        served = DispatchedLoad(
            dispatcher,
            levels=blocks.level,
            import_limit_mw=config.import_limit_mw,
            weights=weights,
        )
        return StateValues(effects, served=served, blocks=blocks)

    plain = count(None)
    return plain, plain if weights is None else count(weights)


def _search(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    starts: Sequence[IntArray],
    config: PlanConfig,
    seed: int,
    interrupt: Interrupt,
) -> SearchResult:
    n = len(problem.jobs)
    if n <= EXHAUSTIVE_JOBS:
        return enumerate_orders(problem, values, interrupt=interrupt)
    greedy = []
    if 4 * n <= config.evaluations:
        width = max(3, min(n, config.evaluations // (12 * n)))
        backward = backward_order(values, problem.expected_h, width=width)
        forward = forward_order(values, problem.expected_h, width=width, fallback=backward)
        greedy = [problem.put_back_waiting(order) for order in (backward, forward)]
    return search_order(
        problem,
        values,
        starts=[*greedy, *starts],
        evaluations=config.evaluations,
        seed=seed,
        interrupt=interrupt,
    )


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
