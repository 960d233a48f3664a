"""Fast AC power flow on our own arrays: lightsim2grid's Newton solver with KLU.

Only its solver class is used, with admittance matrix, injections and node kinds made here: its
pandapower converter ignores bus-bus switches and has other silent traps. Results are checked
against pandapower (tests, and :func:`gridtool.flow.ac.verify_ac` on every published state).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.flow.ac_balance import branch_flows, nodal_balance, node_need, share_outputs
from gridtool.flow.ac_model import AcModel, ComplexArray
from gridtool.flow.ac_nodes import NodeKinds, NodeSystem, build_system, node_kinds, node_power
from gridtool.flow.model import Topology

__all__ = ["LOWEST_VOLTAGE_PU", "AcSolution", "newton", "solve_fast", "source_output"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LOWEST_VOLTAGE_PU = 0.7
"""A solution below this is the other, unstable root of the power flow equations, not a state."""
TOLERANCE_PU = 1e-10
MAX_ITERATIONS = 20


@dataclass(frozen=True, kw_only=True)
class AcSolution:
    """An AC state. Dead busbars have voltage NaN, dead branches flow 0.

    Attributes
    ----------
    v : (B,) complex
        Voltage of each busbar, per unit.
    s_from, s_to : (L,) complex
        Power into the branch at its ends, MVA.
    loading : (L,)
        Current over allowed current, the larger of both ends; 1 is the limit.
    source_mva : (G,) complex
        Output of each source; sources on one node share what is not fixed equally.
    losses_mw : float
    residual_mva : float
        Largest nodal mismatch of flows, loads, shunts and outputs, recomputed.
    """

    converged: bool
    v: ComplexArray
    s_from: ComplexArray
    s_to: ComplexArray
    loading: FloatArray
    source_mva: ComplexArray
    losses_mw: float
    residual_mva: float


def newton(
    y: Any, start: ComplexArray, power: ComplexArray, kinds: NodeKinds
) -> ComplexArray | None:
    """Node voltages by Newton's method, None where it finds none worth the name.

    Parameters
    ----------
    y : (N, N) sparse by column
    start, power : (N,) complex
        First guess (kept at ``ref``, its magnitude at ``pv``) and injections, per unit.
    """
    solver = _make_solver()
    weights = np.zeros(len(start))
    weights[kinds.ref] = 1.0 / len(kinds.ref)
    try:
        solved = solver.compute_pf(
            y, start, power, kinds.ref, weights, kinds.pv, kinds.pq, MAX_ITERATIONS, TOLERANCE_PU
        )
    except RuntimeError:  # its own checks of the input, e.g. a number that is not finite
        return None
    if not solved:
        return None
    found = np.array(solver.get_V(), dtype=np.complex128)
    # A voltage that is no number is not above the lowest one either.
    return found if np.abs(found).min(initial=1.0) >= LOWEST_VOLTAGE_PU else None


def _make_solver() -> Any:
    from lightsim2grid import lightsim2grid_cpp

    name = "NRSing_KLU" if lightsim2grid_cpp.klu_solver_available else "NRSing_SparseLU"
    return getattr(lightsim2grid_cpp, name)()


def solve_fast(
    model: AcModel,
    topology: Topology,
    *,
    load_mva: ComplexArray,
    source_mw: FloatArray,
    slack: tuple[int, ...],
) -> AcSolution:
    """AC power flow of one operating point, started from DC angles.

    Parameters
    ----------
    load_mva : (B,) complex
        Load of each busbar; what stands on dead busbars is not drawn.
    source_mw : (G,)
        Generation; of the ``slack`` sources only the voltage counts.
    slack
        Positions of the sources that balance their island, at least one per energised island.
    """
    system = build_system(model, topology)
    output = source_output(model, topology, source_mw, slack=slack)
    working = np.where(topology.source_max_mw > 0.0, system.node[model.case.source_busbar], -1)
    kinds = node_kinds(model, working, slack, count=system.count)
    power = node_power(model, system.node, load_mva=load_mva, output_mva=output, count=system.count)
    found: ComplexArray | None = np.zeros(0, dtype=np.complex128)
    if system.count:
        guess = _dc_guess(model, topology, system, kinds=kinds, power=power)
        found = newton(system.y, guess, power, kinds)
    v = np.full(len(system.node), np.nan, dtype=np.complex128)
    if found is not None:
        live = system.node >= 0
        v[live] = found[system.node[live]]
    flows, loading = branch_flows(model, topology, v, node=system.node)
    output = share_outputs(
        model,
        topology,
        node_need(model, system.node, v=v, flows=flows, load_mva=load_mva),
        output=output,
        slack=slack,
        node=system.node,
    )
    losses, residual = nodal_balance(
        model, system.node, v=v, flows=flows, load_mva=load_mva, output_mva=output
    )
    return AcSolution(
        converged=found is not None,
        v=v,
        s_from=flows[0],
        s_to=flows[1],
        loading=loading,
        source_mva=output,
        losses_mw=losses,
        residual_mva=residual,
    )


def source_output(
    model: AcModel, topology: Topology, source_mw: FloatArray, *, slack: tuple[int, ...]
) -> ComplexArray:
    """What is known of each source's output before solving, MVA; 0 for slack and dead sources."""
    reactive = np.where(np.isnan(model.source_vm_pu), model.source_base_mvar, 0.0)
    output = np.where(topology.source_max_mw > 0.0, source_mw + 1j * reactive, 0.0)
    output[list(slack)] = 0.0
    return np.asarray(output, dtype=np.complex128)


def _dc_guess(
    model: AcModel,
    topology: Topology,
    system: NodeSystem,
    *,
    kinds: NodeKinds,
    power: ComplexArray,
) -> ComplexArray:
    """Set points with the angles of a DC power flow.

    Flat starts through transformers with a vector-group shift can end at a low-voltage root.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    case = model.case
    start, end = system.node[case.branch_from], system.node[case.branch_to]
    used = topology.branch_in_service & (start >= 0) & (end >= 0)
    start, end = start[used], end[used]
    weight = 1.0 / (case.branch_x_pu[used] * case.branch_ratio[used])
    shift = weight * case.branch_shift_rad[used]
    count = system.count
    laplace = coo_matrix(
        (
            np.concatenate([weight, weight, -weight, -weight]),
            (np.concatenate([start, end, start, end]), np.concatenate([start, end, end, start])),
        ),
        shape=(count, count),
    ).tocsc()
    injected = power.real.copy()
    np.add.at(injected, start, shift)
    np.subtract.at(injected, end, shift)
    angle = np.angle(kinds.fixed)
    free = np.concatenate([kinds.pv, kinds.pq])
    if len(free):
        fixed_part = laplace[:, kinds.ref] @ angle[kinds.ref]
        reduced = laplace[free][:, free].tocsc()
        angle[free] = np.atleast_1d(spsolve(reduced, (injected - fixed_part)[free]))
    return np.asarray(np.abs(kinds.fixed) * np.exp(1j * angle), dtype=np.complex128)
