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

__all__ = ["ContingencyStates", "OutageState", "gather"]

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
    """What was found for one outage: voltages of a changed base case, or a state of its own.

    Attributes
    ----------
    outage, found
        The change of the base case's equations, and their solution (N,) complex.
    own, topology
        A solution from equations of its own, where the base case's would not do.
    """

    outage: Outage | None = None
    found: ComplexArray | None = None
    own: AcSolution | None = None
    topology: Topology | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """States by busbar and branch: v (K, B), node (K, B), on (K, L)."""

    v: ComplexArray
    node: IntArray
    on: BoolArray


def _spread(base: BaseCase, rows: Sequence[OutageState]) -> _Spread:
    case, busbar = base.model.case, base.system.node
    width, count = len(busbar), max(base.system.count, 1)
    found = np.full((len(rows), count), np.nan, dtype=np.complex128)
    mapped = np.full((len(rows), count), -1, dtype=np.int64)
    on = np.tile(base.system.position[:, 0] >= 0, (len(rows), 1))
    for k, row in enumerate(rows):
        if row.outage is not None and row.found is not None:
            found[k], mapped[k] = row.found, row.outage.node
            on[k, row.outage.removed] = False
    node = np.where(busbar >= 0, mapped[:, np.maximum(busbar, 0)], -1).reshape(len(rows), width)
    v = np.where(node >= 0, found[np.arange(len(rows))[:, None], np.maximum(node, 0)], np.nan)
    on &= (node[:, case.branch_from] >= 0) & (node[:, case.branch_to] >= 0)
    for k, row in enumerate(rows):
        if row.own is not None and row.topology is not None:
            v[k], node[k] = row.own.v, live_nodes(row.topology)
            on[k] = np.abs(row.own.s_from) + np.abs(row.own.s_to) > 0.0
    return _Spread(v=v, node=node, on=on)


def gather(
    base: BaseCase,
    rows: Sequence[OutageState],
    *,
    elements: Sequence[str],
    kinds: Sequence[str],
) -> ContingencyStates:
    """Loadings, unserved demand and nodal balance of all states."""
    model, case = base.model, base.model.case
    states = _spread(base, rows)
    v, on = states.v, states.on
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
        converged=np.array([row.own is None or row.own.converged for row in rows], dtype=bool),
        v=v,
        loading=np.divide(current, left, out=np.zeros_like(current), where=left > 0.0),
        unserved_mw=case.demand_mw.sum() - _supplied(base, states.node),
        residual_mva=_residuals(base, rows, v=v, flows=flows),
        own_equations=np.array([row.own is not None for row in rows], dtype=bool),
    )


def _supplied(base: BaseCase, node: IntArray) -> FloatArray:
    demand = base.topology.connectable_mw.sum(axis=1)
    return np.asarray((node >= 0) @ demand, dtype=np.float64)


def _residuals(
    base: BaseCase, rows: Sequence[OutageState], *, v: ComplexArray, flows: ComplexArray
) -> FloatArray:
    """Largest nodal mismatch of each state; injections that a node kind leaves open are not one.

    Summed at the nodes of the base case: a node whose load was moved has no branches left.
    """
    from scipy.sparse import csr_matrix

    residual = np.full(len(rows), np.nan)
    case, count, busbar = base.model.case, base.system.count, base.system.node
    at_node = np.maximum(busbar, 0)

    def sum_at(place: IntArray, amount: ComplexArray) -> ComplexArray:
        kept = np.where(busbar[place] >= 0, 1.0, 0.0)
        shape = (count, len(place))
        incidence = csr_matrix((kept, (at_node[place], np.arange(len(place)))), shape=shape)
        return np.asarray((incidence @ amount.T).T, dtype=np.complex128)

    if count:
        shunt = np.conj(base.model.shunt_pu) * np.abs(np.nan_to_num(v)) ** 2 * case.base_mva
        outflow = sum_at(np.arange(len(busbar)), np.asarray(shunt, dtype=np.complex128))
        outflow += sum_at(case.branch_from, flows[0]) + sum_at(case.branch_to, flows[1])
    for k, row in enumerate(rows):
        if row.own is not None:
            residual[k] = row.own.residual_mva if row.own.converged else np.nan
        elif row.outage is not None:
            open_balance = row.outage.power * case.base_mva - outflow[k]
            open_balance[row.outage.kinds.ref] = 0.0
            open_balance[row.outage.kinds.pv] = open_balance[row.outage.kinds.pv].real
            residual[k] = np.abs(open_balance).max(initial=0.0)
    return residual
