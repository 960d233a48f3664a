"""A network, the catalogue and findings as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from gridtool.errors import Issue, NetworkError
from gridtool.network.model import CityNetwork
from gridtool.network.registry import RegistryEntry
from gridtool.report.tables import NamedTable
from gridtool.units import format_quantity

__all__ = [
    "describe_findings",
    "describe_network",
    "table_catalog",
    "table_findings",
    "table_substation",
    "tables_network",
]


def tables_network(network: CityNetwork) -> tuple[NamedTable, ...]:
    """Districts, voltage levels, sources, and what was assumed about a foreign network."""
    tables = (_table_districts(network), _table_levels(network), _table_sources(network))
    if not network.assumptions:
        return tables
    assumed = NamedTable(
        name="assumptions",
        title="Assumed",
        frame=pd.DataFrame({"assumption": list(network.assumptions)}),
    )
    return (*tables, assumed)


def describe_network(network: CityNetwork) -> str:
    """The network in a few sentences."""
    manifest = network.manifest
    sources_mw = _rating(network.infeeds) + _rating(network.units)
    text = (
        f"{manifest.name}: {_count(len(network.substations), 'substation')} in "
        f"{_count(len(network.districts), 'district')}, {_count(len(network.feeders), 'feeder')}, "
        f"{format_quantity(network.peak_mw)} MW at the reference peak"
        f"{f' ({manifest.reference})' if manifest.reference else ''}, "
        f"{format_quantity(sources_mw)} MW of infeeds and units. "
        f"DC limits use {manifest.pf_margin:.0%} of the MVA ratings."
    )
    if manifest.synthetic:
        text += " Synthetic: no real network."
    return text


def _rating(frame: pd.DataFrame) -> float:
    return float(frame.loc[frame["in_service"], "max_mw"].sum())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _table_districts(network: CityNetwork) -> NamedTable:
    feeders = network.feeders[network.feeders["in_service"]]
    substation = feeders["busbar"].map(network.substation_of_busbar)
    district = substation.map(network.district_of_substation)
    customers = network.customers.groupby("feeder")["customers"].sum()
    served = pd.Series(feeders.index.map(customers.to_dict()), index=feeders.index).fillna(0)
    critical_mw = feeders["peak_mw"].where(feeders["critical"], 0.0)

    def by_district(values: pd.Series) -> np.ndarray:
        return values.groupby(district).sum().reindex(network.districts.index).fillna(0).to_numpy()

    sites = network.substations.groupby("district").size().reindex(network.districts.index)
    frame = pd.DataFrame(
        {
            "district": list(network.districts.index),
            "name": network.districts["name"].to_numpy(),
            "substations": sites.fillna(0).to_numpy(dtype=np.int64),
            "feeders": by_district(pd.Series(1, index=feeders.index)).astype(np.int64),
            "peak_mw": by_district(feeders["peak_mw"]).astype(np.float64),
            "critical_mw": by_district(critical_mw).astype(np.float64),
            "customers": by_district(served).astype(np.int64),
        }
    )
    return NamedTable(
        name="districts",
        title="Districts",
        frame=frame,
        decimals={"peak_mw": 1, "critical_mw": 1},
        headings={"critical_mw": "critical [MW]", "peak_mw": "peak [MW]"},
    )


def _table_levels(network: CityNetwork) -> NamedTable:
    vn_kv = network.busbars["vn_kv"]
    line_kv = network.lines["from_busbar"].map(vn_kv)
    hv_kv = network.transformers["hv_busbar"].map(vn_kv)
    rows = [
        {
            "vn_kv": level,
            "busbar_sections": int((vn_kv == level).sum()),
            "lines": int((line_kv == level).sum()),
            "line_km": float(network.lines.loc[line_kv == level, "length_km"].sum()),
            "transformers_down": int((hv_kv == level).sum()),
            "transformers_mva": float(network.transformers.loc[hv_kv == level, "sn_mva"].sum()),
        }
        for level in sorted(vn_kv.unique(), reverse=True)
    ]
    return NamedTable(
        name="voltage_levels",
        title="Voltage levels",
        frame=pd.DataFrame(rows, columns=list(_LEVEL_COLUMNS)),
        headings=_LEVEL_COLUMNS,
        decimals={"vn_kv": 0, "line_km": 0, "transformers_mva": 0},
    )


_LEVEL_COLUMNS: Mapping[str, str] = {
    "vn_kv": "level [kV]",
    "busbar_sections": "busbar sections",
    "lines": "lines",
    "line_km": "length [km]",
    "transformers_down": "transformers down",
    "transformers_mva": "of [MVA]",
}


def _table_sources(network: CityNetwork) -> NamedTable:
    infeeds = network.infeeds.assign(kind="infeed")
    units = network.units.assign(kind="unit")
    columns = ["kind", "name", "busbar", "max_mw"]
    frame = pd.DataFrame(
        [
            {"source": str(key), **dict(zip(columns, row, strict=True))}
            for table in (infeeds, units)
            for key, *row in table[columns].itertuples(name=None)
        ],
        columns=["source", *columns],
    )
    return NamedTable(
        name="sources",
        title="Infeeds and units",
        frame=frame,
        decimals={"max_mw": 0},
        headings={"max_mw": "rating [MW]"},
        terminal_rows=20,
    )


def table_catalog(entries: Mapping[str, tuple[Path, CityNetwork | NetworkError]]) -> NamedTable:
    """The networks that can be named, with where they are and their size."""
    rows = []
    for name, (folder, found) in entries.items():
        row: dict[str, object] = {"network": name, "path": str(folder)}
        if isinstance(found, CityNetwork):
            row |= {
                "title": found.manifest.name,
                "substations": len(found.substations),
                "feeders": len(found.feeders),
                "peak_mw": found.peak_mw,
            }
        else:
            row |= {
                "title": f"refused: {_count(len(found.issues), 'finding')}",
                "substations": 0,
                "feeders": 0,
                "peak_mw": float("nan"),
            }
        rows.append(row)
    columns = ["network", "title", "substations", "feeders", "peak_mw", "path"]
    return NamedTable(
        name="networks",
        title="Networks",
        frame=pd.DataFrame(rows, columns=columns),
        decimals={"peak_mw": 0},
        headings={"peak_mw": "peak [MW]"},
    )


def table_substation(entry: RegistryEntry) -> NamedTable:
    """What stands in one substation: a row for each voltage level and kind of equipment."""
    rows = [
        {"vn_kv": level.vn_kv, "kind": kind, "count": len(ids), "ids": " ".join(ids)}
        for level in entry.levels
        for kind, ids in (("busbars", level.busbars), *level.carried.items())
    ]
    return NamedTable(
        name="substation",
        title=f"{entry.substation}, {entry.name} (district {entry.district})",
        frame=pd.DataFrame(rows, columns=["vn_kv", "kind", "count", "ids"]),
        decimals={"vn_kv": 0},
        headings={"vn_kv": "level [kV]"},
    )


def table_findings(issues: Iterable[Issue]) -> NamedTable:
    """Findings with their places and assets."""
    columns = ["severity", "file", "row", "field", "ids", "message", "value", "accepted", "hint"]
    rows = [
        {
            "severity": issue.severity,
            "file": issue.file or "",
            "row": issue.row,
            "field": issue.field or "",
            "ids": " ".join(issue.ids[:5]),
            "message": issue.message,
            "value": issue.value or "",
            "accepted": issue.accepted or "",
            "hint": issue.hint or "",
        }
        for issue in issues
    ]
    frame = pd.DataFrame(rows, columns=columns).astype({"row": "float64"})
    return NamedTable(
        name="findings",
        title=f"Findings: {len(rows)}",
        frame=frame,
        decimals={"row": 0},
        terminal_columns=("severity", "file", "row", "ids", "message", "hint"),
        note="" if rows else "Nothing to remark.",
    )


def describe_findings(network: CityNetwork, issues: Iterable[Issue]) -> str:
    """The outcome of a check in a sentence."""
    warnings = len(list(issues))
    outcome = "sound" if not warnings else f"accepted with {_count(warnings, 'warning')}"
    return f"{network.manifest.name} ({network.manifest.id}) is {outcome}."
