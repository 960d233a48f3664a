"""What ``restore`` does once its options are understood."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from gridtool.cli.compiled import OF_A_PLAN, tell_of_compiling
from gridtool.cli.history_options import HistoryOptions
from gridtool.cli.options import OutputOptions
from gridtool.cli.output import emit, progress
from gridtool.cli.restore_explain import pick_jobs
from gridtool.cli.restore_options import PlanOptions, make_config
from gridtool.cli.state import StateRead, read_state
from gridtool.cli.stopping import StopRequest, watch_signals
from gridtool.errors import Issue
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.report.explain import describe_jobs, table_critical_path, table_explanation
from gridtool.report.restore import chart_plan, headline_restoration, tables_restoration
from gridtool.report.restore_checks import describe_cold_load, table_cold_load
from gridtool.report.restore_replan import describe_replan, table_changes
from gridtool.report.restore_value import table_value_of
from gridtool.report.restore_words import describe_plan, warn_stopped
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable
from gridtool.restoration.advice.explain import explain_plan
from gridtool.restoration.advice.explain_problem import PlannedProblem, rebuild_problem
from gridtool.restoration.advice.read_previous import read_previous
from gridtool.restoration.advice.replan import Replanned, replan_restoration
from gridtool.restoration.advice.replan_changes import find_changes
from gridtool.restoration.advice.value_of import list_changes
from gridtool.restoration.advice.value_of_plan import value_of_resources
from gridtool.restoration.outcome.cold_load import cold_load_energy
from gridtool.restoration.outcome.etr import EXECUTIONS, tabulate_etr, tabulate_milestones
from gridtool.restoration.outcome.etr_replay import replay_executions
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources
from gridtool.restoration.schedule.execute import COMPLETIONS, simulate_completions
from gridtool.restoration.schedule.kernel_calls import execute_samples
from gridtool.restoration.work.jobs import list_unused, make_jobs

if TYPE_CHECKING:
    from gridtool.cli.restore_demand import DemandRead
    from gridtool.network.model import CityNetwork
    from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan

__all__ = ["Request", "run_restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks for."""

    network: str
    damage: tuple[Path, ...]
    as_of: str | None
    tz: str | None
    quarantine: bool
    resources: Path
    planning: PlanOptions
    history: Path | None
    reading: HistoryOptions
    compare: bool
    explain_all: bool
    explained: tuple[str, ...]
    previous: Path | None
    threshold_pct: float
    value_of: bool
    seed: int


def run_restore(request: Request, output: OutputOptions) -> None:
    """Plan, report, and leave with the signal's code if the search was interrupted."""
    city = load_network(request.network)
    found = read_state(
        city,
        damage=request.damage,
        as_of=request.as_of,
        tz=request.tz,
        quarantine=request.quarantine,
    )
    supplies = read_resources(request.resources, city)
    demand = _read_demand(request, city, found)
    config = make_config(
        request.planning,
        as_of=found.state.as_of,
        zone=found.zone,
        demand=demand.blocks if demand else None,
    )
    jobs = make_jobs(found.state, supplies, durations=config.durations)
    pick_jobs(jobs, request.explained)  # a wrong name is refused before the plan is searched
    dispatcher = Dispatcher(compile_case(city))
    tell_of_compiling(execute_samples, output, takes=OF_A_PLAN)
    with watch_signals() as stop:
        plan, replanned = _make_plan(
            request, found, supplies, config=config, dispatcher=dispatcher, stop=stop
        )
        result = _report(
            request,
            found,
            rebuild_problem(plan, dispatcher=dispatcher),
            replanned,
            warnings=_warnings(found, supplies, plan, replanned, demand=demand),
            fallback=demand.fallback if demand else "",
            output=output,
            stop=stop,
        )
    try:
        emit(result, output)
    finally:
        if stop.exit_code:
            raise click.exceptions.Exit(stop.exit_code)


def _read_demand(request: Request, city: CityNetwork, found: StateRead) -> DemandRead | None:
    if request.history is None:
        return None
    from gridtool.cli.restore_demand import read_demand

    return read_demand(
        request.history,
        request.reading,
        city=city,
        as_of=found.state.as_of,
        tz=request.tz,
        seed=request.seed,
    )


def _warnings(
    found: StateRead,
    supplies: Resources,
    plan: RestorationPlan,
    replanned: Replanned | None,
    *,
    demand: DemandRead | None,
) -> tuple[Issue | str, ...]:
    warnings: list[Issue | str] = [*found.warnings, *list_unused(found.state, supplies)]
    if demand is not None:
        warnings += demand.warnings
    if replanned is not None:
        warnings += replanned.notes
    return (*warnings, *warn_stopped(plan))


