"""Which run is asked for: what decides its numbers, known before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gridtool.errors import InputError, JobFileError
from gridtool.formats.findings import refuse_on_errors
from gridtool.jobs.inputs import find_as_of
from gridtool.jobs.read import check_statements, find_zone, parse_moment, read_settings
from gridtool.jobs.read import resolve_settings as resolve_job
from gridtool.jobs.runs.inputs import FoundInputs, find_inputs
from gridtool.jobs.runs.settings_dump import Overrides, override_settings
from gridtool.jobs.schedule_section import resolve_schedule
from gridtool.jobs.settings import JobSettings
from gridtool.jobs.store.model import RunIdentity

__all__ = ["AskedRun", "ask_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRun:
    """A run as asked for.

    ``deadline_s`` counts from the run's start, None without one; ``workers`` is how many
    processes compute.
    """

    path: Path
    found: FoundInputs
    identity: RunIdentity
    workers: int
    deadline_s: float | None


def ask_run(
    job_file: str | Path,
    *,
    overrides: Overrides | None = None,
    slot: datetime | None = None,
    now: datetime,
    gridtool_version: str,
) -> AskedRun:
    """Read a job file and its inputs' contents, and say which run that is.

    Inputs are taken as known at the time that the overrides state, else the job, else that of
    ``slot``, else that of the latest report. Files that are missing do not end it: the run does,
    or goes on with the last good ones.

    Parameters
    ----------
    slot
        The scheduled instant (aware) that the run is for; None for a run by hand.
    now
        The present (aware).

    Raises
    ------
    JobFileError
        If the job file is refused, whatever its inputs hold.
    """
    settings, path = read_settings(job_file)
    changed = override_settings(settings, overrides or Overrides())
    found = find_inputs(changed, path)
    issues = check_statements(changed, found.network, file=path.name)
    schedule, schedule_issues = resolve_schedule(
        changed.schedule, zone=find_zone(found.network), file=path.name
    )
    refuse_on_errors([*issues, *schedule_issues], error=JobFileError, subject=str(path))
    as_of = _find_as_of(changed, path, found=found, slot=slot, now=now)
    identity = RunIdentity(
        job=changed.job.name,
        slot=None if slot is None else slot.astimezone(UTC),
        as_of=as_of.astimezone(UTC),
        seed=changed.job.seed,
        program_version=gridtool_version,
        network_version=found.network_version,
        settings=found.settings,
        inputs=found.described,
    )
    limit = None if schedule is None else schedule.deadline
    return AskedRun(
        path=path,
        found=found,
        identity=identity,
        workers=changed.forecast.workers,
        deadline_s=None if limit is None else limit.total_seconds(),
    )


def _find_as_of(
    settings: JobSettings,
    path: Path,
    *,
    found: FoundInputs,
    slot: datetime | None,
    now: datetime,
) -> datetime:
    stated, _ = parse_moment(settings.job.as_of, found.network, file=path.name, field="job.as_of")
    if stated is not None or slot is not None:
        return stated or slot or now
    try:
        return find_as_of(replace(resolve_job(settings, path), as_of=None), now=now)
    except InputError:  # the run will say so, and perhaps go on with the last good inputs
        return now.replace(minute=0, second=0, microsecond=0)
