"""The dispatch of crews to jobs, compiled: the search and the simulation run the same code.

Jobs are taken in priority order. Each goes to the able crew that is expected to finish it first
(ties: the shorter way, then the crew listed first), which travels from where it is, waits for
the job's spares if they are not there, and works in its shifts until the job is done.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "Given",
    "assign_jobs",
    "assign_samples",
    "estimate_shortfall",
    "put_back_waiting",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_TINY_H = 1e-9


@numba.njit(cache=True)
def _first_open(end: FloatArray, count: int, moment: float) -> int:
    """First interval that ends after ``moment``, by bisection; ``count`` if there is none."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if end[middle] > moment + _TINY_H:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True)
def _next_working(start: FloatArray, end: FloatArray, count: int, moment: float) -> float:
    """First working moment from ``moment`` on."""
    k = _first_open(end, count, moment)
    return max(moment, start[k]) if k < count else np.inf


@numba.njit(cache=True)
def _work_until(
    start: FloatArray, end: FloatArray, worked: FloatArray, count: int, moment: float, work: float
) -> float:
    """When ``work`` hours are done from ``moment`` on; infinite beyond the calendar."""
    if work <= _TINY_H:
        return moment
    k = _first_open(end, count, moment)
    if k >= count:
        return np.inf
    target = worked[k] + max(moment - start[k], 0.0) + work
    last = worked[count - 1] + end[count - 1] - start[count - 1]
    if target > last + _TINY_H:
        return np.inf
    low, high = k, count  # last interval that begins with less than the target worked
    while high - low > 1:
        middle = (low + high) // 2
        if worked[middle] < target - _TINY_H:
            low = middle
        else:
            high = middle
    return float(start[low] + target - worked[low])


Given = tuple[
    FloatArray,
    BoolArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    IntArray,
    IntArray,
    FloatArray,
]
"""What a schedule problem gives, with C crews, n jobs, S spares (see ScheduleProblem):

expected (n,) hours a job is expected to take when crews are chosen; able (C, n); travel
(C, n + 1, n) hours by origin (row n: the depot) and job; start_h, end_h, worked_h (C, K) and
count (C,) of the crews' calendar; need (n, S) spares used up; unit_times (S, U) hours at which
the units of each spare are there, sorted, infinite beyond.
"""


@numba.njit(cache=True)
def _choose_crew(
    j: int, free: FloatArray, place: IntArray, used: IntArray, given: Given
) -> tuple[int, float, float, bool]:
    """Crew (-1: none), start and way of job ``j`` next, and whether it waits for a spare."""
    expected, able, travel, starts, ends, worked, counts, need, unit_times = given
    there = 0.0
    for s in range(need.shape[1]):
        if need[j, s] > 0:
            there = max(there, unit_times[s, used[s] + need[j, s] - 1])
    best, best_finish, best_travel, best_start, waits = -1, np.inf, np.inf, np.inf, False
    for c in range(able.shape[0]):
        if not able[c, j]:
            continue
        way = travel[c, place[c], j]
        arrival = _work_until(starts[c], ends[c], worked[c], counts[c], free[c], way)
        ready = _next_working(starts[c], ends[c], counts[c], arrival)
        begin = ready
        if there > ready:
            begin = _next_working(starts[c], ends[c], counts[c], there)
        done = _work_until(starts[c], ends[c], worked[c], counts[c], begin, expected[j])
        if done < best_finish - _TINY_H or (
            done < best_finish + _TINY_H and way < best_travel - _TINY_H
        ):
            best, best_finish, best_travel, best_start = c, done, way, begin
            waits = begin > ready + _TINY_H
    return best, best_start, best_travel, waits


