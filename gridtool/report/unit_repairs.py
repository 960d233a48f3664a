"""Unit repairs and load delivery as tables, sentences and plain values."""

from __future__ import annotations

import math

import pandas as pd

from gridtool.flow.mld import LoadDelivery
from gridtool.report.tables import NamedTable
from gridtool.restoration.unit_repairs.model import UnitRepairPlan

__all__ = [
    "delivery_facts",
    "describe_delivery",
    "describe_unit_repairs",
    "tables_delivery",
    "tables_unit_repairs",
    "unit_repair_facts",
]


def tables_unit_repairs(plan: UnitRepairPlan) -> tuple[NamedTable, ...]:
    """The repairs in their order and what each period serves."""
    return (_table_repairs(plan), _table_periods(plan))


def _table_repairs(plan: UnitRepairPlan) -> NamedTable:
    components = plan.repair_case.components
    rows = [
        {
            "order": rank,
            "period": _period_of(plan, rank),
            "kind": components[bit].kind,
            "id": components[bit].id,
        }
        for rank, bit in enumerate(plan.order, start=1)
    ]
    return NamedTable(
        name="repairs",
        title=f"Repairs in their order: {len(rows)}",
        frame=pd.DataFrame(rows, columns=["order", "period", "kind", "id"]),
        terminal_rows=40,
        note="" if rows else "Nothing in service is damaged.",
    )


def _period_of(plan: UnitRepairPlan, rank: int) -> int:
    return next(t for t, done in enumerate(plan.periods.repaired) if done >= rank)


def _table_periods(plan: UnitRepairPlan) -> NamedTable:
    base = plan.repair_case.case.base_mva
    rows = [
        {
            "period": period,
            "repaired": done,
            "time_elapsed": hours,
            "served_pu": served,
            "served_mw": served * base,
        }
        for period, (done, hours, served) in enumerate(
            zip(plan.periods.repaired, plan.periods.elapsed, plan.served_pu, strict=True)
        )
    ]
    return NamedTable(
        name="periods",
        title="Load served in each period",
        frame=pd.DataFrame(rows),
        decimals={"served_pu": 4, "served_mw": 1, "time_elapsed": 1},
        terminal_rows=40,
    )


def unit_repair_facts(plan: UnitRepairPlan) -> dict[str, object]:
    """The plan as plain values: objective, served, order, components, bound, gap, proof."""
    components = plan.repair_case.components
    return {
        "objective": plan.objective,
        "upper_bound": plan.upper_bound,
        "gap_pct": plan.gap_pct,
        "proven_optimal": plan.proven_optimal,
        "bound_method": plan.bound_method,
        "method": plan.method,
        "evaluations": plan.evaluations,
        "stopped": plan.stopped,
        "energy_not_served": plan.energy_not_served,
        "base_mva": plan.repair_case.case.base_mva,
        "served": list(plan.served_pu),
        "time_elapsed": list(plan.periods.elapsed),
        "repaired": list(plan.periods.repaired),
        "held_back": [
            [f"{components[bit].kind} {components[bit].id}" for bit in held]
            for held in plan.held_back
        ],
        "order": [f"{components[bit].kind} {components[bit].id}" for bit in plan.order],
        "components": [{"type": part.kind, "id": part.id} for part in components],
    }


def describe_unit_repairs(plan: UnitRepairPlan) -> str:
    """The plan in a few sentences."""
    repairs = len(plan.order)
    if not repairs:
        return (
            f"Nothing in service is damaged: {plan.served_pu[-1]:.4g} p.u. of load are served "
            "in the one period."
        )
    text = (
        f"{repairs} repairs in {len(plan.periods.repaired) - 1} periods: objective "
        f"{plan.objective:.4f} p.u., load served {plan.served_pu[0]:.4g} p.u. at first and "
        f"{plan.served_pu[-1]:.4g} in the end."
    )
    if plan.proven_optimal:
        return f"{text} No order serves more (proven: {plan.bound_method})."
    return (
        f"{text} No order exceeds {plan.upper_bound:.4f} ({plan.bound_method}): the energy not "
        f"served is at most {_most_above(plan):.1f} % of itself above the least possible."
    )


def _most_above(plan: UnitRepairPlan) -> float:
    return math.ceil(plan.gap_pct * 10.0) / 10.0


def tables_delivery(delivery: LoadDelivery) -> tuple[NamedTable, ...]:
    """Shares kept, one row an element."""
    case = delivery.case
    groups = (
        ("load", case.load_ids, delivery.load_share, case.load_pu),
        ("gen", case.gen_ids, delivery.gen_share, case.gen_max),
        ("shunt", case.shunt_ids, delivery.shunt_share, case.shunt_pu),
        (
            "storage",
            tuple(storage.id for storage in case.storages),
            delivery.storage_share,
            [storage.discharge for storage in case.storages],
        ),
    )
    rows = [
        {"kind": kind, "id": name, "share": float(share), "size_mw": float(size) * case.base_mva}
        for kind, names, shares, sizes in groups
        for name, share, size in zip(names, shares, sizes, strict=True)
    ]
    columns = ["kind", "id", "share", "size_mw"]
    return (
        NamedTable(
            name="delivery",
            title="Shares kept of loads, generators, shunts and storage",
            frame=pd.DataFrame(rows, columns=columns),
            headings={"size_mw": "size [MW]"},
            decimals={"share": 4, "size_mw": 1},
            terminal_rows=40,
            note="Loads and shunts by their bus, generators and storage by their row in the case.",
        ),
    )


def delivery_facts(delivery: LoadDelivery) -> dict[str, object]:
    """The delivery as plain values: objective, load served, shares by element."""
    case = delivery.case
    return {
        "objective": delivery.objective,
        "served": delivery.served_pu,
        "demand": float(abs(case.load_pu).sum()),
        "base_mva": case.base_mva,
        "loads": dict(zip(case.load_ids, delivery.load_share.tolist(), strict=True)),
        "gens": dict(zip(case.gen_ids, delivery.gen_share.tolist(), strict=True)),
        "shunts": dict(zip(case.shunt_ids, delivery.shunt_share.tolist(), strict=True)),
        "storages": {
            storage.id: float(share)
            for storage, share in zip(case.storages, delivery.storage_share, strict=True)
        },
    }


def describe_delivery(delivery: LoadDelivery) -> str:
    """The delivery in a sentence."""
    wanted = float(abs(delivery.case.load_pu).sum())
    share = 100.0 * delivery.served_pu / wanted if wanted else 100.0
    return (
        f"Maximum load delivery: objective {delivery.objective:.4f}, "
        f"{delivery.served_pu:.4f} of {wanted:.4f} p.u. of load served ({share:.1f} %)."
    )
