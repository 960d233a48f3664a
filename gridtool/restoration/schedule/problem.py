"""Priority orders turned into timetables by list scheduling on typed crews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import Infeasible
from gridtool.restoration.model import RepairJob, Resources
from gridtool.restoration.schedule import arrays
from gridtool.restoration.schedule.arrays import DETOUR, MOST_DAYS
from gridtool.restoration.schedule.kernel import Given, assign_jobs, call_order
from gridtool.restoration.schedule.kernel_calls import call_jobs, execute_samples
from gridtool.restoration.schedule.missing import find_missing
from gridtool.restoration.schedule.shifts import CrewCalendar, make_calendar

__all__ = ["DETOUR", "MOST_DAYS", "ScheduleProblem", "Timetable", "find_missing", "make_problem"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Who does what and when, by job position; hours after the as-of time.

    Attributes
    ----------
    crew : (n,) int
        Crew position; -1 where no crew can do the job.
    start_h, finish_h, travel_h : (n,)
        Start of work on site, end of work, way before it; infinite where it never comes. The
        start of a started job is negative, without a way.
    """

    crew: IntArray
    start_h: FloatArray
    finish_h: FloatArray
    travel_h: FloatArray


@dataclass(frozen=True, kw_only=True)
class ScheduleProblem:
    """Jobs and resources as arrays: n jobs, C crews, S spare types.

    A started job is in all of them as what is left of it: ``expected_h`` is its remaining work,
    it is able to be done by the crew that is at it alone, and waits for nothing.

    Attributes
    ----------
    expected_h : (n,)
        Mean work of each job, crew hours.
    able : (C, n) bool
    travel_h : (C, n + 1, n)
        By origin (row n: the crew's depot) and job.
    need : (n, S) int
    unit_times_h : (S, U)
        When each unit of a spare is there; infinite beyond stock and arrivals.
    spares : (S,) names of the spare types
    release_h : (n,)
        When equipment that has to be made for a job is expected; 0 where there is none.
    before : (n, n) bool
        ``[i, j]``: job i must be finished before job j starts. As declared: not closed under
        transitivity.
    frozen : (n,) int
        The crew that has started a job and stays with it from the as-of time on, -1: none.
    worked_h : (n,)
        Hours it has worked on it until then.
    started_h : (n,)
        When it started, hours after the as-of time (negative); 0 for a job not started.
    """

    jobs: tuple[RepairJob, ...]
    resources: Resources
    as_of: datetime
    zone: ZoneInfo
    days: int
    expected_h: FloatArray
    able: BoolArray
    travel_h: FloatArray
    calendar: CrewCalendar
    spares: tuple[str, ...]
    need: IntArray
    unit_times_h: FloatArray
    release_h: FloatArray
    before: BoolArray
    frozen: IntArray
    worked_h: FloatArray
    started_h: FloatArray

    def schedule(self, order: IntArray, *, work_h: FloatArray | None = None) -> Timetable:
        """The timetable of the priority ``order`` (job positions); by default as expected.

        Of a started job ``work_h`` is the work that is left.
        """
        n = len(self.jobs)
        crew = np.empty(n, dtype=np.int64)
        start, finish, travel, wait = np.empty((4, n))
        work = self.expected_h if work_h is None else work_h
        assign_jobs(order, work, self.given, (crew, start, finish, travel, wait))
        if self._has_started:
            start = np.where(self.frozen < 0, start, self.started_h)
        return Timetable(crew=crew, start_h=start, finish_h=finish, travel_h=travel)

    def call_order(self, order: IntArray) -> IntArray:
        """The order in which the jobs of ``order`` are called: its timetable is the same.

        Started jobs come first; a job that others wait for comes before them.
        """
        return call_order(order, self.given)

    def finish_samples(
        self,
        order: IntArray,
        *,
        work_h: FloatArray,
        release_h: FloatArray | None = None,
        unit_times_h: FloatArray | None = None,
    ) -> FloatArray:
        """Finish hours (m, n) of m executions of the policy, with what is random in each.

        Jobs are called in ``order``. One that would keep its crew waiting for its spares or
        equipment longer than the timetable of ``order`` does is put back, and the next one is
        called first, unless all of them wait: then the one that can start first is.

        Parameters
        ----------
        work_h : (m, n)
        release_h : (m, n), optional
        unit_times_h : (m, S, U), optional
            Sorted along the last axis; by default as announced.
        """
        samples = len(work_h)
        if release_h is None:
            release_h = np.broadcast_to(self.release_h, work_h.shape)
        if unit_times_h is None:
            unit_times_h = np.broadcast_to(self.unit_times_h, (samples, *self.unit_times_h.shape))
        return execute_samples(
            order,
            np.ascontiguousarray(work_h),
            np.ascontiguousarray(release_h),
            np.ascontiguousarray(unit_times_h),
            self.farthest_h,
            self.given,
        )

    def put_back_waiting(self, order: IntArray) -> IntArray:
        """``order`` with jobs put back while a crew would stand idle for what they need.

        That is spares, equipment, and jobs that are done before. So no rule is made to look
        foolish by a crew that waits for a transformer.
        """
        if not (self.need.any() or self.release_h.any() or self.before.any()):
            return order
        called = call_order(order, self.given)
        none = np.zeros((2, len(self.jobs)))
        return call_jobs(called, self.expected_h, none, self.farthest_h, self.given)[0]

    @cached_property
    def _has_started(self) -> bool:
        return bool((self.frozen >= 0).any())

    @cached_property
    def farthest_h(self) -> FloatArray:
        """Longest way of each crew (C,), hours."""
        return np.array([way.max(initial=0.0) for way in self.travel_h], dtype=np.float64)

    @cached_property
    def given(self) -> Given:
        """The problem as compiled code takes it."""
        calendar = self.calendar
        counts = self.before.sum(axis=0)
        return (
            self.expected_h,
            self.able,
            self.travel_h,
            calendar.start_h,
            calendar.end_h,
            calendar.worked_h,
            calendar.count,
            self.need,
            self.unit_times_h,
            self.release_h,
            np.append(0, np.cumsum(counts)).astype(np.int64),
            np.nonzero(self.before.T)[1].astype(np.int64),
            self.frozen,
        )


