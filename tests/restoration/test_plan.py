from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from restoration.cases import (
    AS_OF,
    crew,
    damaged,
    flow_served,
    random_instance,
    resources,
    star,
)

from gridtool.damage.suppose import intact
from gridtool.errors import Infeasible, InputError
from gridtool.restoration.check.plan import check_plan
from gridtool.restoration.model import PlanConfig, SpareArrival
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import sample_work, simulate_completions
from gridtool.restoration.search.rules import RULES
from gridtool.restoration.work.jobs import make_jobs

QUICK = PlanConfig(evaluations=150)


@pytest.fixture(scope="module")
def plan():
    rng = np.random.default_rng(3)
    state, supplies = random_instance(rng, jobs=9, crews=2)
    return plan_restoration(state, supplies, config=QUICK, seed=1)


def test_a_plan_by_hand():
    """One crew on the spot, 30 MW in 10 h and 20 MW in 4 h: the 20 MW first.

    50 MW are out for 4 h, then 30 MW for 10 h: 500 MWh; the other way 50 x 10 + 20 x 4 = 580.
    """
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    found = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=QUICK)
    assert found.order == ("L2", "L1")
    assert found.ens_mwh == pytest.approx(500, abs=0.1)
    assert found.curve["served_mw"].tolist() == pytest.approx([0, 20, 50])
    assert found.curve["time"].tolist() == [
        AS_OF,
        AS_OF + timedelta(hours=4),
        AS_OF + timedelta(hours=14),
    ]
    assert found.curve["customers_out"].tolist() == [25_000, 15_000, 0]
    etr = found.etr.set_index("id")["etr"]
    assert etr["S2"] == AS_OF + timedelta(hours=4)
    assert etr["S1"] == etr["D1"] == AS_OF + timedelta(hours=14)
    gains = {entry.job.id: entry.served_gain_mw for entry in found.jobs}
    assert gains == pytest.approx({"L1": 30, "L2": 20})
    worst = found.comparison.set_index("rule").loc["largest load first"]
    assert worst["ens_mwh"] == pytest.approx(580, abs=0.1)
    assert worst["excess_pct"] == pytest.approx(16, abs=0.1)


def test_a_plan_passes_its_check_and_beats_every_rule(plan):
    assert check_plan(plan) == []
    assert plan.comparison["rule"].tolist() == ["this plan", *RULES]
    assert plan.comparison["ens_mwh"].min() == plan.ens_mwh
    assert plan.comparison["excess_pct"].min() == 0


def test_energy_is_recomputed_by_another_engine(plan):
    """The curve integrated over time, with loads by maximum flow."""
    served = flow_served(plan.state.network)
    left = {entry.job.asset: 0.0 for entry in plan.jobs}
    full = served({})[0]
    energy, before = 0.0, plan.state.as_of
    for entry in sorted(plan.jobs, key=lambda entry: entry.finish):
        energy += (full - served(left)[0]) * ((entry.finish - before) / timedelta(hours=1))
        before = entry.finish
        del left[entry.job.asset]
    assert plan.ens_mwh == pytest.approx(energy, rel=1e-4)


def test_nothing_damaged_is_an_empty_plan():
    state = intact(star(30, 20), AS_OF)
    found = plan_restoration(state, resources(crew()))
    assert found.jobs == found.order == ()
    assert found.ens_mwh == 0
    assert len(found.curve) == 1
    assert found.etr.empty
    assert found.comparison["excess_pct"].tolist() == [0.0] * 7
    assert simulate_completions(found, n=5, seed=1).finish_h.shape == (5, 0)


def test_everything_destroyed_can_be_planned():
    network = star(30, 20, 10)
    everything = {a: 0.0 for a in network.assets if network.assets[a].kind != "substation"}
    state = damaged(network, everything)
    found = plan_restoration(state, resources(crew("1"), crew("2")), config=QUICK)
    assert len(found.jobs) == len(everything)
    assert found.curve["served_mw"].tolist()[0] == 0
    assert found.curve["served_mw"].tolist()[-1] == pytest.approx(60)


