"""Search for a priority order: simulated annealing with block moves, then descent by insertion.

Deterministic: the budget is counted in dispatches and candidates, never in seconds; random
numbers come from one counter-based stream; ties keep what was found first. The result is never
worse than the best order it was started from.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule import ScheduleProblem
from gridtool.restoration.value import StateValues

__all__ = ["EXHAUSTIVE_JOBS", "SearchResult", "enumerate_orders", "search_order"]

IntArray = npt.NDArray[np.int64]

EXHAUSTIVE_JOBS = 6
"""Up to so many jobs all priority orders are tried."""

CANDIDATES_PER_EVALUATION = 10
"""Timetables tried per dispatch of the budget, at most."""

_HOT, _COLD = 0.05, 0.0003
_STREAM = 0x5EA7C4


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The best order found, its energy not served in MWh, and how many timetables were tried."""

    order: IntArray
    ens_mwh: float
    candidates: int
    proven: bool = False


@dataclass
class _Trail:
    """The search so far: what it may still spend and the best it has seen."""

    problem: ScheduleProblem
    values: StateValues
    evaluations: int
    candidates: int
    tried: int = 0
    best: list[int] = field(default_factory=list)
    best_ens: float = math.inf

    def measure(self, order: list[int], *, limit: float = math.inf) -> float:
        """Energy not served of ``order``, MWh; anything above ``limit`` if it is above it."""
        self.tried += 1
        timetable = self.problem.schedule(np.array(order, dtype=np.int64))
        ens = self.values.energy_not_served(timetable, limit=limit)
        if ens < self.best_ens - 1e-9:
            self.best, self.best_ens = list(order), ens
        return ens

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1 and above."""
        return max(
            self.values.evaluations / self.evaluations if self.evaluations else 1.0,
            self.tried / self.candidates if self.candidates else 1.0,
        )


def search_order(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    starts: Iterable[IntArray],
    evaluations: int,
    seed: int,
) -> SearchResult:
    """The best order found from ``starts`` with a budget of ``evaluations`` dispatches.

    Dispatches that ``values`` has made before count towards the budget; the starts are measured
    in any case.
    """
    trail = _Trail(problem, values, evaluations, evaluations * CANDIDATES_PER_EVALUATION)
    for start in starts:
        trail.measure([int(j) for j in start])
    if len(problem.jobs) > 1 and math.isfinite(trail.best_ens) and trail.best_ens > 0:
        rng = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
        for until in (0.45, 0.8):
            _anneal(trail, rng, until=until)
        _descend(trail)
    return SearchResult(
        order=np.array(trail.best, dtype=np.int64),
        ens_mwh=trail.best_ens,
        candidates=trail.tried,
    )


def enumerate_orders(problem: ScheduleProblem, values: StateValues) -> SearchResult:
    """The best of all priority orders; for a handful of jobs."""
    trail = _Trail(problem, values, 0, 0)
    for order in itertools.permutations(range(len(problem.jobs))):
        trail.measure(list(order), limit=trail.best_ens)
    best = trail.best or list(range(len(problem.jobs)))
    return SearchResult(
        order=np.array(best, dtype=np.int64),
        ens_mwh=trail.best_ens,
        candidates=trail.tried,
        proven=True,
    )


def _anneal(trail: _Trail, rng: np.random.Generator, *, until: float) -> None:
    """One cooling from the best order so far, to the share ``until`` of the budget.

    The acceptance threshold is drawn before a candidate is valued: the sum over its stages
    stops as soon as it is above, and saves the dispatches of the stages that follow.
    """
    begun = trail.progress
    current, current_ens = list(trail.best), trail.best_ens
    scale = trail.best_ens
    while (progress := trail.progress) < until:
        cooled = (progress - begun) / (until - begun)
        temperature = scale * _HOT * (_COLD / _HOT) ** cooled
        threshold = current_ens - temperature * math.log(1.0 - rng.random())
        candidate = move_jobs(current, rng)
        ens = trail.measure(candidate, limit=threshold)
        if ens <= threshold:
            current, current_ens = candidate, ens


def move_jobs(order: list[int], rng: np.random.Generator) -> list[int]:
    """``order`` with a random job or block of jobs elsewhere, or with two jobs exchanged."""
    n = len(order)
    kind, first, second, size = rng.random(4)
    i, j = int(first * n), int(second * (n - 1))
    j += j >= i
    if kind < 0.25:
        changed = list(order)
        changed[i], changed[j] = changed[j], changed[i]
        return changed
    length = 1 if kind < 0.65 else 2 + int(size * min(4, max(1, n // 2 - 1)))
    length = min(length, n - 1)
    i = min(i, n - length)
    block, rest = order[i : i + length], order[:i] + order[i + length :]
    j = int(second * (len(rest) + 1))
    return rest[:j] + block + rest[j:]


def _descend(trail: _Trail) -> None:
    """Move single jobs while that improves the best order and the budget lasts."""
    n = len(trail.best)
    improved = True
    while improved and trail.progress < 1.0:
        improved = False
        for job in list(trail.best):
            order, before = trail.best, trail.best_ens
            rest = [other for other in order if other != job]
            for position in range(n):
                if trail.progress >= 1.0:
                    return
                candidate = [*rest[:position], job, *rest[position:]]
                if candidate != order:
                    trail.measure(candidate, limit=trail.best_ens)
            improved = improved or trail.best_ens < before - 1e-9
