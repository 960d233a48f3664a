"""The whole chain of a job: read, state as of a time, assess, plan, forecast."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gridtool.damage.ledger import state_as_of
from gridtool.damage.model import GridState
from gridtool.damage.read import ReportBatch, read_reports
from gridtool.errors import Issue
from gridtool.flow.assess import assess
from gridtool.flow.model import Assessment
from gridtool.forecast.model import ForecastConfig, ShortageForecast
from gridtool.forecast.shortage import forecast_shortage
from gridtool.jobs.demand import make_model
from gridtool.jobs.districts import move_districts
from gridtool.jobs.further_damage import expose_assets
from gridtool.jobs.model import Job
from gridtool.network.catalog import load_network
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.resources import read_resources
from gridtool.restoration.schedule.execute import COMPLETIONS, simulate_completions
from gridtool.restoration.work.jobs import list_unused

__all__ = ["JobResult", "Stages", "Watch", "run_job"]

Stages = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
"""Opens a stage by its words and number of steps; gives the function that takes steps done."""

Watch = Callable[[], AbstractContextManager[Callable[[], bool]]]
"""Opens a stretch that may be ended early; gives the function that says whether to end it now."""


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What the chain gave. What the job has not is None: plan, completions, forecast.

    ``fallback`` says why the forecast rests on a weaker demand model than the files promised.
    """

    job: Job
    network: CityNetwork
    reports: ReportBatch | None
    state: GridState
    assessment: Assessment
    plan: RestorationPlan | None
    completions: CompletionSamples | None
    forecast: ShortageForecast | None
    warnings: tuple[Issue | str, ...]
    fallback: str = ""


def run_job(
    job: Job,
    *,
    stages: Stages | None = None,
    watch: Watch | None = None,
    gridtool_version: str = "",
) -> JobResult:
    """Run the chain on the files of ``job``; the same job gives the same result, unless the
    search for the plan is cut: by the job's time limit or by ``watch`` (``plan.stopped``).

    Parameters
    ----------
    stages
        Told of each stage as it begins, for progress on a terminal.
    watch
        Opened around the search for the plan. Where that is interrupted, the chain ends with the
        best plan found: there is no forecast.
    gridtool_version
        Of the program, to say that a saved demand model is of another one.

    Raises
    ------
    InputError
        If an input is refused: reports, resources or the history, with every finding.
    AnalysisError
        If there is no plan or no power flow.
    """
    stages = stages or _no_stages
    with stages(f"reading {job.network.name}", None):
        network = load_network(job.network)
        batch = _read_reports(job, network)
        resources = read_resources(job.resources, network) if job.resources else None
        as_of = _as_of(job, batch)
        network, said = _place_people(job, network, as_of=as_of)
        state = state_as_of(network, batch.reports if batch else (), as_of)
        demand = None
        if job.demand is not None:
            demand = make_model(
                job.demand,
                network=network,
                as_of=state.as_of,
                months=job.forecast.months,
                gridtool_version=gridtool_version,
            )
        config = _state_damage(job, network)
    with stages("assessing what is out", None):
        assessment = assess(state)
    plan, completions, ended = None, None, False
    if resources is not None and state.damage:
        with stages("planning the repairs", None), (watch or _unwatched)() as stop:
            plan = plan_restoration(
                state,
                resources,
                config=job.plan,
                seed=job.seed,
                stop=stop,
                clock=time.monotonic,
            )
            ended = stop()
        completions = simulate_completions(plan, n=COMPLETIONS, seed=job.seed)
    forecast = None
    if demand is not None and not ended:
        with stages("simulating the shortage", job.forecast.samples) as advance:
            forecast = forecast_shortage(
                state, plan, demand.model, config=config, seed=job.seed, progress=advance
            )
    return JobResult(
        job=job,
        network=network,
        reports=batch,
        state=state,
        assessment=assessment,
        plan=plan,
        completions=completions,
        forecast=forecast,
        warnings=(
            *_report_warnings(batch),
            *(list_unused(state, resources) if resources is not None else ()),
            *(demand.warnings if demand is not None else ()),
            *said,
        ),
        fallback=demand.fallback if demand is not None and not ended else "",
    )


def _no_stages(_words: str, _steps: int | None) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _done: None)


def _unwatched() -> AbstractContextManager[Callable[[], bool]]:
    return nullcontext(lambda: False)


def _state_damage(job: Job, network: CityNetwork) -> ForecastConfig:
    """The settings of the forecast, with the further damage that the job states."""
    if job.further_damage is None:
        return job.forecast
    damage = expose_assets(job.further_damage, network, file=job.path.name)
    return replace(job.forecast, further_damage=damage)


def _read_reports(job: Job, network: CityNetwork) -> ReportBatch | None:
    if not job.reports:
        return None
    zone = network.manifest.zone
    return read_reports(job.reports, network, zone=zone, quarantine=job.quarantine)


def _report_warnings(batch: ReportBatch | None) -> tuple[Issue, ...]:
    if batch is None:
        return ()
    return (*batch.warnings, *(entry[-1] for entry in batch.rejected))


def _as_of(job: Job, batch: ReportBatch | None) -> datetime:
    """The job's time; else that of the latest report; else this hour."""
    if job.as_of is not None:
        return job.as_of
    reports = batch.reports if batch else ()
    times = [max(report.reported_at, report.recorded_at) for report in reports]
    return max(times, default=datetime.now(UTC).replace(minute=0, second=0, microsecond=0))


def _place_people(
    job: Job, network: CityNetwork, *, as_of: datetime
) -> tuple[CityNetwork, tuple[str, ...]]:
    """The network with its districts as their history has them, where the job gives one."""
    if job.demand is None:
        return network, ()
    source = job.demand
    return move_districts(
        network,
        source.options.district_history,
        zone=ZoneInfo(source.timezone) if source.timezone else network.manifest.zone,
        as_of=as_of,
        months=job.forecast.months,
    )
