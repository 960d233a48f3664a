"""The queue of one sample as a schedule problem of its own: planned jobs, then hits. Compiled."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.kernel import Given, start_crews
from gridtool.restoration.schedule.kernel_clock import next_working, work_until

__all__ = [
    "Draws",
    "Queue",
    "Sheet",
    "begin_with_crew",
    "is_waiting",
    "open_sheet",
    "preceded_hit",
    "supplied_hit",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Queue(NamedTuple):
    """What all samples share: J planned jobs, e exposed assets, s damage states, C crews.

    Attributes
    ----------
    order : (J,) int
    farthest_h : (C,)
        Longest way of each crew between planned jobs.
    asset : (J,) int
        What each planned job repairs, -1 for nothing that counts.
    permanent : (J,) bool
    out_job : (J,) bool
        The job first leaves capacity to an asset that has none now.
    spare_first : (S,) int
        Spares that the plan needs.
    job_km, depot_km, entry_km : (J, 2), (C, 2), (e, 2)
        Places.
    hours_per_km : (C,)
        Of the straight line.
    able : (C, e) bool
    expected_h : (e, s)
    need : (e, S) int
    wait_first : (e + 1,) int
    wait : int
        Assets whose repair comes before that of an exposed one, if they are out altogether.
    """

    order: IntArray
    farthest_h: FloatArray
    asset: IntArray
    permanent: BoolArray
    out_job: BoolArray
    spare_first: IntArray
    job_km: FloatArray
    depot_km: FloatArray
    entry_km: FloatArray
    hours_per_km: FloatArray
    able: BoolArray
    expected_h: FloatArray
    need: IntArray
    wait_first: IntArray
    wait: IntArray


class Draws(NamedTuple):
    """What is random: n samples, m hits, those of sample i ``first[i]:first[i + 1]`` by time.

    Attributes
    ----------
    work_h, release_h : (n, J)
    unit_times_h : (n, S, U)
    at_h, ready_h, hit_work_h : (m,)
        When assets are hit, the equipment is there, and the work on them.
    entry, state, asset : (m,) int
        Place among the exposed assets, damage state, and asset.
    out : (m,) bool
        The hit leaves the asset nothing.
    """

    work_h: FloatArray
    release_h: FloatArray
    unit_times_h: FloatArray
    first: IntArray
    at_h: FloatArray
    ready_h: FloatArray
    hit_work_h: FloatArray
    entry: IntArray
    state: IntArray
    asset: IntArray
    out: BoolArray


class Sheet(NamedTuple):
    """The J planned jobs and then the m hits of one sample while they are called.

    Attributes
    ----------
    jobs
        J.
    at_h, ready_h : (m,)
        When assets are hit, and the equipment for them is there.
    asset : (J + m,) int
        What each job repairs.
    work_h : (J + m,)
    free_h, place, planned_used
        The crews as planned jobs see them.
    used : (S,) int
        Spares taken, those that the plan needs included.
    open : (J + m,) bool
        Not called yet.
    begin_h, finish_h : (J + m,)
    crew : (J + m,) int
    done_by : (J + m,) int
        The job that makes good what the job is for, -1 while open.
    given
        The schedule problem of these jobs.
    """

    jobs: int
    at_h: FloatArray
    ready_h: FloatArray
    asset: IntArray
    work_h: FloatArray
    free_h: FloatArray
    place: IntArray
    planned_used: IntArray
    used: IntArray
    open: BoolArray
    begin_h: FloatArray
    finish_h: FloatArray
    crew: IntArray
    done_by: IntArray
    given: Given


@numba.njit(cache=True)
def open_sheet(i: int, queue: Queue, draws: Draws, given: Given) -> Sheet:
    """Sample ``i`` at its beginning: crews are at what they have started."""
    first, last = draws.first[i], draws.first[i + 1]
    work, view = _view_jobs(i, queue, draws, given)
    jobs, size = queue.order.shape[0], work.shape[0]
    finish = np.full(size, np.inf)
    free, place, planned_used = start_crews(work, finish, view)
    asset = np.empty(size, dtype=np.int64)
    asset[:jobs], asset[jobs:] = queue.asset, draws.asset[first:last]
    sheet = Sheet(
        jobs,
        draws.at_h[first:last],
        draws.ready_h[first:last],
        asset,
        work,
        free,
        place,
        planned_used,
        queue.spare_first.copy(),
        np.ones(size, dtype=np.bool_),
        np.full(size, np.inf),
        finish,
        np.full(size, -1),
        np.full(size, -1),
        view,
    )
    for j in range(jobs):
        if view[12][j] >= 0:
            sheet.open[j], sheet.begin_h[j], sheet.done_by[j] = False, 0.0, j
            sheet.crew[j] = view[12][j]
    return sheet


@numba.njit(cache=True)
def _view_jobs(i: int, queue: Queue, draws: Draws, given: Given) -> tuple[FloatArray, Given]:
    """Work and schedule problem of the J planned jobs and m hits of sample ``i``.

    What concerns planned jobs alone is copied from ``given``. Assets that are not hit are not in
    it, so that they cost nothing.
    """
    first, last = draws.first[i], draws.first[i + 1]
    entry = draws.entry[first:last]
    jobs = draws.work_h.shape[1]
    size, spares = jobs + last - first, given[7].shape[1]
    crews = queue.able.shape[0]
    expected, work, release = np.empty(size), np.empty(size), np.empty(size)
    frozen = np.full(size, -1)
    able = np.empty((crews, size), dtype=np.bool_)
    need = np.empty((size, spares), dtype=np.int64)
    for j in range(jobs):
        expected[j], work[j] = given[0][j], draws.work_h[i, j]
        release[j], frozen[j] = draws.release_h[i, j], given[12][j]
        for c in range(crews):
            able[c, j] = given[1][c, j]
        for s in range(spares):
            need[j, s] = given[7][j, s]
    for k in range(last - first):
        j, e = jobs + k, entry[k]
        expected[j], work[j] = (
            queue.expected_h[e, draws.state[first + k]],
            draws.hit_work_h[first + k],
        )
        release[j] = draws.ready_h[first + k]
        for c in range(crews):
            able[c, j] = queue.able[c, e]
        for s in range(spares):
            need[j, s] = queue.need[e, s]
    travel = _measure_ways(queue, entry, given[2])
    begins, before = _list_before(i, queue, draws, given)
    view = (
        expected,
        able,
        travel,
        given[3],
        given[4],
        given[5],
        given[6],
        need,
        draws.unit_times_h[i],
        release,
        begins,
        before,
        frozen,
    )
    return work, view


@numba.njit(cache=True)
def _measure_ways(queue: Queue, entry: IntArray, planned: FloatArray) -> FloatArray:
    """Hours on the way (C, size + 1, size) by origin (last: the depot) and job."""
    crews, jobs = queue.able.shape[0], queue.job_km.shape[0]
    size = jobs + entry.shape[0]
    place = np.empty((size, 2))
    for axis in range(2):
        for j in range(size):
            planned_one = j < jobs
            place[j, axis] = (
                queue.job_km[j, axis] if planned_one else queue.entry_km[entry[j - jobs], axis]
            )
    travel = np.empty((crews, size + 1, size))
    for c in range(crews):
        for j in range(jobs):
            travel[c, size, j] = planned[c, jobs, j]
            for k in range(jobs):
                travel[c, k, j] = planned[c, k, j]
    for k in range(jobs, size):
        for c in range(crews):
            travel[c, size, k] = _way(queue.depot_km[c], place[k]) * queue.hours_per_km[c]
        for j in range(size):
            km = _way(place[j], place[k])
            for c in range(crews):
                travel[c, j, k] = travel[c, k, j] = km * queue.hours_per_km[c]
    return travel


@numba.njit(cache=True)
def _way(one: FloatArray, other: FloatArray) -> float:
    """Straight distance; 0 where a place is not known, as for planned jobs."""
    km = np.hypot(one[0] - other[0], one[1] - other[1])
    return 0.0 if np.isnan(km) else km


@numba.njit(cache=True)
def _list_before(i: int, queue: Queue, draws: Draws, given: Given) -> tuple[IntArray, IntArray]:
    """Which jobs each job waits for, as ``begins`` and ``before`` of a schedule problem.

    A hit waits for the repair of what holds it up and is out altogether when it happens.
    """
    first, last = draws.first[i], draws.first[i + 1]
    jobs, own = draws.work_h.shape[1], last - first
    begins = np.empty(jobs + own + 1, dtype=np.int64)
    for j in range(jobs + 1):
        begins[j] = given[10][j]
    count = given[11].shape[0]
    most = count
    for h in range(first, last):
        e = draws.entry[h]
        most += (queue.wait_first[e + 1] - queue.wait_first[e]) * (jobs + own)
    before = np.empty(most, dtype=np.int64)
    for k in range(count):
        before[k] = given[11][k]
    for h in range(first, last):
        e = draws.entry[h]
        for w in range(queue.wait_first[e], queue.wait_first[e + 1]):
            for j in range(jobs):
                if queue.out_job[j] and queue.asset[j] == queue.wait[w]:
                    before[count] = j
                    count += 1
            for g in range(first, last):
                late = draws.at_h[g] > draws.at_h[h]
                if not late and draws.out[g] and draws.asset[g] == queue.wait[w]:
                    before[count] = jobs + g - first
                    count += 1
        begins[jobs + h - first + 1] = count
    return begins, before[:count].copy()


@numba.njit(cache=True)
def supplied_hit(one: int, sheet: Sheet) -> float:
    """When spares and equipment for the repair of a hit are there; infinite: never."""
    need, unit_times, there = sheet.given[7], sheet.given[8], sheet.given[9][one]
    for s in range(need.shape[1]):
        last = sheet.used[s] + need[one, s]
        if need[one, s] > 0:
            there = max(there, unit_times[s, last - 1] if last <= unit_times.shape[1] else np.inf)
    return float(there)


@numba.njit(cache=True)
def preceded_hit(one: int, sheet: Sheet) -> float:
    """When what the repair of a hit waits for is finished: what holds it up, and work on the asset
    that had begun when it was hit."""
    begins, before = sheet.given[10], sheet.given[11]
    moment = 0.0
    for b in range(begins[one], begins[one + 1]):
        moment = max(moment, sheet.finish_h[sheet.done_by[before[b]]])
    at = sheet.at_h[one - sheet.jobs]
    for other in range(sheet.asset.shape[0]):
        if sheet.asset[other] == sheet.asset[one] and sheet.begin_h[other] < at:
            moment = max(moment, sheet.finish_h[other])
    return moment


@numba.njit(cache=True)
def is_waiting(one: int, sheet: Sheet) -> bool:
    """Whether a job before ``one`` is still to be called."""
    begins, before = sheet.given[10], sheet.given[11]
    found = False
    for b in range(begins[one], begins[one + 1]):
        found = found or sheet.open[before[b]]
    return found


@numba.njit(cache=True)
def begin_with_crew(one: int, c: int, leaves: float, earliest: float, sheet: Sheet) -> float:
    """When crew ``c``, which sets out at ``leaves``, begins with job ``one``."""
    view = sheet.given
    start, end, worked, count = view[3][c], view[4][c], view[5][c], view[6][c]
    way = view[2][c, sheet.place[c], one]
    arrival = work_until(start, end, worked, count, leaves, way)
    return float(next_working(start, end, count, max(arrival, earliest)))
