"""Switches of a pandapower network: couplers between buses, and open ends of branches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.findings import Findings, listed

__all__ = ["Switches", "add_couplers", "read_switches"]

Tables = Mapping[str, Mapping[int, Mapping[str, Any]]]

_BRANCH_OF = {"l": "line", "t": "trafo", "t3": "trafo3w"}
_ENDS = {
    "line": ("from_bus", "to_bus"),
    "trafo": ("hv_bus", "lv_bus"),
    "trafo3w": ("hv_bus", "mv_bus", "lv_bus"),
}


@dataclass(slots=True)
class Switches:
    """Bus-bus switches as ``(number, bus, bus, closed)`` and open ends by branch.

    ``open_ends`` maps ``(table, number)`` to the columns of the ends that are open, such as
    ``{"from_bus"}``.
    """

    couplers: list[tuple[int, int, int, bool]] = field(default_factory=list)
    open_ends: dict[tuple[str, int], set[str]] = field(default_factory=dict)


def read_switches(tables: Tables, findings: Findings) -> Switches:
    """Sort the switches by what they do; note those that join what is not there."""
    switches = Switches()
    with_impedance: list[str] = []
    for number, row in tables["switch"].items():
        kind, element, bus = row["et"], row["element"], row["bus"]
        if kind == "b":
            if element not in tables["bus"]:
                _refuse_element(findings, number, element, "bus")
            elif element == bus:
                findings.error("joins a bus to itself", field=f"switch[{number}]", value=bus)
            else:
                switches.couplers.append((number, bus, element, row["closed"]))
            if row["closed"] and row["z_ohm"] > 0:
                with_impedance.append(f"switch[{number}]")
        elif kind in _BRANCH_OF:
            _read_branch_switch(tables, switches, row, findings)
        else:
            findings.error(
                "cannot be used", field=f"switch[{number}].et", value=kind, accepted="b, l, t, t3"
            )
    if with_impedance:
        findings.assume(f"impedance of closed switches not modelled: {listed(with_impedance)}")
    return switches


def _read_branch_switch(
    tables: Tables, switches: Switches, row: Mapping[str, Any], findings: Findings
) -> None:
    table = _BRANCH_OF[row["et"]]
    branch = tables[table].get(row["element"])
    if branch is None:
        _refuse_element(findings, row["index"], row["element"], table)
        return
    ends = [end for end in _ENDS[table] if branch[end] == row["bus"]]
    if not ends:
        findings.error(
            f"stands at a bus where {table}[{row['element']}] has no end",
            field=f"switch[{row['index']}].bus",
            value=row["bus"],
        )
    elif not row["closed"]:
        switches.open_ends.setdefault((table, row["element"]), set()).add(ends[-1])


def _refuse_element(findings: Findings, number: int, element: int, table: str) -> None:
    findings.error(
        f"there is no such {table}",
        field=f"switch[{number}].element",
        value=element,
        accepted=f"a row number of the {table} table",
    )


def add_couplers(
    tables: Tables, switches: Switches, draft: Draft, *, busbars: Mapping[int, str]
) -> None:
    """Add the bus-bus switches as section couplers."""
    for number, one, other, closed in switches.couplers:
        kv, other_kv = (tables["bus"][bus]["vn_kv"] for bus in (one, other))
        if abs(kv / other_kv - 1.0) > 0.01:
            draft.findings.error(
                f"joins a bus of {kv:g} kV to one of {other_kv:g} kV", field=f"switch[{number}]"
            )
        draft.add(
            "couplers",
            id=draft.ids["switch", number],
            busbar_a=busbars[one],
            busbar_b=busbars[other],
            closed=closed,
        )
