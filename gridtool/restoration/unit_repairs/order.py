"""Orders of unit repairs: what one costs, and what a change of it costs more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridtool.restoration.unit_repairs.model import Periods, RepairCase
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["OrderCosts", "neighbourhood", "order_of_chain", "put_buses_first"]


class OrderCosts:
    """What orders leave unserved of the most that supply could ever serve, p.u.-periods.

    Never negative, even where a repair takes load away (a line that closes a loop may bring
    another one to its limit). ``hours[k]`` is how long exactly the first k repairs are
    finished: 0 where several repairs share a period, so that the sets between are never looked
    at.
    """

    def __init__(self, values: RepairValues, periods: Periods) -> None:
        self.values = values
        self.bound = values.bound
        everything = range(len(values.repair_case.components))
        self.most = max(float(self.bound.along(0, everything).max(initial=0.0)), values.full)
        self.hours = [0.0] * (len(values.repair_case.components) + 1)
        for done, hours in zip(periods.repaired, periods.elapsed, strict=True):
            self.hours[done] += hours

    def prefix_costs(self, order: Sequence[int]) -> list[float]:
        """Cost of every prefix of ``order``, the empty one first."""
        return [self.cost_of(k, mask) for k, mask in enumerate(self.masks_of(order))]

    def masks_of(self, order: Sequence[int]) -> list[int]:
        """Masks of every prefix of ``order``, the empty one first."""
        return [0, *_prefixes(order, 0)]

    def cost_of(self, k: int, mask: int) -> float:
        """Cost of the time when exactly the k components of ``mask`` are repaired."""
        hours = self.hours[k]
        return hours * (self.most - self.values.served(mask)) if hours else 0.0

    def total(self, order: Sequence[int]) -> float:
        """Cost of ``order``."""
        return sum(self.prefix_costs(order))

    def change(
        self,
        order: list[int],
        costs: list[float],
        candidate: list[int],
        *,
        limit: float,
    ) -> tuple[float, int, list[float]]:
        """What ``candidate`` costs more than ``order``, where it differs, and its costs there.

        ``costs`` are the prefix costs of ``order``. Stops with infinity once the rise is sure to
        be above ``limit``.
        """
        first, last = _differing(order, candidate)
        if first > last:
            return 0.0, 0, []
        mask = 0
        for position in order[:first]:
            mask |= 1 << position
        before = sum(costs[first + 1 : last + 1])
        found = self.costs_along(mask, first, candidate[first:last], limit=before + limit)
        if found is None:
            return float("inf"), first, []
        return sum(found) - before, first, found

    def least_change(self, order: list[int], costs: list[float], candidate: list[int]) -> float:
        """What ``candidate`` costs more at least, by what supply alone allows; no program."""
        first, last = _differing(order, candidate)
        if first > last:
            return float("inf")
        mask = 0
        for position in order[:first]:
            mask |= 1 << position
        most = self.bound.along(mask, candidate[first:last])
        hours = self.hours[first + 1 : last + 1]
        least = sum((self.most - top) * h for top, h in zip(most.tolist(), hours, strict=True))
        return float(least) - sum(costs[first + 1 : last + 1])

    def costs_along(
        self, mask: int, size: int, added: Sequence[int], *, limit: float = float("inf")
    ) -> list[float] | None:
        """Costs of ``mask`` (``size`` repairs) with more and more of ``added``.

        None once their sum is sure to be above ``limit``: what supply alone allows is tried
        first, then the states are valued one by one.
        """
        hours = self.hours[size + 1 : size + 1 + len(added)]
        if len(added) == 1 and self.values.known(mask | 1 << added[0]) is not None:
            cost = self.cost_of(size + 1, mask | 1 << added[0])
            return [cost] if cost <= limit + 1e-9 else None
        least = [
            max(self.most - most, 0.0) * count
            for most, count in zip(self.bound.along(mask, added).tolist(), hours, strict=True)
        ]
        room = limit + 1e-9 - sum(least)
        if room < 0.0:
            return None
        found = []
        for k, mask_after in enumerate(_prefixes(added, mask)):
            cost = self.cost_of(size + 1 + k, mask_after)
            room -= cost - least[k]
            if room < 0.0:
                return None
            found.append(cost)
        return found


def _differing(order: list[int], candidate: list[int]) -> tuple[int, int]:
    """First and last place where two orders differ; crossed if they do not."""
    first, last = 0, len(order) - 1
    while first <= last and order[first] == candidate[first]:
        first += 1
    while last > first and order[last] == candidate[last]:
        last -= 1
    return first, last


def _prefixes(order: Sequence[int], mask: int) -> list[int]:
    masks = []
    for position in order:
        mask |= 1 << position
        masks.append(mask)
    return masks


def put_buses_first(repair_case: RepairCase, order: Sequence[int]) -> list[int]:
    """``order`` with every component after its buses: a bus moves up to who needs it first."""
    found: list[int] = []
    seen: set[int] = set()
    for position in order:
        for needed in (*repair_case.components[position].buses, position):
            if needed not in seen:
                seen.add(needed)
                found.append(needed)
    return found


def order_of_chain(
    repair_case: RepairCase, chain: Sequence[int], order: Sequence[int]
) -> tuple[int, ...]:
    """Components by the period they come into service; within one as in ``order``."""
    entered = {bit: next(t for t, mask in enumerate(chain) if mask >> bit & 1) for bit in order}
    rank = {bit: k for k, bit in enumerate(order)}
    ranked = sorted(order, key=lambda bit: (entered[bit], rank[bit]))
    return tuple(put_buses_first(repair_case, ranked))


def neighbourhood(repair_case: RepairCase) -> list[list[int]]:
    """By component, the others by their distance in the network; ties in bit order."""
    case = repair_case.case
    graph: list[list[int]] = [[] for _ in case.bus_ids]
    for start, end in zip(case.branch_from.tolist(), case.branch_to.tolist(), strict=True):
        graph[start].append(end)
        graph[end].append(start)
    hops = np.array([_hops(graph, start) for start in range(len(graph))])
    stands = [_buses_at(repair_case, bit) for bit in range(len(repair_case.components))]
    found = []
    for bit, mine in enumerate(stands):
        far = [
            min((int(hops[a, b]) for a in mine for b in others), default=10**6) for others in stands
        ]
        ranked = np.argsort(np.array(far), kind="stable").tolist()
        found.append([other for other in ranked if other != bit])
    return found


def _buses_at(repair_case: RepairCase, bit: int) -> list[int]:
    part, case = repair_case.components[bit], repair_case.case
    if part.place < 0:
        return []
    if part.kind == "bus":
        return [part.place]
    if part.kind == "gen":
        return [int(case.gen_bus[part.place])]
    if part.kind == "storage":
        return [case.storages[part.place].bus]
    return [int(case.branch_from[part.place]), int(case.branch_to[part.place])]


def _hops(graph: list[list[int]], start: int) -> list[int]:
    far = [10**5] * len(graph)
    far[start], reached = 0, [start]
    for bus in reached:
        for other in graph[bus]:
            if far[other] > far[bus] + 1:
                far[other] = far[bus] + 1
                reached.append(other)
    return far
