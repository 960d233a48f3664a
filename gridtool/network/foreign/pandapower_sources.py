"""Loads, generators, infeeds and shunts of a pandapower network as ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.pandapower_storage import add_storage
from gridtool.network.foreign.pandapower_tables import PandapowerNetwork

__all__ = ["add_injections", "add_sources", "demand_mw"]

Row = Mapping[str, Any]

_INJECTIONS = {
    "load": -1,
    "motor": -1,
    "asymmetric_load": -1,
    "storage": -1,
    "ward": -1,
    "sgen": 1,
    "asymmetric_sgen": 1,
}
"""Tables of constant power, and the sign of their power as an injection."""

_REDUCED = {
    "motor": "motors kept as constant power",
    "asymmetric_load": "unbalanced loads and generators kept as balanced",
    "asymmetric_sgen": "unbalanced loads and generators kept as balanced",
    "storage": "storage kept at its power of the base case, without its energy",
    "ward": "wards split into constant power and a shunt",
}


def _drawn(table: str, row: Row) -> complex:
    """MW + j Mvar of ``row``, in the direction its table counts."""
    if table == "motor":
        p: float = row["pn_mech_mw"] / row["efficiency_percent"] * 100.0
        p *= row["loading_percent"] / 100.0 * row["scaling"]
        return complex(p, math.sqrt(max((p / row["cos_phi"]) ** 2 - p * p, 0.0)))
    if table.startswith("asymmetric"):
        phases = (complex(row[f"p_{phase}_mw"], row[f"q_{phase}_mvar"]) for phase in "abc")
        return sum(phases, 0j) * float(row["scaling"])
    if table == "ward":
        return complex(row["ps_mw"], row["qs_mvar"])
    return complex(row["p_mw"], row["q_mvar"]) * float(row["scaling"])


def demand_mw(source: PandapowerNetwork) -> float:
    """Size of the network's power: the larger of total load and total generation, MW."""
    fixed = [
        (row["in_service"], -_INJECTIONS[table] * _drawn(table, row).real)
        for table in _INJECTIONS
        for row in source.tables[table].values()
    ]
    drawn = sum(p for active, p in fixed if active and p > 0)
    fed = sum(-p for active, p in fixed if active and p < 0)
    fed += sum(max(row["p_mw"], 0.0) for row in source.tables["gen"].values() if row["in_service"])
    return float(max(drawn, fed))


def add_injections(source: PandapowerNetwork, draft: Draft, *, busbars: Mapping[int, str]) -> None:
    """Add constant power: what is drawn as feeders, what is fed in as units; and all shunts."""
    for table, sign in _INJECTIONS.items():
        for row in source.tables[table].values():
            if table == "storage" and add_storage(row, draft, busbars=busbars):
                continue
            _add_injection(table, row, sign * _drawn(table, row), draft, busbars)
    for row in source.tables["shunt"].values():
        _add_shunt(source, row, draft, busbars)


def _add_injection(
    table: str, row: Row, fed: complex, draft: Draft, busbars: Mapping[int, str]
) -> None:
    asset, busbar = draft.ids[table, row["index"]], busbars[row["bus"]]
    if table in _REDUCED:
        draft.findings.assume_for(asset, _REDUCED[table])
    _check_voltage_dependence(table, row, asset, draft)
    words = {"in_service": row["in_service"], "name": row["name"]}
    if fed.real > 0.0 or (fed.real == 0.0 and table.endswith("sgen")):
        draft.add_fixed_unit(asset, busbar, fed, **words)
        if _INJECTIONS[table] < 0:
            draft.findings.assume_for(asset, "loads of negative power kept as units that must run")
    else:
        draft.add_feeder(asset, busbar, -fed, **words)
        if _INJECTIONS[table] > 0:
            draft.findings.assume_for(asset, "generators of negative power kept as feeders")
    if table == "ward":
        draft.add_shunt(
            f"{asset}/shunt",
            busbar,
            complex(row["pz_mw"], row["qz_mvar"]),
            in_service=row["in_service"],
        )


def _check_voltage_dependence(table: str, row: Row, asset: str, draft: Draft) -> None:
    if table == "load" and any(row[column] for column in row if column.startswith("const_")):
        draft.findings.assume_for(asset, "loads that depend on voltage kept as constant power")


def _add_shunt(
    source: PandapowerNetwork, row: Row, draft: Draft, busbars: Mapping[int, str]
) -> None:
    if row["step_dependency_table"]:
        draft.findings.error(
            "shunts by table of steps are not supported",
            field=f"shunt[{row['index']}].step_dependency_table",
        )
    vn_kv = source.tables["bus"][row["bus"]]["vn_kv"]
    factor = row["step"] * (vn_kv / (row["vn_kv"] or vn_kv)) ** 2
    draft.add(
        "shunts",
        id=draft.ids["shunt", row["index"]],
        busbar=busbars[row["bus"]],
        p_mw=row["p_mw"] * factor,
        q_mvar=row["q_mvar"] * factor,
        in_service=row["in_service"],
    )


def add_sources(source: PandapowerNetwork, draft: Draft, *, busbars: Mapping[int, str]) -> None:
    """Add external grids and slack generators as infeeds, other generators as units."""
    for row in source.tables["ext_grid"].values():
        _add_infeed("ext_grid", row, draft, busbars)
    for row in source.tables["gen"].values():
        if row["slack"]:
            _add_infeed("gen", row, draft, busbars)
        else:
            _add_unit(row, draft, busbars)
    if not any(row["in_service"] for row in draft.rows["infeeds"]):
        draft.findings.assume("no infeed in service: the units alone supply the network")


def _add_infeed(table: str, row: Row, draft: Draft, busbars: Mapping[int, str]) -> None:
    infeed = draft.ids[table, row["index"]]
    limit = row["max_p_mw"]
    if limit is None or limit <= 0.0:  # 0 is how some programs write "not given"
        limit = max(draft.demand_mw, 1.0)
        draft.findings.assume_for(
            infeed,
            f"warning: infeeds without max_p_mw, limited to the whole demand of {limit:.6g} MW",
        )
    draft.add(
        "infeeds",
        id=infeed,
        name=row["name"],
        busbar=busbars[row["bus"]],
        max_mw=limit,
        vm_pu=row["vm_pu"],
        va_degree=row.get("va_degree", 0.0),
        in_service=row["in_service"],
    )


def _add_unit(row: Row, draft: Draft, busbars: Mapping[int, str]) -> None:
    unit = draft.ids["gen", row["index"]]
    p_mw = row["p_mw"] * row["scaling"]
    limit = row["max_p_mw"]
    if limit is None:
        draft.findings.assume_for(unit, "units without max_p_mw, limited to what they deliver")
    elif limit < p_mw:
        draft.findings.assume_for(unit, "units above their max_p_mw, limited to what they deliver")
    draft.add(
        "units",
        id=unit,
        name=row["name"],
        busbar=busbars[row["bus"]],
        max_mw=max(p_mw, limit or 0.0, 0.0),
        p_mw=p_mw,
        min_mvar=row["min_q_mvar"],
        max_mvar=row["max_q_mvar"],
        vm_pu=row["vm_pu"],
        in_service=row["in_service"],
    )
