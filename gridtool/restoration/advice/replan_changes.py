"""What a new plan changes of the earlier one, and why, job by job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gridtool.restoration.advice.explain_holds import Hold, HoldKind, find_holds
from gridtool.restoration.advice.explain_problem import PlannedProblem
from gridtool.restoration.advice.read_previous import PreviousJob
from gridtool.restoration.advice.replan import LATER_H, Replanned
from gridtool.restoration.model import ScheduledJob

__all__ = ["ChangeKind", "PlanChange", "find_changes"]


class ChangeKind(StrEnum):
    """What has become of a job."""

    NEW = "new"
    MOVED = "moved"
    OTHER_CREW = "other crew"
    LATER = "later"
    EARLIER = "earlier"
    UNDER_WAY = "under way"
    DONE = "done"
    AS_PLANNED = "as planned"

    @property
    def is_change(self) -> bool:
        """Whether somebody has to be told."""
        return self not in {ChangeKind.UNDER_WAY, ChangeKind.DONE, ChangeKind.AS_PLANNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """A job before and after; times are starts (UTC), None and empty where there was none."""

    job: str
    kind: ChangeKind
    crew_before: str
    start_before: datetime | None
    crew: str
    start: datetime | None
    why: str


def find_changes(result: Replanned, planned: PlannedProblem) -> tuple[PlanChange, ...]:
    """Every job of the two plans: by its new start, those that are done first.

    Parameters
    ----------
    planned
        The problem behind the new plan.
    """
    return _Comparison(result, planned).list_changes()


class _Comparison:
    """The two plans side by side. Positions are those of the new plan's order."""

    def __init__(self, result: Replanned, planned: PlannedProblem) -> None:
        self.result = result
        self.plan = result.plan
        self.holds = find_holds(planned.problem, planned.order, planned.timetable)
        self.before = {entry.id: entry for entry in result.previous.jobs}
        self.moves = dict(result.kept.moves)
        self.crews = {crew.id for crew in result.plan.resources.crews}
        self.kinds = [self._kind(entry) for entry in self.plan.jobs]

    def list_changes(self) -> tuple[PlanChange, ...]:
        present = {entry.job.id for entry in self.plan.jobs}
        done = [_done(entry) for entry in self.result.previous.jobs if entry.id not in present]
        rows = sorted(
            range(len(self.plan.jobs)),
            key=lambda j: (self.plan.jobs[j].start, self.plan.jobs[j].crew),
        )
        return (*done, *(self._describe(j) for j in rows))

    def _kind(self, entry: ScheduledJob) -> ChangeKind:
        before = self.before.get(entry.job.id)
        kept = self.result.kept
        if before is None:
            return ChangeKind.NEW
        if entry.job.started is not None:
            return ChangeKind.UNDER_WAY
        if entry.job.id in self.moves or entry.job.id in kept.put_back:
            return ChangeKind.MOVED
        if entry.crew != before.crew:
            return ChangeKind.OTHER_CREW
        hours = (entry.start - before.start) / timedelta(hours=1)
        if abs(hours) <= LATER_H:
            return ChangeKind.AS_PLANNED
        return ChangeKind.LATER if hours > 0 else ChangeKind.EARLIER

    def _describe(self, j: int) -> PlanChange:
        entry = self.plan.jobs[j]
        before = self.before.get(entry.job.id)
        return PlanChange(
            job=entry.job.id,
            kind=self.kinds[j],
            crew_before=before.crew if before else "",
            start_before=before.start if before else None,
            crew=entry.crew,
            start=entry.start,
            why=self._why(j),
        )

    def _why(self, j: int) -> str:
        entry, kind = self.plan.jobs[j], self.kinds[j]
        words = {
            ChangeKind.NEW: "new damage",
            ChangeKind.UNDER_WAY: "stays with its crew",
            ChangeKind.AS_PLANNED: "",
        }
        if kind in words:
            return words[kind]
        if kind is ChangeKind.MOVED:
            return self._move_words(j)
        if kind is ChangeKind.OTHER_CREW:
            crew = self.before[entry.job.id].crew
            if crew not in self.crews:
                return f"{crew} is no longer there"
            return f"{entry.crew} finishes it sooner than {crew} now"
        return self._root(j)

    def _move_words(self, j: int) -> str:
        job_id = self.plan.order[j]
        if job_id in self.result.kept.put_back:
            return f"put back: {self._wait_words(self.holds[j])}"
        saved = self.moves[job_id]
        return f"saves {saved:.0f} MWh" if saved > 0 else "pays together with other moves"

    def _root(self, j: int) -> str:
        """The first cause on the chain of waits that leads to job ``j``."""
        hold = self.holds[j]
        while hold.job >= 0:
            earlier = hold.job
            name, kind = self.plan.order[earlier], self.kinds[earlier]
            if kind is ChangeKind.NEW:
                return f"after {name}, which is new"
            if kind is ChangeKind.MOVED:
                return f"after {name}, which is moved"
            if kind is ChangeKind.UNDER_WAY:
                finish, planned = self.plan.jobs[earlier].finish, self.before[name].finish
                late = (finish - planned) / timedelta(hours=1)
                return f"{name} takes {abs(late):.0f} h {'longer' if late > 0 else 'less'}"
            if kind is ChangeKind.OTHER_CREW:
                return f"after {name}, which has another crew"
            if kind is ChangeKind.AS_PLANNED:
                return f"after {name}"
            hold = self.holds[earlier]
        return self._wait_words(hold)

    def _wait_words(self, hold: Hold) -> str:
        moment = self.plan.state.as_of + timedelta(hours=hold.until_h)
        match hold.kind:
            case HoldKind.SPARE:
                return f"the spare {hold.name} comes {moment:%F %H:%M}Z"
            case HoldKind.EQUIPMENT:
                return f"made equipment comes {moment:%F %H:%M}Z"
            case _:
                return f"{hold.name} can be there then"


def _done(entry: PreviousJob) -> PlanChange:
    return PlanChange(
        job=entry.id,
        kind=ChangeKind.DONE,
        crew_before=entry.crew,
        start_before=entry.start,
        crew="",
        start=None,
        why="no longer reported damaged",
    )
