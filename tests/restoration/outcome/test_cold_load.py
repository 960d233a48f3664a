"""Cold-load pickup, by hand on stars of one supply point."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged, random_instance, resources, star

from gridtool.restoration.model import ColdLoad, DemandBlocks, PlanConfig
from gridtool.restoration.outcome.cold_load import cold_load_energy
from gridtool.restoration.plan import plan_restoration

QUICK = PlanConfig(evaluations=100)
TWICE = ColdLoad(factor=2.0, after_h=4.0, lasts_h=2.0)


def plan_of(loads, *, hours, **config):
    """All lines of a star out, repaired one after the other: S1's first if it takes least."""
    state = damaged(star(*loads), dict.fromkeys(hours, 0.0), hours=hours)
    return plan_restoration(state, resources(crew(speed_kmh=1e9)), config=replace(QUICK, **config))


def at(hour):
    return AS_OF + timedelta(hours=hour)


def test_enough_supply_costs_nothing():
    """30 MW come back as 60 MW, 20 MW as 40 MW: 100 MW of infeed carry 30 + 40 too."""
    plan = plan_of((30, 20), hours={"L1": 10.0, "L2": 10.0}, import_limit_mw=100.0)
    found = cold_load_energy(plan, TWICE)
    assert found["time"].tolist() == [at(10), at(20)]
    assert found["picked_up_mw"].tolist() == pytest.approx([30, 20])
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([0, 0], abs=1e-6)


def test_pickup_in_a_short_city_by_hand():
    """50 MW of infeed. At 10 h S1 wants 60 MW for its 30: 25 are served, 5 MW missed for 2 h.

    At 20 h S1 wants 30 and S2 40 for its 20: 50/70 of all 50 MW are served for 2 h.
    """
    plan = plan_of((30, 20), hours={"L1": 10.0, "L2": 10.0}, import_limit_mw=50.0)
    found = cold_load_energy(plan, TWICE)
    assert found["district"].tolist() == ["D1", "D1"]
    assert found["picked_up_mw"].tolist() == pytest.approx([30, 20])
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([10, 2 * (50 - 50 * 50 / 70)])


def test_a_short_interruption_is_not_cold():
    """S1 is back after 3 h; S2 after 13 h."""
    plan = plan_of((30, 20), hours={"L1": 3.0, "L2": 10.0}, import_limit_mw=50.0)
    found = cold_load_energy(plan, TWICE)
    assert found["time"].tolist() == [at(13)]
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([2 * (50 - 50 * 50 / 70)])


def test_what_is_out_now_was_out_since_the_damage():
    """Struck two hours before the as-of time, S1 has been out for 5 h when it is back after 3."""
    plan = plan_of((30, 20), hours={"L1": 3.0, "L2": 10.0}, import_limit_mw=50.0)
    struck = {
        asset: replace(entry, occurred_at=at(-2)) for asset, entry in plan.state.damage.items()
    }
    plan = replace(plan, state=replace(plan.state, damage=struck))
    found = cold_load_energy(plan, TWICE)
    assert found["time"].tolist() == [at(3), at(13)]
    assert found["extra_unserved_mwh"][0] == pytest.approx(10)


def test_a_pickup_goes_on_into_the_next_stage():
    """S1 is back at 10 h, S2 at 11 h; 40 MW of infeed for their 50, so a fifth is missed anyway.

    10 to 11 h: S1 wants 60 and gets 40: 20 of its 30 MW are served. From 11 h on S2 has 16 of
    its 20 MW back, cold, and of S1's cold load the 24 MW that it is served: 54 + 36 are wanted,
    40/90 of all 50 MW served instead of 40. 12 to 13 h S2 alone is cold: 30 + 36 are wanted.
    """
    plan = plan_of((30, 20), hours={"L1": 10.0, "L2": 1.0}, import_limit_mw=40.0)
    entries = {entry.job.id: entry for entry in plan.jobs}
    finish = {"L1": at(10), "L2": at(11)}
    jobs = tuple(replace(entries[key], finish=finish[key]) for key in finish)
    plan = replace(plan, jobs=jobs, order=("L1", "L2"))
    found = cold_load_energy(plan, TWICE)
    assert found["time"].tolist() == [at(10), at(11)]
    assert found["picked_up_mw"].tolist() == pytest.approx([30, 16])
    both, alone = 40 - 50 * 40 / 90, 40 - 50 * 40 / 66
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([10, both + alone])


