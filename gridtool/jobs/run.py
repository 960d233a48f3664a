"""The whole chain of a job: read, state as of a time, assess, plan, forecast."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from gridtool.damage.model import GridState
from gridtool.damage.read import ReportBatch
from gridtool.errors import Issue
from gridtool.flow.assess import assess
from gridtool.flow.model import Assessment
from gridtool.forecast.model import FittedModel, ShortageForecast
from gridtool.forecast.shortage import forecast_shortage
from gridtool.jobs.inputs import JobInputs, read_inputs
from gridtool.jobs.model import Job
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import COMPLETIONS, simulate_completions

__all__ = ["PLANNING", "JobResult", "Stages", "Watch", "run_job"]

PLANNING = "planning the repairs"
"""The stage that has something to give when it is ended early."""

Stages = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
"""Opens a stage by its words and number of steps; gives the function that takes steps done."""

Watch = Callable[[], AbstractContextManager[Callable[[], bool]]]
"""Opens a stretch that may be ended early; gives the function that says whether to end it now."""


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What the chain gave. What the job has not is None: plan, completions, forecast.

    ``demand`` is the model that the forecast rests on; ``fallback`` says why it is a weaker one
    than the files promised.
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
    demand: FittedModel | None = None


def run_job(
    job: Job,
    *,
    stages: Stages | None = None,
    watch: Watch | None = None,
    gridtool_version: str = "",
    now: datetime | None = None,
    planned: Callable[[JobResult], bool] | None = None,
    halt: Callable[[], bool] | None = None,
) -> JobResult:
    """Run the chain on the files of ``job``; the same job gives the same result, unless the
    search for the plan is cut: by the job's time limit or by ``watch`` (``plan.stopped``).

    Parameters
    ----------
    stages
        Told of each stage as it begins, for progress on a terminal.
    watch
        Opened around the search for the plan. Where that is interrupted, the chain ends with the
        best plan found: there are no completions and there is no forecast.
    gridtool_version
        Of the program, to say that a saved demand model is of another one.
    now
        The present (aware), by which a history can be of the future; None: the clock's.
    planned
        Given what there is as soon as the repairs are planned, without completions yet; says
        whether to go on to these and the forecast.
    halt
        Says whether to end the forecast with the futures done so far.

    Raises
    ------
    InputError
        If an input is refused: reports, resources or the history, with every finding.
    AnalysisError
        If there is no plan or no power flow.
    Stopped
        If ``halt`` left too few futures for a forecast.
    """
    stages = stages or _no_stages
    with stages(f"reading {job.network.name}", None):
        inputs = read_inputs(job, gridtool_version=gridtool_version, now=now)
    with stages("assessing what is out", None):
        assessment = assess(inputs.state)
    plan, ended = _plan_repairs(inputs, stages=stages, watch=watch or _unwatched)
    result = JobResult(
        job=job,
        network=inputs.network,
        reports=inputs.reports,
        state=inputs.state,
        assessment=assessment,
        plan=plan,
        completions=None,
        forecast=None,
        warnings=inputs.warnings,
    )
    further = planned is None or planned(result)
    if ended or not further:
        return result
    if plan is not None:
        completions = simulate_completions(plan, n=COMPLETIONS, seed=job.seed)
        result = replace(result, completions=completions)
    demand = inputs.demand
    if demand is None:
        return result
    with stages("simulating the shortage", job.forecast.samples) as advance:
        forecast = forecast_shortage(
            inputs.state,
            plan,
            demand.model,
            config=inputs.config,
            seed=job.seed,
            progress=advance,
            stop=halt,
        )
    return replace(result, forecast=forecast, fallback=demand.fallback, demand=demand.model)


def _plan_repairs(
    inputs: JobInputs, *, stages: Stages, watch: Watch
) -> tuple[RestorationPlan | None, bool]:
    """The plan, and whether the search was ended early by ``watch``."""
    if inputs.resources is None or not inputs.state.damage:
        return None, False
    with stages(PLANNING, None), watch() as stop:
        plan = plan_restoration(
            inputs.state,
            inputs.resources,
            config=inputs.job.plan,
            seed=inputs.job.seed,
            stop=stop,
            clock=time.monotonic,
        )
        return plan, stop()


def _no_stages(_words: str, _steps: int | None) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _done: None)


def _unwatched() -> AbstractContextManager[Callable[[], bool]]:
    return nullcontext(lambda: False)
