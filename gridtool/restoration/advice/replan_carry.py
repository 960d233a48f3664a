"""What has happened of an earlier plan: jobs under way, where crews are, repairs not reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gridtool.damage.model import GridState
from gridtool.errors import InputError, Issue
from gridtool.restoration.advice.read_previous import SUBJECT, PreviousJob, PreviousPlan
from gridtool.restoration.model import (
    Crew,
    DeclaredRepair,
    PlanConfig,
    RepairJob,
    Resources,
    StartedWork,
)
from gridtool.restoration.work.jobs import asset_place, make_jobs
from gridtool.restoration.work.started import check_started

__all__ = ["CarriedOver", "carry_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOver:
    """The resources as the earlier plan left them, and the jobs there are now.

    Attributes
    ----------
    resources
        With the work that has been started, and crews where their last finished job was.
    jobs
        The jobs of the state, by id.
    started
        Ids of those taken as under way because the earlier plan says so.
    notes
        Warnings: what is assumed where plan and damage reports contradict each other.
    """

    resources: Resources
    jobs: Mapping[str, RepairJob]
    started: frozenset[str]
    notes: tuple[Issue, ...]


def carry_over(
    state: GridState, resources: Resources, previous: PreviousPlan, *, config: PlanConfig
) -> CarriedOver:
    """What the plan ``previous`` says of the crews and jobs as of the state's time.

    A job that had started by then is kept with its crew. One that should be finished but is
    still reported damaged is taken as still under way, unless its crew has gone on to another
    job: then it is planned anew. Both are told in a warning.

    Raises
    ------
    InputError
        If the plan is of a later time than the state.
    """
    if previous.as_of > state.as_of:
        raise InputError(
            Issue(
                message=f"the plan is of a later time ({previous.as_of:%F %H:%M}Z) than what is "
                f"to be planned now ({state.as_of:%F %H:%M}Z)",
                field="as_of",
                hint="give the plan made before, or a later --as-of",
            ),
            subject=SUBJECT,
        )
    jobs = {job.id: job for job in make_jobs(state, resources, durations=config.durations)}
    by_crew = _under_way(state, previous, jobs)
    issues = _overdue_issues(state, previous, by_crew, jobs)
    started = {}
    for entry in by_crew.values():
        job = jobs[entry.id]
        work = StartedWork(crew=entry.crew, started_at=entry.start)
        wrong = check_started([replace(job, started=work)], resources.crews, as_of=state.as_of)
        if wrong:
            issues.append(_lost_crew(entry, wrong))
        else:
            started[entry.id] = work
    return CarriedOver(
        resources=replace(
            resources,
            crews=tuple(_relocate(crew, state, previous) for crew in resources.crews),
            repairs=_declare(resources.repairs, jobs, started),
        ),
        jobs=jobs,
        started=frozenset(started),
        notes=tuple(issues),
    )


def _under_way(
    state: GridState, previous: PreviousPlan, jobs: Mapping[str, RepairJob]
) -> dict[str, PreviousJob]:
    """By crew, the job it started last, if that is still to be done.

    Work that the reports themselves tell of comes first; damage since the start voids it. A job
    that waits for one not finished cannot have started: its crew is still at the one before.
    """
    declared = {job.started.crew for job in jobs.values() if job.started}
    last: dict[str, PreviousJob] = {}
    for entry in sorted(previous.jobs, key=lambda entry: (entry.start, entry.finish)):
        waits = entry.id in jobs and any(other in jobs for other in jobs[entry.id].after)
        if entry.start < state.as_of and not waits:
            last[entry.crew] = entry
    return {
        crew: entry
        for crew, entry in last.items()
        if entry.id in jobs
        and crew not in declared
        and jobs[entry.id].started is None
        and state.damage[entry.asset].occurred_at <= entry.start
    }


def _overdue_issues(
    state: GridState,
    previous: PreviousPlan,
    under_way: Mapping[str, PreviousJob],
    jobs: Mapping[str, RepairJob],
) -> list[Issue]:
    """A warning that names the jobs finished by the plan but still reported damaged."""
    overdue = [
        entry
        for entry in previous.jobs
        if entry.finish <= state.as_of
        and entry.id in jobs
        and state.damage[entry.asset].occurred_at <= entry.finish
    ]
    if not overdue:
        return []
    going = {entry.id for entry in under_way.values()}
    words = [
        f"{entry.id} ({'taken as still under way' if entry.id in going else 'planned anew'})"
        for entry in overdue
    ]
    return [
        Issue(
            message="finished by the previous plan but still reported damaged: " + ", ".join(words),
            ids=tuple(entry.id for entry in overdue),
            hint="report what is repaired (damage state none)",
            severity="warning",
        )
    ]


def _lost_crew(entry: PreviousJob, wrong: Sequence[Issue]) -> Issue:
    reasons = "; ".join(issue.message for issue in wrong)
    return Issue(
        message=f"{entry.id} was started by {entry.crew}, but is planned anew: {reasons}",
        ids=(entry.id,),
        severity="warning",
    )


def _declare(
    repairs: Sequence[DeclaredRepair],
    jobs: Mapping[str, RepairJob],
    started: Mapping[str, StartedWork],
) -> tuple[DeclaredRepair, ...]:
    """``repairs`` with the work that has been started."""
    by_stage = {(jobs[key].asset, jobs[key].stage): work for key, work in started.items()}
    kept = []
    for repair in repairs:
        work = by_stage.pop((repair.asset, repair.stage), None)
        kept.append(replace(repair, started=work) if work else repair)
    kept += [
        DeclaredRepair(asset=asset, stage=stage, started=work)
        for (asset, stage), work in by_stage.items()
    ]
    return tuple(kept)


def _relocate(crew: Crew, state: GridState, previous: PreviousPlan) -> Crew:
    """``crew`` where its last finished job was; at its depot if it has finished none."""
    done = [
        entry for entry in previous.jobs if entry.crew == crew.id and entry.finish <= state.as_of
    ]
    if not done:
        return crew
    last = max(done, key=lambda entry: (entry.finish, entry.order))
    x_km, y_km = asset_place(state.network, last.asset)
    return replace(crew, x_km=x_km, y_km=y_km)
