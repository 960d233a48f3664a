"""Search for a priority order: simulated annealing with block moves, then descent by insertion.

Deterministic: the budget is counted in dispatches and candidates, never in seconds; random
numbers come from one counter-based stream; ties keep what was found first. The result is never
worse than the best order it was started from.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gridtool.restoration.kernel import estimate_shortfall
from gridtool.restoration.schedule import ScheduleProblem
from gridtool.restoration.value import StateValues

__all__ = [
    "EXHAUSTIVE_JOBS",
    "SearchResult",
    "enumerate_orders",
    "move_jobs",
    "neighbours",
    "search_order",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EXHAUSTIVE_JOBS = 6
"""Up to so many jobs all priority orders are tried."""

CANDIDATES_PER_EVALUATION = 2
"""Timetables valued per dispatch of the budget, at most."""

HANDFUL = 24
"""Moves of which the most promising one is valued."""

EARLIER_MW = 1e-8
"""What an hour's delay of any job counts, beside the load it leaves unserved."""

CYCLES = ((0.3, 0.25), (0.01, 0.55), (0.01, 0.85))
"""Coolings: the temperature each begins with, as a share of the energy not served, and the share
of the budget it ends at. The first is hot enough to leave the valley of the greedy orders."""

COLD = 0.0001
"""Temperature each cooling ends with, as a share of the energy not served."""

BLIND_SHARE = 0.2
"""Share of moves that are valued without an estimate, which may be wrong where repairs help only
together."""

_STREAM = 0x5EA7C4


def _never() -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The best order found, its energy not served in MWh, and how many timetables were valued."""

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
    interrupt: Callable[[], bool] = _never
    tried: int = 0
    best: list[int] = field(default_factory=list)
    best_ens: float = math.inf

    def measure(self, order: list[int], *, limit: float = math.inf) -> float:
        """Energy not served of ``order``, MWh; anything above ``limit`` if it is above it.

        Repairs that bring no load by themselves still bring back reserve: between orders of
        equal energy the one that finishes its jobs earlier counts as less.
        """
        self.tried += 1
        timetable = self.problem.schedule(np.array(order, dtype=np.int64))
        ens = self.values.energy_not_served(timetable, limit=limit)
        ens += EARLIER_MW * float(timetable.finish_h.sum())
        if ens < self.best_ens - 1e-10:
            self.best, self.best_ens = list(order), ens
        return ens

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1 and above; all of it once interrupted."""
        if self.interrupt():
            return math.inf
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
    interrupt: Callable[[], bool] = _never,
) -> SearchResult:
    """The best order found from ``starts`` with a budget of ``evaluations`` dispatches.

    Dispatches that ``values`` has made before count towards the budget; the starts are measured
    in any case.
    """
    trail = _Trail(problem, values, evaluations, evaluations * CANDIDATES_PER_EVALUATION, interrupt)
    for start in starts:
        trail.measure([int(j) for j in start])
    if len(problem.jobs) > 1 and math.isfinite(trail.best_ens) and trail.best_ens > 0:
        rng = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
        for hot, until in CYCLES:
            _anneal(trail, rng, hot=hot, until=until)
        _descend(trail)
    return SearchResult(
        order=np.array(trail.best, dtype=np.int64),
        ens_mwh=trail.best_ens,
        candidates=trail.tried,
    )


def enumerate_orders(
    problem: ScheduleProblem, values: StateValues, *, interrupt: Callable[[], bool] = _never
) -> SearchResult:
    """The best of all priority orders; for a handful of jobs."""
    trail = _Trail(problem, values, 0, 0, interrupt)
    for order in itertools.permutations(range(len(problem.jobs))):
        trail.measure(list(order), limit=trail.best_ens)
        if interrupt():
            break
    best = trail.best or list(range(len(problem.jobs)))
    return SearchResult(
        order=np.array(best, dtype=np.int64),
        ens_mwh=trail.best_ens,
        candidates=trail.tried,
        proven=not interrupt(),
    )


