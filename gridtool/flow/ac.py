"""AC power flow by pandapower, the reference, and the AC check of a dispatch.

Every option of ``runpp`` is given, because its defaults look for numba and lightsim2grid and
may differ between versions. What it reports is not believed: voltages below
:data:`LOWEST_VOLTAGE_PU` are the other root of the equations, and the nodal balance is
recomputed from branch flows, loads and outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.errors import PowerFlowDiverged
from gridtool.flow.ac_balance import branch_flows, nodal_balance, rating_left
from gridtool.flow.ac_model import (
    AcModel,
    build_ac_model,
    choose_slack_sources,
    feeder_load,
)
from gridtool.flow.ac_nodes import live_nodes, node_kinds
from gridtool.flow.fast_ac import LOWEST_VOLTAGE_PU, AcSolution, source_output
from gridtool.flow.model import Topology
from gridtool.flow.topology import apply_shares
from gridtool.network.model import CityNetwork
from gridtool.network.pandapower_net import (
    OperatingPoint,
    PandapowerNet,
    build_net,
    quiet_pandapower,
)

__all__ = ["RUNPP_OPTIONS", "run_net", "solve_ac", "solve_reference"]

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]

RUNPP_OPTIONS: Mapping[str, Any] = {
    "algorithm": "nr",
    "calculate_voltage_angles": True,
    "init": "dc",
    "max_iteration": 30,
    "tolerance_mva": 1e-8,
    "trafo_model": "pi",
    "trafo_loading": "current",
    "enforce_p_lims": False,
    "enforce_q_lims": False,
    "check_connectivity": True,
    "voltage_depend_loads": True,
    "consider_line_temperature": False,
    "run_control": False,
    "distributed_slack": False,
    "numba": False,
    "lightsim2grid": False,
}


def run_net(net: Any) -> None:
    """Run pandapower's power flow on ``net``; results are left in its ``res_`` tables.

    Raises
    ------
    PowerFlowDiverged
        If it finds no solution, or one with a voltage below :data:`LOWEST_VOLTAGE_PU`.
    """
    with quiet_pandapower():
        import pandapower

        net.user_pf_options = {}
        try:
            pandapower.runpp(net, **RUNPP_OPTIONS)
        except Exception as error:  # pandapower raises bare UserWarning and worse
            raise PowerFlowDiverged(f"pandapower found no power flow: {error}") from error
    lowest = net.res_bus["vm_pu"].min()
    if not net.converged or lowest < LOWEST_VOLTAGE_PU:
        raise PowerFlowDiverged(
            f"the power flow ended at a voltage of {lowest:.3f} p.u., below "
            f"{LOWEST_VOLTAGE_PU}: not a state a network can be in"
        )


def solve_ac(
    network: CityNetwork, *, capacity_share: Mapping[str, float] | None = None
) -> AcSolution:
    """AC power flow of the base case (reference peak, units as dispatched) by pandapower.

    Under damage nothing is redispatched: demand on what stays energised is drawn in full, and
    infeeds balance it.

    Raises
    ------
    PowerFlowDiverged
        If there is no solution.
    """
    model = build_ac_model(network, capacity_share=capacity_share)
    topology = apply_shares(model.case, capacity_share or {})
    return solve_reference(
        network,
        model,
        topology,
        served_mw=topology.connectable_mw,
        source_mw=np.minimum(model.source_base_mw, topology.source_max_mw),
        slack=choose_slack_sources(model, topology),
    )


def solve_reference(
    network: CityNetwork,
    model: AcModel,
    topology: Topology,
    *,
    served_mw: FloatArray,
    source_mw: FloatArray,
    slack: tuple[int, ...],
) -> AcSolution:
    """AC power flow of one operating point by pandapower; see :func:`solve_fast`.

    Raises
    ------
    PowerFlowDiverged
        If there is no solution.
    """
    case = model.case
    load = feeder_load(model, served_mw)
    output = source_output(model, topology, source_mw, slack=slack)
    node = live_nodes(topology)
    v = np.full(len(node), np.nan, dtype=np.complex128)
    flows = np.zeros((2, len(case.branch_ids)), dtype=np.complex128)
    loading = np.zeros(len(case.branch_ids))
    if (node >= 0).any():
        point = OperatingPoint(
            feeder_mw=load.real,
            feeder_mvar=load.imag,
            source_mw=source_mw,
            coupler_closed=topology.coupler_closed,
            slack=tuple(case.source_ids[g] for g in slack),
            source_vm_pu=_common_set_points(model, topology, slack),
            source_mvar=model.source_base_mvar,
        )
        built = build_net(network, capacity_share=_shares(model, topology), point=point)
        run_net(built.net)
        v = _voltages(built.net)
        flows, loading = _branch_results(built)
        own = branch_flows(model, topology, v, node=node)[1]
        loading = np.where(np.isnan(loading), own, loading)
        output = _outputs(built, case.source_ids)
    losses, residual = nodal_balance(
        model, node, v=v, flows=flows, load_mva=_by_busbar(model, load), output_mva=output
    )
    return AcSolution(
        converged=True,
        v=v,
        s_from=flows[0],
        s_to=flows[1],
        loading=loading,
        source_mva=output,
        losses_mw=losses,
        residual_mva=residual,
    )


def _by_busbar(model: AcModel, load: ComplexArray) -> ComplexArray:
    total = np.zeros(len(model.case.busbar_ids), dtype=np.complex128)
    np.add.at(total, model.case.feeder_busbar, load)
    return total


def _common_set_points(model: AcModel, topology: Topology, slack: tuple[int, ...]) -> FloatArray:
    """Set points with one value per node: pandapower refuses two on one bus."""
    node = live_nodes(topology)
    at = np.where(topology.source_max_mw > 0.0, node[model.case.source_busbar], -1)
    kinds = node_kinds(model, at, slack, count=int(node.max(initial=-1)) + 1)
    points = model.source_vm_pu.copy()
    held = (at >= 0) & ~np.isnan(points)
    held[list(slack)] = True
    points[held] = np.abs(kinds.fixed)[at[held]]
    return points


def _shares(model: AcModel, topology: Topology) -> dict[str, float]:
    """What is out or weakened, by id; parts that the automatics opened included."""
    case = model.case
    shares = {case.busbar_ids[b]: 0.0 for b in np.flatnonzero(topology.node_of_busbar < 0).tolist()}
    left = np.where(topology.branch_in_service, rating_left(model, topology), 0.0)
    for branch in np.flatnonzero(left < 1.0).tolist():
        shares[case.branch_ids[branch]] = float(left[branch])
    shares |= {model.shunt_ids[shunt]: 0.0 for shunt in np.flatnonzero(~model.shunt_on).tolist()}
    for source in np.flatnonzero(topology.source_max_mw <= 0.0).tolist():
        shares[case.source_ids[source]] = 0.0
    return shares


def _voltages(net: Any) -> ComplexArray:
    result = net.res_bus
    angle = np.deg2rad(result["va_degree"].to_numpy(dtype=np.float64))
    voltage = result["vm_pu"].to_numpy(dtype=np.float64) * np.exp(1j * angle)
    return np.asarray(voltage, dtype=np.complex128)


_RESULT_TABLES = (("line", "from", "to"), ("trafo", "hv", "lv"), ("impedance", "from", "to"))


def _branch_results(built: PandapowerNet) -> tuple[ComplexArray, FloatArray]:
    """Flows (2, L) in MVA and loading (L,) as share of what is allowed.

    Loading is NaN for impedances, which pandapower gives no rating.
    """
    flows, loading = [], []
    for table, *ends in _RESULT_TABLES:
        size = len(built.net[table])
        result = built.net[f"res_{table}"] if size else None
        flows.append(
            np.array([_end_power(result, end, size=size) for end in ends], dtype=np.complex128)
        )
        part = np.full(size, np.nan)
        if result is not None and table != "impedance":
            allowed = built.net[table]["max_loading_percent"].to_numpy(dtype=np.float64)
            used = np.nan_to_num(result["loading_percent"].to_numpy(dtype=np.float64))
            part = np.divide(used, allowed, out=np.zeros(size), where=allowed > 0.0)
        loading.append(part)
    return np.concatenate(flows, axis=1), np.concatenate(loading)


def _end_power(result: Any, end: str, *, size: int) -> ComplexArray:
    if result is None:
        return np.zeros(size, dtype=np.complex128)
    active, reactive = (
        np.nan_to_num(result[column].to_numpy(dtype=np.float64))
        for column in (f"p_{end}_mw", f"q_{end}_mvar")
    )
    return np.asarray(active + 1j * reactive, dtype=np.complex128)


def _outputs(built: PandapowerNet, source_ids: tuple[str, ...]) -> ComplexArray:
    """Output of each source, MVA."""
    output = np.zeros(len(source_ids), dtype=np.complex128)
    for position, source in enumerate(source_ids):
        table, row = built.sources[source]
        result = built.net[f"res_{table}"].loc[row, ["p_mw", "q_mvar"]].to_numpy(dtype=np.float64)
        output[position] = np.nan_to_num(result[0]) + 1j * np.nan_to_num(result[1])
    return output
