"""Search for an order: simulated annealing with block moves, then windows solved exactly.

Deterministic: the budget counts networks solved and moves tried, never seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gridtool.restoration.unit_repairs.exact import best_of_window
from gridtool.restoration.unit_repairs.model import bits_of
from gridtool.restoration.unit_repairs.order import OrderCosts, put_buses_first

__all__ = ["Trail", "anneal", "polish_windows"]

_STREAM = 0x0E1D

HANDFUL, BLIND_SHARE = 10, 0.3
"""Moves of which the one that promises most by supply alone is tried, and the share of moves
tried without such a look, which is blind to the limits of lines."""

NEAR_REACH, FAR_SHARE = 25, 0.1
"""Places that most moves go at most, and the share of moves that may go anywhere."""

HOT, COLD_SHARE = 0.003, 0.01
"""Temperature an annealing begins with, as a share of the cost, and what is left of it last."""

MOVES_PER_EVALUATION = 3
"""Moves tried per network of the budget, at most: most moves meet states already known."""


@dataclass
class Trail:
    """The search so far: the best order, what may still be spent, and who may end it."""

    costs: OrderCosts
    evaluations: int
    best: list[int] = field(default_factory=list)
    best_cost: float = math.inf
    tried: int = 0
    settled: dict[tuple[int, int], float] = field(default_factory=dict)
    """Least cost of windows that were solved, by what is repaired before and within."""
    stop: Callable[[], bool] = field(default=lambda: False)

    def offer(self, order: Sequence[int]) -> None:
        """Keep ``order`` if it is the best so far."""
        cost = self.costs.total(order)
        if cost < self.best_cost - 1e-9:
            self.best, self.best_cost = list(order), cost

    @property
    def spent(self) -> float:
        """Share of the budget that is spent."""
        return max(
            self.costs.values.evaluations / max(self.evaluations, 1),
            self.tried / max(self.evaluations * MOVES_PER_EVALUATION, 1),
        )

    def is_over(self, until: float) -> bool:
        """Whether the share ``until`` of the budget is spent, or an end was asked for."""
        return self.spent >= until or self.stop()


def anneal(
    trail: Trail, *, seed: int, until: float, near: list[list[int]], hot: float = HOT
) -> None:
    """One cooling from the best order so far, to the share ``until`` of the budget."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
    repair_case = trail.costs.values.repair_case
    if len(trail.best) < 2 or trail.best_cost <= 0.0:
        return
    order, costs_of = list(trail.best), trail.costs
    costs = costs_of.prefix_costs(order)
    total, begun, scale = trail.best_cost, trail.spent, trail.best_cost
    while not trail.is_over(until):
        cooled = (trail.spent - begun) / max(until - begun, 1e-12)
        temperature = scale * hot * COLD_SHARE**cooled
        limit = -temperature * math.log(1.0 - rng.random())
        handful = 1 if rng.random() < BLIND_SHARE else HANDFUL
        moved = [put_buses_first(repair_case, _moved(order, rng, near)) for _ in range(handful)]
        candidate = min(moved, key=lambda other: costs_of.least_change(order, costs, other))
        trail.tried += 1
        rise, first, found = costs_of.change(order, costs, candidate, limit=limit)
        if rise <= limit and found:
            order = candidate
            costs[first + 1 : first + 1 + len(found)] = found
            total += rise
            if total < trail.best_cost - 1e-9:
                trail.best, trail.best_cost = list(order), total


def _moved(order: list[int], rng: np.random.Generator, near: list[list[int]]) -> list[int]:
    """``order`` with a component, a block, or a component and neighbours moved elsewhere."""
    n = len(order)
    kind, where, far, size, *coins = rng.random(12).tolist()
    i = int(where * n)
    if kind < 0.15:
        j = min(max(i + round((far - 0.5) * 12), 0), n - 1)
        changed = list(order)
        changed[i], changed[j] = changed[j], changed[i]
        return changed
    if kind < 0.45:
        chosen = {order[i]}
    elif kind < 0.7:
        chosen = set(order[i : i + 2 + int(5 * size)])
    else:
        around = near[order[i]][: 1 + int(6 * size)]
        chosen = {order[i], *(b for b, coin in zip(around, coins, strict=False) if coin < 0.6)}
    block = [bit for bit in order if bit in chosen]
    rest = [bit for bit in order if bit not in chosen]
    reach = len(rest) if size < FAR_SHARE else min(len(rest), NEAR_REACH)
    step = round(math.copysign(abs(2 * far - 1) ** 3, far - 0.5) * reach)
    j = min(max(i + step, 0), len(rest))
    return rest[:j] + block + rest[j:]


def polish_windows(trail: Trail, *, width: int, until: float = 1.0) -> None:
    """Put every window of ``width`` neighbours of the best order into its best order.

    The windows slide from the front; a sweep is repeated while it helps and the budget lasts.
    """
    improved = True
    while improved and not trail.is_over(until):
        before = trail.best_cost
        for first in range(max(1, len(trail.best) - width + 1)):
            if trail.is_over(until):
                break
            _solve_window(trail, first, min(width, len(trail.best)))
        improved = trail.best_cost < before - 1e-9


def _solve_window(trail: Trail, first: int, width: int) -> None:
    """The best order of the components at ``first`` and after, put in where it is better."""
    order, costs = trail.best, trail.costs
    window = order[first : first + width]
    base = bits_of(order[:first])
    current = sum(costs.costs_along(base, first, window[:-1]) or ())
    key = (base, bits_of(window))
    if current <= trail.settled.get(key, 0.0) + 1e-9:
        return
    found = best_of_window(costs, window, base=base, first=first, limit=current)
    if found is None:
        trail.settled[key] = current
    elif found.complete:
        trail.settled[key] = found.cost
        trail.best = [*order[:first], *found.order, *order[first + len(window) :]]
        trail.best_cost += found.cost - current
