"""One outage as a change to the base case's equations, without making them anew.

Most outages take one branch out of a meshed network: four entries of the admittance matrix
change. Where an outage cuts something off, automatic transfer moves the loads of a dead section
to its neighbour, and what stays dead is held at a fixed voltage and has no unknowns. Only a
transfer that joins sections which both keep live branches needs equations of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_model import AcModel, ComplexArray, choose_slack_sources
from gridtool.flow.ac_nodes import NodeKinds, NodeSystem, build_system, node_kinds, node_power
from gridtool.flow.fast_ac import source_output
from gridtool.flow.model import Topology

__all__ = ["BaseCase", "Outage", "find_bridges", "make_base", "node_shunts", "outage_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class BaseCase:
    """The state before an outage.

    Attributes
    ----------
    load_mva : (B,) complex
    source_mw : (G,)
    first_busbar : (N,) int
        A busbar of each node.
    source_node : (G,) int
        Node of each working source, -1 otherwise.
    """

    model: AcModel
    topology: Topology
    system: NodeSystem
    kinds: NodeKinds
    power: ComplexArray
    load_mva: ComplexArray
    source_mw: FloatArray
    slack: tuple[int, ...]
    first_busbar: IntArray
    source_node: IntArray


@dataclass(frozen=True, kw_only=True)
class Outage:
    """What an outage changes.

    Attributes
    ----------
    removed : (k,) int
        Branches that go out.
    node : (N,) int
        Node whose voltage each base node takes; -1 if it is dead.
    kinds, power
        As for the base case; dead and emptied nodes are kept at a fixed voltage.
    """

    removed: IntArray
    node: IntArray
    kinds: NodeKinds
    power: ComplexArray


def make_base(
    model: AcModel, topology: Topology, *, load_mva: ComplexArray, source_mw: FloatArray
) -> BaseCase:
    """The equations of the base case, every infeed a slack."""
    slack = choose_slack_sources(model, topology)
    system = build_system(model, topology)
    output = source_output(model, topology, source_mw, slack=slack)
    source_node = np.where(
        topology.source_max_mw > 0.0, system.node[model.case.source_busbar], -1
    ).astype(np.int64)
    live = np.flatnonzero(system.node >= 0)
    first = np.full(system.count, -1, dtype=np.int64)
    first[system.node[live][::-1]] = live[::-1]
    return BaseCase(
        model=model,
        topology=topology,
        system=system,
        kinds=node_kinds(model, source_node, slack, count=system.count),
        power=node_power(
            model, system.node, load_mva=load_mva, output_mva=output, count=system.count
        ),
        load_mva=load_mva,
        source_mw=source_mw,
        slack=slack,
        first_busbar=first,
        source_node=source_node,
    )


def find_bridges(base: BaseCase) -> BoolArray:
    """Branches whose loss cuts something off, shape (L,)."""
    case, node = base.model.case, base.system.node
    used = np.flatnonzero(base.system.position[:, 0] >= 0)
    pairs = {
        int(branch): (int(node[case.branch_from[branch]]), int(node[case.branch_to[branch]]))
        for branch in used
    }
    graph = nx.Graph()
    graph.add_edges_from(pairs.values())
    parallel: dict[frozenset[int], int] = {}
    for pair in pairs.values():
        parallel[frozenset(pair)] = parallel.get(frozenset(pair), 0) + 1
    cuts = {frozenset(edge) for edge in nx.bridges(graph)}
    found = np.zeros(len(case.branch_ids), dtype=bool)
    for branch, pair in pairs.items():
        found[branch] = frozenset(pair) in cuts and parallel[frozenset(pair)] == 1
    return found


def outage_of(base: BaseCase, after: Topology | None, *, removed: IntArray) -> Outage | None:
    """The change from the base case to the topology ``after`` an outage.

    ``after`` is None where nothing is cut off and no source is lost. Returns None where the
    outage needs equations of its own.
    """
    if after is None:
        every = np.arange(base.system.count)
        return Outage(removed=removed, node=every, kinds=base.kinds, power=base.power)
    node = _new_nodes(base, after, removed)
    return None if node is None else _moved(base, after, removed=removed, node=node)


def _new_nodes(base: BaseCase, after: Topology, removed: IntArray) -> IntArray | None:
    """Representative of each base node, None where a merge keeps branches on both sides."""
    case = base.model.case
    raw = after.node_of_busbar[base.first_busbar]
    live = after.energised[raw] & (raw >= 0)
    if _lights_up(base, after):
        return None
    left = base.system.position[:, 0] >= 0
    left[removed] = False
    degree = np.zeros(base.system.count, dtype=np.int64)
    for ends in (case.branch_from, case.branch_to):
        at = base.system.node[ends[left]]
        degree += np.bincount(at, minlength=base.system.count)
    keeps = (degree > 0) | (node_shunts(base) != 0.0)
    order = np.concatenate([np.flatnonzero(live & keeps), np.flatnonzero(live & ~keeps)])
    owner = np.full(len(after.island_of_node), -1, dtype=np.int64)
    owner[raw[order][::-1]] = order[::-1]  # written backwards: the first of the order stays
    representative = np.full(base.system.count, -1, dtype=np.int64)
    representative[order] = owner[raw[order]]
    joined = live & keeps & (representative != np.arange(base.system.count))
    return None if joined.any() else representative


def _lights_up(base: BaseCase, after: Topology) -> bool:
    """Whether a section that was dead is energised after the outage."""
    raw = after.node_of_busbar
    live = np.zeros(len(raw), dtype=bool)
    live[raw >= 0] = after.energised[raw[raw >= 0]]
    return bool((live & (base.system.node < 0)).any())


def node_shunts(base: BaseCase) -> ComplexArray:
    """Shunt admittance of each node, shape (N,)."""
    shunt = np.zeros(base.system.count, dtype=np.complex128)
    live = base.system.node >= 0
    np.add.at(shunt, base.system.node[live], base.model.shunt_pu[live])
    return shunt


def _moved(base: BaseCase, after: Topology, *, removed: IntArray, node: IntArray) -> Outage:
    model, count = base.model, base.system.count
    slack = choose_slack_sources(model, after)
    at = np.full(len(base.source_node), -1, dtype=np.int64)
    working = (base.source_node >= 0) & (after.source_max_mw > 0.0)
    at[working] = node[base.source_node[working]]
    kinds = node_kinds(model, at, slack, count=count)
    idle = np.flatnonzero(node != np.arange(count))
    is_idle = np.zeros(count, dtype=bool)
    is_idle[idle] = True
    busbar_node = np.full(len(base.system.node), -1, dtype=np.int64)
    live = base.system.node >= 0
    busbar_node[live] = node[base.system.node[live]]
    power = node_power(
        model,
        busbar_node,
        load_mva=base.load_mva,
        output_mva=source_output(model, after, base.source_mw, slack=slack),
        count=count,
    )
    return Outage(
        removed=removed,
        node=node,
        kinds=NodeKinds(
            ref=np.concatenate([kinds.ref[~is_idle[kinds.ref]], idle.astype(np.int32)]),
            pv=kinds.pv[~is_idle[kinds.pv]],
            pq=kinds.pq[~is_idle[kinds.pq]],
            fixed=kinds.fixed,
        ),
        power=power,
    )