def test_a_city_short_of_supply_counts_only_the_damage():
    network = star(30, 20)
    state = damaged(network, {"L1": 0.0}, hours={"L1": 10.0})
    config = PlanConfig(evaluations=50, import_limit_mw=40.0)
    found = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=config)
    assert found.curve["served_mw"].tolist() == pytest.approx([20, 40])
    assert found.ens_mwh == pytest.approx(200, abs=0.1)
    assert found.etr["etr"].isna().all()


def test_protected_load_can_count_more():
    network = star(30, 20)
    critical = network.feeders["busbar"] == "S2/B"
    tables = {**network.tables, "feeders": network.feeders.assign(critical=critical)}
    state = damaged(
        replace(network, tables=tables), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 10.0}
    )
    team = resources(crew(speed_kmh=1e9))
    assert plan_restoration(state, team, config=QUICK).order == ("L1", "L2")
    weighted = replace(QUICK, protected_weight=5.0)
    found = plan_restoration(state, team, config=weighted)
    assert found.order == ("L2", "L1")
    assert found.ens_mwh == pytest.approx(50 * 10 + 30 * 10, abs=0.1)  # plain MWh


def test_a_crew_that_leaves_too_early_is_infeasible():
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 30.0})
    gone = resources(crew(available_to=AS_OF + timedelta(hours=20)))
    with pytest.raises(Infeasible, match="no order of repairs finishes L1"):
        plan_restoration(state, gone, config=QUICK)


def test_a_spare_decides_the_order():
    state = damaged(
        star(30, 20),
        {"L1": 0.0, "L2": 0.0},
        hours={"L1": 10.0, "L2": 10.0},
        spares={"L1": ("tower",)},
    )
    late = (SpareArrival(spare="tower", quantity=1, arrives_at=AS_OF + timedelta(hours=8)),)
    found = plan_restoration(state, resources(crew(), arrivals=late), config=QUICK)
    assert found.order == ("L2", "L1")


def test_the_same_seed_gives_the_same_plan(plan):
    again = plan_restoration(plan.state, plan.resources, config=QUICK, seed=1)
    assert (again.order, again.jobs, again.ens_mwh) == (plan.order, plan.jobs, plan.ens_mwh)
    assert again.curve.equals(plan.curve)
    assert again.comparison.equals(plan.comparison)


def test_executions_depend_on_seed_sample_and_asset_only(plan):
    jobs = tuple(
        replace(job, duration=replace(job.duration, sigma_h=5.0)) for job in make_jobs(plan.state)
    )
    few, many = sample_work(jobs, n=5, seed=7), sample_work(jobs, n=50, seed=7)
    assert (many[:5] == few).all()
    assert (sample_work(jobs[2:4], n=5, seed=7) == few[:, 2:4]).all()
    assert (sample_work(jobs, n=5, seed=8) != few).all()
    first = simulate_completions(plan, n=20, seed=7)
    second = simulate_completions(plan, n=40, seed=7)
    assert first.asset_ids == tuple(job.asset for job in jobs)
    assert (second.finish_h[:20] == first.finish_h).all()


def test_sampled_work_has_the_stated_moments():
    rng = np.random.default_rng(1)
    state, _ = random_instance(rng, jobs=3, crews=1)
    jobs = tuple(
        replace(job, duration=replace(job.duration, mean_h=12.0, sigma_h=6.0))
        for job in make_jobs(state)
    )
    work = sample_work(jobs, n=40_000, seed=1)
    assert (work > 0).all()
    assert work.mean(axis=0) == pytest.approx(12.0, rel=0.01)
    assert work.std(axis=0) == pytest.approx(6.0, rel=0.04)


