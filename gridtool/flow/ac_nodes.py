"""The equations of the energised nodes: admittance matrix, injections, node kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_model import AcModel, ComplexArray
from gridtool.flow.model import Topology

__all__ = ["NodeKinds", "NodeSystem", "build_system", "live_nodes", "node_kinds", "node_power"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSystem:
    """Admittances of the energised nodes of a topology.

    Attributes
    ----------
    node : (B,) int
        Row of each busbar, -1 for a dead one.
    y : (N, N) complex sparse, by column
    position : (L, 4) int
        Where ``y_ff, y_tf, y_ft, y_tt`` of a branch lie in ``y.data``; -1 if it is not in.
    """

    node: IntArray
    y: Any
    position: IntArray

    @property
    def count(self) -> int:
        """Number of energised nodes."""
        return int(self.y.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKinds:
    """What is fixed where: both voltage parts at ``ref``, its magnitude at ``pv``.

    ``fixed`` (N,) complex has the set points at those nodes and 1 elsewhere. Node numbers have
    the solver's own width, so that they need not be copied for each of many solves.
    """

    ref: Int32Array
    pv: Int32Array
    pq: Int32Array
    fixed: ComplexArray


def live_nodes(topology: Topology) -> IntArray:
    """Dense node number of each busbar, -1 where dead, shape (B,)."""
    raw = topology.node_of_busbar
    node = np.full(len(raw), -1, dtype=np.int64)
    placed = np.flatnonzero(raw >= 0)
    live = placed[topology.energised[raw[placed]]]
    node[live] = (np.cumsum(topology.energised) - 1)[raw[live]]
    return node


def build_system(model: AcModel, topology: Topology) -> NodeSystem:
    """The admittance matrix of the energised nodes."""
    from scipy.sparse import csc_matrix

    case = model.case
    node = live_nodes(topology)
    count = int(node.max(initial=-1)) + 1
    start, end = node[case.branch_from], node[case.branch_to]
    used = np.flatnonzero(topology.branch_in_service & (start >= 0) & (end >= 0))
    start, end = start[used], end[used]
    every = np.arange(count)
    rows = np.concatenate([start, end, start, end, every])
    columns = np.concatenate([start, start, end, end, every])
    shunt = np.zeros(count, dtype=np.complex128)
    np.add.at(shunt, node[node >= 0], model.shunt_pu[node >= 0])
    values = [model.y_ff[used], model.y_tf[used], model.y_ft[used], model.y_tt[used], shunt]
    keys, place = np.unique(columns * count + rows, return_inverse=True)
    entries = np.zeros(len(keys), dtype=np.complex128)
    np.add.at(entries, place, np.concatenate(values))
    pointers = np.searchsorted(keys, np.arange(count + 1) * count).astype(np.int32)
    position = np.full((len(case.branch_ids), 4), -1, dtype=np.int64)
    position[used] = place[: 4 * len(used)].reshape(4, -1).T
    indices = (keys % max(count, 1)).astype(np.int32)
    return NodeSystem(
        node=node,
        y=csc_matrix((entries, indices, pointers), shape=(count, count)),
        position=position,
    )


def node_kinds(
    model: AcModel, node_of_source: IntArray, slack: Iterable[int], *, count: int
) -> NodeKinds:
    """Kinds of nodes, from the node of each working source (-1: not working).

    Where sources with different set points meet on a node, a slack's set point wins, else that
    of the first source.
    """
    fixed = np.ones(count, dtype=np.complex128)
    kind = np.zeros(count, dtype=np.int64)
    for source in np.flatnonzero(node_of_source >= 0)[::-1]:
        if not np.isnan(model.source_vm_pu[source]):
            kind[node_of_source[source]] = 1
            fixed[node_of_source[source]] = model.source_vm_pu[source]
    for source in sorted(slack, reverse=True):
        node = node_of_source[source]
        if node >= 0:
            kind[node] = 2
            fixed[node] = _set_point(model, source)
    return NodeKinds(
        ref=np.flatnonzero(kind == 2).astype(np.int32),
        pv=np.flatnonzero(kind == 1).astype(np.int32),
        pq=np.flatnonzero(kind == 0).astype(np.int32),
        fixed=fixed,
    )


def _set_point(model: AcModel, source: int) -> complex:
    """Voltage a slack source holds, per unit; 1 where it has no set point of its own."""
    magnitude = model.source_vm_pu[source]
    magnitude = 1.0 if np.isnan(magnitude) else magnitude
    return complex(magnitude * np.exp(1j * model.source_va_rad[source]))


def node_power(
    model: AcModel,
    node: IntArray,
    *,
    load_mva: ComplexArray,
    output_mva: ComplexArray,
    count: int,
) -> ComplexArray:
    """Injection of each node, per unit, from loads (B,) and source outputs (G,)."""
    power = np.zeros(count, dtype=np.complex128)
    live = node >= 0
    np.subtract.at(power, node[live], load_mva[live])
    at = node[model.case.source_busbar]
    np.add.at(power, at[at >= 0], output_mva[at >= 0])
    return power / model.case.base_mva
