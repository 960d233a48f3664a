"""What ``gridtool forecast`` does: read, plan, then simulate, preview or compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gridtool import __version__
from gridtool.cli.compiled import OF_A_FORECAST, tell_of_compiling
from gridtool.cli.forecast_options import FuturesOptions, make_forecast_config
from gridtool.cli.history_options import HistoryOptions
from gridtool.cli.output import OutputOptions, progress
from gridtool.cli.state import StateRead, read_state, resolve_zone
from gridtool.errors import InputError, Issue
from gridtool.forecast.compare import compare_plans
from gridtool.forecast.model import FittedModel, ForecastConfig
from gridtool.forecast.preview import preview_shortage
from gridtool.forecast.shortage import forecast_grid, forecast_shortage
from gridtool.forecast.simulate.futures_kernel import merge_stages
from gridtool.jobs.demand import make_model
from gridtool.jobs.districts import move_districts
from gridtool.jobs.model import DemandSource
from gridtool.network.catalog import load_network
from gridtool.report.forecast import (
    chart_hours,
    chart_weeks,
    describe_shortage,
    headline_shortage,
    tables_shortage,
)
from gridtool.report.forecast_cases import (
    describe_comparison,
    headline_comparison,
    tables_comparison,
)
from gridtool.report.preview import describe_preview, headline_preview, tables_preview
from gridtool.report.result import Result
from gridtool.restoration.advice.read_previous import read_previous
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources
from gridtool.restoration.work.jobs import list_unused, make_jobs

__all__ = ["ForecastRequest", "answer_forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRequest:
    """The command line."""

    network: str
    damage: tuple[Path, ...]
    as_of: str | None
    tz: str | None
    quarantine: bool
    resources: Path | None
    history: Path | None
    model: Path | None
    history_tz: str | None
    scale: Literal["peak", "none"]
    reading: HistoryOptions
    futures: FuturesOptions
    evaluations: int
    preview: bool
    compare: tuple[Path, Path] | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What was read for a request."""

    found: StateRead
    demand: FittedModel
    supplies: Resources | None
    config: ForecastConfig
    warnings: tuple[Issue | str, ...]
    inputs: tuple[Path | str, ...]
    fallback: str


def answer_forecast(request: ForecastRequest, output: OutputOptions) -> Result:
    """The answer to a request: a forecast, its preview, or the comparison of two plans."""
    read = _read_inputs(request)
    if not request.preview:
        tell_of_compiling(merge_stages, output, takes=OF_A_FORECAST)
    if request.compare is not None and read.supplies is not None:
        return _compare(request, read, paths=request.compare, output=output)
    plan = None
    if read.supplies is not None:
        plan = plan_restoration(
            read.found.state,
            read.supplies,
            config=PlanConfig(evaluations=request.evaluations),
            seed=request.seed,
        )
    if request.preview:
        return _preview(request, read, plan)
    with progress(output, read.config.samples, "simulating") as advance:
        shortage = forecast_shortage(
            read.found.state,
            plan,
            read.demand,
            config=read.config,
            seed=request.seed,
            progress=advance,
        )
    return Result(
        command="forecast",
        tables=tables_shortage(shortage),
        verdict=f"{describe_shortage(shortage)} Demand: {shortage.demand_description}.",
        charts=(chart_weeks(shortage), chart_hours(shortage)),
        as_of=read.found.state.as_of,
        seed=request.seed,
        inputs=read.inputs,
        warnings=(*read.warnings, *shortage.notes),
        headline=headline_shortage(shortage),
        facts={"samples": shortage.samples},
        zone=read.found.zone,
        fallback=read.fallback,
    )