def _anneal(trail: _Trail, rng: np.random.Generator, *, hot: float, until: float) -> None:
    """One cooling from the best order so far, to the share ``until`` of the budget.

    Of each handful of moves only the one that promises most is valued, by an estimate that
    needs no dispatch. The acceptance threshold is drawn before: the sum over the candidate's
    stages stops as soon as it is above, and saves the dispatches of the stages that follow.
    """
    begun, near = trail.progress, neighbours(trail.problem)
    current, current_ens = list(trail.best), trail.best_ens
    scale, outlook = trail.best_ens, _Outlook.around(trail, trail.best)
    while (progress := trail.progress) < until:
        cooled = (progress - begun) / (until - begun)
        temperature = scale * hot * (COLD / hot) ** cooled
        threshold = current_ens - temperature * math.log(1.0 - rng.random())
        handful = 1 if rng.random() < BLIND_SHARE else HANDFUL
        moves = [move_jobs(current, rng, near=near) for _ in range(handful)]
        candidate = outlook.pick(moves)
        ens = trail.measure(candidate, limit=threshold)
        if ens <= threshold:
            current, current_ens = candidate, ens
            outlook = _Outlook.around(trail, current)


@dataclass(frozen=True, kw_only=True)
class _Outlook:
    """What is known of timetables near one whose stages have been dispatched."""

    problem: ScheduleProblem
    chain: IntArray
    prefix_mw: FloatArray
    seen: set[bytes]

    @classmethod
    def around(cls, trail: _Trail, order: list[int]) -> _Outlook:
        finish = trail.problem.schedule(np.array(order, dtype=np.int64)).finish_h
        chain = np.argsort(finish, kind="stable").astype(np.int64)
        mask, prefix = 0, [trail.values.served_mw(0)]
        for j in chain.tolist():
            mask |= 1 << j
            prefix.append(trail.values.served_mw(mask))
        return cls(
            problem=trail.problem,
            chain=chain,
            prefix_mw=np.array(prefix),
            seen={finish.tobytes()},
        )

    def pick(self, candidates: list[list[int]]) -> list[int]:
        """The candidate of least estimated energy whose timetable was not picked before."""
        best, best_estimate, best_key = candidates[0], math.inf, b""
        for candidate in candidates:
            finish = self.problem.schedule(np.array(candidate, dtype=np.int64)).finish_h
            key = finish.tobytes()
            if key in self.seen or not np.isfinite(finish).all():
                continue
            estimate = estimate_shortfall(finish, self.chain, self.prefix_mw)
            if estimate < best_estimate:
                best, best_estimate, best_key = candidate, estimate, key
        self.seen.add(best_key)
        return best


def move_jobs(order: list[int], rng: np.random.Generator, *, near: IntArray) -> list[int]:
    """``order`` changed at random: two jobs exchanged, or jobs moved elsewhere together.

    What is moved is a single job, a block of neighbours in the order, or a job with some of
    those near it on the map (``near``: by job, the others by distance): a supply path comes
    back only when all of it is repaired.
    """
    n = len(order)
    kind, first, second, size = rng.random(4)
    i = int(first * n)
    if kind < 0.2:
        j = int(second * (n - 1))
        j += j >= i
        changed = list(order)
        changed[i], changed[j] = changed[j], changed[i]
        return changed
    if kind < 0.45:
        chosen = {order[i]}
    elif kind < 0.65:
        chosen = set(order[i : i + 2 + int(4 * size)])
    else:
        around = near[order[i], : 1 + int(6 * size)]
        kept = rng.random(len(around)) < 0.6
        chosen = {order[i], *around[kept].tolist()}
    block = [job for job in order if job in chosen]
    rest = [job for job in order if job not in chosen]
    j = int(second * (len(rest) + 1))
    return rest[:j] + block + rest[j:]


def neighbours(problem: ScheduleProblem) -> IntArray:
    """By job, the other jobs by distance on the map (n, n - 1); ties in job order."""
    places = np.array([(job.x_km, job.y_km) for job in problem.jobs])
    distance = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    distance = np.nan_to_num(distance)
    np.fill_diagonal(distance, -1.0)
    return np.argsort(distance, axis=1, kind="stable")[:, 1:].astype(np.int64)


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
            improved = improved or trail.best_ens < before - 1e-10
