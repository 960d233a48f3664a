"""Whether the jobs said to be under way can be: by crews that exist, are able, and are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean
from gridtool.restoration.model import Crew, RepairJob, StartedWork

__all__ = ["check_started"]


def check_started(
    jobs: Sequence[RepairJob], crews: Iterable[Crew], *, as_of: datetime
) -> list[Issue]:
    """Findings on started jobs: unknown, absent or unfit crews, and crews in two places."""
    by_id = {crew.id: crew for crew in crews}
    under_way: dict[str, RepairJob] = {}
    issues: list[Issue] = []
    for job in jobs:
        work = job.started
        if work is None:
            continue
        crew = by_id.get(work.crew)
        if crew is None:
            hint = did_you_mean(work.crew, by_id)
            issues.append(_issue(f"{job.id}: there is no crew {work.crew}", job, hint=hint))
            continue
        issues += [
            _issue(f"{job.id}: {reason}", job) for reason in _reasons(job, crew, work, as_of=as_of)
        ]
        other = under_way.setdefault(crew.id, job)
        if other is not job:
            message = f"crew {crew.id} is in two places: it has started {other.id} and {job.id}"
            issues.append(_issue(message, job, hint="take out the row of the work that is done"))
    return issues


def _reasons(job: RepairJob, crew: Crew, work: StartedWork, *, as_of: datetime) -> list[str]:
    """Why ``crew`` cannot be at work on ``job``, in words."""
    reasons = []
    begins, ends = crew.available_from, crew.available_to
    lacking = [skill for skill in job.skills if skill not in crew.skills]
    if lacking:
        reasons.append(
            f"crew {crew.id}, which has started it, lacks the skill {', '.join(lacking)}"
        )
    if crew.size < job.crew_size:
        reasons.append(f"crew {crew.id} has {crew.size} people, it takes {job.crew_size}")
    if begins is not None and work.started_at < begins:
        reasons.append(f"crew {crew.id} was not there yet at {work.started_at:%F %H:%M}Z")
    if ends is not None and ends <= as_of:
        reasons.append(f"crew {crew.id} left at {ends:%F %H:%M}Z and cannot finish it")
    return reasons


def _issue(message: str, job: RepairJob, *, hint: str | None = None) -> Issue:
    return Issue(message=message, file="repairs.csv", field="crew", ids=(job.id,), hint=hint)
