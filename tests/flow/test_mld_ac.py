"""AC load delivery: derivatives, hand-worked values, the independent check, islands."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from flow.mld_cases import ac_case
from restoration.unit_repairs.cases import random_text

from gridtool.errors import NetworkError
from gridtool.flow.mld_ac import RESIDUAL_PU, maximise_ac_delivery, redispatch_ac
from gridtool.flow.mld_ac_arcs import flows_of, make_arcs
from gridtool.flow.mld_ac_bound import delivery_bound, served_bound
from gridtool.flow.mld_ac_case import ac_case_of_matpower, take_out
from gridtool.flow.mld_ac_check import check_state
from gridtool.flow.mld_ac_islands import split_islands
from gridtool.flow.mld_ac_program import make_ac_program, unit_gain
from gridtool.flow.mld_case import read_matpower_file

WIDE = (-1000, 1000)


@pytest.fixture
def mixed(tmp_path):
    """Taps, a phase shift, charging, shunts, an unrated branch and a parallel one."""
    return ac_case(
        tmp_path,
        buses=[(1, 3, 0, 0, 0, 0), (2, 1, 90, 30, 5, 20), (3, 1, 60, -10, 0, -15)],
        gens=[(1, 10, 120, -50, 60), (3, 0, 30, -20, 20)],
        branches=[
            (1, 2, 0.01, 0.1, 0.05, 80, 1.03, 2.0, -30, 30),
            (2, 3, 0.02, 0.2, 0.02, 0, 0, 0, -30, 30),
            (3, 1, 0.01, 0.15, 0.0, 70, 0.98, -3.0, -30, 30),
            (1, 2, 0.01, 0.12, 0.03, 90, 0, 0, -30, 30),
        ],
    )


def test_derivatives_are_those_of_central_differences(mixed):
    program = make_ac_program(mixed, unit=unit_gain(mixed))
    rng = np.random.default_rng(5)
    x, step = rng.normal(size=program.columns.count), 1e-6
    balance, balance_slope = program.balances(x)
    loading, loading_slope = program.loadings(x)
    prices, rents = rng.normal(size=len(balance)), rng.normal(size=len(loading))
    hessian = program.hessian(x, balance=prices, loading=rents)
    assert len(loading) == 6  # both ends of the three branches with a rating

    def slope_at(point):
        return program.balances(point)[1].T @ prices + program.loadings(point)[1].T @ rents

    for way in rng.normal(size=(4, len(x))):
        ahead, behind = x + step * way, x - step * way
        for function, slope in (
            (program.balances, balance_slope),
            (program.loadings, loading_slope),
        ):
            change = (function(ahead)[0] - function(behind)[0]) / (2.0 * step)
            np.testing.assert_allclose(slope @ way, change, rtol=1e-6, atol=1e-6)
        bend = (slope_at(ahead) - slope_at(behind)) / (2.0 * step)
        np.testing.assert_allclose(hessian @ way, bend, rtol=1e-6, atol=1e-6)


def test_a_phase_shifter_cancels_the_angle_it_turns(tmp_path):
    """The MATPOWER manual: the from end leads by the shift when nothing flows; the tap divides."""
    case = ac_case(
        tmp_path,
        buses=[(1, 3, 0, 0, 0, 0), (2, 1, 10, 0, 0, 0)],
        gens=[(1, 0, 50, *WIDE)],
        branches=[(1, 2, 0.0, 0.1, 0.0, 0, 1.05, 10.0, -30, 30)],
    )
    flows = flows_of(
        make_arcs(case),
        angle=np.radians([10.0, 0.0]),
        magnitude=np.array([1.05, 1.0]),
    )
    np.testing.assert_allclose(flows.power, 0.0, atol=1e-12)


def test_flows_are_those_of_pandapower(tmp_path):
    """Taps and charging of the IEEE 14-bus case, at the voltages of its solved power flow."""
    pandapower = pytest.importorskip("pandapower")
    from pandapower import networks

    net = networks.case14()
    pandapower.runpp(net)
    bus, branch = net._ppc["bus"].real, net._ppc["branch"].real
    assert net._ppc["baseMVA"] == 100.0
    case = ac_case(
        tmp_path,
        buses=[(k + 1, 3 if k == 0 else 1, 0, 0, 0, 0) for k in range(len(bus))],
        gens=[(1, 0, 10, *WIDE)],
        branches=[
            (int(row[0]) + 1, int(row[1]) + 1, *row[2:5].tolist(), 0, *row[8:10].tolist(), 0, 0)
            for row in branch
        ],
    )
    assert np.ptp(branch[:, 8]) > 0.02  # there are taps
    flows = flows_of(make_arcs(case), angle=np.radians(bus[:, 8]), magnitude=bus[:, 7])
    expected = np.concatenate(
        [branch[:, 13] + 1j * branch[:, 14], branch[:, 15] + 1j * branch[:, 16]]
    )
    np.testing.assert_allclose(100.0 * flows.power, expected, atol=1e-5)


def test_the_angle_limits_what_a_lossless_line_delivers(tmp_path):
    """By hand: no reactive power at the far end makes v2 = v1 cos d, so that
    P = v1^2 sin(2 d) / (2 x) with v1 = 1.1 and d = 30 degrees."""
    case = ac_case(
        tmp_path,
        buses=[(1, 3, 0, 0, 0, 0), (2, 1, 200, 0, 0, 0)],
        gens=[(1, 0, 300, *WIDE)],
        branches=[(1, 2, 0.0, 0.5, 0.0, 0, 0, 0, -30, 30)],
    )
    delivery = maximise_ac_delivery(case)
    served = 1.21 * math.sin(math.pi / 3.0)
    assert delivery.served_pu == pytest.approx(served, abs=1e-6)
    assert delivery.objective == pytest.approx(2 * 200.0 + 20.0 + served, abs=1e-5)
    assert delivery.upper_bound == pytest.approx(2 * 200.0 + 20.0 + 2.0)
    assert not delivery.proven_optimal
    assert delivery.stationary


def test_the_rating_counts_at_both_ends_and_losses_are_paid(tmp_path):
    """By hand: the sending end, which carries the losses, is at its rating of 0.6 p.u.; with
    R = 0.05 the far end receives P with P + R I^2 sent, all active but for what X takes."""
    case = ac_case(
        tmp_path,
        buses=[(1, 3, 0, 0, 0, 0, 1.0, 1.0), (2, 1, 100, 0, 0, 0, 1.0, 0.9)],
        gens=[(1, 0, 300, *WIDE)],
        branches=[(1, 2, 0.05, 0.0001, 0.0, 60, 0, 0, -30, 30)],
    )
    delivery = maximise_ac_delivery(case)
    current = 0.6  # |S| / v at the sending end
    assert delivery.served_pu == pytest.approx(current - 0.05 * current**2, abs=1e-4)


def test_least_output_shares_a_generator(tmp_path):
    """By hand: at least 80 MW where 40 can go keeps half a generator; M = 10 * 0.4."""
    case = ac_case(tmp_path, buses=[(1, 3, 40, 0, 0, 0)], gens=[(1, 80, 100, *WIDE)], branches=[])
    delivery = maximise_ac_delivery(case)
    assert delivery.state.gen_share == pytest.approx([0.5], abs=1e-6)
    assert delivery.objective == pytest.approx(40.0 + 2.0 + 0.4, abs=1e-5)


def test_islands_are_solved_by_themselves(tmp_path):
    """By hand, M = 5: the fed island keeps 2 buses, its generator and 0.5; single buses keep
    their voltage without load; charging that nothing can absorb takes the last two buses."""
    case = ac_case(
        tmp_path,
        buses=[
            (1, 3, 0, 0, 0, 0),
            (2, 1, 50, 10, 0, 0),
            (3, 1, 50, 10, 0, 0),
            (4, 1, 50, 0, 0, 0),
            (5, 1, 50, 10, 0, 0),
            (6, 1, 0, 0, 0, 0),
        ],
        gens=[(1, 0, 200, -100, 100)],
        branches=[
            (1, 2, 0.01, 0.1, 0.02, 60, 0, 0, -30, 30),
            (3, 4, 0.01, 0.1, 0.02, 30, 0, 0, -30, 30),
        ],
    )
    delivery = maximise_ac_delivery(case)
    assert delivery.islands == 4
    assert delivery.state.load_share == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-4)
    assert delivery.state.bus_share == pytest.approx([1, 1, 0, 0, 1, 1], abs=1e-3)
    assert delivery.objective == pytest.approx(100 + 5 + 0.5 + 50 + 50, abs=0.1)


def test_the_bound_fills_the_heaviest_weights_first(tmp_path):
    """By hand: 1.0 from the generator, 0.2 from the load that gives and 0.1 * 1.1^2 from the
    shunt; 0.9 of weight 3 leaves 0.421 of weight 1, and the giving load counts 0.2 itself."""
    case = ac_case(
        tmp_path,
        buses=[(1, 3, 80, 0, -10, 0), (2, 1, 90, 0, 0, 0), (3, 1, -20, 0, 0, 0)],
        gens=[(1, 0, 100, *WIDE)],
        branches=[(1, 2, 0.01, 0.1, 0, 0, 0, 0, -30, 30), (2, 3, 0.01, 0.1, 0, 0, 0, 0, -30, 30)],
    )
    case = replace(case, load_weight=np.array([1.0, 3.0, 1.0]))
    assert served_bound(case) == pytest.approx(0.2 + 3 * 0.9 + 0.421)
    program = make_ac_program(case, unit=unit_gain(case))
    delivery = maximise_ac_delivery(case)
    assert delivery.upper_bound == pytest.approx(delivery_bound(program))
    assert delivery.objective <= delivery.upper_bound + 1e-6
    active = replace(case, admittance=-case.admittance)
    assert served_bound(active) == pytest.approx(0.8 + 2.7 + 0.2)


def test_islands_share_out_every_element_once(mixed):
    case = take_out(mixed, {("branch", "1"), ("branch", "4"), ("branch", "3")})
    parts = split_islands(case)
    assert sorted(name for part in parts for name in part.case.bus_ids) == ["1", "2", "3"]
    for kind in ("buses", "gens", "loads", "shunts"):
        positions = np.concatenate([getattr(part, kind) for part in parts])
        names = {"buses": case.bus_ids, "gens": case.gen_ids}.get(kind)
        names = names or (case.load_ids if kind == "loads" else case.shunt_ids)
        assert sorted(positions) == list(range(len(names)))


def test_what_stands_at_a_bus_goes_with_it(mixed):
    rest = take_out(mixed, {("bus", "3")})
    assert rest.bus_ids == ("1", "2")
    assert rest.gen_ids == ("1",)
    assert rest.load_ids == ("2",)
    assert rest.branch_ids == ("1", "4")
    assert maximise_ac_delivery(rest).residuals.largest <= RESIDUAL_PU


@pytest.mark.parametrize(
    ("field", "position", "change", "kind"),
    [
        ("magnitude_pu", 1, 0.01, "balance"),
        ("angle_rad", 2, 0.01, "balance"),
        ("gen_pu", 0, 0.01j, "balance"),
        ("load_share", 0, -0.01, "balance"),
        ("shunt_share", 1, -0.01, "balance"),
        ("gen_share", 0, -0.9, "generator"),
        ("bus_share", 0, -0.5, "voltage"),
        ("load_share", 1, 0.01, "share"),
    ],
)
def test_the_check_sees_what_is_wrong(mixed, field, position, change, kind):
    delivery = maximise_ac_delivery(mixed)
    assert delivery.residuals.largest <= RESIDUAL_PU
    values = getattr(delivery.state, field).copy()
    values[position] += change
    wrong = check_state(mixed, replace(delivery.state, **{field: values}))
    assert getattr(wrong, kind) > 1e-4
    assert wrong.largest > 1e-4


def test_the_check_sees_ratings_and_angles(mixed):
    state = maximise_ac_delivery(mixed).state
    tight = replace(mixed, branch_rate=np.full(4, 1e-3), angle_high=np.full(4, -0.2))
    found = check_state(tight, state)
    assert found.thermal > 0.1
    assert found.angle > 0.1


@pytest.mark.parametrize("seed", range(4))
def test_random_cases_stay_within_limits_and_bound(tmp_path, seed):
    path = tmp_path / "random.m"
    path.write_text(random_text(seed))
    case = ac_case_of_matpower(read_matpower_file(path))
    delivery = maximise_ac_delivery(case)
    assert delivery.residuals.largest <= RESIDUAL_PU
    assert delivery.objective <= delivery.upper_bound + 1e-9
    assert delivery.objective == maximise_ac_delivery(case).objective


def test_redispatch_pays_for_voltages_beyond_their_limits(tmp_path):
    """By hand: 0.5 p.u. over x = 0.5 from a bus held at 1 p.u. needs v2 below 0.98 (v2^2 - v2^4
    = P^2 x^2): 10 a p.u. of violation against 1 a p.u. of load makes some of each worth nothing."""
    case = ac_case(
        tmp_path,
        buses=[(1, 3, 0, 0, 0, 0, 1.0, 1.0), (2, 1, 50, 0, 0, 0, 1.1, 0.98)],
        gens=[(1, 0, 300, *WIDE)],
        branches=[(1, 2, 0.0, 0.5, 0.0, 0, 0, 0, -60, 60)],
    )
    grid = np.linspace(0.5, 1.0, 500_001)  # v2; P = v2 sqrt(1 - v2^2) / x
    power = np.minimum(grid * np.sqrt(1.0 - grid**2) / 0.5, 0.5)
    best = float(np.max(power - 10.0 * np.maximum(0.98 - grid, 0.0)))
    assert redispatch_ac(case).objective == pytest.approx(best, abs=1e-4)


def test_contradicting_limits_are_named_all_at_once(tmp_path):
    storage = "1 0 0 1 1 1 1 1 1 1 -1 1 0 0 0 0 1;"
    with pytest.raises(NetworkError) as refused:
        ac_case(
            tmp_path,
            buses=[(1, 3, 10, 0, 0, 0, 0.9, 1.1)],
            gens=[(1, 0, 50, 10, -10), (1, 90, 50, -10, 10)],
            branches=[],
            more=f"mpc.storage = [\n{storage}\n];",
        )
    messages = [issue.message for issue in refused.value.issues]
    assert len(messages) == 4
    assert "voltage limits of bus 1" in messages[0]
    assert "row 1" in messages[1]
    assert "row 2" in messages[2]
    assert "storage" in messages[3]