def _read_inputs(request: ForecastRequest) -> _Read:
    city = load_network(request.network)
    found = read_state(
        city,
        damage=request.damage,
        as_of=request.as_of,
        tz=request.tz,
        quarantine=request.quarantine,
    )
    config = make_forecast_config(request.futures, city)
    zone = resolve_zone(request.history_tz or request.tz, city)
    city, said = move_districts(
        city,
        request.reading.district_history,
        zone=zone,
        as_of=found.state.as_of,
        months=config.months,
    )
    found = replace(found, state=replace(found.state, network=city))
    source = DemandSource(
        history=request.history,
        saved=request.model,
        options=request.reading,
        timezone=zone.key,
        scale="peak" if request.scale == "peak" else 1.0,
    )
    made = make_model(
        source,
        network=city,
        as_of=found.state.as_of,
        months=config.months,
        gridtool_version=__version__,
    )
    supplies = None if request.resources is None else read_resources(request.resources, city)
    unused = [] if supplies is None else list_unused(found.state, supplies)
    files = (request.resources, request.futures.further_damage, *source.files)
    return _Read(
        found=found,
        demand=made.model,
        supplies=supplies,
        config=config,
        warnings=(*found.warnings, *unused, *made.warnings, *said),
        inputs=(*found.inputs, *(path for path in files if path is not None)),
        fallback=made.fallback,
    )


def _preview(request: ForecastRequest, read: _Read, plan: RestorationPlan | None) -> Result:
    state = read.found.state
    grid = forecast_grid(state.as_of, months=read.config.months, zone=state.network.manifest.zone)
    read.demand.check_reach(grid)
    found = preview_shortage(
        state, plan, read.demand, grid=grid, config=read.config, seed=request.seed
    )
    return Result(
        command="forecast",
        tables=tables_preview(found),
        verdict=describe_preview(found),
        as_of=state.as_of,
        seed=request.seed,
        inputs=read.inputs,
        warnings=(*read.warnings, *found.notes),
        headline=headline_preview(found),
        zone=read.found.zone,
        fallback=read.fallback,
    )


def _compare(
    request: ForecastRequest,
    read: _Read,
    *,
    paths: tuple[Path, Path],
    output: OutputOptions,
) -> Result:
    one, other = _read_plans(request, read, paths=paths)
    names = _name_plans(paths)
    with progress(output, read.config.samples, "simulating both") as advance:
        paired = compare_plans(
            read.found.state,
            one,
            other,
            read.demand,
            config=read.config,
            seed=request.seed,
            progress=advance,
        )
    return Result(
        command="forecast",
        tables=tables_comparison(paired, names=names),
        verdict=describe_comparison(paired, names=names),
        as_of=read.found.state.as_of,
        seed=request.seed,
        inputs=(*read.inputs, *paths),
        warnings=(*read.warnings, *paired.a.notes),
        headline=headline_comparison(paired),
        facts={"samples": paired.a.samples},
        zone=read.found.zone,
        fallback=read.fallback,
    )


def _name_plans(paths: Sequence[Path]) -> tuple[str, str]:
    """Short names of two plans: those of their files or folders, if they differ."""
    one, other = (path.stem if path.suffix == ".json" else path.name for path in paths)
    return (one, other) if one != other else ("plan A", "plan B")


def _read_plans(
    request: ForecastRequest, read: _Read, *, paths: Sequence[Path]
) -> tuple[RestorationPlan, ...]:
    """The plans of earlier runs, their orders carried out by the crews of now.

    Raises
    ------
    InputError
        If a plan does not have the jobs that the damage asks for; all of them are named.
    """
    state, supplies = read.found.state, read.supplies
    assert supplies is not None
    config = PlanConfig(evaluations=request.evaluations)
    wanted = [job.id for job in make_jobs(state, supplies, durations=config.durations)]
    orders, issues = [], []
    for path in paths:
        order = [job.id for job in read_previous(path, state.network).jobs]
        orders.append(order)
        issues += [
            Issue(message=message, file=str(path), field="restoration_plan", value=job)
            for message, jobs in (
                ("the plan lacks a job", [job for job in wanted if job not in order]),
                ("there is no such job to do", [job for job in order if job not in wanted]),
            )
            for job in jobs
        ]
    if issues:
        raise InputError(issues, subject="comparison of plans")
    return tuple(
        plan_restoration(state, supplies, config=config, seed=request.seed, order=order)
        for order in orders
    )
