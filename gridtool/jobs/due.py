"""Which jobs are due: slots missed and not run, each job's caught up once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from gridtool.errors import Issue, JobFileError
from gridtool.formats.findings import refuse_on_errors
from gridtool.jobs.schedule import Due, Schedule, find_due
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.runs import RunRows

__all__ = ["DueJob", "Scheduled", "describe_due", "due_jobs"]

_LOOKED_AT = 50
"""Of the newest runs that failed: so many are looked through for those of the slot due."""


class Scheduled(Protocol):
    """What a job is asked for here."""

    @property
    def name(self) -> str:
        """By which its runs are found."""
        ...

    @property
    def path(self) -> Path:
        """Of its file."""
        ...

    @property
    def schedule(self) -> Schedule | None:
        """None for a job that is run by hand only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """What is to be done for a job now.

    Attributes
    ----------
    job, schedule
        The job, and when it runs.
    due
        The slot to run now, and those it stands for.
    last
        The last slot (aware UTC) for which a run is done, full or on a fallback; None for none.
    attempts
        Runs for the slot due that failed or were interrupted: it stays due until one is done, as
        long as the grace lasts.
    running
        When the run began that is said to be running, None if there is none. It may have died:
        the next run settles that.
    ahead
        How far the last slot is ahead of the clock, which must have been set back; else 0.
    """

    job: Scheduled
    schedule: Schedule
    due: Due
    last: datetime | None
    attempts: int = 0
    running: datetime | None = None
    ahead: timedelta = timedelta(0)


def due_jobs(
    jobs: Iterable[Scheduled], rows: RunRows | None, *, now: datetime
) -> tuple[DueJob, ...]:
    """What is due at ``now`` (aware) of each of ``jobs`` that has a schedule, in their order.

    Parameters
    ----------
    rows
        Of the run history; None where there is none yet.

    Raises
    ------
    JobFileError
        If two of the jobs have the same name: their runs could not be told apart.
    StoreError
        If the run history cannot be read.
    """
    listed = list(jobs)
    refuse_on_errors(_find_same(listed), error=JobFileError, subject="the list of jobs")
    return tuple(
        _look_at(job, job.schedule, rows, now=now) for job in listed if job.schedule is not None
    )


def describe_due(entry: DueJob, *, now: datetime) -> str:
    """What is due, why, and what follows, in one sentence or two."""
    due, zone = entry.due, entry.schedule.zone
    parts = []
    if due.slot is None:
        parts.append("nothing is due")
    else:
        parts.append(f"the slot {_show(due.slot, zone)} is due, {_late(now - due.slot)}")
        if due.covered:
            parts.append(f"it stands for {_slots(len(due.covered))} missed before it")
        if entry.attempts:
            parts.append(f"{entry.attempts} run{_s(entry.attempts)} for it did not end well")
    if due.expired:
        parts.append(f"{_slots(len(due.expired))} missed for longer than the grace")
    if entry.running is not None:
        parts.append(f"a run began at {_show(entry.running, zone)}")
    if entry.ahead:
        parts.append(f"the clock is {_span(entry.ahead)} behind the last slot that was run")
    following = "none" if due.following is None else _show(due.following, zone)
    return f"{'; '.join(parts)}. Next slot: {following}."


def _look_at(job: Scheduled, schedule: Schedule, rows: RunRows | None, *, now: datetime) -> DueJob:
    last = None if rows is None else rows.last_slot(job.name)
    due = find_due(schedule, last=last, now=now)
    bad: tuple[RunRecord, ...] = ()
    running: tuple[RunRecord, ...] = ()
    if rows is not None:
        running = rows.list_runs(job=job.name, states=("running",), limit=1)
        if due.slot is not None:
            bad = rows.list_runs(job=job.name, states=("failed", "interrupted"), limit=_LOOKED_AT)
    return DueJob(
        job=job,
        schedule=schedule,
        due=due,
        last=last,
        attempts=sum(run.slot == due.slot for run in bad),
        running=running[0].started_at if running else None,
        ahead=max(last - now, timedelta(0)) if last is not None else timedelta(0),
    )


def _find_same(jobs: list[Scheduled]) -> list[Issue]:
    count = Counter(job.name for job in jobs)
    return [
        Issue(
            message="another job has the same name",
            file=job.path.name,
            field="job.name",
            value=job.name,
            hint="runs are kept by the name of their job: give each its own",
        )
        for job in jobs
        if count[job.name] > 1
    ]


def _show(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _late(span: timedelta) -> str:
    return "since just now" if span < timedelta(minutes=1) else f"since {_span(span)}"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _slots(count: int) -> str:
    return f"{count} slot{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
