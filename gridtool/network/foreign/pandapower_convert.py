"""A pandapower network's tables as a city network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.ids import IdBook
from gridtool.network.foreign.pandapower_branches import add_branches
from gridtool.network.foreign.pandapower_sources import add_injections, add_sources, demand_mw
from gridtool.network.foreign.pandapower_switches import Switches, add_couplers, read_switches
from gridtool.network.foreign.pandapower_tables import PandapowerNetwork
from gridtool.network.foreign.sites import derive_substations, set_kinds, set_places
from gridtool.network.model import CityNetwork, NetworkManifest

__all__ = ["convert_pandapower"]

TIMEZONE = "UTC"
"""Foreign files name no time zone."""


def convert_pandapower(source: PandapowerNetwork, findings: Findings) -> CityNetwork:
    """The city network of ``source``, its assumptions listed.

    Raises
    ------
    NetworkError
        With all findings of reading and converting.
    """
    findings.raise_errors()  # conversion relies on references that exist
    switches = read_switches(source.tables, findings)
    findings.raise_errors()
    ids = IdBook(
        (table, number, row.get("name"))
        for table, rows in source.tables.items()
        for number, row in rows.items()
        if table != "switch" or row["et"] == "b"
    )
    draft = Draft(ids, findings)
    substations = _derive_substations(source, switches, draft)
    busbars = _add_busbars(source, draft, substations)
    add_couplers(source.tables, switches, draft, busbars=busbars)
    unlimited = max(1000.0, float(f"{10.0 * demand_mw(source):.2g}"))
    add_branches(source, switches, draft, busbars=busbars, unlimited_mva=unlimited)
    add_injections(source, draft, busbars=busbars)
    add_sources(source, draft, busbars=busbars)
    set_kinds(draft)
    set_places(draft)
    findings.raise_errors()
    return draft.build(_manifest(source, findings.file))


def _derive_substations(
    source: PandapowerNetwork, switches: Switches, draft: Draft
) -> dict[int, str]:
    buses = source.tables["bus"]
    joined = [(one, other) for _, one, other, _ in switches.couplers]
    joined += [(row["hv_bus"], row["lv_bus"]) for row in source.tables["trafo"].values()]
    for row in source.tables["trafo3w"].values():
        joined += [(row["hv_bus"], row["mv_bus"]), (row["hv_bus"], row["lv_bus"])]
    return derive_substations(
        draft,
        zones={number: row["zone"] for number, row in buses.items()},
        names={number: row["name"] for number, row in buses.items()},
        joined=joined,
        sites={number: row["substation"] for number, row in buses.items()},
    )


def _add_busbars(
    source: PandapowerNetwork, draft: Draft, substations: Mapping[int, str]
) -> dict[int, str]:
    return {
        number: draft.add_busbar(
            draft.ids["bus", number],
            substation=substations[number],
            vn_kv=row["vn_kv"],
            in_service=row["in_service"],
        )
        for number, row in source.tables["bus"].items()
    }


def _manifest(source: PandapowerNetwork, file: str) -> NetworkManifest:
    stem = file.rpartition(".")[0] or file
    levels: list[Any] = sorted({row["vn_kv"] for row in source.tables["bus"].values()})
    return NetworkManifest(
        id=stem,
        name=source.name or stem,
        version="1",
        timezone=TIMEZONE,
        frequency_hz=source.f_hz,
        base_mva=source.sn_mva,
        voltage_levels_kv=tuple(levels[::-1]),
        provenance=f"converted from the pandapower network {file}",
    )
