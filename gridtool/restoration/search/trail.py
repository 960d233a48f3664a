"""The search so far: what orders leave unserved, what may still be spent, the best seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.restoration.search.kernel import (
    Current,
    Demand,
    add_known,
    finish_order,
    walk,
)
from gridtool.restoration.value.state_table import (
    Table,
    WordArray,
    enter,
    grow_table,
    look_up,
    make_table,
)
from gridtool.restoration.value.states import StateValues

__all__ = ["EARLIER_MW", "Budget", "Trail", "never"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EARLIER_MW = 1e-8
"""What an hour's delay of any job counts, beside the load it leaves unserved."""

_UNSERVED_MW = 1e-6


def never() -> bool:
    """No: nobody wants an end."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a search may spend: dispatches of distinct states, and timetables valued."""

    evaluations: int
    candidates: int


class Trail:
    """Values orders, remembers the best, and knows how much of its budget is spent.

    Dispatches that ``values`` has made before count towards the budget.
    """

    def __init__(
        self,
        problem: ScheduleProblem,
        values: StateValues,
        *,
        budget: Budget,
        interrupt: Callable[[], bool] = never,
    ) -> None:
        self.problem = problem
        self.values = values
        self.budget = budget
        self.interrupt = interrupt
        self.tried = 0
        self.best = np.arange(0, dtype=np.int64)
        self.best_ens = math.inf
        blocks = values.blocks
        lengths = np.diff(blocks.begins_h)[:, None] * blocks.weight[:-1]
        before = np.cumsum(np.vstack([np.zeros(len(blocks.level)), lengths]), axis=0)
        self.demand: Demand = (blocks.begins_h, before, blocks.weight)
        self.given = (problem.expected_h, problem.given)
        self.width = (len(problem.jobs) + 63) // 64 or 1
        self.states: Table = make_table(width=self.width, levels=len(blocks.level))
        self._known = 0

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1 and above; all of it once interrupted."""
        if self.interrupt():
            return math.inf
        evaluations, candidates = self.budget.evaluations, self.budget.candidates
        return max(
            self.values.evaluations / evaluations if evaluations else 1.0,
            self.tried / candidates if candidates else 1.0,
        )

    def finish_h(self, order: IntArray) -> FloatArray:
        """Finish hours (n,) of ``order``."""
        finish: FloatArray = finish_order(order, *self.given)
        return finish

    def measure(
        self, order: IntArray, *, finish: FloatArray | None = None, limit: float = math.inf
    ) -> float:
        """Energy not served of ``order``, MWh; anything above ``limit`` if it is above it.

        Repairs that bring no load by themselves still bring back reserve: between orders of
        equal energy the one that finishes its jobs earlier counts as less.
        """
        self.tried += 1
        finish = self.finish_h(order) if finish is None else finish
        if not np.isfinite(finish).all():
            return math.inf
        steps = walk(finish, self.demand, self.width)
        n, start = len(finish), EARLIER_MW * float(finish.sum())
        k, ens = add_known(steps, self.states, 0, start, limit)
        while k < n:
            self._learn(steps[2][k])
            k, ens = add_known(steps, self.states, k, ens, limit)
        if ens < self.best_ens - 1e-10:
            self.best, self.best_ens = order.copy(), float(ens)
        return float(ens)

    def stand_at(self, order: IntArray) -> Current:
        """What the search has to know where it stands.

        The order is first sorted by when work starts, if the timetable stays the same: jobs that
        stand together then also happen together, whatever crews do them.
        """
        table = self.problem.schedule(order)
        finish = self.finish_h(order)
        by_start = np.argsort(table.start_h, kind="stable").astype(np.int64)
        if np.array_equal(self.finish_h(by_start), finish):
            order = by_start
        chain, _, states = walk(finish, self.demand, self.width)
        n = len(chain)
        rank = np.empty(n, dtype=np.int64)
        rank[chain] = np.arange(n)
        prefix = np.zeros((n + 1, len(self.values.full_levels_mw)))
        for k in range(n):
            place = look_up(self.states, states[k])
            prefix[k] = self.states[2][place if place >= 0 else self._learn(states[k])]
        short = np.flatnonzero(prefix.sum(axis=1) > _UNSERVED_MW)
        bears = rank[order] <= (short[-1] if len(short) else 0)
        return order, finish, rank, prefix, int(np.flatnonzero(bears)[-1]) + 1

    def _learn(self, state: WordArray) -> int:
        """Dispatch a state and enter it in the table; its place."""
        mask = int.from_bytes(state.tobytes(), "little")
        short = self.values.full_levels_mw - self.values.levels_mw(mask)
        if self._known == len(self.states[1]):
            self.states = grow_table(self.states, count=self._known)
        self._known = enter(self.states, state, short, self._known)
        return self._known - 1
