"""What is connected to what: sections without supply, sources without a way out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import networkx as nx
import numpy as np

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = ["check_islands", "check_isolated", "check_outlets"]

_BRANCH_ENDS = {
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
}


_POWER_COLUMNS = {"infeeds": "max_mw", "units": "max_mw", "storages": "discharge_mw"}


def check_isolated(network: CityNetwork) -> Iterator[Issue]:
    """Busbar sections that no line, transformer or coupler reaches, in or out of service."""
    reached = {
        str(end)
        for table, columns in (*_BRANCH_ENDS.items(), ("couplers", ("busbar_a", "busbar_b")))
        for column in columns
        for end in network.tables[table][column]
    }
    for position, key in enumerate(network.busbars.index):
        if str(key) not in reached and len(network.busbars) > 1:
            yield finding(
                "busbars",
                position,
                "id",
                "no line, transformer or coupler reaches this busbar section",
                value=str(key),
                ids=(str(key),),
                severity="warning",
            )


def check_islands(network: CityNetwork) -> Iterator[Issue]:
    """Parts of the intact network with demand and without a source that can hold them."""
    graph = _joined_sections(network)
    units, infeeds = network.units, network.infeeds
    able = units["in_service"] & units["grid_forming"] & (units["max_mw"] > 0)
    holding = {str(b) for b in units.loc[able, "busbar"]}
    holding |= {
        str(b) for b in infeeds.loc[infeeds["in_service"] & (infeeds["max_mw"] > 0), "busbar"]
    }
    feeders = network.feeders[network.feeders["in_service"]]
    demand = feeders.groupby("busbar")["peak_mw"].sum()
    position = {str(key): i for i, key in enumerate(network.busbars.index)}
    ordered = [sorted(part, key=position.__getitem__) for part in nx.connected_components(graph)]
    for island in sorted(ordered, key=lambda part: position[part[0]]):
        island_mw = float(sum(demand.get(section, 0.0) for section in island))
        if island_mw > 0 and not holding.intersection(island):
            yield finding(
                "busbars",
                position[island[0]],
                "id",
                f"no source in an island of {len(island)} busbar sections with "
                f"{island_mw:g} MW of demand: it is dead before any damage",
                value=island[0],
                ids=tuple(island),
                hint="a coupler is open, a branch out of service, or a source missing",
                severity="warning",
            )


def _joined_sections(network: CityNetwork) -> nx.Graph:
    """Sections in service, joined by branches in service and couplers that are or get closed."""
    alive = {str(key) for key in network.busbars.index[network.busbars["in_service"]]}
    graph = nx.Graph()
    graph.add_nodes_from(alive)
    couplers = network.couplers
    used = couplers[couplers["closed"] | couplers["automatic_transfer"]]
    graph.add_edges_from(zip(used["busbar_a"], used["busbar_b"], strict=True))
    for table, (first, last) in _BRANCH_ENDS.items():
        frame = network.tables[table]
        frame = frame[frame["in_service"]]
        graph.add_edges_from(zip(frame[first], frame[last], strict=True))
    graph.remove_nodes_from([node for node in graph if node not in alive])
    return graph


def check_outlets(network: CityNetwork) -> Iterator[Issue]:
    """Sources and storages larger than all that leads away from their section, and its load."""
    outlet_mva = _outlets(network)
    node_of = _coupled_sections(network)
    load: dict[str, float] = {}
    for busbar, peak_mw in zip(network.feeders["busbar"], network.feeders["peak_mw"], strict=True):
        node = node_of[str(busbar)]
        load[node] = load.get(node, 0.0) + float(peak_mw)
    for table, field in _POWER_COLUMNS.items():
        frame = network.tables[table]
        most = frame["busbar"].map(
            lambda busbar: outlet_mva.get(node_of[busbar], 0.0) + load.get(node_of[busbar], 0.0)
        )
        large = frame[field] > most * (1 + 1e-9)
        for position, key, row in flagged(frame, large & (len(network.busbars) > 1)):
            yield finding(
                table,
                position,
                field,
                f"{row[field]:g} MW, but lines, transformers and load on its busbar take "
                f"only {most.iloc[position]:.4g} MVA",
                value=row[field],
                ids=(key,),
                hint="is it in kW?" if row[field] > 100 * most.iloc[position] else None,
                severity="warning",
            )


def _coupled_sections(network: CityNetwork) -> Mapping[str, str]:
    """A representative section of each group joined by closed couplers."""
    graph = nx.Graph()
    graph.add_nodes_from(map(str, network.busbars.index))
    closed = network.couplers[network.couplers["closed"]]
    graph.add_edges_from(zip(closed["busbar_a"], closed["busbar_b"], strict=True))
    return {section: min(part) for part in nx.connected_components(graph) for section in part}


def _outlets(network: CityNetwork) -> Mapping[str, float]:
    """MVA that branches in service can carry away from each group of sections."""
    node_of = _coupled_sections(network)
    vn_kv = network.busbars["vn_kv"]
    ratings = {
        "lines": np.sqrt(3) * network.lines["max_i_ka"] * network.lines["from_busbar"].map(vn_kv),
        "transformers": network.transformers["sn_mva"] * network.transformers["overload_pct"] / 100,
        "impedances": network.impedances["rating_mva"],
    }
    total: dict[str, float] = {}
    for table, columns in _BRANCH_ENDS.items():
        frame = network.tables[table]
        for column in columns:
            for busbar, rating, used in zip(
                frame[column], ratings[table], frame["in_service"], strict=True
            ):
                if used and math.isfinite(rating):
                    node = node_of[str(busbar)]
                    total[node] = total.get(node, 0.0) + float(rating)
    return total
