"""Why each job of a plan stands where it stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.restoration.advice.explain_holds import (
    Hold,
    HoldKind,
    find_holds,
    trace_chain,
    unit_hours,
    worked_between,
)
from gridtool.restoration.advice.explain_problem import PlannedProblem
from gridtool.restoration.model import RestorationPlan, ScheduledJob
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.value.states import StateValues, Switching

__all__ = ["DAY_H", "ChainLink", "JobExplanation", "PlanExplanation", "Waiting", "explain_plan"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DAY_H = 24.0
SMALLEST_MW = 0.05
_TINY_H = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that waits for another one: to be finished, for its crew, or for the next spare."""

    job: str
    kind: HoldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class JobExplanation:
    """Why one job stands where it stands.

    ``place`` is its rank in the crews' priority, from 1. ``worth_mw`` is what the repaired
    network would serve less without it. Where finishing it brings nothing by itself,
    ``with_job`` is the job at whose finish it first makes a difference, of ``with_mw``.

    ``delay_cost_mwh`` is the energy not served more if its work takes as much longer as its
    crew works in a day, everything after it moving by the policy; ``delayed`` counts the other
    jobs that finish later by it, ``end_delay_h`` says by how much the last repair does. All
    energy is plain MWh at the plan's demand.

    ``critical`` tells whether it is on the chain of jobs and waits that ends last,
    ``critical_for`` the districts whose last return hangs on a chain with it.
    """

    entry: ScheduledJob
    place: int
    worth_mw: float
    with_job: str
    with_at: datetime | None
    with_mw: float
    hold: Hold
    held_by_job: str
    held_until: datetime
    waiting: tuple[Waiting, ...]
    delay_cost_mwh: float
    delayed: int
    end_delay_h: float
    critical: bool
    critical_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """A job of a chain, and what it waited for."""

    entry: ScheduledJob
    hold: Hold
    held_by_job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExplanation:
    """The explanations by start, and the chains in order of time.

    ``critical_path`` ends with the last repair, ``district_paths`` (by district id, in order of
    their return) with the one that brings the district back for good.
    """

    jobs: tuple[JobExplanation, ...]
    critical_path: tuple[ChainLink, ...]
    district_paths: dict[str, tuple[ChainLink, ...]]


def explain_plan(
    planned: PlannedProblem, *, only: Collection[str] | None = None
) -> PlanExplanation:
    """Explain the jobs of a plan, or ``only`` those with these ids (the chains in any case)."""
    plan = planned.plan
    found = _Explainer(planned)
    entries = sorted(plan.jobs, key=lambda entry: (entry.start, entry.crew))
    return PlanExplanation(
        jobs=tuple(
            found.explain(entry) for entry in entries if only is None or entry.job.id in only
        ),
        critical_path=tuple(found.link(j) for j in found.critical),
        district_paths={
            district: tuple(found.link(j) for j in chain)
            for district, chain in found.chains.items()
        },
    )


class _Explainer:
    """A plan's timetable with what is known of it. Job positions are those of the plan's order."""

    def __init__(self, planned: PlannedProblem) -> None:
        self.planned = planned
        self.timetable = planned.timetable
        self.holds = find_holds(planned.problem, planned.order, self.timetable)
        self.critical = _critical_chain(self.holds, self.timetable)
        self.chains = _district_chains(planned.plan, self.holds, self.timetable)

    @cached_property
    def stages(self) -> _Stages:
        return _Stages(self.timetable, self.planned.plain, self.planned.switchings)

    @cached_property
    def base_mwh(self) -> float:
        return self.energy_mwh(self.timetable)

    def energy_mwh(self, timetable: Timetable) -> float:
        return self.planned.plain.energy_not_served(timetable, switchings=self.planned.switchings)

    def link(self, j: int) -> ChainLink:
        plan, hold = self.planned.plan, self.holds[j]
        return ChainLink(entry=plan.jobs[j], hold=hold, held_by_job=self.name(hold.job))

    def name(self, j: int) -> str:
        return self.planned.plan.order[j] if j >= 0 else ""

    def explain(self, entry: ScheduledJob) -> JobExplanation:
        plan, problem, order = self.planned.plan, self.planned.problem, self.planned.order
        j = plan.order.index(entry.job.id)
        with_job, with_mw = self.stages.find_company(j, gain_mw=entry.served_gain_mw)
        later = _delay_by_a_day(problem, order, self.timetable, j)
        hold = self.holds[j]
        return JobExplanation(
            entry=entry,
            place=j + 1,
            worth_mw=self.stages.worth_mw(j, len(self.stages.masks) - 1),
            with_job=self.name(with_job),
            with_at=_moment(plan, self.timetable.finish_h[with_job]) if with_job >= 0 else None,
            with_mw=with_mw,
            hold=hold,
            held_by_job=self.name(hold.job),
            held_until=_moment(plan, hold.until_h),
            waiting=_find_waiting(problem, order, self.holds, j),
            delay_cost_mwh=self.energy_mwh(later) - self.base_mwh + 0.0,
            delayed=_count_later(self.timetable, later, but=j),
            end_delay_h=float(later.finish_h.max() - self.timetable.finish_h.max()),
            critical=j in self.critical,
            critical_for=tuple(d for d, chain in self.chains.items() if j in chain),
        )