def test_what_stays_unserved_is_not_picked_up():
    """12 MW of infeed: S1 is back with 12 of its 30 MW; they want 24, so half of them is missed."""
    plan = plan_of((30,), hours={"L1": 10.0}, import_limit_mw=12.0)
    found = cold_load_energy(plan, TWICE)
    assert found["picked_up_mw"].tolist() == pytest.approx([12])
    # 42 MW are wanted, 12 given: 30 * 12/42 of normal demand instead of 12.
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([2 * (12 - 30 * 12 / 42)])


def test_feeders_that_are_out_take_no_part():
    """Half of S1 is out with a feeder; 15 MW come back at 10 h and want 30.

    20 MW of infeed: of the 15 MW 10 are served.
    """
    state = damaged(star(30), {"L1": 0.0, "S1/F0": 0.5}, hours={"L1": 10.0, "S1/F0": 50.0})
    plan = plan_restoration(
        state,
        resources(crew(speed_kmh=1e9)),
        config=replace(QUICK, import_limit_mw=20.0),
    )
    found = cold_load_energy(plan, TWICE)
    assert found["time"].tolist() == [at(10), at(60)]
    assert found["picked_up_mw"][0] == pytest.approx(15)
    assert found["extra_unserved_mwh"][0] == pytest.approx(2 * (15 - 10))


def test_energy_counts_by_the_demand_of_the_time():
    """At half the demand (25 MW) nothing is missed; half of the hours are at the full one."""
    blocks = DemandBlocks(
        level=np.array([0.5, 1.0]), begins_h=np.array([0.0]), weight=np.array([[0.5, 0.5]])
    )
    plan = plan_of((30, 20), hours={"L1": 10.0, "L2": 10.0}, import_limit_mw=50.0)
    plan = replace(plan, config=replace(plan.config, demand=blocks))
    found = cold_load_energy(plan, TWICE)
    assert found["picked_up_mw"].tolist() == pytest.approx([30, 20])
    assert found["extra_unserved_mwh"].tolist() == pytest.approx([5, 50 - 50 * 50 / 70])
    ends = replace(plan, config=replace(plan.config, deadline=at(11)))
    assert cold_load_energy(ends, TWICE)["extra_unserved_mwh"].tolist() == pytest.approx([2.5, 0])


@pytest.mark.parametrize("seed", range(3))
def test_more_pickup_costs_more_and_none_costs_nothing(seed):
    rng = np.random.default_rng(seed)
    state, team = random_instance(rng, jobs=6, crews=2)
    demand = find_demand(state)
    plan = plan_restoration(state, team, config=replace(QUICK, import_limit_mw=0.8 * demand))
    total = [
        cold_load_energy(plan, ColdLoad(factor=factor, after_h=2.0, lasts_h=3.0))[
            "extra_unserved_mwh"
        ].sum()
        for factor in (1.0, 1.5, 3.0)
    ]
    assert total[0] == pytest.approx(0, abs=1e-6)
    assert total[0] <= total[1] <= total[2]
    assert total[2] > 0
    later = cold_load_energy(plan, ColdLoad(factor=3.0, after_h=1e6, lasts_h=3.0))
    assert later.empty


def find_demand(state):
    return float(state.network.feeders["peak_mw"].sum())


def test_nothing_damaged_picks_nothing_up():
    plan = plan_restoration(damaged(star(20), {"L1": 1.0}), resources(crew()), config=QUICK)
    found = cold_load_energy(plan, TWICE)
    assert found.empty
    assert found.columns.tolist() == ["time", "district", "picked_up_mw", "extra_unserved_mwh"]
