"""Priority orders turned into timetables by list scheduling on typed crews."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import Infeasible
from gridtool.restoration.kernel import Given, assign_jobs, assign_samples, put_back_waiting
from gridtool.restoration.model import RepairJob, Resources
from gridtool.restoration.shifts import CrewCalendar, make_calendar

__all__ = ["DETOUR", "MOST_DAYS", "ScheduleProblem", "Timetable", "find_missing", "make_problem"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DETOUR = 1.3
"""Length of the way by road over the straight line."""

MOST_DAYS = 20 * 366
"""Longest calendar of the crews, days."""


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Who does what and when, by job position; hours after the as-of time.

    Attributes
    ----------
    crew : (n,) int
        Crew position; -1 where no crew can do the job.
    start_h, finish_h, travel_h : (n,)
        Start of work on site, end of work, way before it; infinite where it never comes.
    """

    crew: IntArray
    start_h: FloatArray
    finish_h: FloatArray
    travel_h: FloatArray


@dataclass(frozen=True, kw_only=True)
class ScheduleProblem:
    """Jobs and resources as arrays: n jobs, C crews, S spare types.

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
    need: IntArray
    unit_times_h: FloatArray

    def schedule(self, order: IntArray, *, work_h: FloatArray | None = None) -> Timetable:
        """The timetable of the priority ``order`` (job positions); by default as expected."""
        n = len(self.jobs)
        crew = np.full(n, -1, dtype=np.int64)
        start, finish, travel = np.empty(n), np.empty(n), np.empty(n)
        work = self.expected_h if work_h is None else work_h
        assign_jobs(order, work, self._given, (crew, start, finish, travel))
        return Timetable(crew=crew, start_h=start, finish_h=finish, travel_h=travel)

    def finish_samples(self, order: IntArray, *, work_h: FloatArray) -> FloatArray:
        """Finish hours (samples, n) of the policy for the work of each sample (samples, n)."""
        return assign_samples(order, work_h, self._given)

    def put_back_waiting(self, order: IntArray) -> IntArray:
        """``order`` with jobs put back while a crew would stand idle for their spares.

        So no rule is made to look foolish by a crew that waits for a transformer.
        """
        return put_back_waiting(order, self._given) if self.need.any() else order

    @property
    def _given(self) -> Given:
        calendar = self.calendar
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
        )


def make_problem(
    jobs: Sequence[RepairJob],
    resources: Resources,
    *,
    as_of: datetime,
    zone: ZoneInfo,
    horizon_days: int | None = None,
) -> ScheduleProblem:
    """Jobs and resources as arrays, after a look at whether every job can be done at all.

    Raises
    ------
    Infeasible
        Naming every job that no crew can do, and every spare that never comes in number.
    """
    missing = find_missing(jobs, resources)
    if missing:
        raise Infeasible(
            f"{len(missing)} repair needs cannot be met: " + "; ".join(missing),
            constraints=missing,
        )
    expected = np.array([job.duration.mean_h for job in jobs], dtype=np.float64)
    spares = sorted({spare for job in jobs for spare in job.spares})
    days = horizon_days or _needed_days(jobs, resources, as_of=as_of)
    return ScheduleProblem(
        jobs=tuple(jobs),
        resources=resources,
        as_of=as_of,
        zone=zone,
        days=days,
        expected_h=expected,
        able=np.array(
            [[set(job.skills) <= set(crew.skills) for job in jobs] for crew in resources.crews],
            dtype=np.bool_,
        ).reshape(len(resources.crews), len(jobs)),
        travel_h=_travel_hours(jobs, resources),
        calendar=make_calendar(resources.crews, as_of=as_of, zone=zone, days=days),
        need=np.array(
            [[Counter(job.spares)[spare] for spare in spares] for job in jobs], dtype=np.int64
        ).reshape(len(jobs), len(spares)),
        unit_times_h=_unit_times(spares, jobs, resources, as_of=as_of),
    )


def find_missing(jobs: Sequence[RepairJob], resources: Resources) -> tuple[str, ...]:
    """What no plan can provide, in words that name jobs, skills and spares."""
    missing: list[str] = []
    held = {skill for crew in resources.crews for skill in crew.skills}
    for job in jobs:
        if any(set(job.skills) <= set(crew.skills) for crew in resources.crews):
            continue
        lacking = sorted(set(job.skills) - held)
        if not resources.crews:
            missing.append(f"{job.id}: there is no crew")
        elif lacking:
            missing.append(f"{job.id}: no crew has the skill {' or '.join(lacking)}")
        else:
            missing.append(f"{job.id}: no single crew has the skills {', '.join(job.skills)}")
    needed = Counter(spare for job in jobs for spare in job.spares)
    for spare, quantity in sorted(needed.items()):
        stock = resources.stock.get(spare, 0)
        coming = sum(a.quantity for a in resources.arrivals if a.spare == spare)
        if quantity > stock + coming:
            users = ", ".join(job.id for job in jobs if spare in job.spares)
            missing.append(
                f"spare {spare}: {quantity} needed by {users}, "
                f"{stock} in stock and {coming} arriving"
            )
    return tuple(missing)


def _needed_days(jobs: Sequence[RepairJob], resources: Resources, *, as_of: datetime) -> int:
    """Days of calendar in which one crew alone would do all the work after the spares are there.

    With a margin of 15 standard deviations of the work, for executions with random durations:
    a single lognormal with sigma = mean exceeds it once in ten thousand.
    """
    work_h = sum(job.duration.mean_h for job in jobs)
    work_h += 15 * math.hypot(*(job.duration.sigma_h for job in jobs))
    shortest = min((min(crew.shift_h, 24.0) for crew in resources.crews), default=12.0)
    moments = [arrival.arrives_at for arrival in resources.arrivals]
    moments += [crew.available_from for crew in resources.crews if crew.available_from]
    waiting = max(((moment - as_of).days for moment in moments), default=0)
    return math.ceil(min(MOST_DAYS, 30 + max(0, waiting) + work_h / shortest))


def _travel_hours(jobs: Sequence[RepairJob], resources: Resources) -> FloatArray:
    n = len(jobs)
    places = np.array([(job.x_km, job.y_km) for job in jobs], dtype=np.float64).reshape(n, 2)
    hours = np.zeros((len(resources.crews), n + 1, n))
    between = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    for row, crew in enumerate(resources.crews):
        depot = np.hypot(places[:, 0] - crew.x_km, places[:, 1] - crew.y_km)
        hours[row] = np.vstack([between, depot]) * DETOUR / crew.speed_kmh
    return np.nan_to_num(hours)


def _unit_times(
    spares: Sequence[str], jobs: Sequence[RepairJob], resources: Resources, *, as_of: datetime
) -> FloatArray:
    needed = Counter(spare for job in jobs for spare in job.spares)
    times = np.full((len(spares), max(needed.values(), default=0) + 1), np.inf)
    for row, spare in enumerate(spares):
        units = [0.0] * min(resources.stock.get(spare, 0), needed[spare])
        for arrival in resources.arrivals:
            if arrival.spare == spare:
                hours = (arrival.arrives_at - as_of) / timedelta(hours=1)
                units += [max(0.0, hours)] * min(arrival.quantity, needed[spare])
        units = sorted(units)[: needed[spare]]
        times[row, : len(units)] = units
    return times
