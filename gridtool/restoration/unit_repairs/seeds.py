"""Orders the search starts from."""

from __future__ import annotations

from gridtool.restoration.unit_repairs.model import RepairCase
from gridtool.restoration.unit_repairs.order import put_buses_first
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["backward_order", "bundle_order", "utilization_order", "utilization_periods"]


def backward_order(values: RepairValues, *, width: int) -> list[int]:
    """From the end: the repaired network is taken apart where it misses the component least.

    At every step only the ``width`` components missed least when last asked are asked again.
    Of those missed alike a bus goes out last, because what stands at it goes with it, then the
    one whose bit is smallest.
    """
    repair_case = values.repair_case
    mask, left = repair_case.all_done, list(range(len(repair_case.components)))
    loss = {bit: values.full - values.served(mask & ~(1 << bit)) for bit in left}
    tail: list[int] = []
    while left:
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


def bundle_order(values: RepairValues, *, near: list[list[int]], reach: int = 12) -> list[int]:
    """Forward: the bundle of repairs that wins most per repair, one after the other.

    A bundle grows from a component with its buses by the neighbours that win most, and is
    valued at each size (Nurre and others 2012: the cheapest path first).
    """
    repair_case = values.repair_case
    mask, order = 0, []
    left = set(range(len(repair_case.components)))
    while left:
        best, best_rate = [min(left)], 0.0
        served = values.served(mask)
        for start in sorted(left):
            bundle, rate = _grow(values, start, mask, served, near=near[start][:reach], left=left)
            if rate > best_rate + 1e-9:
                best, best_rate = bundle, rate
        if best_rate <= 0.0:
            best = sorted(left)
        for bit in put_buses_first(repair_case, best):
            if bit in left:
                left.discard(bit)
                order.append(bit)
                mask |= 1 << bit
    return order


def _grow(
    values: RepairValues,
    start: int,
    mask: int,
    served: float,
    *,
    near: list[int],
    left: set[int],
) -> tuple[list[int], float]:
    components = values.repair_case.components
    bundle: list[int] = []
    best, best_rate = [start], 0.0
    for bit in (start, *near):
        if bit not in left:
            continue
        added = [b for b in (*components[bit].buses, bit) if b in left and b not in bundle]
        bundle += added
        for b in added:
            mask |= 1 << b
        rate = (values.served(mask) - served) / len(bundle)
        if rate > best_rate + 1e-9:
            best, best_rate = list(bundle), rate
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