def _inputs(request: Request, found: StateRead) -> tuple[Path, ...]:
    history = () if request.history is None else (request.history, *request.reading.files)
    previous = () if request.previous is None else (request.previous,)
    return (*found.inputs, request.resources, *previous, *history)


def _explain(
    planned: PlannedProblem, request: Request, *, zone: ZoneInfo
) -> tuple[list[NamedTable], str]:
    """The critical paths, the jobs that were asked for as a table, and sentences on them."""
    only = pick_jobs((entry.job for entry in planned.plan.jobs), request.explained)
    found = explain_plan(planned, only=None if request.explain_all else only)
    tables = [table_critical_path(found)]
    if found.jobs:
        tables.append(table_explanation(found, shown=request.explain_all))
    named = tuple(job for job in found.jobs if job.entry.job.id in only)
    words = describe_jobs(replace(found, jobs=named), jobs=len(planned.plan.jobs), zone=zone)
    return tables, words


def _value_resources(
    planned: PlannedProblem, request: Request, *, output: OutputOptions, stop: StopRequest
) -> NamedTable:
    plan = planned.plan
    count = len(list_changes(plan.resources, [entry.job for entry in plan.jobs]))
    with progress(output, count, "valuing resources") as advance:
        values = value_of_resources(planned, seed=request.seed, advance=advance, interrupt=stop)
    weighted = planned.weighted is not planned.plain
    return table_value_of(values, weighted_mwh=plan.weighted_mwh, weighted=weighted)


def _make_plan(
    request: Request,
    found: StateRead,
    supplies: Resources,
    *,
    config: PlanConfig,
    dispatcher: Dispatcher,
    stop: StopRequest,
) -> tuple[RestorationPlan, Replanned | None]:
    """The plan, and how it came from the previous one if there is one."""
    if request.previous is None:
        plan = plan_restoration(
            found.state,
            supplies,
            config=config,
            seed=request.seed,
            dispatcher=dispatcher,
            stop=stop,
            clock=time.monotonic,
        )
        return plan, None
    replanned = replan_restoration(
        found.state,
        supplies,
        read_previous(request.previous, found.state.network),
        config=config,
        seed=request.seed,
        threshold_pct=request.threshold_pct,
        dispatcher=dispatcher,
        stop=stop,
        clock=time.monotonic,
    )
    return replanned.plan, replanned


def _report(
    request: Request,
    found: StateRead,
    planned: PlannedProblem,
    replanned: Replanned | None,
    *,
    warnings: tuple[Issue | str, ...],
    fallback: str,
    output: OutputOptions,
    stop: StopRequest,
) -> Result:
    """Every table and sentence that was asked for."""
    plan = planned.plan
    completions = simulate_completions(plan, n=COMPLETIONS, seed=request.seed)
    replay = replay_executions(plan, completions, dispatcher=planned.dispatcher, n=EXECUTIONS)
    milestones = tabulate_milestones(plan, replay)
    tables = list(
        tables_restoration(
            plan,
            completions,
            compare=request.compare,
            quantiles=tabulate_etr(plan, replay),
            milestones=milestones,
        )
    )
    verdict = [describe_plan(plan, zone=found.zone, milestones=milestones)]
    if replanned is not None:
        changes = find_changes(replanned, planned)
        tables.insert(1, table_changes(changes))
        verdict.insert(0, describe_replan(replanned, changes, zone=found.zone))
    explained, words = _explain(planned, request, zone=found.zone)
    tables += explained
    verdict.insert(0, words)
    headline = headline_restoration(plan)
    if plan.config.cold_load is not None:
        extra = cold_load_energy(plan, plan.config.cold_load, dispatcher=planned.dispatcher)
        tables.append(table_cold_load(extra))
        verdict.append(describe_cold_load(extra))
        headline["cold_load_mwh"] = float(extra["extra_unserved_mwh"].sum())
    if request.value_of:
        table = _value_resources(planned, request, output=output, stop=stop)
        if stop():  # searches that were cut say nothing
            warnings = (*warnings, "stopped: interrupted; marginal values are left out")
        else:
            tables.append(table)
    return Result(
        command="restore",
        tables=tuple(tables),
        verdict=" ".join(part for part in verdict if part),
        charts=(chart_plan(plan, zone=found.zone),),
        as_of=found.state.as_of,
        seed=request.seed,
        inputs=_inputs(request, found),
        warnings=warnings,
        headline=headline,
        facts={
            "stopped": plan.stopped,
            "bound_method": plan.bound.method if plan.bound else "",
            "order": list(plan.order),
        },
        zone=found.zone,
        fallback=fallback,
    )
