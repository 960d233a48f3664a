"""The states of a plan, and who is back when, from hand-made stages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star
from restoration.mobile_cases import city, mobile_substation, with_units

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.model import PlacedUnit, PlanConfig
from gridtool.restoration.outcome.plan_states import find_plan_states
from gridtool.restoration.outcome.stages import CITY_ID, Stage, list_owners, make_etr
from gridtool.restoration.plan import plan_restoration

QUICK = PlanConfig(evaluations=100)


def at(hour):
    return AS_OF + timedelta(hours=hour)


def stage(hour, *unserved):
    """Stations S0, S1, S2 with 0, 100 and 50 MW; a MW is ten customers."""
    short = np.array([0.0, *unserved])
    return Stage(
        begins=at(hour),
        demand_mw=np.array([0.0, 100.0, 50.0]),
        unserved_mw=short,
        customers_out=10 * short,
    )


def test_back_for_good_is_after_the_last_time_out():
    """S1 is out, back, and out again; S2 always lacks half a MW, which is 1 % of its load."""
    stages = [stage(0, 40, 0.5), stage(3, 0, 0.5), stage(5, 2, 0.5), stage(9, 1, 0.5)]
    found = make_etr(star(100, 50), stages)
    assert found[["level", "id"]].to_numpy().tolist() == [["substation", "S1"], ["district", "D1"]]
    assert found["etr"].tolist() == [at(9), at(9)]
    assert found["customers_out"].tolist() == [400, 405]
    never = make_etr(star(100, 50), stages[:3]).set_index("id")
    assert never.loc["S1", "etr"] is pd.NaT


def test_owners_sum_up_their_substations():
    owners = list_owners(star(100, 50), city=True)
    assert owners.ids == ("S0", "S1", "S2", "D1", CITY_ID)
    assert owners.level == ("substation",) * 3 + ("district", "city")
    assert owners.sum_up(np.array([1.0, 2.0, 4.0])).tolist() == [1, 2, 4, 7, 7]
    assert owners.are_out(stage(0, 1.0, 0.51)).tolist() == [False, False, True, True, True]
    assert list_owners(star(100, 50)).ids == ("S0", "S1", "S2", "D1")


def test_the_states_of_a_plan_by_date():
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    plan = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=QUICK)
    dispatcher = Dispatcher(compile_case(state.network))
    given = find_plan_states(plan, job_ids=("L1", "L2"), dispatcher=dispatcher)
    assert [found.mask for found in given.states] == [0b00, 0b10, 0b11]
    assert [found.begins for found in given.states] == [at(0), at(4), at(14)]
    assert [found.hours for found in given.states] == [4, 10, np.inf]
    assert given.final_mask == 0b11
    assert given.dispatcher is dispatcher
    assert find_plan_states(plan).states[1].mask == 0b01  # the plan's order: L2 first


@pytest.mark.parametrize("offline", [None, 60.0])
def test_mobile_units_have_bits_after_the_jobs(offline):
    """One stays for good, one leaves after the repair."""
    state = damaged(city([(8, None)]), {"S1/T1": 0.0}, hours={"S1/T1": 40.0})
    team = with_units([crew(speed_kmh=1e9)], mobile_substation())
    plan = plan_restoration(state, replace(team, mobile_units=()), config=QUICK)
    placed = PlacedUnit(
        unit="MS-1",
        site="S1",
        part="MS-1@S1/10-1",
        start=at(2),
        online=at(6),
        offline=None if offline is None else at(offline),
        travel_h=2.0,
        served_gain_mw=8.0,
    )
    given = find_plan_states(replace(plan, resources=team, placements=(placed,)))
    left = [] if offline is None else [0b01]
    assert [found.mask for found in given.states] == [0b00, 0b10, 0b11, *left]
    assert given.final_mask == (0b11 if offline is None else 0b01)
    assert given.effects.shares(0b00) == {"S1/T1": 0.0, "MS-1@S1/10-1": 0.0}
    assert given.effects.shares(0b11) == {}
    assert "MS-1@S1/10-1" in given.dispatcher.case.branch_ids
