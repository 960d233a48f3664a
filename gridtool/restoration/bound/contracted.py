"""The repaired network contracted to the nodes that a network program needs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.restoration.bound.guards import Guard, Guards

__all__ = ["Contracted", "Demand", "Edge", "contract"]

FloatArray = npt.NDArray[np.float64]
GuardSet = tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A branch or coupler between two nodes. ``susceptance_mw`` is infinite for a coupler and 0
    where the law of loops is not asked for; ``need_mw`` is the most it ever has to carry, with
    the demand at the reference."""

    start: int
    end: int
    limit_mw: float
    susceptance_mw: float
    offset_mw: float
    guards: GuardSet
    need_mw: float = float("inf")


@dataclass(frozen=True, slots=True)
class Demand:
    """Load at a node: reference MW, what each MW counts, and its guards."""

    node: int
    mw: float
    weight: float
    guards: GuardSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracted:
    """N nodes. Sources are (node, MW, whether an infeed, guards). ``node_of_busbar`` (-1: out of
    service) and ``out``, the switches, are by busbar section."""

    nodes: int
    edges: tuple[Edge, ...]
    demands: tuple[Demand, ...]
    sources: tuple[tuple[int, float, bool, GuardSet], ...]
    node_of_busbar: tuple[int, ...]
    out: tuple[GuardSet, ...]


def contract(case: CompiledCase, guards: Guards, *, loops: bool, weights: FloatArray) -> Contracted:
    """Fuse sections that are always joined or out together.

    Parameters
    ----------
    loops
        Keep what the law of loops needs: an open automatic transfer then joins its sections by
        an edge without it; else it fuses them, which can only serve more.
    weights : (B, 2)
        What a MW counts by busbar section and tier.
    """
    cuts = case.part_cuts
    out = [_switches(guards.of(b)) for b in range(len(case.busbar_ids))]
    node, couplers = _fuse(case, guards, out, loops=loops)
    edges = [edge for edge in couplers if edge.start != edge.end]
    edges += _branches(case, guards, (node, out), loops=loops)
    sources = []
    for g in np.flatnonzero(case.source_max_mw > 0.0).tolist():
        b = int(case.source_busbar[g])
        if node[b] >= 0:
            own = _join(guards.of(cuts[2] + g), out[b])
            sources.append(
                (node[b], float(case.source_max_mw[g]), bool(case.source_infeed[g]), own)
            )
    demands = _demands(case, guards, (node, out), weights)
    count = max(node, default=-1) + 1
    return Contracted(
        nodes=count,
        edges=_with_needs(count, edges, demands, {source[0] for source in sources}),
        demands=demands,
        sources=tuple(sources),
        node_of_busbar=tuple(node),
        out=tuple(out),
    )


def _switches(found: GuardSet) -> GuardSet:
    return tuple(dict.fromkeys(guard.switch for guard in found if guard.is_switch))


def _join(*sets: GuardSet) -> GuardSet:
    return tuple(dict.fromkeys(guard for found in sets for guard in found))


def _fuse(
    case: CompiledCase, guards: Guards, out: list[GuardSet], *, loops: bool
) -> tuple[list[int], list[Edge]]:
    """Node of each busbar (-1 out of service) and the couplers that stay edges."""
    parent = list(range(len(out)))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    kept = []
    for c in range(len(case.coupler_ids)):
        a, b = int(case.coupler_a[c]), int(case.coupler_b[c])
        usable = case.coupler_closed[c] or case.coupler_transfer[c]
        if not (usable and case.busbar_in_service[a] and case.busbar_in_service[b]):
            continue
        own = _switches(guards.of(case.part_cuts[1] + c))
        together = set(out[a]) == set(out[b]) and set(own) <= set(out[a])
        if together and (case.coupler_closed[c] or not loops):
            parent[find(a)] = find(b)
        else:
            law = np.inf if loops and case.coupler_closed[c] else 0.0
            kept.append((a, b, law, _join(own, out[a], out[b])))
    numbers: dict[int, int] = {}
    node = [
        numbers.setdefault(find(b), len(numbers)) if case.busbar_in_service[b] else -1
        for b in range(len(out))
    ]
    edges = [Edge(node[a], node[b], np.inf, s, 0.0, own) for a, b, s, own in kept]
    return node, edges


