"""What ``gridtool job run`` does: wait, run under supervision, tell, print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtool import __version__
from gridtool.cli.compiled import tell_of_forecast
from gridtool.cli.exits import ExitCode
from gridtool.cli.failures import describe_error
from gridtool.cli.job_options import Bars, find_store
from gridtool.cli.job_results import report_dry_run, report_outcome
from gridtool.cli.job_slots import Scheduled, find_due_slot, read_scheduled
from gridtool.cli.options import OutputOptions
from gridtool.cli.output import emit, note
from gridtool.cli.state import resolve_as_of
from gridtool.cli.stopping import watch_signals
from gridtool.errors import GridtoolError
from gridtool.formats.publish import publish_folder
from gridtool.jobs.clock import read_clock
from gridtool.jobs.logs import bind_run, make_run_id, say, setup_logs
from gridtool.jobs.logs_outcome import list_warnings, log_outcome
from gridtool.jobs.logs_stages import LoggedStages
from gridtool.jobs.metrics import write_metrics
from gridtool.jobs.notify import Targets, note_deliveries, notify, resolve_targets
from gridtool.jobs.notify_payload import Notice, notice_of_refusal, notice_of_run
from gridtool.jobs.runs.compute import compute_chain
from gridtool.jobs.runs.dry_run import plan_run
from gridtool.jobs.runs.execute import execute_run
from gridtool.jobs.runs.options import RunTools, RunWish
from gridtool.jobs.runs.published import read_all
from gridtool.jobs.runs.supervise import supervised
from gridtool.jobs.scoring.drift import drift_words
from gridtool.jobs.wait_inputs import wait_for_inputs
from gridtool.report.result import Result

if TYPE_CHECKING:
    from gridtool.jobs.runs.model import RunOutcome
    from gridtool.jobs.runs.settings_dump import Overrides
    from gridtool.jobs.store.model import RunRecord
    from gridtool.jobs.store.open import Store, StoreAddress

__all__ = ["Asked", "dry_run_job", "run_scheduled"]

QUICK_S, PATIENT_S = 0.8, 60.0
"""For notifications: after a signal, which leaves two seconds in all, and else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says; hook, webhook and store are kept out of its text."""

    job: str
    due: bool
    slot: str | None
    as_of: str | None
    force: bool
    overrides: Overrides
    deadline_s: float | None
    hook: str | None
    webhook: str | None
    metrics: Path | None
    store: str | None

    def __repr__(self) -> str:
        return f"Asked(job={self.job!r})"


def dry_run_job(asked: Asked, output: OutputOptions) -> None:
    """Say what the run would be; nothing is written."""
    address = find_store(asked.store)
    scheduled = read_scheduled(asked.job)
    slot, idle = _choose_slot(asked, scheduled, address)
    if idle is not None:
        emit(idle, output)
        return
    wish = _wish(asked, scheduled, slot=slot, output=output)
    tools = RunTools(chain=compute_chain, gridtool_version=__version__)
    planned = plan_run(scheduled.path, address, wish=wish, tools=tools)
    emit(report_dry_run(planned, zone=scheduled.zone), replace(output, fail_on=()))


def run_scheduled(asked: Asked, output: OutputOptions, *, json_logs: bool) -> None:
    """Run the job, tell who wants to be told, print, exit with the run's code."""
    address = find_store(asked.store)
    targets = resolve_targets(hook=asked.hook, webhook=asked.webhook)
    run_id = make_run_id(read_clock())
    with bind_run(run_id, job=asked.job), _logs(output, json_logs=json_logs):
        told = _Told(asked, address=address, targets=targets, run_id=run_id)
        try:
            scheduled = read_scheduled(asked.job)
            slot, idle = _choose_slot(asked, scheduled, address)
            if idle is not None:
                emit(idle, replace(output, out=None))  # what was published there stays
                return
            with bind_run(run_id, job=scheduled.name):
                outcome = _run(asked, output, scheduled=scheduled, slot=slot, told=told)
        except GridtoolError as error:
            told.tell_refusal(error)
            raise
        _print(outcome, output, scheduled=scheduled, json_logs=json_logs)


def _run(
    asked: Asked,
    output: OutputOptions,
    *,
    scheduled: Scheduled,
    slot: datetime | None,
    told: _Told,
) -> RunOutcome:
    if scheduled.settings.demand is not None:
        tell_of_forecast(output)
    bars = Bars(output)
    events = LoggedStages(bars)
    with watch_signals() as request:
        late = _wait(scheduled, slot, stop=lambda: request.signal_number)
        wish = _wish(asked, scheduled, slot=slot, output=output)
        tools = RunTools(
            chain=supervised(compute_chain),
            gridtool_version=__version__,
            stop=lambda: request.signal_number,
            events=events,
            remark=drift_words,
            after=_after(asked.metrics),
        )
        try:
            outcome = execute_run(
                scheduled.path,
                told.address,
                wish=replace(wish, remarks=late, run_id=told.run_id),
                tools=tools,
            )
        finally:
            events.end()
            bars.end()
        told.tell_outcome(outcome, stop=lambda: request.signal_number)
    return outcome


