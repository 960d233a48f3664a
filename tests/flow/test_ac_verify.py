"""The AC check of a dispatch: what is shed for ratings and losses, and what is only said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import grid

from gridtool.flow.ac_verify import check_repaired, verify_ac
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.margin import random_damage
from gridtool.formats.frames import make_frame
from gridtool.network.catalog import load_network
from gridtool.network.schema import table_schema


def two_bus(mw, mvar, *, limit=400.0, source=2000.0, r=0.0, protected=0.0):
    network = grid(
        stations={"A": (0, 0), "B": (mw, protected)},
        lines=[("L", "A", "B", limit)],
        infeeds=[("I", "A", source)],
    )
    tables = dict(network.tables)
    tables["lines"] = network.lines.assign(r_ohm_per_km=r)
    share = network.feeders["peak_mw"] / network.feeders["peak_mw"].sum()
    tables["feeders"] = network.feeders.assign(peak_mvar=mvar * share)
    return replace(network, tables=tables)


def verify(network, share=None):
    dispatch = Dispatcher(compile_case(network)).solve(share or {})
    return dispatch, verify_ac(network, dispatch)


def test_within_limits_nothing_is_shed():
    dispatch, check = verify(two_bus(100, 30))
    assert check.converged
    assert check.shed_added_mw == 0
    assert check.violations == ()
    assert check.served_mw == dispatch.total_served_mw == 100
    assert check.residual_mva < 1e-5


def test_reactive_power_leaves_less_room_for_active_power():
    """80 MVA carry 80 cos(phi) MW times the voltage at the end, which is just below 1."""
    _, check = verify(two_bus(100, 75, limit=80))
    voltage = check.voltage_pu.loc["B/B", "voltage_pu"]
    # the sending end sees the line's own reactive power too; the receiving end has I V cos(phi)
    assert check.served_mw == pytest.approx(80 * 0.8 * voltage, rel=0.005)
    assert check.shed_added_mw == pytest.approx(80 - check.served_mw)
    assert check.max_loading_pct <= 100.1
    assert check.violations == ()


def test_losses_come_out_of_a_short_supply():
    _, check = verify(two_bus(120, 0, source=100, r=0.4))
    assert check.losses_mw > 2
    assert check.served_mw + check.losses_mw == pytest.approx(100, abs=0.11)
    assert check.shed_added_mw == pytest.approx(check.losses_mw, abs=0.11)
    assert check.violations == ()


def test_protected_load_is_kept_when_more_must_be_shed():
    network = two_bus(60, 75, limit=80, protected=40)
    dispatch = Dispatcher(compile_case(network)).solve({})
    check, repaired = check_repaired(network, dispatch)
    assert check.shed_added_mw > 10
    assert repaired.served_mw[:, 1].sum() == pytest.approx(40)


def test_mostly_reactive_overload_is_said_not_shed_for():
    _, check = verify(two_bus(20, 60, limit=50))
    assert check.shed_added_mw == 0
    assert len(check.violations) == 1
    assert "L carries" in check.violations[0]
    assert "reactive" in check.violations[0]


def test_low_voltage_is_said():
    _, check = verify(two_bus(300, 300, limit=900))
    assert any(text.startswith("B/B is at 0.8") for text in check.violations)


def test_collapse_is_shed_until_there_is_a_state():
    """1 600 MW is beyond the nose of this line (1 512 MW at unity power factor)."""
    _, check = verify(two_bus(1600, 0, limit=1700))
    assert check.converged
    assert 700 < check.served_mw < 1512


def with_reactor(network, mvar, *, mw=0.0, x_ohm_per_km=4.0):
    shunt = {"id": "R", "busbar": "B/B", "p_mw": mw, "q_mvar": mvar}
    tables = dict(network.tables) | {
        "lines": network.lines.assign(x_ohm_per_km=x_ohm_per_km),
        "shunts": make_frame(table_schema("shunts"), [shunt]),
    }
    return replace(network, tables=tables)


def test_reactor_is_switched_off_where_the_voltage_is_low():
    dispatch, check = verify(with_reactor(two_bus(50, 0), 60))
    assert check.actions == ("R switched off",)
    assert check.violations == ()
    assert check.served_mw == dispatch.total_served_mw
    _, without = verify(with_reactor(two_bus(50, 0), 0))
    pd.testing.assert_frame_equal(check.voltage_pu, without.voltage_pu)


def test_reactor_stays_where_the_voltage_is_fair():
    _, check = verify(with_reactor(two_bus(50, 0), 10))
    assert check.actions == ()
    assert check.voltage_pu.loc["B/B", "voltage_pu"] > 0.9


def test_damaged_reactor_is_not_connected():
    network = with_reactor(two_bus(50, 0), 20)
    dispatch = Dispatcher(compile_case(network)).solve({"R": 0.0})
    check = verify_ac(network, dispatch, capacity_share={"R": 0.0})
    _, without = verify(with_reactor(two_bus(50, 0), 0))
    pd.testing.assert_frame_equal(check.voltage_pu, without.voltage_pu)


def test_where_shedding_is_in_vain_the_dispatch_stays_and_no_state_is_claimed():
    """A shunt at the end of a long line, part load, pulls the voltage down whatever is shed."""
    dispatch, check = verify(with_reactor(two_bus(50, 0), 200, mw=1.0, x_ohm_per_km=40.0))
    assert not check.converged
    assert check.violations == ("no AC power flow was found for the dispatched state",)
    assert check.shed_added_mw == 0
    assert check.served_mw == dispatch.total_served_mw
    assert np.isnan(check.max_loading_pct)


def test_sources_share_the_losses_within_their_limits():
    network = grid(
        stations={"A": (0, 0), "B": (90, 0), "C": (0, 0)},
        lines=[("L1", "A", "B", 200), ("L2", "B", "C", 200)],
        infeeds=[("I", "A", 46)],
        units=[("U", "C", 46)],
    )
    tables = dict(network.tables)
    tables["lines"] = network.lines.assign(r_ohm_per_km=0.3)
    _, check = verify(replace(network, tables=tables))
    assert 0 < check.losses_mw < 2
    assert check.violations == ()
    assert check.shed_added_mw == pytest.approx(0, abs=1e-9)


def test_unit_at_its_reactive_limit_gives_up_its_voltage():
    network = grid(
        stations={"A": (0, 0), "B": (50, 0)},
        lines=[("L", "A", "B", 400)],
        infeeds=[("I", "A", 200)],
        units=[("U", "B", 20)],
    )
    tables = dict(network.tables)
    tables["units"] = network.units.assign(vm_pu=1.05, min_mvar=-5.0, max_mvar=5.0)
    _, check = verify(replace(network, tables=tables))
    assert check.violations == ()
    assert check.voltage_pu.loc["B/B", "voltage_pu"] < 1.01


def test_random_damage_of_the_city_ends_within_ratings():
    network = load_network("rivercity")
    dispatcher = Dispatcher(compile_case(network))
    for sample in range(6):
        dispatch = dispatcher.solve(random_damage(network, seed=11, sample=sample))
        check, repaired = check_repaired(network, dispatch, dispatcher=dispatcher)
        overloads = [v for v in check.violations if "carries" in v and "reactive" not in v]
        assert check.converged
        assert overloads == []
        assert check.shed_added_mw >= -1e-9
        assert check.residual_mva < 1e-5
        np.testing.assert_allclose(
            repaired.served_mw + repaired.unserved_mw, dispatch.demand_mw, atol=1e-6
        )
        assert not any("engines" in v for v in check.violations)