def test_certain_durations_execute_the_timetable(plan):
    """The instance's estimates have no spread: every execution is the plan itself."""
    samples = simulate_completions(plan, n=3, seed=1)
    planned = {entry.job.asset: entry.finish for entry in plan.jobs}
    for asset, hours in zip(samples.asset_ids, samples.finish_h.T, strict=True):
        expected = (planned[asset] - plan.state.as_of) / timedelta(hours=1)
        assert hours == pytest.approx(np.full(3, expected), abs=1e-3)


def test_a_plan_with_its_bound_and_its_stages_by_ac_power_flow():
    """Two independent lines and one crew: the bound cannot be above the best order's 500 MWh."""
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    config = replace(QUICK, bound=True, ac=True)
    found = plan_restoration(state, resources(crew(speed_kmh=1e9)), config=config)
    assert found.weighted_mwh == pytest.approx(500, abs=0.1)
    assert 0 < found.bound.weighted_mwh <= found.weighted_mwh
    assert found.bound.gap_pct == pytest.approx(
        100 * (1 - found.bound.weighted_mwh / found.weighted_mwh)
    )
    assert found.bound.method
    assert len(found.ac) == 3


def test_what_is_weighted_is_what_the_search_made_small():
    """30 MW of households and 20 MW of hospitals that count 5: the other order is better."""
    network = star(30, 20)
    classes = network.feeders["busbar"].map({"S1/B": "household", "S2/B": "hospital"})
    customers = pd.DataFrame(
        {
            "feeder": network.feeders.index.to_numpy(),
            "customer_class": classes.to_numpy(),
            "customers": 10,
            "demand_share": 1.0,
        }
    )
    tables = {**network.tables, "customers": customers}
    state = damaged(
        replace(network, tables=tables), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 10.0}
    )
    team = resources(crew(speed_kmh=1e9))
    config = replace(QUICK, class_weights={"hospital": 5.0})
    found = plan_restoration(state, team, config=config)
    assert found.order == ("L2", "L1")
    assert found.ens_mwh == pytest.approx(50 * 10 + 30 * 10, abs=0.1)
    assert found.weighted_mwh == pytest.approx((30 + 100) * 10 + 30 * 10, abs=0.1)
    bad = replace(QUICK, class_weights={"hospitals": 2.0}, protected_weight=-1.0)
    with pytest.raises(InputError, match=r"(?s)hospitals.*weight of protected") as caught:
        plan_restoration(state, team, config=bad)
    assert len(caught.value.issues) == 2


def test_a_deadline_prefers_what_is_back_by_then():
    """300 MW in 10 h or 20 MW in 4 h, until hour 10: only the small one is back in time."""
    state = damaged(star(300, 20), {"L1": 0.0, "L2": 0.0}, hours={"L1": 10.0, "L2": 4.0})
    team = resources(crew(speed_kmh=1e9))
    free = plan_restoration(state, team, config=QUICK)
    assert free.order == ("L1", "L2")
    early = replace(QUICK, deadline=AS_OF + timedelta(hours=10))
    found = plan_restoration(state, team, config=early)
    assert found.order == ("L2", "L1")
    assert found.ens_mwh == pytest.approx(320 * 4 + 300 * 6, abs=0.1)


def test_the_time_limit_and_a_stop_are_kept_and_named():
    rng = np.random.default_rng(3)
    state, supplies = random_instance(rng, jobs=9, crews=2)
    ticks = iter(range(100_000))
    cut = plan_restoration(
        state,
        supplies,
        config=PlanConfig(evaluations=100_000, time_limit_s=30.0),
        clock=lambda: float(next(ticks)),
    )
    assert cut.stopped == "time limit"
    assert cut.evaluations < 100_000
    assert check_plan(cut) == []
    stopped = plan_restoration(
        state,
        supplies,
        config=PlanConfig(evaluations=100_000, bound=True, ac=True),
        stop=lambda: True,
    )
    assert (stopped.stopped, stopped.bound, stopped.ac) == ("interrupted", None, None)
    assert check_plan(stopped) == []
    assert plan_restoration(state, supplies, config=QUICK).stopped == ""