def _wait(
    scheduled: Scheduled, slot: datetime | None, *, stop: Callable[[], int]
) -> tuple[str, ...]:
    """Wait for inputs that are late; what did not come, in words."""
    if slot is None or scheduled.schedule is None:
        return ()
    waited = wait_for_inputs(
        scheduled.path,
        scheduled.settings,
        scheduled.schedule,
        slot=slot,
        now=read_clock(),
        told=say,
        stop=stop,
    )
    if waited.signal_number:
        raise click.exceptions.Exit(128 + waited.signal_number)
    return waited.late


def _choose_slot(
    asked: Asked, scheduled: Scheduled, address: StoreAddress
) -> tuple[datetime | None, Result | None]:
    """The slot to run for; with ``--due`` and none due, what to say instead."""
    if asked.due:
        return find_due_slot(scheduled, address, now=read_clock())
    return resolve_as_of(asked.slot, scheduled.zone, option="--slot"), None


def _wish(
    asked: Asked, scheduled: Scheduled, *, slot: datetime | None, output: OutputOptions
) -> RunWish:
    as_of = resolve_as_of(asked.as_of, scheduled.network_zone)
    return RunWish(
        overrides=replace(asked.overrides, as_of=as_of),
        slot=slot,
        force=asked.force,
        fail_on=output.fail_on,
        strict=output.strict,
        deadline_s=asked.deadline_s,
    )


def _after(metrics: Path | None) -> Callable[[Store, RunRecord], tuple[str, ...]]:
    def write(store: Store, _run: RunRecord) -> tuple[str, ...]:
        words = "" if metrics is None else write_metrics(metrics, store.rows)
        return (words,) if words else ()

    return write


class _Told:
    """Who is told how the run ended, and that they were."""

    def __init__(
        self, asked: Asked, *, address: StoreAddress, targets: Targets, run_id: str
    ) -> None:
        self._job, self._targets = asked.job, targets
        self.address, self.run_id = address, run_id

    def tell_outcome(self, outcome: RunOutcome, *, stop: Callable[[], int]) -> None:
        """Tell of a run that ended; of one that had been done before there is nothing to tell."""
        log_outcome(outcome)
        if outcome.repeated or outcome.record is None:
            return
        notice = notice_of_run(
            outcome.record,
            gridtool_version=__version__,
            crossed=outcome.crossed,
            warnings=list_warnings(outcome),
            folder=outcome.folder,
        )
        if outcome.record.state == "interrupted":  # the signal has been heeded: this is quick
            self._tell(notice, record=outcome.record, budget_s=QUICK_S)
        else:
            self._tell(notice, record=outcome.record, budget_s=PATIENT_S, stop=stop)

    def tell_refusal(self, error: GridtoolError) -> None:
        """Tell of a run that could not begin."""
        notice = notice_of_refusal(
            job=self._job,
            run_id=self.run_id,
            message=describe_error(error),
            exit_code=int(error.exit_code),
            now=read_clock(),
            gridtool_version=__version__,
        )
        self._tell(notice, record=None, budget_s=PATIENT_S)

    def _tell(
        self,
        notice: Notice,
        *,
        record: RunRecord | None,
        budget_s: float,
        stop: Callable[[], int] = lambda: 0,
    ) -> None:
        deliveries = notify(notice, self._targets, budget_s=budget_s, stop=stop)
        for delivery in deliveries:
            say(delivery.words, level="info" if delivery.delivered else "warning")
        if record is not None:
            words = note_deliveries(self.address, record, deliveries, now=read_clock())
            if words:
                say(words, level="warning")


def _print(
    outcome: RunOutcome, output: OutputOptions, *, scheduled: Scheduled, json_logs: bool
) -> None:
    """Print how it ended, and exit with the run's own code; the log has said what was wrong."""
    if outcome.error is not None:
        raise outcome.error
    quiet = replace(output, quiet=output.quiet or json_logs)
    if not json_logs:
        for text in outcome.crossed:
            click.echo(f"threshold crossed: {text}", err=True)
        if outcome.exit_code == ExitCode.USAGE:
            click.echo(f"error: {outcome.message}", err=True)
    if outcome.folder is not None:
        note(f"published in {outcome.folder}", quiet)
        if output.out is not None:
            publish_folder(output.out, read_all(outcome.folder))
            note(f"copied to {output.out}", quiet)
    result = report_outcome(outcome, zone=scheduled.zone)
    emit(result, replace(quiet, fail_on=(), strict=False, out=None), told=True)
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


@contextmanager
def _logs(output: OutputOptions, *, json_logs: bool) -> Iterator[None]:
    """Log lines on stderr; on a terminal with bars only what is wrong, unless asked for."""
    watched = sys.stderr.isatty() and not json_logs
    level = "error" if output.quiet else "debug" if output.verbose > 1 else "info"
    if watched and level == "info" and not output.verbose:
        level = "warning"
    with setup_logs("json" if json_logs else "text", level=level):  # type: ignore[arg-type]
        try:
            yield
        except GridtoolError as error:
            if not json_logs:
                raise
            say(describe_error(error), level="error", exit_code=int(error.exit_code))
            raise SystemExit(int(error.exit_code)) from None
