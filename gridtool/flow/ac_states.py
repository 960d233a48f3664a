"""States after single outages, gathered: flows and nodal balance of all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_balance import rating_left
from gridtool.flow.ac_model import ComplexArray
from gridtool.flow.ac_nodes import live_nodes
from gridtool.flow.ac_outage import BaseCase, Outage
from gridtool.flow.case import CompiledCase
from gridtool.flow.fast_ac import AcSolution
from gridtool.flow.model import Topology

__all__ = ["ContingencyStates", "OutageState", "change_state", "gather", "own_state"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class ContingencyStates:
    """AC states after single outages, K of them.

    Attributes
    ----------
    elements, kinds : ids and kinds of what goes out
    converged : (K,) bool
    v : (K, B) complex
        Voltage of each busbar, NaN where dead or not converged.
    loading : (K, L)
        Share of the allowed current, 0 for branches that are out.
    unserved_mw : (K,)
        Demand on what is dead.
    residual_mva : (K,)
        Largest nodal mismatch recomputed from the flows, NaN where not converged.
    own_equations : (K,) bool
        Whether the outage needed equations of its own.
    """

    case: CompiledCase
    elements: tuple[str, ...]
    kinds: tuple[str, ...]
    converged: BoolArray
    v: ComplexArray
    loading: FloatArray
    unserved_mw: FloatArray
    residual_mva: FloatArray
    own_equations: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageState:
    """The state after one outage.

    Attributes
    ----------
    v : (B,) complex
        NaN where dead or not converged.
    node : (B,) int
        Node of each busbar in the equations that were solved, -1 where dead.
    on : (L,) bool
        Branches that carry current.
    outage : what the base case's equations became, None for equations of its own.
    residual_mva : NaN where it follows from the flows later.
    """

    converged: bool
    v: ComplexArray
    node: IntArray
    on: BoolArray
    outage: Outage | None
    residual_mva: float


def own_state(solution: AcSolution, topology: Topology) -> OutageState:
    """The state of a solution from its own equations."""
    return OutageState(
        converged=solution.converged,
        v=solution.v,
        node=live_nodes(topology),
        on=np.abs(solution.s_from) + np.abs(solution.s_to) > 0.0,
        outage=None,
        residual_mva=solution.residual_mva if solution.converged else np.nan,
    )


def change_state(base: BaseCase, outage: Outage, found: ComplexArray) -> OutageState:
    """The state that the changed equations of the base case lead to."""
    busbar = base.system.node
    node = np.where(busbar >= 0, outage.node[np.maximum(busbar, 0)], -1)
    v = np.where(node >= 0, found[np.maximum(node, 0)], np.nan + 0j)
    on = base.system.position[:, 0] >= 0
    on[outage.removed] = False
    case = base.model.case
    on &= (node[case.branch_from] >= 0) & (node[case.branch_to] >= 0)
    return OutageState(converged=True, v=v, node=node, on=on, outage=outage, residual_mva=np.nan)


def gather(
    base: BaseCase,
    rows: Sequence[OutageState],
    *,
    elements: Sequence[str],
    kinds: Sequence[str],
) -> ContingencyStates:
    """Loadings, unserved demand and nodal balance of all states."""
    model, case = base.model, base.model.case
    count, busbars, branches = len(rows), len(case.busbar_ids), len(case.branch_ids)
    v = np.array([row.v for row in rows], dtype=np.complex128).reshape(count, busbars)
    on = np.array([row.on for row in rows], dtype=np.bool_).reshape(count, branches)
    node = np.array([row.node for row in rows], dtype=np.int64).reshape(count, busbars)
    v_from = np.where(on, v[:, case.branch_from], 0.0)
    v_to = np.where(on, v[:, case.branch_to], 0.0)
    i_from = model.y_ff * v_from + model.y_ft * v_to
    i_to = model.y_tf * v_from + model.y_tt * v_to
    current = np.maximum(np.abs(i_from) / model.allowed_from_pu, np.abs(i_to) / model.allowed_to_pu)
    left = rating_left(model, base.topology)
    flows = np.array(
        [v_from * np.conj(i_from) * case.base_mva, v_to * np.conj(i_to) * case.base_mva],
        dtype=np.complex128,
    )
    return ContingencyStates(
        case=case,
        elements=tuple(elements),
        kinds=tuple(kinds),
        converged=np.array([row.converged for row in rows], dtype=bool),
        v=v,
        loading=np.divide(current, left, out=np.zeros_like(current), where=left > 0.0),
        unserved_mw=case.demand_mw.sum() - _supplied(base, node),
        residual_mva=_residuals(base, rows, v=v, flows=flows, on=on),
        own_equations=np.array([row.outage is None for row in rows], dtype=bool),
    )


def _supplied(base: BaseCase, node: IntArray) -> FloatArray:
    demand = base.topology.connectable_mw.sum(axis=1)
    return np.asarray((node >= 0) @ demand, dtype=np.float64)


def _residuals(
    base: BaseCase,
    rows: Sequence[OutageState],
    *,
    v: ComplexArray,
    flows: ComplexArray,
    on: BoolArray,
) -> FloatArray:
    """Largest nodal mismatch of each state; injections that a node kind leaves open are not one."""
    residual = np.array([row.residual_mva for row in rows], dtype=np.float64)
    case, count = base.model.case, base.system.count
    changed = np.array([k for k, row in enumerate(rows) if row.outage is not None], dtype=np.int64)
    if not len(changed):
        return residual
    node = np.array([rows[k].node for k in changed])
    outflow = np.zeros((len(changed), count), dtype=np.complex128)
    per_busbar = np.conj(base.model.shunt_pu) * np.abs(v[changed]) ** 2 * case.base_mva
    outflow += _by_node(node, np.asarray(per_busbar, dtype=np.complex128), count)
    for busbar, flow in ((case.branch_from, flows[0]), (case.branch_to, flows[1])):
        at = np.where(on[changed], node[:, busbar], -1)
        outflow += _by_node(at, flow[changed], count)
    for k, row in enumerate(changed):
        outage = rows[row].outage
        if outage is None:
            continue
        open_balance = outage.power * case.base_mva - outflow[k]
        open_balance[outage.kinds.ref] = 0.0
        open_balance[outage.kinds.pv] = open_balance[outage.kinds.pv].real
        residual[row] = np.abs(open_balance).max(initial=0.0)
    return residual


def _by_node(node: IntArray, values: ComplexArray, count: int) -> ComplexArray:
    """Sums (K, N) of ``values`` (K, M) by ``node`` (K, M); -1 is dropped."""
    kept = node >= 0
    cell = (np.arange(len(node))[:, None] * count + node)[kept]
    size = len(node) * count
    real = np.bincount(cell, weights=values.real[kept], minlength=size)
    imaginary = np.bincount(cell, weights=values.imag[kept], minlength=size)
    return np.asarray((real + 1j * imaginary).reshape(len(node), count), dtype=np.complex128)
