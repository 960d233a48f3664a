"""The dispatch of crews to jobs, compiled: the search and the simulation run the same code.

Crews finish first the jobs they have started. The others are called in priority order, each
after the jobs it waits for. A job goes to the able crew that is expected to finish it first
(ties: the shorter way, then the crew listed first), which travels from where it is, waits for
the job's spares, equipment and predecessors if they are not ready, and works in its shifts until
the job is done.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.kernel_clock import TINY_H, next_working, work_until

__all__ = [
    "Crews",
    "Given",
    "assign_jobs",
    "call_order",
    "choose_crew",
    "place_job",
    "preceded_at",
    "start_crews",
    "supplied_at",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

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
    FloatArray,
    IntArray,
    IntArray,
    IntArray,
]
"""What a schedule problem gives, with C crews, n jobs, S spares (see ScheduleProblem):

expected (n,) hours a job is expected to take when crews are chosen; able (C, n); travel
(C, n + 1, n) hours by origin (row n: the depot) and job; start_h, end_h, worked_h (C, K) and
count (C,) of the crews' calendar; need (n, S) spares used up; unit_times (S, U) hours at which
the units of each spare are there, sorted, infinite beyond; release (n,) hours at which equipment
that is made for a job is there; begins (n + 1,) and before: job j waits for the jobs
``before[begins[j]:begins[j + 1]]``; frozen (n,) the crew that is at work on a job already, or -1.
"""

Crews = tuple[FloatArray, IntArray, IntArray]
"""Where the crews stand: free (C,) hours at which each is free, place (C,) the job each was last
at (n: its depot), used (S,) units of each spare that are taken."""


@numba.njit(cache=True)
def supplied_at(j: int, used: IntArray, given: Given) -> float:
    """When the spares and the equipment of job ``j`` are there, if it is called next."""
    need, unit_times, release = given[7], given[8], given[9]
    there = release[j]
    for s in range(need.shape[1]):
        if need[j, s] > 0:
            there = max(there, unit_times[s, used[s] + need[j, s] - 1])
    return float(there)


@numba.njit(cache=True)
def preceded_at(j: int, finish: FloatArray, given: Given) -> float:
    """When the jobs that job ``j`` waits for are finished."""
    begins, before = given[10], given[11]
    moment = 0.0
    for k in range(begins[j], begins[j + 1]):
        moment = max(moment, finish[before[k]])
    return moment


@numba.njit(cache=True)
def choose_crew(
    j: int, supplied: float, preceded: float, crews: Crews, given: Given
) -> tuple[int, float, float, float, float]:
    """Crew (-1: none), start and way of job ``j`` next, and for how long that crew stands idle.

    The hours it stands there for spares and equipment alone come first, then those for the jobs
    before as well.
    """
    expected, able, travel, starts, ends, worked, counts = given[:7]
    free, place, _ = crews
    best, best_finish, best_way, best_start = -1, np.inf, np.inf, np.inf
    waits, idles = 0.0, 0.0
    earliest = max(supplied, preceded)
    for c in range(able.shape[0]):
        if not able[c, j]:
            continue
        way = travel[c, place[c], j]
        if max(free[c] + way, earliest) + expected[j] > best_finish + TINY_H:
            continue  # not even round the clock
        arrival = work_until(starts[c], ends[c], worked[c], counts[c], free[c], way)
        ready = next_working(starts[c], ends[c], counts[c], arrival)
        begin = ready
        if earliest > ready:
            begin = next_working(starts[c], ends[c], counts[c], earliest)
        done = work_until(starts[c], ends[c], worked[c], counts[c], begin, expected[j])
        if done < best_finish - TINY_H or (done < best_finish + TINY_H and way < best_way - TINY_H):
            best, best_finish, best_way, best_start = c, done, way, begin
            waits = idles = begin - ready
            if preceded > ready:
                waits = begin - next_working(starts[c], ends[c], counts[c], preceded)
    return best, best_start, best_way, waits, idles


@numba.njit(cache=True)
def place_job(
    j: int, c: int, begin: float, hours: float, finish: FloatArray, crews: Crews, given: Given
) -> None:
    """Job ``j`` is done by crew ``c`` from ``begin`` on; -1: by none, and nothing is used up."""
    starts, ends, worked, counts, need = given[3:8]
    free, place, used = crews
    if c < 0:
        finish[j] = np.inf
        return
    finish[j] = work_until(starts[c], ends[c], worked[c], counts[c], begin, hours)
    free[c] = finish[j]
    place[c] = j
    for s in range(need.shape[1]):
        used[s] += need[j, s]


@numba.njit(cache=True)
def start_crews(work: FloatArray, finish: FloatArray, given: Given) -> Crews:
    """The crews at time 0, after the jobs they have started: they stay with them until done."""
    able, starts, ends, counts, need = given[1], given[3], given[4], given[6], given[7]
    frozen = given[12]
    n = work.shape[0]
    crews = (
        np.zeros(able.shape[0]),
        np.full(able.shape[0], n),
        np.zeros(need.shape[1], dtype=np.int64),
    )
    for j in range(n):
        c = frozen[j]
        if c >= 0:
            begin = next_working(starts[c], ends[c], counts[c], crews[0][c])
            place_job(j, c, begin, work[j], finish, crews, given)
    return crews


@numba.njit(cache=True)
def call_order(order: IntArray, given: Given) -> IntArray:
    """The order in which jobs are called: started ones first, predecessors before successors.

    A predecessor that has not been called when its successor is, is called just before it, in
    the order of ``order`` where there are several.
    """
    begins, before, frozen = given[10:13]
    n = frozen.shape[0]
    rank = np.full(n, n)
    for position in range(order.shape[0]):
        rank[order[position]] = position
    called = np.empty(n, dtype=np.int64)
    taken = np.zeros(n, dtype=np.bool_)
    stack = np.empty(n + 1, dtype=np.int64)
    count = 0
    for j in order:
        if frozen[j] >= 0:
            called[count], taken[j] = j, True
            count += 1
    for first in order:
        depth = 0
        stack[0] = first
        while depth >= 0 and not taken[first]:
            j = stack[depth]
            next_one = -1
            for k in range(begins[j], begins[j + 1]):
                i = before[k]
                if not taken[i] and (next_one < 0 or rank[i] < rank[next_one]):
                    next_one = i
            if next_one >= 0:
                depth += 1
                stack[depth] = next_one
            else:
                called[count], taken[j] = j, True
                count += 1
                depth -= 1
    return called[:count]


@numba.njit(cache=True)
def assign_jobs(
    order: IntArray,
    work: FloatArray,
    given: Given,
    out: tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray],
) -> None:
    """Assign the jobs in ``order`` and write what comes of each to ``out``.

    Parameters
    ----------
    order : job positions by priority, all or some of them.
    work : (n,) hours the jobs take; those that are left of a started one.
    out : crew (-1: none) and start, finish, travel in hours (infinite: never), and the hours the
        crew stands on site only because spares or equipment are not there; each (n,).
    """
    before, frozen = given[11], given[12]
    crew_of, start_of, finish_of, travel_of, wait_of = out
    crew_of[:], start_of[:], finish_of[:] = -1, np.inf, np.inf
    travel_of[:], wait_of[:] = np.inf, 0.0
    crews = start_crews(work, finish_of, given)
    called = call_order(order, given) if before.shape[0] else order
    for j in called:
        if frozen[j] >= 0:
            crew_of[j], start_of[j], travel_of[j] = frozen[j], 0.0, 0.0
            continue
        supplied = supplied_at(j, crews[2], given)
        preceded = preceded_at(j, finish_of, given)
        c, begin, way, wait, _ = choose_crew(j, supplied, preceded, crews, given)
        place_job(j, c, begin, work[j], finish_of, crews, given)
        crew_of[j], start_of[j], travel_of[j], wait_of[j] = c, begin, way, wait
