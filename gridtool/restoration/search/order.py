"""Search for a priority order: simulated annealing with block moves, guided by what is known.

Deterministic: the budget is counted in dispatches and candidates, never in seconds; random
numbers come from one counter-based stream; ties keep what was found first. The result is never
worse than the best order it was started from.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.restoration.search.gains import Gains
from gridtool.restoration.search.kernel import propose, walk
from gridtool.restoration.search.moves import DRAWS, Kin, move_jobs
from gridtool.restoration.search.trail import Budget, Trail, never
from gridtool.restoration.value.states import StateValues

__all__ = [
    "EXHAUSTIVE_JOBS",
    "SearchResult",
    "enumerate_orders",
    "neighbours",
    "search_order",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EXHAUSTIVE_JOBS = 6
"""Up to so many jobs all priority orders are tried."""

CANDIDATES_PER_EVALUATION = 4
"""Timetables valued per dispatch of the budget, at most."""

HANDFUL = 10
"""Moves of which the most promising one is valued."""

CYCLES = ((0, 0.03, 0.35), (1, 0.03, 0.6), (None, 0.03, 0.85), (None, 0.003, 1.0))
"""Coolings: which of the starts each begins at (by rank; None: the best order so far), with what
temperature, as a share of the energy not served, and the share of the budget it ends at. Several
short ones leave more valleys than a long one."""

COLD = 0.0001
"""Temperature each cooling ends with, as a share of the energy not served."""

BLIND_SHARE = 0.1
"""Share of moves that are valued whatever they promise."""

PROBE_SHARE = 0.25
"""Share of the budget that may go into finding which jobs bear on each other."""

_STREAM = 0x5EA7C4


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The best order found, its energy not served in MWh, and how many timetables were valued."""

    order: IntArray
    ens_mwh: float
    candidates: int
    proven: bool = False


def search_order(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    starts: Iterable[IntArray],
    evaluations: int,
    seed: int,
    near: IntArray | None = None,
    interrupt: Callable[[], bool] = never,
) -> SearchResult:
    """The best order found from ``starts`` with a budget of ``evaluations`` dispatches.

    Dispatches that ``values`` has made before count towards the budget; the starts are measured
    in any case. ``near`` says which jobs move together, see :func:`neighbours`.
    """
    budget = Budget(evaluations=evaluations, candidates=evaluations * CANDIDATES_PER_EVALUATION)
    trail = Trail(problem, values, budget=budget, interrupt=interrupt)
    given = [np.asarray(start, dtype=np.int64) for start in starts]
    worth = [trail.measure(start) for start in given]
    by_worth = [given[k] for k in np.argsort(worth, kind="stable") if math.isfinite(worth[k])]
    better = len(problem.jobs) > 1 and math.isfinite(trail.best_ens) and trail.best_ens > 0
    if better and not interrupt():
        near = neighbours(problem) if near is None else near
        _improve(trail, by_worth, near=near, seed=seed)
    return SearchResult(order=trail.best, ens_mwh=trail.best_ens, candidates=trail.tried)


def enumerate_orders(
    problem: ScheduleProblem, values: StateValues, *, interrupt: Callable[[], bool] = never
) -> SearchResult:
    """The best of all priority orders; for a handful of jobs."""
    budget = Budget(evaluations=0, candidates=0)
    trail = Trail(problem, values, budget=budget, interrupt=interrupt)
    for order in itertools.permutations(range(len(problem.jobs))):
        trail.measure(np.array(order, dtype=np.int64), limit=trail.best_ens)
        if interrupt():
            break
    found = math.isfinite(trail.best_ens)
    return SearchResult(
        order=trail.best if found else np.arange(len(problem.jobs), dtype=np.int64),
        ens_mwh=trail.best_ens,
        candidates=trail.tried,
        proven=not interrupt(),
    )


def _improve(trail: Trail, starts: list[IntArray], *, near: IntArray, seed: int) -> None:
    """Spend the budget on better orders than the best so far."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
    gains = Gains(trail.values)
    gains.probe(near, evaluations=int(PROBE_SHARE * trail.budget.evaluations))
    able = trail.problem.able.astype(np.int64)
    kin = (near, (able.T @ able) > 0)
    for rank, hot, until in CYCLES:
        start = trail.best if rank is None else starts[min(rank, len(starts) - 1)]
        _anneal(trail, rng, start=start, gains=gains, kin=kin, hot=hot, until=until)


def _anneal(
    trail: Trail,
    rng: np.random.Generator,
    *,
    start: IntArray,
    gains: Gains,
    kin: Kin,
    hot: float,
    until: float,
) -> None:
    """One cooling from the order ``start``, to the share ``until`` of the budget.

    Of each handful of moves only the one that promises most is valued. The acceptance threshold
    is drawn before: the sum over the candidate's stages stops as soon as it is above, and saves
    the dispatches of the stages that follow.
    """
    begun, scale, ens = trail.progress, trail.best_ens, trail.measure(start)
    current = trail.stand_at(start)
    while (progress := trail.progress) < until:
        cooled = (progress - begun) / (until - begun)
        temperature = scale * hot * (COLD / hot) ** cooled
        threshold = ens - temperature * math.log(1.0 - rng.random())
        if rng.random() < BLIND_SHARE:
            moved = move_jobs(current[0], current[4], kin, rng.random(DRAWS))
            finish = trail.finish_h(moved)
        else:
            known = (trail.demand, trail.states, gains.table, gains.bears)
            draws = rng.random((HANDFUL, DRAWS))
            moved, finish = propose(current, kin, draws, trail.given, known)
        found = trail.measure(moved, finish=finish, limit=threshold)
        if np.isfinite(finish).all():
            gains.learn(walk(finish, trail.demand, trail.width), trail.states)
        if found <= threshold:
            current, ens = trail.stand_at(moved), found


def neighbours(problem: ScheduleProblem) -> IntArray:
    """By job, the other jobs by distance on the map (n, n - 1); ties in job order."""
    places = np.array([(job.x_km, job.y_km) for job in problem.jobs])
    distance = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    distance = np.nan_to_num(distance)
    np.fill_diagonal(distance, -1.0)
    return np.argsort(distance, axis=1, kind="stable")[:, 1:].astype(np.int64)
