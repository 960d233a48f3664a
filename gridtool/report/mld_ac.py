"""AC load delivery as tables, sentences and plain values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.mld_ac import RESIDUAL_PU, AcDelivery
from gridtool.report.tables import NamedTable

__all__ = ["ac_delivery_facts", "describe_ac_delivery", "tables_ac_delivery"]


def tables_ac_delivery(delivery: AcDelivery) -> tuple[NamedTable, ...]:
    """Shares kept, one row an element, and the voltages."""
    return (_table_shares(delivery), _table_voltages(delivery))


def _table_shares(delivery: AcDelivery) -> NamedTable:
    case, state = delivery.case, delivery.state
    groups = (
        ("load", case.load_ids, state.load_share, case.load_pu.real),
        ("gen", case.gen_ids, state.gen_share, case.gen_high[:, 0]),
        ("shunt", case.shunt_ids, state.shunt_share, case.shunt_pu.real),
    )
    rows = [
        {"kind": kind, "id": name, "share": float(share), "size_mw": float(size) * case.base_mva}
        for kind, names, shares, sizes in groups
        for name, share, size in zip(names, shares, sizes, strict=True)
    ]
    return NamedTable(
        name="delivery",
        title="Shares kept of loads, generators and shunts",
        frame=pd.DataFrame(rows, columns=["kind", "id", "share", "size_mw"]),
        headings={"size_mw": "size [MW]"},
        decimals={"share": 4, "size_mw": 1},
        terminal_rows=40,
        note="Loads and shunts by their bus, generators by their row in the case.",
    )


def _table_voltages(delivery: AcDelivery) -> NamedTable:
    case, state = delivery.case, delivery.state
    return NamedTable(
        name="voltages",
        title="Share kept and voltage of every bus",
        frame=pd.DataFrame(
            {
                "bus": list(case.bus_ids),
                "share": state.bus_share,
                "voltage_pu": state.magnitude_pu,
                "angle_degree": np.degrees(state.angle_rad),
            }
        ),
        headings={"angle_degree": "angle [°]"},
        decimals={"share": 4, "voltage_pu": 4, "angle_degree": 2},
        terminal_rows=40,
    )


def ac_delivery_facts(delivery: AcDelivery) -> dict[str, object]:
    """The delivery as plain values: objective, load served, shares by element, certificate."""
    case, state, residuals = delivery.case, delivery.state, delivery.residuals
    return {
        "form": "ac",
        "objective": delivery.objective,
        "served": delivery.served_pu,
        "demand": float(np.abs(case.load_pu.real).sum()),
        "base_mva": case.base_mva,
        "loads": _by_name(case.load_ids, state.load_share),
        "gens": _by_name(case.gen_ids, state.gen_share),
        "shunts": _by_name(case.shunt_ids, state.shunt_share),
        "buses": _by_name(case.bus_ids, state.bus_share),
        "voltage_pu": _by_name(case.bus_ids, state.magnitude_pu),
        "angle_rad": _by_name(case.bus_ids, state.angle_rad),
        "gen_p_pu": _by_name(case.gen_ids, state.gen_pu.real),
        "gen_q_pu": _by_name(case.gen_ids, state.gen_pu.imag),
        "certificate": {
            "kind": _kind(delivery),
            "proven_optimal": delivery.proven_optimal,
            "upper_bound": delivery.upper_bound,
            "islands": delivery.islands,
            "starts": delivery.starts,
            "residual": residuals.largest,
            "residual_allowed": RESIDUAL_PU,
            "residuals": {
                "balance_pu": residuals.balance,
                "voltage_pu": residuals.voltage,
                "generator_pu": residuals.generator,
                "thermal_pu": residuals.thermal,
                "angle_rad": residuals.angle,
                "share": residuals.share,
            },
        },
    }


def _by_name(names: tuple[str, ...], values: npt.NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _kind(delivery: AcDelivery) -> str:
    if delivery.proven_optimal:
        return "global optimum: no state exceeds the bound it reaches"
    if delivery.stationary:
        return "local optimum, not proven global"
    return "feasible state, neither proven local nor global optimum"


def describe_ac_delivery(delivery: AcDelivery) -> str:
    """The delivery in a few sentences, and what is known of it."""
    wanted = float(np.abs(delivery.case.load_pu.real).sum())
    share = 100.0 * delivery.served_pu / wanted if wanted else 100.0
    return (
        f"Maximum load delivery by AC power flow: objective {delivery.objective:.4f}, "
        f"{delivery.served_pu:.4f} of {wanted:.4f} p.u. of load served ({share:.1f} %). "
        f"This is a {_kind(delivery)} (starts: {delivery.starts}, islands: {delivery.islands}; "
        f"no state exceeds {delivery.upper_bound:.4f}). Recomputed, "
        f"balances and limits hold within {max(delivery.residuals.largest, 1e-12):.0e} p.u."
    )
