"""Jobs and resources as the arrays that list scheduling runs on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import Crew, Duration, RepairJob, Resources
from gridtool.restoration.schedule.missing import is_able
from gridtool.restoration.schedule.shifts import worked_before
from gridtool.restoration.work.durations import remaining_duration

__all__ = [
    "DETOUR",
    "MOST_DAYS",
    "able_crews",
    "announced_hours",
    "before_matrix",
    "expected_hours",
    "frozen_crews",
    "needed_days",
    "release_hours",
    "spare_needs",
    "started_hours",
    "travel_hours",
    "unit_times",
    "worked_hours_before",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

HOUR = timedelta(hours=1)

DETOUR = 1.3
"""Length of the way by road over the straight line."""

MOST_DAYS = 20 * 366
"""Longest calendar of the crews, days."""

SPREADS = 15
"""Standard deviations of margin: a lognormal with sigma = mean exceeds its mean by so many once
in ten thousand."""


def frozen_crews(jobs: Sequence[RepairJob], crews: Sequence[Crew]) -> IntArray:
    """Position of the crew that has started each job (n,), -1 for a job not started."""
    position = {crew.id: c for c, crew in enumerate(crews)}
    return np.array(
        [-1 if job.started is None else position[job.started.crew] for job in jobs],
        dtype=np.int64,
    )


def started_hours(jobs: Sequence[RepairJob], *, as_of: datetime) -> FloatArray:
    """When each job was started (n,), hours after the as-of time; 0 for a job not started."""
    return np.array(
        [0.0 if job.started is None else (job.started.started_at - as_of) / HOUR for job in jobs],
        dtype=np.float64,
    )


def worked_hours_before(
    jobs: Sequence[RepairJob], crews: Sequence[Crew], *, as_of: datetime, zone: ZoneInfo
) -> FloatArray:
    """Hours that crews have worked on started jobs until ``as_of`` (n,); 0 for the others."""
    by_id = {crew.id: crew for crew in crews}
    return np.array(
        [
            0.0
            if job.started is None
            else worked_before(
                by_id[job.started.crew], job.started.started_at, as_of=as_of, zone=zone
            )
            for job in jobs
        ],
        dtype=np.float64,
    )


def expected_hours(jobs: Sequence[RepairJob], *, worked_h: FloatArray) -> FloatArray:
    """Mean work (n,) that is left of each job, crew hours."""
    left = [
        job.duration if job.started is None else remaining_duration(job.duration, worked)
        for job, worked in zip(jobs, worked_h.tolist(), strict=True)
    ]
    return np.array([duration.mean_h for duration in left], dtype=np.float64)


def able_crews(jobs: Sequence[RepairJob], crews: Sequence[Crew], *, frozen: IntArray) -> BoolArray:
    """Which crew can do which job (C, n): a started one only the crew that is at it."""
    able = np.zeros((len(crews), len(jobs)), dtype=np.bool_)
    for j, job in enumerate(jobs):
        for c, crew in enumerate(crews):
            if frozen[j] < 0:
                able[c, j] = is_able(crew.skills, crew.size, job=job)
            else:
                able[c, j] = c == frozen[j]
    return able


def before_matrix(jobs: Sequence[RepairJob]) -> BoolArray:
    """``[i, j]``: job i must be finished before job j starts (n, n).

    Ids in ``after`` that are not among the jobs are done already; work that has started waits
    for nothing.
    """
    position = {job.id: j for j, job in enumerate(jobs)}
    before = np.zeros((len(jobs), len(jobs)), dtype=np.bool_)
    for j, job in enumerate(jobs):
        if job.started is None:
            for other in job.after:
                if other in position:
                    before[position[other], j] = True
    return before


def release_hours(jobs: Sequence[RepairJob]) -> FloatArray:
    """When equipment that has to be made is expected (n,), hours after the as-of time."""
    return np.array(
        [job.lead.mean_h if job.lead and job.started is None else 0.0 for job in jobs],
        dtype=np.float64,
    )


def spare_needs(jobs: Sequence[RepairJob], spares: Sequence[str]) -> IntArray:
    """Spares that jobs use up (n, S); a started job has its own already."""
    counts = [Counter(job.spares if job.started is None else ()) for job in jobs]
    return np.array(
        [[count[spare] for spare in spares] for count in counts], dtype=np.int64
    ).reshape(len(jobs), len(spares))


def travel_hours(jobs: Sequence[RepairJob], crews: Sequence[Crew]) -> FloatArray:
    """Hours on the way (C, n + 1, n) by origin (row n: the depot) and job."""
    n = len(jobs)
    places = np.array([(job.x_km, job.y_km) for job in jobs], dtype=np.float64).reshape(n, 2)
    hours = np.zeros((len(crews), n + 1, n))
    between = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    for row, crew in enumerate(crews):
        depot = np.hypot(places[:, 0] - crew.x_km, places[:, 1] - crew.y_km)
        hours[row] = np.vstack([between, depot]) * DETOUR / crew.speed_kmh
    return np.nan_to_num(hours)


def announced_hours(
    spares: Sequence[str], need: IntArray, resources: Resources, *, as_of: datetime
) -> list[list[float]]:
    """Hours after the as-of time at which units of each spare are announced, by spare."""
    found = []
    for spare, most in zip(spares, need.sum(axis=0).tolist(), strict=True):
        units = [0.0] * min(resources.stock.get(spare, 0), most)
        for arrival in resources.arrivals:
            if arrival.spare == spare:
                hours = max(0.0, (arrival.arrives_at - as_of) / HOUR)
                units += [hours] * min(arrival.quantity, most)
        found.append(units)
    return found


def unit_times(need: IntArray, units: Sequence[Sequence[float]]) -> FloatArray:
    """When each unit of a spare that can be needed is there (S, U), sorted.

    Parameters
    ----------
    units
        Hours at which units are there, by spare; infinite beyond them.
    """
    needed = need.sum(axis=0)
    times = np.full((len(units), int(needed.max(initial=0)) + 1), np.inf)
    for row, found in enumerate(units):
        first = sorted(found)[: needed[row]]
        times[row, : len(first)] = first
    return times


def needed_days(jobs: Sequence[RepairJob], resources: Resources, *, as_of: datetime) -> int:
    """Days of calendar in which one crew alone would do all the work after all is there.

    With a margin for executions with random durations and dates (:data:`SPREADS`).
    """
    work_h = _with_margin([job.duration for job in jobs])
    shortest = min((min(crew.shift_h, 24.0) for crew in resources.crews), default=12.0)
    moments = [crew.available_from for crew in resources.crews if crew.available_from]
    waiting_h = [(moment - as_of) / HOUR for moment in moments]
    needed = {spare for job in jobs for spare in job.spares}
    for arrival in resources.arrivals:
        if arrival.spare not in needed:
            continue
        announced_h = (arrival.arrives_at - as_of) / HOUR
        latest_h = ((arrival.latest_at or arrival.arrives_at) - as_of) / HOUR
        waiting_h.append(announced_h + SPREADS * max(0.0, latest_h - max(announced_h, 0.0)))
    waiting_h += [_with_margin([job.lead]) for job in jobs if job.lead]
    waiting_d = max(waiting_h, default=0.0) / 24
    return math.ceil(min(MOST_DAYS, 30 + max(0.0, waiting_d) + work_h / shortest))


def _with_margin(durations: Sequence[Duration]) -> float:
    mean = sum(duration.mean_h for duration in durations)
    return mean + SPREADS * math.hypot(*(duration.sigma_h for duration in durations))
