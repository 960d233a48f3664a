"""Orders the search starts from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridtool.restoration.unit_repairs.model import RepairCase
from gridtool.restoration.unit_repairs.order import OrderCosts, put_buses_first
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["backward_order", "bundle_order", "utilization_order", "utilization_periods"]


def backward_order(
    values: RepairValues, *, width: int, stop: Callable[[], bool] | None = None
) -> list[int]:
    """From the end: the repaired network is taken apart where it misses the component least.

    At every step only the ``width`` components missed least when last asked are asked again.
    Of those missed alike a bus goes out last, because what stands at it goes with it, then the
    one whose bit is smallest. Once ``stop`` says so what is left goes in the order missed first.
    """
    repair_case = values.repair_case
    mask, left = repair_case.all_done, list(range(len(repair_case.components)))
    loss = {bit: values.full - values.served(mask & ~(1 << bit)) for bit in left}
    tail: list[int] = []
    while left:
        if stop is not None and stop():
            rest = sorted(left, key=lambda bit: (loss[bit], -bit))
            return put_buses_first(repair_case, (tail + rest)[::-1])
        served = values.served(mask)
        free = _unneeded(repair_case, mask, left)
        for bit in sorted(free, key=lambda bit: (loss[bit], bit))[:width]:
            loss[bit] = served - values.served(mask & ~(1 << bit))
        chosen = min(free, key=lambda bit: (round(loss[bit], 9), bit))
        mask &= ~(1 << chosen)
        left.remove(chosen)
        tail.append(chosen)
    return tail[::-1]


def _unneeded(repair_case: RepairCase, mask: int, left: list[int]) -> list[int]:
    """Those of ``left`` that no repaired component needs as its bus."""
    needed = {bus for bit in left if mask >> bit & 1 for bus in repair_case.components[bit].buses}
    return [bit for bit in left if bit not in needed]


def bundle_order(
    costs: OrderCosts,
    *,
    near: list[list[int]],
    reach: int = 12,
    stop: Callable[[], bool] | None = None,
) -> list[int]:
    """Forward: the bundle of repairs that wins most per repair, one after the other.

    A bundle grows from a component with its buses by its neighbours and is valued at each size
    (Nurre and others 2012: the cheapest path first). Bundles are tried by what supply alone
    would let them win, until none can beat the best; once ``stop`` says so the rest follows.
    """
    values = costs.values
    mask = 0
    order: list[int] = []
    left = set(range(len(values.repair_case.components)))
    while left:
        if stop is not None and stop():
            return put_buses_first(values.repair_case, [*order, *sorted(left)])
        served = values.served(mask)
        hopes = []
        for start in sorted(left):
            bundle = _bundle(values, start, left, near=near[start][:reach])
            most = costs.bound.along(mask, bundle) - served
            hopes.append((-float((most / np.arange(1, len(bundle) + 1)).max()), start, bundle))
        best, best_rate = sorted(left), 1e-9
        for hope, _, bundle in sorted(hopes):
            if -hope <= best_rate + 1e-9:
                break
            size, rate = _best_size(values, mask, bundle, served)
            if rate > best_rate + 1e-9:
                best, best_rate = bundle[:size], rate
        for bit in put_buses_first(values.repair_case, best):
            if bit in left:
                left.discard(bit)
                order.append(bit)
                mask |= 1 << bit
    return order


def _bundle(values: RepairValues, start: int, left: set[int], *, near: list[int]) -> list[int]:
    components = values.repair_case.components
    bundle: list[int] = []
    for bit in (start, *near):
        if bit in left:
            bundle += [b for b in (*components[bit].buses, bit) if b in left and b not in bundle]
    return bundle


def _best_size(
    values: RepairValues, mask: int, bundle: list[int], served: float
) -> tuple[int, float]:
    """How much of ``bundle`` wins most per repair, and the rate."""
    best, best_rate = 1, 0.0
    for size, bit in enumerate(bundle, start=1):
        mask |= 1 << bit
        rate = (values.served(mask) - served) / size
        if rate > best_rate + 1e-9:
            best, best_rate = size, rate
    return best, best_rate


def utilization_periods(repair_case: RepairCase) -> list[int]:
    """Period in which each component is repaired by the reference's utilization heuristic.

    Source: PowerModelsRestoration.jl, ``utilization_repair_order``: components by ascending
    rating (branch), capacity (generator), load (bus) or energy (storage), each then delayed to
    the period of its buses. The ascending order is the reference's; its authors' text says the
    opposite.
    """
    worth = [_utilization(repair_case, bit) for bit in range(len(repair_case.components))]
    ranked = sorted(range(len(worth)), key=lambda bit: (worth[bit], bit))
    period = {bit: rank for rank, bit in enumerate(ranked, start=1)}
    return [
        max([period[bit], *(period[bus] for bus in part.buses)])
        for bit, part in enumerate(repair_case.components)
    ]


def utilization_order(repair_case: RepairCase) -> list[int]:
    """An order with one repair a period that follows :func:`utilization_periods`."""
    period = utilization_periods(repair_case)
    ranked = sorted(range(len(period)), key=lambda bit: (period[bit], bit))
    return put_buses_first(repair_case, ranked)


def _utilization(repair_case: RepairCase, bit: int) -> float:
    part, case = repair_case.components[bit], repair_case.case
    if part.place < 0:
        return 0.0
    if part.kind == "bus":
        return float(case.load_pu[case.load_bus == part.place].sum())
    if part.kind == "gen":
        return float(case.gen_max[part.place])
    if part.kind == "storage":
        return case.storages[part.place].energy
    return float(case.branch_rate[part.place])
