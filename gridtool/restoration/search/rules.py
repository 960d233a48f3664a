"""Rules people use to order repairs, as priorities to compare a plan with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
import numpy as np
import numpy.typing as npt

from gridtool.network.model import CityNetwork
from gridtool.restoration.model import RepairJob, Resources

__all__ = ["RULES", "asset_load_mw", "rule_orders", "substation_graph"]

IntArray = npt.NDArray[np.int64]

RULES: Mapping[str, str] = {
    "largest load first": "load connected at the substation of the asset (a line: at its larger "
    "end; a unit or infeed: its rating)",
    "shortest repair first": "expected work",
    "load per hour": "that load over expected work",
    "nearest first": "distance from the nearest depot",
    "most connected first": "degree of the substation (a line: its higher end)",
    "most between first": "betweenness centrality of the substation (a line: its higher end)",
}
"""The rules, and what each sorts by. Ties go to the asset that comes first in the network."""

_BRANCHES = {
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
}
_SOURCES = {"unit": "units", "infeed": "infeeds"}


def rule_orders(
    network: CityNetwork, jobs: Sequence[RepairJob], resources: Resources
) -> dict[str, IntArray]:
    """The priority order (job positions) of each of :data:`RULES`."""
    places = substation_graph(network)
    degree = dict(places.degree())
    between = nx.betweenness_centrality(places)
    ends = [_asset_substations(network, job.asset) for job in jobs]
    load = np.array([asset_load_mw(network, job.asset) for job in jobs])
    work = np.array([job.duration.mean_h for job in jobs])
    keys = {
        "largest load first": -load,
        "shortest repair first": work,
        "load per hour": -load / work,
        "nearest first": np.array([_depot_distance(job, resources) for job in jobs]),
        "most connected first": -np.array([max(map(degree.__getitem__, e)) for e in ends]),
        "most between first": -np.array([max(map(between.__getitem__, e)) for e in ends]),
    }
    return {
        rule: np.argsort(np.round(key, 9), kind="stable").astype(np.int64)
        for rule, key in keys.items()
    }


def substation_graph(network: CityNetwork) -> nx.Graph:
    """The intact network with substations as nodes and branches between them as edges."""
    graph = nx.Graph()
    graph.add_nodes_from(str(key) for key in network.substations.index)
    for table, (one, other) in _BRANCHES.items():
        frame = network.tables[table]
        for a, b in zip(frame[one], frame[other], strict=True):
            ends = network.substation_of_busbar[str(a)], network.substation_of_busbar[str(b)]
            if ends[0] != ends[1]:
                graph.add_edge(*ends)
    return graph


def asset_load_mw(network: CityNetwork, asset_id: str) -> float:
    """What people see at stake with an asset, MW; see :data:`RULES`."""
    kind = network.assets[asset_id].kind
    if kind in _SOURCES:
        return float(network.tables[_SOURCES[kind]]["max_mw"][asset_id])
    if kind == "feeder":
        return float(network.feeders["peak_mw"][asset_id])
    owner = network.feeders["busbar"].map(network.substation_of_busbar)
    peak = network.feeders["peak_mw"].groupby(owner).sum()
    return max(float(peak.get(end, 0.0)) for end in _asset_substations(network, asset_id))


def _asset_substations(network: CityNetwork, asset_id: str) -> tuple[str, ...]:
    asset = network.assets[asset_id]
    if asset.substation:
        return (asset.substation,)
    row = network.tables[f"{asset.kind}s"].loc[asset_id]
    columns = _BRANCHES[f"{asset.kind}s"]
    return tuple(network.substation_of_busbar[str(row[column])] for column in columns)


def _depot_distance(job: RepairJob, resources: Resources) -> float:
    return min(
        (np.hypot(job.x_km - c.x_km, job.y_km - c.y_km) for c in resources.crews), default=0.0
    )
