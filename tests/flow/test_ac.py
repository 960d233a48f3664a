"""AC power flow: a closed form, two independent engines, and what must not pass as a state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import grid

from gridtool.damage.apply import spread_damage
from gridtool.errors import PowerFlowDiverged
from gridtool.flow.ac import run_net, solve_ac
from gridtool.flow.ac_model import build_ac_model, busbar_load, choose_slack_sources
from gridtool.flow.fast_ac import solve_fast
from gridtool.flow.topology import apply_shares
from gridtool.network.catalog import load_network
from gridtool.network.pandapower_net import build_net


def two_bus(mw, mvar, *, r_ohm_per_km=0.0):
    network = grid(
        stations={"A": (0, 0), "B": (mw, 0)},
        lines=[("L", "A", "B", 400)],
        infeeds=[("I", "A", 900)],
    )
    tables = dict(network.tables)
    tables["lines"] = network.lines.assign(r_ohm_per_km=r_ohm_per_km)
    tables["feeders"] = network.feeders.assign(peak_mvar=float(mvar))
    return replace(network, tables=tables)


def two_bus_voltage(mw, mvar, *, r_ohm, x_ohm, kv=110.0):
    """Receiving-end voltage of a short line, per unit: the stable root of the biquadratic."""
    # |V2|^4 + (2 (R P + X Q) - |V1|^2) |V2|^2 + |Z|^2 |S|^2 = 0, here in kV, MW and ohm
    b = 2 * (r_ohm * mw + x_ohm * mvar) - kv**2
    c = (r_ohm**2 + x_ohm**2) * (mw**2 + mvar**2)
    return np.sqrt((-b + np.sqrt(b * b - 4 * c)) / 2) / kv


def fast(network, capacity_share=None):
    model = build_ac_model(network)
    topology = apply_shares(model.case, capacity_share or {})
    return solve_fast(
        model,
        topology,
        load_mva=busbar_load(model, topology.connectable_mw),
        source_mw=np.minimum(model.source_base_mw, topology.source_max_mw),
        slack=choose_slack_sources(model, topology),
    )


@pytest.fixture(scope="module")
def rivercity():
    return load_network("rivercity")


@pytest.mark.parametrize("engine", [solve_ac, fast])
@pytest.mark.parametrize(("mw", "mvar", "r"), [(100, 30, 0.0), (150, -40, 0.12), (300, 100, 0.05)])
def test_two_bus_line_has_its_closed_form(engine, mw, mvar, r):
    solution = engine(two_bus(mw, mvar, r_ohm_per_km=r))
    expected = two_bus_voltage(mw, mvar, r_ohm=10 * r, x_ohm=4.0)
    assert abs(solution.v[1]) == pytest.approx(expected, abs=1e-9)
    current_ka = np.hypot(mw, mvar) / (np.sqrt(3) * 110 * expected)
    assert solution.losses_mw == pytest.approx(3 * 10 * r * current_ka**2, abs=1e-6)
    assert solution.loading[0] == pytest.approx(current_ka / (400 / 110 / np.sqrt(3)), abs=1e-8)
    assert solution.source_mva[0].real == pytest.approx(mw + solution.losses_mw, abs=1e-6)
    assert solution.residual_mva < 1e-6


def test_beyond_the_nose_there_is_no_state():
    network = two_bus(1600, 0)
    assert (2 * 4 * 0 - 110**2) ** 2 < 4 * 16 * 1600**2  # the closed form has no real root
    with pytest.raises(PowerFlowDiverged):
        solve_ac(network)
    assert not fast(network).converged


def test_a_low_voltage_is_not_a_state():
    network = two_bus(10, 700)
    assert two_bus_voltage(10, 700, r_ohm=0, x_ohm=4.0) < 0.7
    with pytest.raises(PowerFlowDiverged, match=r"below 0\.7"):
        solve_ac(network)
    assert not fast(network).converged


def test_failures_inside_pandapower_are_power_flow_errors():
    built = build_net(two_bus(10, 0))
    built.net.ext_grid.loc[0, "in_service"] = False
    with pytest.raises(PowerFlowDiverged):
        run_net(built.net)


def test_engines_agree_on_the_intact_city(rivercity):
    reference, own = solve_ac(rivercity), fast(rivercity)
    np.testing.assert_allclose(own.v, reference.v, atol=1e-8)
    np.testing.assert_allclose(own.loading, reference.loading, atol=1e-7)
    np.testing.assert_allclose(own.s_from, reference.s_from, atol=1e-5)
    np.testing.assert_allclose(own.source_mva, reference.source_mva, atol=1e-5)
    assert own.losses_mw == pytest.approx(reference.losses_mw, abs=1e-6)
    assert max(own.residual_mva, reference.residual_mva) < 1e-5


@pytest.mark.parametrize("name", ["rts79", "toy3", "toy5"])
def test_engines_agree_on_the_shipped_networks(name):
    network = load_network(name)
    reference, own = solve_ac(network), fast(network)
    assert np.isfinite(reference.v).all()
    np.testing.assert_allclose(own.v, reference.v, atol=1e-6)
    np.testing.assert_allclose(own.loading, reference.loading, atol=1e-6)


def random_damage(network, rng):
    kinds = {"substation", "busbar", "line", "transformer", "coupler", "unit", "infeed"}
    assets = [a for a, asset in network.assets.items() if asset.kind in kinds]
    partly = {"substation", "transformer", "unit", "infeed"}
    chosen = rng.choice(assets, size=8, replace=False)
    share = {
        str(a): float(rng.choice([0.0, 0.5])) if network.assets[a].kind in partly else 0.0
        for a in chosen
    }
    return spread_damage(network, share)


@pytest.mark.parametrize("seed", range(6))
def test_engines_agree_under_random_damage(rivercity, seed):
    share = random_damage(rivercity, np.random.default_rng(seed))
    reference, own = solve_ac(rivercity, capacity_share=share), fast(rivercity, share)
    np.testing.assert_array_equal(np.isnan(own.v), np.isnan(reference.v))
    np.testing.assert_allclose(own.v, reference.v, atol=1e-7)
    np.testing.assert_allclose(own.loading, reference.loading, atol=1e-6)
    assert own.residual_mva < 1e-6


def test_everything_destroyed_is_a_state_without_voltage(rivercity):
    share = spread_damage(rivercity, dict.fromkeys(rivercity.substations.index, 0.0))
    for solution in (solve_ac(rivercity, capacity_share=share), fast(rivercity, share)):
        assert solution.converged
        assert np.isnan(solution.v).all()
        assert not solution.source_mva.any()
        assert solution.residual_mva == 0


def test_no_source_is_a_state_without_voltage():
    network = grid(stations={"A": (5, 0), "B": (1, 1)}, lines=[("L", "A", "B", 10)])
    for solution in (solve_ac(network), fast(network)):
        assert solution.converged
        assert np.isnan(solution.v).all()


def test_a_wrong_voltage_shows_in_the_residual(rivercity):
    from gridtool.flow.ac_balance import branch_flows, nodal_balance
    from gridtool.flow.ac_nodes import live_nodes

    model = build_ac_model(rivercity)
    topology = apply_shares(model.case, {})
    own = fast(rivercity)
    node = live_nodes(topology)
    wrong = own.v.copy()
    wrong[model.case.busbar_ids.index("SS-07/10-1")] *= 1.001
    flows, _ = branch_flows(model, topology, wrong, node=node)
    _, residual = nodal_balance(
        model,
        node,
        v=wrong,
        flows=flows,
        load_mva=busbar_load(model, topology.connectable_mw),
        output_mva=own.source_mva,
    )
    assert residual > 0.1