def make_problem(
    jobs: Sequence[RepairJob],
    resources: Resources,
    *,
    as_of: datetime,
    zone: ZoneInfo,
    horizon_days: int | None = None,
    more_spares: Iterable[str] = (),
) -> ScheduleProblem:
    """Jobs and resources as arrays, after a look at whether every job can be done at all.

    Parameters
    ----------
    more_spares
        Types of spares to tell of beside those that the jobs need.

    Raises
    ------
    Infeasible
        Naming every job that no crew can do, every spare that never comes in number, and jobs
        that wait for each other.
    """
    _raise_if_missing(jobs, resources)
    crews = resources.crews
    spares = sorted({spare for job in jobs for spare in job.spares} | set(more_spares))
    days = horizon_days or arrays.needed_days(jobs, resources, as_of=as_of)
    frozen = arrays.frozen_crews(jobs, crews)
    worked = arrays.worked_hours_before(jobs, crews, as_of=as_of, zone=zone)
    able = arrays.able_crews(jobs, crews, frozen=frozen)
    travel = arrays.travel_hours(jobs, crews)
    need = arrays.spare_needs(jobs, spares)
    return ScheduleProblem(
        jobs=tuple(jobs),
        resources=resources,
        as_of=as_of,
        zone=zone,
        days=days,
        expected_h=arrays.expected_hours(jobs, worked_h=worked),
        able=able,
        travel_h=travel,
        calendar=make_calendar(crews, as_of=as_of, zone=zone, days=days),
        spares=tuple(spares),
        need=need,
        unit_times_h=arrays.unit_times(
            need, arrays.announced_hours(spares, need, resources, as_of=as_of)
        ),
        release_h=arrays.release_hours(jobs),
        before=arrays.before_matrix(jobs),
        frozen=frozen,
        worked_h=worked,
        started_h=arrays.started_hours(jobs, as_of=as_of),
    )


def _raise_if_missing(jobs: Sequence[RepairJob], resources: Resources) -> None:
    missing = find_missing(jobs, resources)
    if missing:
        raise Infeasible(
            f"{len(missing)} repair needs cannot be met: " + "; ".join(missing),
            constraints=missing,
        )
