"""A run computed in this process: from a request and the inputs at its root to published files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from gridtool.errors import InputError
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.shortage import Stopped
from gridtool.jobs.model import Job
from gridtool.jobs.read import resolve_settings
from gridtool.jobs.report import report_job
from gridtool.jobs.run import JobResult, run_job
from gridtool.jobs.runs.files import make_files
from gridtool.jobs.runs.ladder import describe_fewer
from gridtool.jobs.runs.model import (
    ChainAnswer,
    ChainEnded,
    ChainEvents,
    ChainLimits,
    ChainRequest,
)
from gridtool.jobs.runs.settings_dump import load_settings
from gridtool.jobs.scoring.files import KEEP_SAMPLES, keep_files
from gridtool.jobs.scoring.source import link_history
from gridtool.report.result import Result

__all__ = ["NO_FORECAST", "NO_TIME", "Silent", "compute_chain"]

NO_FORECAST = "interrupted: no forecast"
"""Label of what is published when a run is ended after the plan."""
NO_TIME = "no forecast: the deadline came first"
"""Label of what is published when the plan has taken all the time."""
JOB_FILE = "job file"
"""What findings call the settings, which have no file of their own at the root."""


class Silent:
    """Tells nobody how a computation goes on."""

    def stage(self, words: str, steps: int | None) -> None:
        """A stage begins."""

    def advance(self, done: int) -> None:
        """Steps are done."""

    def keep(self, answer: ChainAnswer) -> None:
        """An answer to fall back on."""


def compute_chain(request: ChainRequest, limits: ChainLimits, events: ChainEvents) -> ChainAnswer:
    """The published files of ``request``: a function of it and of nothing else.

    Raises
    ------
    InputError
        If an input is refused. No finding names the root.
    AnalysisError
        If there is no plan or no power flow.
    ChainEnded
        If a signal or the deadline came before the forecast had futures enough; with what there
        was by then.
    """
    try:
        return _Computation(request, limits, events).compute()
    except InputError as error:
        raise _without_root(error, request.root) from None


@dataclass(slots=True)
class _End:
    """When to end: asked often, so it is cheap."""

    limits: ChainLimits
    deadline: float | None

    def __call__(self) -> bool:
        late = self.deadline is not None and time.monotonic() > self.deadline
        return late or self.limits.stop() != 0

    def raised(self, answer: ChainAnswer | None) -> ChainEnded:
        """The exception that says why."""
        number = self.limits.stop()
        if number:
            return ChainEnded("signal", "ended by a signal", answer=answer, signal_number=number)
        return ChainEnded("deadline", "the deadline came first", answer=answer)


class _Computation:
    def __init__(self, request: ChainRequest, limits: ChainLimits, events: ChainEvents) -> None:
        self._request, self._limits, self._events = request, limits, events
        given = limits.deadline_s
        self._end = _End(limits, None if given is None else time.monotonic() + given)
        self._partial: ChainAnswer | None = None
        self._planned: JobResult | None = None
        self._inputs = _list_inputs(request.root)

    def compute(self) -> ChainAnswer:
        request = self._request
        job = _read_request(request, workers=self._limits.workers)
        try:
            result = self._run(job)
        except Stopped:
            raise self._ended() from None
        if result.forecast is None and self._partial is not None:
            raise self._ended()
        return self._finish(result)

    def _ended(self) -> ChainEnded:
        """The end, with state and plan where there is one, labelled by what ended it."""
        answer = self._partial
        if self._planned is not None and not self._limits.stop():
            request = replace(self._request, degraded=NO_TIME)
            answer = self._make(self._planned, request, complete=False)
        return self._end.raised(answer)

    def _run(self, job: Job) -> JobResult:
        return run_job(
            job,
            stages=self._open_stage,
            watch=lambda: nullcontext(self._end),
            gridtool_version=self._request.gridtool_version,
            now=self._request.generated_at,
            planned=self._keep_partial,
            halt=self._end,
        )

    def _finish(self, result: JobResult) -> ChainAnswer:
        """The answer, labelled where the deadline left it fewer futures."""
        request, forecast = self._request, result.forecast
        if forecast is None:
            return self._make(result, request, complete=request.samples != 0)
        wanted = result.job.forecast.samples
        if forecast.config.samples < wanted:
            if self._limits.stop():
                raise self._end.raised(self._partial)
            words = describe_fewer(forecast.samples, wanted)
            request = replace(request, samples=forecast.samples, degraded=request.degraded or words)
        return self._make(result, request, complete=True, wanted=wanted)

    @contextmanager
    def _open_stage(self, words: str, steps: int | None) -> Iterator[Callable[[int], None]]:
        if self._limits.stop():
            raise self._end.raised(self._partial)
        self._events.stage(words, steps)
        yield self._events.advance

    def _keep_partial(self, result: JobResult) -> bool:
        """Hand over state and plan, in case nothing more comes; says whether to go on."""
        if self._request.samples == 0:
            return False
        ended = self._end()
        if result.job.demand is None and not ended:
            return True  # all there will be but for the dates, which are soon there
        labelled = replace(self._request, degraded=NO_FORECAST)
        self._planned = result
        self._partial = self._make(result, labelled, complete=False)
        self._events.keep(self._partial)
        return not ended

    def _make(
        self, result: JobResult, request: ChainRequest, *, complete: bool, wanted: int = 0
    ) -> ChainAnswer:
        report = _remark(report_job(result), request.remarks)
        plan, forecast = result.plan, result.forecast
        files = make_files(report, request, inputs=self._inputs) | _keep_samples(result)
        return ChainAnswer(
            files=files,
            headline={name: float(value) for name, value in report.headline.items()},
            samples=0 if forecast is None else forecast.samples,
            wanted=wanted,
            complete=complete,
            fallback=result.fallback,
            warnings=tuple(str(warning) for warning in report.warnings),
            repeatable=plan is None or not plan.stopped,
            degraded=request.degraded,
        )


def _read_request(request: ChainRequest, *, workers: int | None) -> Job:
    settings = load_settings(request.settings, file=JOB_FILE)
    job = resolve_settings(settings, request.root / JOB_FILE)
    return replace(
        job,
        as_of=request.as_of,
        forecast=_change_forecast(job.forecast, samples=request.samples, workers=workers),
    )


def _change_forecast(
    config: ForecastConfig, *, samples: int | None, workers: int | None
) -> ForecastConfig:
    return replace(
        config,
        samples=samples or config.samples,
        workers=workers or config.workers,
        keep_samples=KEEP_SAMPLES,
    )


def _keep_samples(result: JobResult) -> dict[str, bytes]:
    """What a later history is held against; empty without a forecast."""
    source, model, forecast = result.job.demand, result.demand, result.forecast
    if source is None or model is None or forecast is None:
        return {}
    return keep_files(forecast, link=link_history(source, model, network=result.network))


def _remark(result: Result, remarks: tuple[str, ...]) -> Result:
    return replace(result, inputs=(), warnings=(*remarks, *result.warnings))


def _list_inputs(root: Path) -> tuple[tuple[str, str], ...]:
    """Role and SHA-256 of every input below ``root``, by role."""
    folder = root / "inputs"
    return tuple(
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def _without_root(error: InputError, root: Path) -> InputError:
    """``error`` with paths as the roles have them: the root is gone when it is read."""

    def clean(text: str | None) -> str | None:
        if text is None:
            return None
        return text.replace(f"{root}/inputs/", "").replace(f"{root}/", "").replace(str(root), "")

    issues = [
        replace(
            issue,
            message=clean(issue.message) or "",
            file=clean(issue.file),
            value=clean(issue.value),
            accepted=clean(issue.accepted),
            hint=clean(issue.hint),
        )
        for issue in error.issues
    ]
    return type(error)(issues, subject=clean(error.subject) or "input")
