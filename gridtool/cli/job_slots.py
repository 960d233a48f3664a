"""The schedule of a job file, read before its inputs are there, and the slot that is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridtool.cli.job_results import report_due
from gridtool.errors import Issue, JobFileError, StoreError
from gridtool.formats.findings import refuse_on_errors
from gridtool.jobs.due import DueJob, due_jobs
from gridtool.jobs.read import find_network_path, find_zone, read_settings
from gridtool.jobs.schedule_section import resolve_schedule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridtool.jobs.schedule import Schedule
    from gridtool.jobs.settings import JobSettings
    from gridtool.jobs.store.open import StoreAddress
    from gridtool.report.result import Result

__all__ = ["Scheduled", "find_due_slot", "list_due", "read_scheduled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A job file and when it runs; its inputs have not been looked for.

    ``zone`` is that of the schedule, ``network_zone`` that of the network: local times are
    theirs.
    """

    name: str
    path: Path
    settings: JobSettings
    schedule: Schedule | None
    network_zone: ZoneInfo

    @property
    def zone(self) -> ZoneInfo:
        """In which times are shown, and slots without offset are taken."""
        return self.network_zone if self.schedule is None else self.schedule.zone


def read_scheduled(job: str | Path) -> Scheduled:
    """The schedule of a job file.

    Raises
    ------
    JobFileError
        If the file is refused.
    """
    settings, path = read_settings(job)
    network, _ = find_network_path(settings.job.network, path)  # refused when the run is asked for
    zone = find_zone(network)
    schedule, issues = resolve_schedule(settings.schedule, zone=zone, file=path.name)
    refuse_on_errors(issues, error=JobFileError, subject=str(path))
    return Scheduled(
        name=settings.job.name,
        path=path,
        settings=settings,
        schedule=schedule,
        network_zone=zone,
    )


def find_due_slot(
    scheduled: Scheduled, address: StoreAddress, *, now: datetime
) -> tuple[datetime | None, Result | None]:
    """The slot due now; if none is, None and what to say.

    Raises
    ------
    JobFileError
        If the job has no schedule.
    """
    if scheduled.schedule is None:
        raise JobFileError(
            Issue(
                message="has no section [schedule], so that nothing is ever due",
                file=scheduled.path.name,
                hint="add [schedule] with a cron expression, or leave out --due",
            ),
            subject=str(scheduled.path),
        )
    (entry,) = list_due([scheduled], address, now=now)
    if entry.due.slot is None:
        return None, report_due([entry], now=now)
    return entry.due.slot, None


def list_due(
    jobs: Iterable[Scheduled], address: StoreAddress, *, now: datetime
) -> tuple[DueJob, ...]:
    """What is due of ``jobs``; where there is no run history yet, nothing has been run."""
    from gridtool.jobs.store.open import read_store

    try:
        rows = read_store(address).rows
    except StoreError as error:
        if "there is no run history" not in str(error):
            raise
        rows = None
    return due_jobs(jobs, rows, now=now)
