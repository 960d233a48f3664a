"""States after single outages, gathered: flows and nodal balance of all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_balance import rating_left
from gridtool.flow.ac_model import ComplexArray
from gridtool.flow.ac_nodes import live_nodes
from gridtool.flow.ac_outage import BaseCase, Outage, node_shunts
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
    """States by busbar (K, B), and the branches that are out, as (row, branch) pairs."""

    v: ComplexArray
    node: IntArray
    row: IntArray
    branch: IntArray


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
    v = np.nan_to_num(states.v)
    v_from, v_to = v[:, case.branch_from], v[:, case.branch_to]
    used = base.system.position[:, 0] >= 0
    y_ff, y_ft, y_tf, y_tt = (
        np.where(used, y, 0.0) for y in (model.y_ff, model.y_ft, model.y_tf, model.y_tt)
    )
    i_from = y_ff * v_from + y_ft * v_to
    i_to = y_tf * v_from + y_tt * v_to
    for current in (i_from, i_to):
        current[states.row, states.branch] = 0.0
    left = rating_left(model, base.topology)
    return ContingencyStates(
        case=case,
        elements=tuple(elements),
        kinds=tuple(kinds),
        converged=np.array([row.own is None or row.own.converged for row in rows], dtype=bool),
        v=states.v,
        loading=np.sqrt(
            np.maximum(
                _squared(i_from) * _inverse_squared(model.allowed_from_pu * left),
                _squared(i_to) * _inverse_squared(model.allowed_to_pu * left),
            )
        ),
        unserved_mw=case.demand_mw.sum() - _supplied(base, states.node),
        residual_mva=_residuals(base, rows, i_from=i_from, i_to=i_to),
        own_equations=np.array([row.own is not None for row in rows], dtype=bool),
    )


def _squared(current: ComplexArray) -> FloatArray:
    return np.asarray(current.real**2 + current.imag**2, dtype=np.float64)


def _inverse_squared(allowed: FloatArray) -> FloatArray:
    return np.divide(1.0, allowed**2, out=np.zeros_like(allowed), where=allowed > 0.0)


def _spread(base: BaseCase, rows: Sequence[OutageState]) -> _Spread:
    busbar = base.system.node
    width, count = len(busbar), max(base.system.count, 1)
    found = np.full((len(rows), count), np.nan, dtype=np.complex128)
    mapped = np.full((len(rows), count), -1, dtype=np.int64)
    removed = [_removed(base, row) for row in rows]
    for k, row in enumerate(rows):
        if row.outage is not None and row.found is not None:
            found[k], mapped[k] = row.found, row.outage.node
    node = np.where(busbar >= 0, mapped[:, np.maximum(busbar, 0)], -1).reshape(len(rows), width)
    v = np.take_along_axis(found, np.maximum(node, 0), axis=1)
    v[node < 0] = np.nan
    for k, row in enumerate(rows):
        if row.own is not None and row.topology is not None:
            v[k], node[k] = row.own.v, live_nodes(row.topology)
    return _Spread(
        v=v,
        node=node,
        row=np.repeat(np.arange(len(rows)), [len(part) for part in removed]),
        branch=np.concatenate([*removed, np.zeros(0, dtype=np.int64)]),
    )


def _removed(base: BaseCase, row: OutageState) -> IntArray:
    if row.outage is not None:
        return row.outage.removed
    if row.topology is None:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(base.topology.branch_in_service & ~row.topology.branch_in_service)


def _supplied(base: BaseCase, node: IntArray) -> FloatArray:
    demand = base.topology.connectable_mw.sum(axis=1)
    return np.asarray((node >= 0) @ demand, dtype=np.float64)


def _residuals(
    base: BaseCase, rows: Sequence[OutageState], *, i_from: ComplexArray, i_to: ComplexArray
) -> FloatArray:
    """Largest nodal mismatch of each state; injections that a node kind leaves open are not one.

    Branch currents are summed at the nodes of the base case: a node whose load was moved has no
    branches left.
    """
    residual = np.full(len(rows), np.nan)
    outflow = _node_currents(base, i_from=i_from, i_to=i_to)
    shunt = node_shunts(base)
    for k, row in enumerate(rows):
        if row.own is not None:
            residual[k] = row.own.residual_mva if row.own.converged else np.nan
        elif row.outage is not None and row.found is not None:
            drawn = row.found * np.conj(outflow[k] + shunt * row.found)
            open_balance = row.outage.power - drawn
            open_balance[row.outage.kinds.ref] = 0.0
            open_balance[row.outage.kinds.pv] = open_balance[row.outage.kinds.pv].real
            residual[k] = np.abs(open_balance).max(initial=0.0) * base.model.case.base_mva
    return residual


def _node_currents(base: BaseCase, *, i_from: ComplexArray, i_to: ComplexArray) -> ComplexArray:
    """Currents into the branches at each node of the base case, shape (K, N)."""
    from scipy.sparse import csr_matrix

    case, node, count = base.model.case, base.system.node, base.system.count
    place = np.concatenate([node[case.branch_from], node[case.branch_to]])
    kept = np.flatnonzero(place >= 0)
    incidence = csr_matrix((np.ones(len(kept)), (place[kept], kept)), shape=(count, len(place)))
    currents = np.concatenate([i_from.T, i_to.T])
    return np.asarray((incidence @ currents).T, dtype=np.complex128)
