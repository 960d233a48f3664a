"""An earlier order kept as far as it pays: new jobs placed, late ones put back, moves that pay."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.advice.explain_problem import PlannedProblem

__all__ = [
    "Cost",
    "Move",
    "adopt_moves",
    "find_moved",
    "make_cost",
    "place_best",
]

IntArray = npt.NDArray[np.int64]

Cost = Callable[..., float]
"""Energy not served of an order (MWh), weighted as the plan is: ``cost(order, limit=...)``."""

_EARLIER_MW = 1e-8
_COARSE = 24
_TRIED_PER_STEP = 16
_TINY_MWH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A job called earlier or later than before, and what that saves, MWh."""

    job: int
    saves_mwh: float


def make_cost(planned: PlannedProblem) -> Cost:
    """The energy not served of an order; of equal ones that finishes earlier costs less."""

    def cost(order: Sequence[int], *, limit: float = math.inf) -> float:
        timetable = planned.problem.schedule(np.array(order, dtype=np.int64))
        ens = planned.weighted_mwh(timetable, limit=limit)
        return ens + _EARLIER_MW * float(timetable.finish_h.sum())

    return cost


def place_best(order: Sequence[int], job: int, cost: Cost) -> tuple[int, ...]:
    """``order`` with ``job`` (new, or taken out first) where the least energy is not served.

    Every place is tried, in a long order first some and then those around the best of them; of
    equal places the last.
    """
    rest = [other for other in order if other != job]

    def measure(place: int, limit: float) -> float:
        return cost([*rest[:place], job, *rest[place:]], limit=limit)

    count = len(rest)
    step = max(1, math.ceil(count / _COARSE))
    best, best_cost = count, measure(count, math.inf)
    tried = {count}
    while True:
        around = range(count + 1) if len(tried) == 1 else range(best - 2 * step, best + 2 * step)
        for place in list(around)[::step][::-1]:
            if place in tried or not 0 <= place <= count:
                continue
            tried.add(place)
            found = measure(place, best_cost)
            if found < best_cost - _TINY_MWH:
                best, best_cost = place, found
        if step == 1:
            return (*rest[:best], job, *rest[best:])
        step = max(1, step // 2)


def find_moved(order: Sequence[int], base: Sequence[int]) -> set[int]:
    """The fewest jobs that must be moved to turn ``base`` into ``order`` (same jobs)."""
    rank = {job: place for place, job in enumerate(base)}
    kept = _longest_increasing([rank[job] for job in order])
    return {job for place, job in enumerate(order) if place not in kept}


def adopt_moves(
    base: Sequence[int], target: Sequence[int], cost: Cost, *, threshold_mwh: float
) -> tuple[tuple[int, ...], tuple[Move, ...]]:
    """``base`` turned towards ``target``, job by job, as far as every move pays.

    The jobs are moved one at a time to where ``target`` has them, of those farthest away always
    the one that saves most next; of all orders on this way the one is taken that has the least
    energy not served plus ``threshold_mwh`` for every job moved.

    Returns
    -------
    tuple
        The order, and the moves that lead to it.
    """
    current, current_mwh = tuple(base), cost(base)
    best, best_mwh = current, current_mwh
    way: list[Move] = []
    taken = 0
    if current_mwh - cost(target) <= threshold_mwh:
        return current, ()
    while current != tuple(target):
        found: tuple[float, int, tuple[int, ...]] | None = None
        moved = find_moved(current, target)
        for job in _farthest(current, moved, target):
            candidate = _move_towards(current, job, target, moved=moved)
            measured = cost(candidate, limit=math.inf if found is None else found[0])
            if found is None or measured < found[0] - _TINY_MWH:
                found = (measured, job, candidate)
        if found is None:
            break
        way.append(Move(job=found[1], saves_mwh=current_mwh - found[0]))
        current_mwh, _, current = found
        if current_mwh + threshold_mwh * (len(way) - taken) < best_mwh - _TINY_MWH:
            best, best_mwh, taken = current, current_mwh, len(way)
    return best, tuple(way[:taken])


def _farthest(current: Sequence[int], moved: set[int], target: Sequence[int]) -> list[int]:
    """The jobs of ``moved`` that are farthest from where ``target`` has them, at most a few."""
    rank = {job: place for place, job in enumerate(target)}
    away = {job: abs(place - rank[job]) for place, job in enumerate(current) if job in moved}
    return sorted(away, key=lambda job: (-away[job], job))[:_TRIED_PER_STEP]


def _move_towards(
    current: Sequence[int], job: int, target: Sequence[int], *, moved: set[int]
) -> tuple[int, ...]:
    """``job`` moved to right after the last job that stays and is before it in ``target``."""
    before = target[: list(target).index(job)]
    anchor = next((other for other in reversed(before) if other not in moved), None)
    rest = [other for other in current if other != job]
    place = 0 if anchor is None else rest.index(anchor) + 1
    return (*rest[:place], job, *rest[place:])


def _longest_increasing(ranks: Sequence[int]) -> set[int]:
    """Positions of a longest increasing subsequence of ``ranks``, which are all different."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, rank in enumerate(ranks):
        k = bisect_left(tails, rank)
        before.append(ends[k - 1] if k else -1)
        if k == len(tails):
            tails.append(rank)
            ends.append(place)
        else:
            tails[k], ends[k] = rank, place
    kept = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.add(place)
        place = before[place]
    return kept
