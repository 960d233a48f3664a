"""What held each job of a timetable back, and the chains of waits that end last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.schedule.shifts import CrewCalendar

__all__ = ["Hold", "HoldKind", "find_holds", "trace_chain", "unit_hours", "worked_between"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TINY_H = 1e-6


class HoldKind(StrEnum):
    """Why a job does not start earlier."""

    STARTED = "already started"
    NOTHING = "nothing"
    SHIFT = "shift"
    CREW = "crew"
    SPARE = "spare"
    EQUIPMENT = "equipment"
    PREDECESSOR = "predecessor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a job waited for last: until which hour, and for which job, crew or spare.

    ``job`` is the position of the job it waited for (its crew was busy there, or it must be
    finished before), -1 if it was none; ``name`` is the crew, the spare or the job in words.
    """

    kind: HoldKind
    until_h: float = 0.0
    job: int = -1
    name: str = ""


def find_holds(problem: ScheduleProblem, order: IntArray, timetable: Timetable) -> tuple[Hold, ...]:
    """By job position, what it waited for last.

    Of several waits that end at the same hour the one no crew could have changed is named:
    a predecessor before a spare, a spare before made equipment, all of them before the crew.
    """
    before = _previous_jobs(timetable)
    units = unit_hours(problem, order)
    return tuple(
        _find_hold(problem, timetable, j, previous=before[j], unit=units[j])
        for j in range(len(problem.jobs))
    )


def _find_hold(
    problem: ScheduleProblem,
    timetable: Timetable,
    j: int,
    *,
    previous: int,
    unit: tuple[float, str],
) -> Hold:
    if problem.frozen[j] >= 0:
        return Hold(kind=HoldKind.STARTED, name=problem.jobs[j].id)
    crew = int(timetable.crew[j])
    free_h = float(timetable.finish_h[previous]) if previous >= 0 else 0.0
    arrival_h = _work_until(problem.calendar, crew, free_h, float(timetable.travel_h[j]))
    waits: list[Hold] = []
    last = _last_predecessor(problem, timetable, j)
    if last >= 0:
        hour = float(timetable.finish_h[last])
        name = problem.jobs[last].id
        waits.append(Hold(kind=HoldKind.PREDECESSOR, until_h=hour, job=last, name=name))
    waits.append(Hold(kind=HoldKind.SPARE, until_h=unit[0], name=unit[1]))
    lead_h = float(problem.release_h[j])
    waits.append(Hold(kind=HoldKind.EQUIPMENT, until_h=lead_h, name=problem.jobs[j].id))
    longest = max(waits, key=lambda wait: wait.until_h)
    if longest.until_h > _TINY_H and longest.until_h >= arrival_h - _TINY_H:
        return longest
    crew_id = problem.resources.crews[crew].id
    if previous >= 0:
        return Hold(kind=HoldKind.CREW, until_h=arrival_h, job=previous, name=crew_id)
    start_h = float(timetable.start_h[j])
    at_once = start_h <= float(timetable.travel_h[j]) + _TINY_H
    kind = HoldKind.NOTHING if at_once else HoldKind.SHIFT
    return Hold(kind=kind, until_h=start_h, name=crew_id)


def trace_chain(holds: Sequence[Hold], last: int) -> tuple[int, ...]:
    """The chain of waits that ends with job ``last``: positions, the first job of it first."""
    chain = [last]
    while holds[chain[-1]].job >= 0:
        chain.append(holds[chain[-1]].job)
    return tuple(reversed(chain))


def unit_hours(problem: ScheduleProblem, order: IntArray) -> list[tuple[float, str]]:
    """By job position, when the last of its spares is there, and which it is ("" for none)."""
    used = np.zeros(len(problem.spares), dtype=np.int64)
    found: list[tuple[float, str]] = [(0.0, "")] * len(problem.jobs)
    for j in problem.call_order(order).tolist():
        for s, spare in enumerate(problem.spares):
            count = int(problem.need[j, s])
            used[s] += count
            if count:
                hour = float(problem.unit_times_h[s, used[s] - 1])
                if hour > found[j][0]:
                    found[j] = (hour, spare)
    return found


def _last_predecessor(problem: ScheduleProblem, timetable: Timetable, j: int) -> int:
    """The predecessor of ``j`` that is finished last; -1 without any."""
    found = np.flatnonzero(problem.before[:, j])
    if not found.size:
        return -1
    return int(found[np.argmax(timetable.finish_h[found])])


def _previous_jobs(timetable: Timetable) -> IntArray:
    """By job position, the job its crew did before; -1 for the first of a crew."""
    previous = np.full(len(timetable.crew), -1, dtype=np.int64)
    last: dict[int, int] = {}
    for j in np.argsort(timetable.start_h, kind="stable").tolist():
        crew = int(timetable.crew[j])
        previous[j] = last.get(crew, -1)
        last[crew] = j
    return previous


def worked_between(calendar: CrewCalendar, crew: int, begin_h: float, end_h: float) -> float:
    """Hours that ``crew`` works from ``begin_h`` to ``end_h``."""
    count = int(calendar.count[crew])
    starts = np.clip(calendar.start_h[crew, :count], begin_h, end_h)
    ends = np.clip(calendar.end_h[crew, :count], begin_h, end_h)
    return float((ends - starts).sum())


def _work_until(calendar: CrewCalendar, crew: int, moment_h: float, hours: float) -> float:
    """When ``crew`` has worked ``hours`` from ``moment_h`` on; infinite beyond its calendar."""
    if hours <= _TINY_H:
        return moment_h
    count = int(calendar.count[crew])
    starts = np.maximum(calendar.start_h[crew, :count], moment_h)
    worked = np.cumsum(np.maximum(calendar.end_h[crew, :count] - starts, 0.0))
    k = int(np.searchsorted(worked, hours - _TINY_H))
    if k >= count:
        return float("inf")
    return float(starts[k] + hours - (worked[k - 1] if k else 0.0))
