"""Compiled: the states a timetable passes through, their energy, and what it promises to be."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.kernel import Given, assign_jobs
from gridtool.restoration.search.moves import Kin, move_jobs
from gridtool.restoration.value.state_table import Table, WordArray, enter, look_up

__all__ = [
    "Current",
    "Demand",
    "Walk",
    "add_known",
    "finish_order",
    "learn_gains",
    "propose",
    "walk",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Demand = tuple[FloatArray, FloatArray, FloatArray]
"""Begins of the periods (M,), hours at each level before each (M, L), and weights (M, L)."""

Walk = tuple[IntArray, FloatArray, WordArray]
"""Jobs by finish (n,); hours at each level (n, L) and words (n, W) of the state before each."""

Current = tuple[IntArray, FloatArray, IntArray, FloatArray, int]
"""Where the search stands: order, finish hours, place of each job by finish (n,), unserved load
of the states (n + 1, L), and how many places of the order bear on the energy not served."""


@numba.njit(cache=True)
def finish_order(order: IntArray, expected: FloatArray, given: Given) -> FloatArray:
    """Finish hours (n,) of the priority ``order``; infinite: never."""
    n = expected.shape[0]
    crew = np.empty(n, np.int64)
    start, finish, travel, wait = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    assign_jobs(order, expected, given, (crew, start, finish, travel, wait))
    return finish


@numba.njit(cache=True)
def walk(finish: FloatArray, demand: Demand, width: int) -> Walk:
    """The states that a timetable passes through, as sets of ``width`` words."""
    begins, before, weight = demand
    n, levels = finish.shape[0], weight.shape[1]
    chain = np.argsort(finish, kind="mergesort")
    hours = np.zeros((n, levels))
    states = np.zeros((n, width), np.uint64)
    since, state = np.zeros(levels), np.zeros(width, np.uint64)
    for k in range(n):
        j = chain[k]
        moment = max(finish[j], 0.0)
        period = max(np.searchsorted(begins, moment, side="right") - 1, 0)
        for level in range(levels):
            into = (moment - begins[period]) * weight[period, level]
            until = before[period, level] + into
            hours[k, level] = until - since[level]
            since[level] = until
        states[k] = state
        state[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
    return chain, hours, states


@numba.njit(cache=True)
def add_known(
    steps: Walk, table: Table, first: int, total: float, limit: float
) -> tuple[int, float]:
    """Add the energy of the states from ``first`` on, MWh.

    Returns
    -------
    The first state that is not known (n: none, or ``limit`` is passed), and the energy so far.
    """
    chain, hours, states = steps
    n = chain.shape[0]
    for k in range(first, n):
        if not np.any(hours[k] > 0.0):
            continue
        place = look_up(table, states[k])
        if place < 0:
            return k, total
        for level in range(hours.shape[1]):
            total += table[2][place, level] * hours[k, level]
        if total > limit:
            break
    return n, total


@numba.njit(cache=True)
def _context(j: int, state: WordArray, bears: WordArray, out: WordArray) -> None:
    """Key of what job ``j`` brings in a state: the finished jobs that bear on it, and itself."""
    for w in range(state.shape[0]):
        out[w] = state[w] & bears[j, w]
    out[state.shape[0]] = np.uint64(j)


@numba.njit(cache=True)
def learn_gains(steps: Walk, table: Table, gains: Table, bears: WordArray, count: int) -> int:
    """Enter what jobs brought where the states before and after are known; sets known then.

    ``gains`` must have room for as many more as there are jobs.
    """
    chain, _, states = steps
    key = np.zeros(states.shape[1] + 1, np.uint64)
    before = look_up(table, states[0])
    for k in range(chain.shape[0] - 1):
        after = look_up(table, states[k + 1])
        if before >= 0 and after >= 0:
            _context(chain[k], states[k], bears, key)
            count = enter(gains, key, table[2][before] - table[2][after], count)
        before = after
    return count


@numba.njit(cache=True)
def _promise(steps: Walk, current: Current, table: Table, gains: Table, bears: WordArray) -> float:
    """Energy of a timetable as far as it can be told without a dispatch, MWh.

    A state that is not known is given what the state before left, less what the job finished
    then brought when it was last finished after the same of the jobs that bear on it; or, if
    that was never seen, what it brings where the search stands.
    """
    chain, hours, states = steps
    rank, prefix = current[2], current[3]
    levels = hours.shape[1]
    key = np.zeros(states.shape[1] + 1, np.uint64)
    guess, total = prefix[0].copy(), 0.0
    for k in range(chain.shape[0]):
        place = look_up(table, states[k])
        for level in range(levels):
            if place >= 0:
                guess[level] = table[2][place, level]
            total += max(guess[level], 0.0) * hours[k, level]
        j = chain[k]
        _context(j, states[k], bears, key)
        seen = look_up(gains, key)
        for level in range(levels):
            if seen >= 0:
                guess[level] -= gains[2][seen, level]
            else:
                guess[level] += prefix[rank[j] + 1, level] - prefix[rank[j], level]
    return total


@numba.njit(cache=True)
def propose(
    current: Current,
    kin: Kin,
    draws: FloatArray,
    problem: tuple[FloatArray, Given],
    known: tuple[Demand, Table, Table, WordArray],
) -> tuple[IntArray, FloatArray]:
    """Of a handful of moves the one that promises most: its order and finish hours.

    Moves that leave the timetable as it is, or a job undone, promise nothing.

    Parameters
    ----------
    draws : (moves, DRAWS) random numbers.
    """
    demand, table, gains, bears = known
    order, finish = current[0], current[1]
    width = table[1].shape[1]
    best_order, best_finish, least = order, finish, np.inf
    for m in range(draws.shape[0]):
        moved = move_jobs(order, current[4], kin, draws[m])
        finished = finish_order(moved, problem[0], problem[1])
        if np.all(finished == finish) or not np.all(np.isfinite(finished)):
            continue
        promised = _promise(walk(finished, demand, width), current, table, gains, bears)
        if promised < least:
            best_order, best_finish, least = moved, finished, promised
    return best_order, best_finish