@numba.njit(cache=True)
def assign_jobs(
    order: IntArray,
    work: FloatArray,
    given: Given,
    out: tuple[IntArray, FloatArray, FloatArray, FloatArray],
) -> None:
    """Assign the jobs in ``order`` and write crew, start, finish and travel of each to ``out``.

    Parameters
    ----------
    order : job positions by priority, all or some of them.
    work : (n,) hours the jobs take.
    out : crew (-1: none) and start, finish, travel in hours (infinite: never), each (n,).
    """
    _, able, _, starts, ends, worked, counts, need, _ = given
    crew_of, start_of, finish_of, travel_of = out
    free = np.zeros(able.shape[0])
    place = np.full(able.shape[0], work.shape[0])
    used = np.zeros(need.shape[1], dtype=np.int64)
    for j in order:
        c, begin, way, _ = _choose_crew(j, free, place, used, given)
        crew_of[j], start_of[j], finish_of[j], travel_of[j] = c, np.inf, np.inf, np.inf
        if c < 0:
            continue
        free[c] = _work_until(starts[c], ends[c], worked[c], counts[c], begin, work[j])
        place[c] = j
        start_of[j], finish_of[j], travel_of[j] = begin, free[c], way
        for s in range(need.shape[1]):
            used[s] += need[j, s]


@numba.njit(cache=True)
def put_back_waiting(order: IntArray, given: Given) -> IntArray:
    """``order`` with jobs put back while their crew would stand idle for their spares.

    Always the first job that does not wait; if all wait, the one that can start first.
    """
    expected, able, _, starts, ends, worked, counts, need, _ = given
    n = order.shape[0]
    free = np.zeros(able.shape[0])
    place = np.full(able.shape[0], n)
    used = np.zeros(need.shape[1], dtype=np.int64)
    taken = np.zeros(n, dtype=np.bool_)
    changed = np.empty(n, dtype=np.int64)
    for position in range(n):
        chosen, earliest = -1, np.inf
        for j in order:
            if taken[j]:
                continue
            _, begin, _, waits = _choose_crew(j, free, place, used, given)
            if not waits:
                chosen = j
                break
            if chosen < 0 or begin < earliest - _TINY_H:
                chosen, earliest = j, begin
        taken[chosen] = True
        changed[position] = chosen
        c, begin, _, _ = _choose_crew(chosen, free, place, used, given)
        if c >= 0:
            hours = expected[chosen]
            free[c] = _work_until(starts[c], ends[c], worked[c], counts[c], begin, hours)
            place[c] = chosen
            for s in range(need.shape[1]):
                used[s] += need[chosen, s]
    return changed


@numba.njit(cache=True)
def assign_samples(order: IntArray, work: FloatArray, given: Given) -> FloatArray:
    """Finish hours (samples, n) of the same policy for each row of ``work`` (samples, n)."""
    samples, n_jobs = work.shape
    finish = np.empty((samples, n_jobs))
    crew = np.empty(n_jobs, dtype=np.int64)
    start = np.empty(n_jobs)
    way = np.empty(n_jobs)
    for i in range(samples):
        assign_jobs(order, work[i], given, (crew, start, finish[i], way))
    return finish


@numba.njit(cache=True)
def estimate_shortfall(finish: FloatArray, chain: IntArray, prefix_mw: FloatArray) -> float:
    """Energy not served of a timetable, estimated from the stages of another one, MWh.

    A state that the other timetable did not pass through is given the load of its first stage
    and what each finished job added there, but no less than the last of its stages that the
    state contains, and no more than the first that contains the state.

    Parameters
    ----------
    finish : (n,) finish hours of the timetable, finite.
    chain : (n,) jobs in the order the other timetable finishes them.
    prefix_mw : (n + 1,) load served at the stages of the other timetable.
    """
    n = chain.shape[0]
    rank = np.empty(n, dtype=np.int64)
    for place in range(n):
        rank[chain[place]] = place
    done = np.zeros(n, dtype=np.bool_)
    inside, outside, before, total = 0, 0, 0.0, 0.0
    additive = prefix_mw[0]
    for j in np.argsort(finish, kind="mergesort"):
        served = min(max(additive, prefix_mw[inside]), prefix_mw[outside])
        total += (prefix_mw[n] - served) * (finish[j] - before)
        before = finish[j]
        place = rank[j]
        done[place] = True
        additive += prefix_mw[place + 1] - prefix_mw[place]
        outside = max(outside, place + 1)
        while inside < n and done[inside]:
            inside += 1
    return total
