"""Stages of a plan under alternating current, by hand and against single checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from builders import grid
from restoration.cases import AS_OF, crew, damaged, resources, star
from restoration.mobile_cases import city, mobile_substation, with_units

from gridtool.flow.ac_verify import verify_ac
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.formats.frames import make_frame
from gridtool.network.schema import table_schema
from gridtool.restoration.model import (
    DemandBlocks,
    PlacedUnit,
    PlanConfig,
    RepairStage,
    ScheduledJob,
)
from gridtool.restoration.outcome.plan_states import TimedState, find_plan_states
from gridtool.restoration.outcome.verify import peak_level, verify_stages
from gridtool.restoration.plan import plan_restoration

QUICK = PlanConfig(evaluations=100)


def lossy_plan(**config):
    """120 MW at B behind a line with resistance, 10 MW at C; 100 MW of infeed. B after 10 h."""
    network = grid(
        stations={"A": (0, 0), "B": (120, 0), "C": (10, 0)},
        lines=[("L", "A", "B", 400), ("M", "A", "C", 400)],
        infeeds=[("I", "A", 100)],
    )
    resistance = np.where(network.lines.index == "L", 0.4, 0.0)
    lines = network.lines.assign(r_ohm_per_km=resistance)
    network = replace(network, tables={**network.tables, "lines": lines})
    state = damaged(network, {"L": 0.0, "M": 0.0}, hours={"L": 10.0, "M": 20.0})
    return plan_restoration(state, resources(crew(speed_kmh=1e9)), config=replace(QUICK, **config))


def hand_losses_mw():
    """100 MW sent at 1 p.u. through r = x = 4 ohm, 100 MVA and 110 kV: z = 4/121 p.u. each.

    With y the current squared, y = 1 + (x y)^2, for the reactive power sent is x y.
    """
    x = 4 / 121
    y = (1 - (1 - 4 * x**2) ** 0.5) / (2 * x**2)
    return 100 * x * y


def test_losses_and_their_energy_by_hand():
    plan = lossy_plan()
    assert plan.order == ("L", "M")
    found = verify_stages(plan)
    assert found["time"].tolist() == [AS_OF + timedelta(hours=h) for h in (0, 10, 30)]
    assert found["hours"].tolist() == [10, 20, np.inf]
    assert found["dc_served_mw"].tolist() == pytest.approx([0, 100, 100])
    shed = found["shed_added_mw"]
    assert shed[0] == 0
    assert shed[1] == pytest.approx(hand_losses_mw(), abs=0.11)
    assert found["ac_served_mw"].tolist() == pytest.approx((found["dc_served_mw"] - shed).tolist())
    assert found["energy_difference_mwh"][1] == pytest.approx(20 * shed[1])
    assert np.isnan(found["energy_difference_mwh"][2])
    assert found["converged"].all()
    assert found["reference"].all()
    assert (found["residual_mva"] < 1e-4).all()
    assert found["violations"].tolist() == ["", "", ""]


def test_a_stage_is_checked_as_todays_state_is():
    """The same figures as the single check of each state by its own."""
    plan = lossy_plan(demand_factor=0.9)
    found = verify_stages(plan)
    case = compile_case(plan.state.network)
    for row, left in zip(found.itertuples(), ({"L": 0.0, "M": 0.0}, {"M": 0.0}, {}), strict=True):
        dispatch = Dispatcher(case).solve(left, demand_mw=0.9 * case.demand_mw)
        check = verify_ac(plan.state.network, dispatch, capacity_share=left)
        assert row.dc_served_mw == pytest.approx(dispatch.total_served_mw)
        assert row.ac_served_mw == pytest.approx(check.served_mw)
        assert row.max_loading_pct == pytest.approx(check.max_loading_pct, nan_ok=True)
        assert row.min_voltage_pu == pytest.approx(check.min_voltage_pu, nan_ok=True)


def test_making_safe_is_no_stage_of_its_own():
    plan = lossy_plan()
    first = plan.jobs[0]
    safe = replace(first.job, id="L:make-safe", stage=RepairStage.MAKE_SAFE, capacity_after=0.0)
    entry = ScheduledJob(
        job=safe,
        crew=first.crew,
        start=AS_OF,
        finish=AS_OF + timedelta(hours=3),
        travel_h=0.0,
        served_gain_mw=0.0,
    )
    longer = replace(plan, jobs=(entry, *plan.jobs), order=("L:make-safe", *plan.order))
    assert len(find_plan_states(longer).states) == 4
    assert verify_stages(longer).equals(verify_stages(plan))


def test_the_peak_is_the_highest_demand_while_a_stage_lasts():
    """A month of 0.5 and 0.8, then one of 0.6 alone, then nothing said."""
    blocks = DemandBlocks(
        level=np.array([0.5, 0.6, 0.8]),
        begins_h=np.array([0.0, 12.0, 40.0]),
        weight=np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
    )
    plan = replace(lossy_plan(), config=replace(QUICK, demand=blocks))

    def level(begin, end):
        ends = None if end is None else AS_OF + timedelta(hours=end)
        return peak_level(
            plan, TimedState(begins=AS_OF + timedelta(hours=begin), ends=ends, mask=0)
        )

    assert level(0, 12) == level(11, 13) == 0.8
    assert level(12, 40) == level(20, None) == 0.6
    assert level(40, 50) == 0.8
    assert verify_stages(plan)["demand_factor"].tolist() == [0.8, 0.8, 0.6]


def test_a_stage_without_a_power_flow_is_a_row():
    """A shunt at B pulls the voltage down as soon as its line is back, whatever is shed."""
    network = star(20, 10)
    shunt = {"id": "R", "busbar": "S1/B", "p_mw": 1500.0, "q_mvar": 1500.0}
    tables = {**network.tables, "shunts": make_frame(table_schema("shunts"), [shunt])}
    state = damaged(replace(network, tables=tables), {"L1": 0.0}, hours={"L1": 5.0})
    plan = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=QUICK)
    found = verify_stages(plan)
    assert found["converged"].tolist() == [True, False]
    assert "no AC power flow" in found["violations"][1]
    assert found["dc_served_mw"].tolist() == pytest.approx([10, 30])
    assert np.isnan(found["ac_served_mw"][1])


def test_a_damaged_shunt_is_off_until_it_is_repaired():
    network = star(20)
    shunt = {"id": "R", "busbar": "S1/B", "p_mw": 0.0, "q_mvar": 200.0}
    tables = {**network.tables, "shunts": make_frame(table_schema("shunts"), [shunt])}
    state = damaged(replace(network, tables=tables), {"R": 0.0}, hours={"R": 5.0})
    plan = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=QUICK)
    found = verify_stages(plan)
    assert found["min_voltage_pu"][0] == pytest.approx(1.0, abs=0.005)
    assert found["min_voltage_pu"][1] < 0.96


def test_only_so_many_stages_are_solved_twice():
    plan = lossy_plan()
    fast = verify_stages(plan, reference_stages=0)
    assert not fast["reference"].any()
    assert verify_stages(plan, reference_stages=2)["reference"].tolist() == [True, False, True]
    both = verify_stages(plan).drop(columns="reference")
    assert (fast["residual_mva"] < 1e-4).all()
    for column in ("ac_served_mw", "min_voltage_pu", "max_loading_pct"):
        assert fast[column].to_numpy() == pytest.approx(both[column].to_numpy(), nan_ok=True)


def test_mobile_units_are_part_of_the_network_while_they_are_placed():
    """A mobile transformer of 10 MVA (9 MW) stands in for T1 from 6 h until it is repaired."""
    network = city([(20, None)])
    state = damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 40.0})
    team = with_units([crew(speed_kmh=1e9)], mobile_substation())
    plan = plan_restoration(state, replace(team, mobile_units=()), config=QUICK)
    hour = timedelta(hours=1)
    placed = PlacedUnit(
        unit="MS-1",
        site="S1",
        part="MS-1@S1/10-1",
        start=AS_OF + 2 * hour,
        online=AS_OF + 6 * hour,
        offline=AS_OF + 40 * hour,
        travel_h=2.0,
        served_gain_mw=9.0,
    )
    found = verify_stages(replace(plan, resources=team, placements=(placed,)))
    assert found["hours"].tolist() == [6, 34, np.inf]
    assert found["dc_served_mw"].tolist() == pytest.approx([0, 9, 20])
    assert found["converged"].all()
    assert 80 < found["max_loading_pct"][1] < 100.2


def test_nothing_damaged_is_one_stage():
    plan = plan_restoration(damaged(star(20), {"L1": 1.0}), resources(crew()), config=QUICK)
    found = verify_stages(plan)
    assert found["dc_served_mw"].tolist() == pytest.approx([20])
    assert found["hours"].tolist() == [np.inf]