class _Stages:
    """The states a timetable passes through, and what a job is worth in each."""

    def __init__(
        self, timetable: Timetable, values: StateValues, switchings: Sequence[Switching]
    ) -> None:
        self.values = values
        self.finished = np.argsort(timetable.finish_h, kind="stable").tolist()
        self.masks: list[int] = []
        mask = 0
        for j in self.finished:
            mask |= 1 << j
            self.masks.append(mask | _placed(switchings, float(timetable.finish_h[j])))

    def worth_mw(self, j: int, stage: int) -> float:
        """Load that stage ``stage`` would not serve without job ``j``, MW."""
        mask = self.masks[stage]
        return self.values.served_mw(mask) - self.values.served_mw(mask & ~(1 << j)) + 0.0

    def find_company(self, j: int, *, gain_mw: float) -> tuple[int, float]:
        """The job with which ``j`` first makes a difference, and how much; -1 for none.

        By bisection between the stage where it makes none and the last: the stage found has a
        difference that the one before it has not.
        """
        first, last = self.finished.index(j), len(self.finished) - 1
        if gain_mw > SMALLEST_MW or self.worth_mw(j, last) <= SMALLEST_MW:
            return -1, 0.0
        while last - first > 1:
            middle = (first + last) // 2
            if self.worth_mw(j, middle) > SMALLEST_MW:
                last = middle
            else:
                first = middle
        return self.finished[last], self.worth_mw(j, last)


def _placed(switchings: Sequence[Switching], hour: float) -> int:
    """Bits of the mobile units that give at ``hour``."""
    mask = 0
    for moment, on, off in sorted(switchings, key=lambda event: event[0]):
        if moment <= hour + _TINY_H:
            mask = (mask & ~off) | on
    return mask


def _delay_by_a_day(
    problem: ScheduleProblem, order: IntArray, timetable: Timetable, j: int
) -> Timetable:
    """The timetable if job ``j`` takes as much longer as its crew works in a day."""
    crew, finish = int(timetable.crew[j]), float(timetable.finish_h[j])
    extra_h = worked_between(problem.calendar, crew, finish, finish + DAY_H)
    if extra_h <= _TINY_H:  # the crew goes home for good then: what it works in a full day
        extra_h = min(problem.resources.crews[crew].shift_h, DAY_H)
    work_h = problem.expected_h.copy()
    work_h[j] += extra_h
    return problem.schedule(order, work_h=work_h)


def _count_later(timetable: Timetable, later: Timetable, *, but: int) -> int:
    moved = later.finish_h > timetable.finish_h + 1 / 60
    moved[but] = False
    return int(moved.sum())


def _find_waiting(
    problem: ScheduleProblem, order: IntArray, holds: Sequence[Hold], j: int
) -> tuple[Waiting, ...]:
    """What waits for ``j``: jobs it must come before, its crew's next, the next for its spare."""
    jobs = problem.jobs
    found = [
        Waiting(job=jobs[i].id, kind=HoldKind.PREDECESSOR)
        for i in np.flatnonzero(problem.before[j]).tolist()
    ]
    known = {waiting.job for waiting in found}
    found += [
        Waiting(job=jobs[i].id, kind=HoldKind.CREW)
        for i, hold in enumerate(holds)
        if hold.kind is HoldKind.CREW and hold.job == j and jobs[i].id not in known
    ]
    units = unit_hours(problem, order)
    place = {job: rank for rank, job in enumerate(problem.call_order(order).tolist())}
    for spare in sorted(set(jobs[j].spares)):
        held = [
            i
            for i, hold in enumerate(holds)
            if hold.kind is HoldKind.SPARE and hold.name == spare and place[i] > place[j]
        ]
        held = [i for i in held if units[i][0] > units[j][0]]
        found += [
            Waiting(job=jobs[i].id, kind=HoldKind.SPARE)
            for i in sorted(held, key=place.__getitem__)[:1]
        ]
    return tuple(found)


def _critical_chain(holds: Sequence[Hold], timetable: Timetable) -> tuple[int, ...]:
    if not len(holds):
        return ()
    return trace_chain(holds, int(np.argmax(timetable.finish_h)))


def _district_chains(
    plan: RestorationPlan, holds: Sequence[Hold], timetable: Timetable
) -> dict[str, tuple[int, ...]]:
    """By district, the chain that ends with the repair that brings it back for good.

    Districts that a mobile unit brings back, or no repair does, have none.
    """
    etr = plan.etr[(plan.etr["level"] == "district") & plan.etr["etr"].notna()]
    finish = [_moment(plan, hour) for hour in timetable.finish_h]
    chains = {}
    for district, back in zip(etr["id"], etr["etr"], strict=True):
        ending = [j for j, moment in enumerate(finish) if moment == back.to_pydatetime()]
        if ending:
            chains[str(district)] = trace_chain(holds, ending[0])
    return chains


def _moment(plan: RestorationPlan, hours: float) -> datetime:
    seconds = round(float(hours) * 3600) if np.isfinite(hours) else 0
    return plan.state.as_of + timedelta(seconds=seconds)