def _branches(
    case: CompiledCase,
    guards: Guards,
    places: tuple[list[int], list[GuardSet]],
    *,
    loops: bool,
) -> list[Edge]:
    node, out = places
    transfers = {
        node[int(end)]
        for ends in (case.coupler_a, case.coupler_b)
        for end in ends[case.coupler_transfer]
    }
    found = []
    for k in np.flatnonzero(case.branch_in_service).tolist():
        a, b = int(case.branch_from[k]), int(case.branch_to[k])
        if node[a] < 0 or node[b] < 0 or node[a] == node[b]:
            continue
        own = _join(guards.of(case.part_cuts[0] + k), out[a], out[b])
        susceptance = float(case.branch_susceptance_mw[k]) if loops else 0.0
        # The automatics of a transfer may open the transformers that feed its section.
        if case.branch_is_transformer[k] and node[b] in transfers:
            susceptance = 0.0
        offset = -susceptance * float(case.branch_shift_rad[k])
        limit = float(case.branch_limit_mw[k])
        found.append(Edge(node[a], node[b], limit, susceptance, offset, own))
    return found


def _demands(
    case: CompiledCase,
    guards: Guards,
    places: tuple[list[int], list[GuardSet]],
    weights: FloatArray,
) -> tuple[Demand, ...]:
    node, out = places
    total: dict[tuple[int, float, GuardSet], float] = defaultdict(float)
    for f in np.flatnonzero(case.feeder_peak_mw > 0.0).tolist():
        b, tier = int(case.feeder_busbar[f]), int(case.feeder_tier[f])
        if node[b] >= 0:
            own = _join(guards.of(case.part_cuts[3] + f), out[b])
            total[node[b], float(weights[b, tier]), own] += float(case.feeder_peak_mw[f])
    return tuple(Demand(where, mw, weight, own) for (where, weight, own), mw in total.items())


def _with_needs(
    count: int, edges: list[Edge], demands: tuple[Demand, ...], fed: set[int]
) -> tuple[Edge, ...]:
    """Edges with the most they can have to carry: the demand of the part behind their block.

    A flow without circulation carries no more than all demand, and in a part that hangs on a
    single node no more than that part's demand. With phase shifters flows may circulate:
    nothing is said then.
    """
    if any(edge.offset_mw for edge in edges):
        return tuple(edges)
    load = np.zeros(count + 1)
    for demand in demands:
        load[demand.node] += demand.mw
    graph = nx.Graph()
    graph.add_nodes_from(range(count + 1))
    graph.add_edges_from((count, node) for node in fed)  # all sources as one
    graph.add_edges_from((edge.start, edge.end) for edge in edges)
    behind: dict[frozenset[int], float] = {}
    blocks = [frozenset(block) for block in nx.biconnected_components(graph)]
    for block in blocks:
        behind[block] = float(load.sum())
    _measure_behind(count, blocks, load, behind)
    of_pair = {}
    for block in blocks:
        for a, b in graph.subgraph(block).edges:
            of_pair[frozenset((a, b))] = behind[block]
    return tuple(
        Edge(
            edge.start,
            edge.end,
            edge.limit_mw,
            edge.susceptance_mw,
            edge.offset_mw,
            edge.guards,
            of_pair[frozenset((edge.start, edge.end))],
        )
        for edge in edges
    )


def _measure_behind(
    root: int,
    blocks: list[frozenset[int]],
    load: FloatArray,
    behind: dict[frozenset[int], float],
) -> None:
    """Write the demand behind each block that does not hold ``root``, from the tree of blocks."""
    tree = nx.Graph()
    for block in blocks:
        tree.add_edges_from((("block", block), ("node", node)) for node in block)
    if ("node", root) not in tree:
        return
    order = list(nx.dfs_postorder_nodes(tree, ("node", root)))
    above = {child: up for up, child in nx.dfs_edges(tree, ("node", root))}
    below: dict[object, float] = defaultdict(float)
    for item in order:
        kind, what = item
        below[item] += load[what] if kind == "node" else 0.0
        if item in above:
            below[above[item]] += below[item]
        if kind == "block" and root not in what:
            behind[what] = below[item]
