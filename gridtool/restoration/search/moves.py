"""Compiled: random changes of a priority order."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["DRAWS", "Kin", "move_jobs"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DRAWS = 15
"""Random numbers a move may use."""

Kin = tuple[IntArray, BoolArray]
"""By job the others, those that help together first (n, n - 1); whether a crew could do both
jobs (n, n)."""

_EXCHANGED, _ALONE, _BLOCK = 0.25, 0.55, 0.7  # cumulative shares of the kinds of move
_BEYOND = 0.1  # share of moves that take a job from behind the last one that brings load


@numba.njit(cache=True)
def move_jobs(order: IntArray, active: int, kin: Kin, draw: FloatArray) -> IntArray:
    """``order`` changed at random: two jobs exchanged, or jobs moved elsewhere together.

    What is moved is a single job, a block of neighbours in the order, or a job with some of
    those it helps together with: a supply path comes back only when all of it is repaired. It
    goes where a job stands that the same crew could do: elsewhere the timetable often stays as
    it is.

    Parameters
    ----------
    active : places in the order, from the first, that bear on the energy not served.
    draw : (DRAWS,) random numbers from 0 to 1.
    """
    n = order.shape[0]
    kind = draw[0]
    one = int(draw[1] * (n if draw[10] < _BEYOND else active))
    other = _anchor(order, one, min(n, active + 1), kin, draw)
    if kind < _EXCHANGED:
        changed = order.copy()
        changed[one], changed[other] = order[other], order[one]
        return changed
    chosen = np.zeros(n, np.bool_)
    chosen[order[one]] = True
    if kind >= _BLOCK:
        for k in range(min(n - 1, 1 + int(6 * draw[3]))):
            if draw[4 + k] < 0.6:
                chosen[kin[0][order[one], k]] = True
    elif kind >= _ALONE:
        for k in range(one, min(n, one + 2 + int(4 * draw[3]))):
            chosen[order[k]] = True
    at = 0
    for k in range(other):
        at += not chosen[order[k]]
    if other > one and not chosen[order[other]]:
        at += 1
    return _put_together(order, chosen, at)


@numba.njit(cache=True)
def _anchor(order: IntArray, one: int, reach: int, kin: Kin, draw: FloatArray) -> int:
    """A place for the job at ``one``: mostly that of a job which the same crew could do."""
    other = int(draw[2] * reach)
    for attempt in range(4):
        if other != one and kin[1][order[one], order[other]]:
            break
        other = int(draw[11 + attempt] * reach)
    if other == one:
        other = one + 1 if one + 1 < order.shape[0] else one - 1
    return other


@numba.njit(cache=True)
def _put_together(order: IntArray, chosen: BoolArray, at: int) -> IntArray:
    """The chosen jobs one after the other, after ``at`` of the others."""
    n = order.shape[0]
    rest = 0
    for k in range(n):
        rest += not chosen[order[k]]
    changed = np.empty(n, np.int64)
    early, block, late = 0, min(at, rest), min(at, rest) + n - rest
    for k in range(n):
        if chosen[order[k]]:
            changed[block] = order[k]
            block += 1
        elif early < at:
            changed[early] = order[k]
            early += 1
        else:
            changed[late] = order[k]
            late += 1
    return changed
