"""Jobs called with a look at what they wait for, compiled: fair rules and random executions.

numba keeps compiled functions by the file they stand in alone: after a change of ``kernel.py`` or
``kernel_clock.py`` this file has to be touched as well, or ``__pycache__`` emptied.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.kernel import (
    Crews,
    Given,
    assign_jobs,
    call_order,
    choose_crew,
    place_job,
    preceded_at,
    start_crews,
    supplied_at,
)
from gridtool.restoration.schedule.kernel_clock import TINY_H, next_working, work_until

__all__ = ["call_jobs", "call_next", "execute_samples"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@numba.njit(cache=True)
def call_jobs(
    called: IntArray,
    work: FloatArray,
    patience: FloatArray,
    farthest: FloatArray,
    given: Given,
) -> tuple[IntArray, FloatArray]:
    """Jobs called one after the other, put back while they would keep a crew waiting too long.

    Always the next job of ``called`` is taken that keeps its crew waiting no longer than its
    patience allows; if none does, the one that can start first.

    Parameters
    ----------
    called : a result of ``call_order``.
    work : (n,) hours the jobs take.
    patience : (2, n) hours a crew may stand idle for spares and equipment alone, and for all.
    farthest : (C,) longest way of each crew, hours.

    Returns
    -------
    tuple
        The jobs in the order they were taken, and their finish hours (n,).
    """
    frozen = given[12]
    finish = np.full(work.shape[0], np.inf)
    crews = start_crews(work, finish, given)
    taken, count = np.empty_like(called), 0
    open_ = np.zeros(work.shape[0], dtype=np.bool_)
    for j in called:
        open_[j] = frozen[j] < 0
        if not open_[j]:
            taken[count] = j
            count += 1
    reach = farthest, np.array([-1.0, 0.0])
    while count < called.shape[0]:
        j, c, begin = call_next(called, open_, patience, reach, finish, crews, given)
        if j < 0:
            none = np.full_like(patience, -1.0)
            j, c, begin = call_next(called, open_, none, reach, finish, crews, given)
        open_[j] = False
        taken[count] = j
        count += 1
        place_job(j, c, begin, work[j], finish, crews, given)
    return taken, finish


@numba.njit(cache=True)
def _latest_ready(now: float, reach: tuple[FloatArray, FloatArray], given: Given) -> float:
    """The latest moment at which a crew that is free at ``now`` can be at work anywhere.

    ``reach`` has the longest way of each crew, and the last ``now`` with its answer.
    """
    starts, ends, worked, counts = given[3:7]
    farthest, known = reach
    if known[0] != now:
        known[0], known[1] = now, 0.0
        for c in range(farthest.shape[0]):
            arrival = work_until(starts[c], ends[c], worked[c], counts[c], now, farthest[c])
            known[1] = max(known[1], next_working(starts[c], ends[c], counts[c], arrival))
    return float(known[1])


@numba.njit(cache=True)
def call_next(
    called: IntArray,
    open_: BoolArray,
    patience: FloatArray,
    reach: tuple[FloatArray, FloatArray],
    finish: FloatArray,
    crews: Crews,
    given: Given,
) -> tuple[int, int, float]:
    """The next open job that does not wait longer than its patience, its crew and its start.

    With negative patience: the one that can start first. -1: all wait too long. A job whose
    supplies come so late that any crew would wait too long is not looked at.
    """
    now = crews[0].max() if crews[0].shape[0] else 0.0
    chosen, chosen_crew, earliest = -1, -1, np.inf
    for j in called:
        if not open_[j] or _waits_for_open(j, open_, given):
            continue
        supplied = supplied_at(j, crews[2], given)
        too_long = now + patience[0, j] + TINY_H
        if patience[0, j] >= 0 and supplied > too_long:
            late = supplied - _latest_ready(now, reach, given)
            if late > patience[0, j] + TINY_H:
                continue
        preceded = preceded_at(j, finish, given)
        c, begin, _, waits, idles = choose_crew(j, supplied, preceded, crews, given)
        if patience[0, j] < 0:
            if chosen < 0 or begin < earliest - TINY_H:
                chosen, chosen_crew, earliest = j, c, begin
        elif waits <= patience[0, j] + TINY_H and idles <= patience[1, j] + TINY_H:
            return j, c, begin
    return chosen, chosen_crew, earliest


@numba.njit(cache=True)
def _waits_for_open(j: int, open_: BoolArray, given: Given) -> bool:
    """Whether a job before ``j`` is still to be called."""
    begins, before = given[10], given[11]
    found = False
    for k in range(begins[j], begins[j + 1]):
        found = found or open_[before[k]]
    return found


@numba.njit(cache=True)
def execute_samples(
    order: IntArray,
    work: FloatArray,
    release: FloatArray,
    unit_times: FloatArray,
    farthest: FloatArray,
    given: Given,
) -> FloatArray:
    """Finish hours (samples, n) of the policy, with what is random for each sample.

    A job that keeps its crew waiting for spares or equipment longer than it is expected to is
    put back.

    Parameters
    ----------
    work, release : (samples, n) hours.
    unit_times : (samples, S, U) hours, sorted along the last axis.
    farthest : (C,) longest way of each crew, hours.
    """
    samples, n = work.shape
    finish = np.empty((samples, n))
    called = call_order(order, given)
    crew, unused = np.empty(n, dtype=np.int64), np.empty((3, n))
    patience = np.full((2, n), np.inf)
    planned = (crew, unused[0], unused[1], unused[2], patience[0])
    assign_jobs(called, given[0], given, planned)
    for i in range(samples):
        drawn = (*given[:8], unit_times[i], release[i], *given[10:])
        finish[i] = call_jobs(called, work[i], patience, farthest, drawn)[1]
    return finish
