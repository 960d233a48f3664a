"""Bundles of jobs that bring load back together: the cheapest ways from sources to substations.

The dispatching rule of Nurre, Cavdaroglu, Mitchell, Sharkey and Wallace (European Journal of
Operational Research 223, 2012) takes the path whose repair brings most per hour of work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import networkx as nx

from gridtool.network.model import CityNetwork
from gridtool.restoration.model import RepairJob
from gridtool.restoration.search.rules import substation_graph

__all__ = ["supply_bundles"]

_BLOCKING = frozenset({"substation", "busbar"})
"""Kinds that nothing passes while they are damaged."""

_TABLES = (
    ("lines", "from_busbar", "to_busbar"),
    ("transformers", "hv_busbar", "lv_busbar"),
    ("impedances", "from_busbar", "to_busbar"),
)
_GROUND = ""
"""The node that all sources hang on."""

Parts = dict[str, tuple[int, ...]]


def supply_bundles(network: CityNetwork, jobs: Sequence[RepairJob]) -> tuple[tuple[int, ...], ...]:
    """Sets of job positions: to each substation the damaged assets on the cheapest way, by work.

    A way passes substations and branches; between two substations it takes an undamaged branch if
    there is one. Of an asset with several stages those up to the first that leaves capacity
    count. Every set is also there with what is damaged inside the substation it leads to.
    """
    needed = _first_stages(jobs)
    inside: defaultdict[str, list[str]] = defaultdict(list)
    for asset in needed:
        inside[network.assets[asset].substation].append(asset)
    work = {a: sum(jobs[j].duration.mean_h for j in found) for a, found in needed.items()}
    ways = _cheapest_ways(network, work)
    bundles = set()
    for place, way in ways.items():
        path = {j for asset in way for j in needed[asset]}
        all_inside = path | {j for asset in inside[place] for j in needed[asset]}
        for asset in inside[place]:
            bundles.add(tuple(sorted(path | set(needed[asset]))))
        bundles |= {tuple(sorted(path)), tuple(sorted(all_inside))}
    return tuple(sorted(bundle for bundle in bundles if len(bundle) > 1))


def _first_stages(jobs: Sequence[RepairJob]) -> Parts:
    """By asset the jobs until the first that leaves it with capacity."""
    by_asset: defaultdict[str, list[int]] = defaultdict(list)
    for j in sorted(range(len(jobs)), key=lambda j: (jobs[j].stage.rank, j)):
        done = by_asset[jobs[j].asset]
        if not done or jobs[done[-1]].capacity_after <= 0.0:
            done.append(j)
    return {asset: tuple(found) for asset, found in by_asset.items()}


def _cheapest_ways(network: CityNetwork, work: dict[str, float]) -> dict[str, frozenset[str]]:
    """By substation the damaged assets on the way from a source that takes the least work."""
    blocked: defaultdict[str, set[str]] = defaultdict(set)
    for asset in work:
        if network.assets[asset].kind in _BLOCKING:
            blocked[network.assets[asset].substation or asset].add(asset)
    graph = nx.DiGraph()

    def join(start: str, end: str, passed: set[str]) -> None:
        assets = frozenset(passed | blocked[end])
        graph.add_edge(start, end, assets=assets, work_h=sum(work[asset] for asset in assets))

    branches = _branches_between(network)
    for a, b in substation_graph(network).edges:
        parallel = sorted(branches[frozenset((a, b))])
        cheapest = min(parallel, key=lambda branch: work.get(branch, 0.0))
        join(a, b, {cheapest} & set(work))
        join(b, a, {cheapest} & set(work))
    for table in ("infeeds", "units"):
        for source, busbar in network.tables[table]["busbar"].items():
            join(_GROUND, str(source), {str(source)} & set(work))
            join(str(source), network.substation_of_busbar[str(busbar)], set())
    if _GROUND not in graph:
        return {}
    paths = nx.single_source_dijkstra_path(graph, _GROUND, weight="work_h")
    return {
        place: frozenset().union(*(graph.edges[step]["assets"] for step in pairwise(path)))
        for place, path in paths.items()
        if place in network.substations.index
    }


def _branches_between(network: CityNetwork) -> dict[frozenset[str], list[str]]:
    """Branches by the two substations they join."""
    found: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    owner = network.substation_of_busbar
    for table, one, other in _TABLES:
        frame = network.tables[table]
        for branch, a, b in zip(frame.index, frame[one], frame[other], strict=True):
            found[frozenset((owner[str(a)], owner[str(b)]))].append(str(branch))
    return found
