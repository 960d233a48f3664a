"""Flows, loadings, outputs and nodal balance that follow from voltages; no solver is believed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_model import AcModel, ComplexArray
from gridtool.flow.model import Topology

__all__ = ["branch_flows", "nodal_balance", "node_need", "rating_left", "share_outputs"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def branch_flows(
    model: AcModel, topology: Topology, v: ComplexArray, *, node: IntArray
) -> tuple[ComplexArray, FloatArray]:
    """Flows into both ends (2, L) in MVA, and loading (L,) as share of the allowed current.

    Parameters
    ----------
    v : (B,) complex
        Voltage per unit; not read where ``node`` is -1.
    """
    case = model.case
    start, end = case.branch_from, case.branch_to
    on = topology.branch_in_service & (node[start] >= 0) & (node[end] >= 0)
    v_from, v_to = np.where(on, v[start], 0.0), np.where(on, v[end], 0.0)
    i_from = model.y_ff * v_from + model.y_ft * v_to
    i_to = model.y_tf * v_from + model.y_tt * v_to
    flows = np.array(
        [v_from * np.conj(i_from) * case.base_mva, v_to * np.conj(i_to) * case.base_mva],
        dtype=np.complex128,
    )
    current = np.maximum(np.abs(i_from) / model.allowed_from_pu, np.abs(i_to) / model.allowed_to_pu)
    left = rating_left(model, topology)
    return flows, np.divide(current, left, out=np.zeros_like(current), where=left > 0.0)


def rating_left(model: AcModel, topology: Topology) -> FloatArray:
    """Share of each branch's rating that damage leaves, shape (L,)."""
    full = model.case.branch_limit_mw
    return np.divide(topology.branch_limit_mw, full, out=np.zeros_like(full), where=full > 0.0)


def node_need(
    model: AcModel,
    node: IntArray,
    *,
    v: ComplexArray,
    flows: ComplexArray,
    load_mva: ComplexArray,
) -> ComplexArray:
    """What each energised node needs from its sources: loads, shunts and outgoing flows, MVA."""
    case = model.case
    needed = np.zeros(int(node.max(initial=-1)) + 1, dtype=np.complex128)
    live = node >= 0
    shunt = np.conj(model.shunt_pu[live]) * np.abs(v[live]) ** 2 * case.base_mva
    np.add.at(needed, node[live], load_mva[live] + shunt)
    for busbar, flow in ((case.branch_from, flows[0]), (case.branch_to, flows[1])):
        at = node[busbar]
        np.add.at(needed, at[at >= 0], flow[at >= 0])
    return needed


def nodal_balance(
    model: AcModel,
    node: IntArray,
    *,
    v: ComplexArray,
    flows: ComplexArray,
    load_mva: ComplexArray,
    output_mva: ComplexArray,
) -> tuple[float, float]:
    """Losses of the branches in MW, and the largest nodal mismatch in MVA."""
    balance = node_need(model, node, v=v, flows=flows, load_mva=load_mva)
    at = node[model.case.source_busbar]
    np.subtract.at(balance, at[at >= 0], output_mva[at >= 0])
    return float(flows.real.sum()), float(np.abs(balance).max(initial=0.0))


def share_outputs(
    model: AcModel,
    topology: Topology,
    needed: ComplexArray,
    *,
    output: ComplexArray,
    slack: tuple[int, ...],
    node: IntArray,
) -> ComplexArray:
    """Outputs (G,) with what the solution left open: power of the slack, reactive of others.

    Only controlled parts are filled in, so that the nodal balance still shows a wrong solution.
    Sources on one node share what is open equally.
    """
    at = np.where(topology.source_max_mw > 0.0, node[model.case.source_busbar], -1)
    working = at >= 0
    balances = np.zeros(len(at), dtype=bool)
    balances[list(slack)] = working[list(slack)]
    controls = balances | (working & ~np.isnan(model.source_vm_pu))
    rest = needed.copy()
    np.subtract.at(rest, at[working], output[working])
    filled = np.where(working, output, 0.0)
    for part, chosen in ((rest.imag * 1j, controls), (rest.real, balances)):
        number = np.bincount(at[chosen], minlength=len(needed))
        filled[chosen] += (part / np.maximum(number, 1))[at[chosen]]
    return np.asarray(filled, dtype=np.complex128)
