"""Flows of a dispatch against pandapower's DC power flow; order of calls; published limits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.network.pandapower_net import OperatingPoint, build_net


@pytest.fixture(scope="module", params=["rivercity", "rts79", "toy5"])
def network(request):
    return load_network(request.param)


def damage(case, seed, parts):
    random = np.random.Generator(np.random.Philox(seed))
    choice = random.choice([*case.branch_ids, *case.busbar_ids, *case.source_ids], parts)
    return {str(part): float(random.choice([0.0, 0.4])) for part in choice}


@pytest.mark.parametrize("parts", [0, 3])
def test_flows_equal_pandapowers_dc_power_flow(network, parts):
    import pandapower

    case = compile_case(network)
    shares = {part: 0.0 for part in damage(case, 4, parts) if part in case.branch_ids}
    dispatch = Dispatcher(case).solve(shares)
    served = np.divide(
        dispatch.served_mw,
        case.demand_mw,
        out=np.zeros_like(case.demand_mw),
        where=case.demand_mw > 0,
    )
    part = served[case.feeder_busbar, case.feeder_tier]
    lit = dispatch.topology.source_max_mw > 0
    slack = int(np.flatnonzero(lit)[0])
    point = OperatingPoint(
        feeder_mw=case.feeder_peak_mw * part,
        feeder_mvar=np.zeros(len(part)),
        source_mw=dispatch.generation_mw,
        coupler_closed=dispatch.topology.coupler_closed,
        slack=(case.source_ids[slack],),
    )
    tripped = {
        branch: 0.0
        for branch, on in zip(case.branch_ids, dispatch.topology.branch_in_service, strict=True)
        if not on
    }
    built = build_net(network, capacity_share=tripped, point=point)
    net = built.net
    net.shunt = net.shunt.iloc[:0]  # the dispatch has no shunts
    net.trafo["pfe_kw"] = 0.0  # nor iron losses
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.rundcpp(net, trafo_model="pi", calculate_voltage_angles=True)
    for places, table, column in (
        (built.lines, "res_line", "p_from_mw"),
        (built.transformers, "res_trafo", "p_hv_mw"),
    ):
        expected = net[table][column].fillna(0.0)
        for branch, index in places.items():
            flow = dispatch.flow_mw[case.branch_ids.index(branch)]
            assert flow == pytest.approx(expected.at[index], abs=1e-5), branch


def test_result_does_not_depend_on_earlier_calls(network):
    case = compile_case(network)
    states = [damage(case, seed, 1 + 8 * (seed % 4)) for seed in range(12)]
    one = Dispatcher(case)
    forwards = [one.solve(shares) for shares in states]
    backwards = [one.solve(shares) for shares in states[::-1]][::-1]
    for first, second in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(first.served_mw, second.served_mw)
        np.testing.assert_array_equal(first.generation_mw, second.generation_mw)
        np.testing.assert_array_equal(first.flow_mw, second.flow_mw)
        assert first.binding == second.binding


def test_random_damage_is_certified(network):
    case = compile_case(network)
    dispatcher = Dispatcher(case)
    methods = set()
    for seed in range(40):
        dispatch = dispatcher.solve(damage(case, seed, 1 + 10 * (seed % 4)))
        methods.add(dispatch.certificate.method)
        assert dispatch.certificate.residual_mw <= 1e-6
        assert dispatch.certificate.gap_mw <= 1e-6
        np.testing.assert_allclose(
            dispatch.served_mw + dispatch.unserved_mw, case.demand_mw, atol=1e-9
        )
    assert "closed form" in methods
