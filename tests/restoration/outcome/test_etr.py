from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from builders import grid
from restoration.cases import AS_OF, crew, damaged, job, random_instance, resources, star
from restoration.mobile_cases import city, mobile_substation, with_units
from restoration.replays import etr_quantiles, milestones_of

from gridtool.damage.suppose import intact
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.catalog import load_network
from gridtool.restoration.model import (
    CompletionSamples,
    DeclaredRepair,
    PlacedUnit,
    PlanConfig,
    RepairStage,
)
from gridtool.restoration.outcome.etr import (
    executions_needed,
    quantile_hours,
    tabulate_etr,
    tabulate_milestones,
)
from gridtool.restoration.outcome.etr_replay import replay_executions
from gridtool.restoration.outcome.etr_states import StateBook
from gridtool.restoration.outcome.plan_states import PlanStates, TimedState
from gridtool.restoration.outcome.stages import dispatch_shares, list_owners, view_stage
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.restoration.value.effects import make_effects

QUICK = PlanConfig(evaluations=100)


def plan_of(network, shares, *, deadline=None, **config):
    """A plan, with a deadline to measure it by where one is given."""
    plan = plan_restoration(
        damaged(network, shares), resources(crew()), config=replace(QUICK, **config)
    )
    return replace(plan, config=replace(plan.config, deadline=deadline))


def executions(**finish_h):
    """Executions given by the finish hours of each job."""
    return CompletionSamples(
        asset_ids=tuple(finish_h),
        job_ids=tuple(finish_h),
        finish_h=np.array(list(finish_h.values()), dtype=np.float64).T,
    )


def hour(number):
    return AS_OF + timedelta(hours=number)


def rows_of(frame):
    return {(row.level, row.id): row for row in frame.itertuples()}


def test_quantiles_by_hand():
    """Ten executions: S1 back after 1 to 10 h, S2 always after 5 h.

    The P50 of ten is the sixth (half of nine steps, rounded up), the P90 the tenth. The district
    is back with the later of its two stations: five times after 5 h, then after 6 to 10 h.
    """
    plan = plan_of(star(30, 20), {"L1": 0.0, "L2": 0.0}, deadline=hour(7))
    done = executions(L1=[3, 1, 2, 10, 9, 8, 7, 6, 5, 4], L2=[5] * 10)
    found = rows_of(etr_quantiles(plan, done))
    one, two = found["substation", "S1"], found["substation", "S2"]
    assert (one.etr_p50, one.etr_p90) == (hour(6), hour(10))
    assert (one.unserved_mw, one.customers_out) == pytest.approx((30.0, 15_000))
    assert one.by_deadline == pytest.approx(0.7)
    assert (two.etr_p50, two.etr_p90, two.by_deadline) == (hour(5), hour(5), 1.0)
    for key in (("district", "D1"), ("city", "*")):
        assert (found[key].etr_p50, found[key].etr_p90) == (hour(6), hour(10))
        assert found[key].by_deadline == pytest.approx(0.7)
    line = found["asset", "L1"]
    assert (line.etr_p50, line.etr_p90, line.name) == (hour(6), hour(10), "line")
    assert np.isnan(line.unserved_mw)
    assert np.isnan(line.customers_out)
    assert ("substation", "S0") not in found


def test_milestones_by_hand():
    """45 MW and 5 MW: the first alone is 90 % of the 25,000 customers.

    Customer-hours of the first execution: 25,000 until 2 h, then 2,500 until 8 h; of the second:
    25,000 until 4 h, then 22,500 until 6 h.
    """
    plan = plan_of(star(45, 5), {"L1": 0.0, "L2": 0.0}, deadline=hour(6))
    found = milestones_of(plan, executions(L1=[2, 6], L2=[8, 4]))
    assert found["share_pct"].tolist() == [90, 100]
    assert found["customers"].tolist() == [22_500, 25_000]
    assert found["p50"].tolist() == [hour(6), hour(8)]
    assert found["by_deadline"].tolist() == [1.0, 0.5]
    first, second = 25_000 * 2 + 2_500 * 6, 25_000 * 4 + 22_500 * 2
    assert found["expected_customer_hours"].tolist() == pytest.approx([(first + second) / 2] * 2)
    assert found["executions"].tolist() == [2, 2]


def test_a_repair_can_take_supply_away_again():
    """40 MW of infeed for 30 MW behind L1 and 20 MW behind L2: joined, both are short.

    If L1 is repaired first, S2 is out from then until the unit is back at 8 h; if the unit is
    first, S2 is never out.
    """
    network = grid(
        stations={"S0": (0, 0), "S1": (30, 0), "S2": (20, 0)},
        lines=[("L1", "S0", "S1", 1000), ("L2", "S0", "S2", 1000)],
        infeeds=[("IF", "S0", 40)],
        units=[("U", "S0", 15)],
    )
    plan = plan_of(network, {"L1": 0.0, "U": 0.0})
    replay = replay_executions(plan, executions(L1=[5, 5], U=[8, 3]))
    back = dict(zip(replay.owners.ids, replay.back_h.T.tolist(), strict=True))
    assert back["S1"] == [8, 5]
    assert back["S2"] == [8, 0]
    assert back["*"] == [8, 5]
    assert replay.states == 4


def test_an_asset_is_repaired_with_its_last_stage():
    """Half of the line's rating is enough for S1: it is back with the temporary repair."""
    state = damaged(star(30), {"L1": 0.0}, hours={"L1": 10.0})
    stage = DeclaredRepair(asset="L1", stage=RepairStage.TEMPORARY, capacity_after=0.5)
    plan = plan_restoration(state, replace(resources(crew()), repairs=(stage,)), config=QUICK)
    assert plan.order == ("L1:temporary", "L1")
    done = executions(**{"L1": [9, 12, 11], "L1:temporary": [2, 3, 4]})
    found = rows_of(etr_quantiles(plan, done))
    line, station = found["asset", "L1"], found["substation", "S1"]
    assert (line.etr_p50, line.etr_p90) == (hour(11), hour(12))
    assert (station.etr_p50, station.etr_p90) == (hour(3), hour(4))


def test_a_mobile_unit_stays_until_the_repair_that_it_bridges():
    """A mobile transformer carries S1 from 6 h until T1 is repaired (as planned after 40 h): it
    is of no use where that is done after 3 h, and S1 has it where that takes longer."""
    network = city([(8, None)])
    state = damaged(network, {"S1/T1": 0.0}, hours={"S1/T1": 40.0})
    team = with_units([crew(speed_kmh=1e9)], mobile_substation())
    plan = plan_restoration(state, replace(team, mobile_units=()), config=QUICK)
    placed = PlacedUnit(
        unit="MS-1",
        site="S1",
        part="MS-1@S1/10-1",
        start=hour(2),
        online=hour(6),
        offline=hour(40),
        travel_h=2.0,
        served_gain_mw=8.0,
    )
    plan = replace(plan, resources=team, placements=(placed,))
    replay = replay_executions(plan, executions(**{"S1/T1": [3, 30, 50]}))
    back = dict(zip(replay.owners.ids, replay.back_h.T.tolist(), strict=True))
    assert back["S1"] == back["*"] == [3, 6, 6]


def test_what_never_comes_back_has_no_date():
    plan = plan_of(star(30, 20), {"L1": 0.0, "L2": 0.0}, deadline=hour(6))
    done = executions(L1=[5] * 17 + [np.inf] * 3, L2=[2] * 20)
    found = rows_of(etr_quantiles(plan, done))
    assert found["substation", "S1"].etr_p50 == hour(5)
    assert found["substation", "S1"].etr_p90 is pd.NaT
    assert found["substation", "S1"].by_deadline == pytest.approx(0.85)
    assert found["asset", "L1"].etr_p90 is pd.NaT
    milestones = milestones_of(plan, done)
    assert milestones["p90"].isna().all()
    assert np.isinf(milestones["expected_customer_hours"]).all()


def test_customers_out_for_lack_of_supply_are_not_waited_for():
    """40 MW for 50 MW of load: when L1 is back, a fifth of the 25,000 stay out for good."""
    plan = plan_of(star(30, 20), {"L1": 0.0}, import_limit_mw=40.0)
    done = executions(L1=[4, 6])
    milestones = milestones_of(plan, done)
    assert milestones["customers"].tolist() == [9_000, 10_000]
    assert milestones["p90"].tolist() == [hour(6)] * 2
    assert milestones["expected_customer_hours"].tolist() == pytest.approx([50_000.0] * 2)
    assert rows_of(etr_quantiles(plan, done))["city", "*"].etr_p50 is pd.NaT


def test_nothing_damaged_is_an_empty_table():
    plan = plan_restoration(intact(star(30, 20), AS_OF), resources(crew()))
    done = simulate_completions(plan, n=5, seed=1)
    assert etr_quantiles(plan, done).empty
    assert milestones_of(plan, done)["customers"].tolist() == [0, 0]


def test_no_execution_gives_no_date():
    plan = plan_of(star(30, 20), {"L1": 0.0})
    found = etr_quantiles(plan, executions(L1=[]))
    assert found["etr_p50"].isna().all()
    assert found["level"].tolist() == ["asset", "substation", "district", "city"]


@pytest.mark.parametrize("seed", range(4))
def test_every_prefix_dispatched_says_the_same(seed):
    """Each state of each execution dispatched on its own, customers and dates in plain Python."""
    rng = np.random.default_rng(seed)
    state, team = random_instance(rng, jobs=6, crews=2)
    plan = plan_restoration(
        state, team, config=replace(QUICK, import_limit_mw=float(rng.uniform(50, 200)))
    )
    done = executions(**{key: rng.uniform(1, 50, 8) for key in plan.order})
    replay = replay_executions(plan, done)
    for row in range(replay.n):
        expected = _back_by_prefixes(plan, done, row)
        assert dict(zip(replay.owners.ids, replay.back_h[row], strict=True)) == expected


def _back_by_prefixes(plan, done, row):
    case = compile_case(plan.state.network)
    finish = dict(zip(done.job_ids, done.finish_h[row], strict=True))
    order = sorted(finish, key=finish.__getitem__)
    ids = [*case.substation_ids, "D1", "*"]
    back = dict.fromkeys(ids, 0.0)
    for k in range(len(order) + 1):
        left = dict.fromkeys(order[k:], 0.0)
        found = Dispatcher(case).solve(left, import_limit_mw=plan.config.import_limit_mw)
        demand, short = dict.fromkeys(ids, 0.0), dict.fromkeys(ids, 0.0)
        for busbar, station in enumerate(case.busbar_substation):
            for owner in (case.substation_ids[station], "D1", "*"):
                demand[owner] += found.demand_mw[busbar].sum()
                short[owner] += found.unserved_mw[busbar].sum()
        ends = finish[order[k]] if k < len(order) else np.inf
        for owner in ids:
            if short[owner] > max(0.01 * demand[owner], 1e-6):
                back[owner] = ends
    return back


@pytest.fixture(scope="module")
def spread_plan():
    """Nine repairs by two crews, each with a wide spread of its duration."""
    state, team = random_instance(np.random.default_rng(3), jobs=9, crews=2)
    entries = {
        asset: replace(entry, estimate=replace(entry.estimate, high_h=4 * entry.estimate.high_h))
        for asset, entry in state.damage.items()
    }
    return plan_restoration(replace(state, damage=entries), team, config=QUICK)


def test_invariants_of_dates(spread_plan):
    done = simulate_completions(spread_plan, n=200, seed=4)
    replay = replay_executions(spread_plan, done)
    back = dict(zip(replay.owners.ids, replay.back_h.T, strict=True))
    frame = etr_quantiles(spread_plan, done)
    assert (frame["etr_p50"] <= frame["etr_p90"]).all()
    stations = [key for key in replay.owners.ids if key.startswith("S")]
    first = np.min([back[key] for key in stations], axis=0)
    last = np.max([back[key] for key in stations], axis=0)
    assert (back["D1"] >= first).all()
    assert (back["D1"] <= last).all()
    assert (replay.share_back_h[:, 0] <= replay.share_back_h[:, 1]).all()
    assert (replay.share_back_h[:, 1] <= done.finish_h.max(axis=1)).all()
    assert len(np.unique(back["D1"])) > 50  # dates do spread


def test_the_first_executions_are_those_of_a_shorter_run(spread_plan):
    done = simulate_completions(spread_plan, n=60, seed=4)
    few = simulate_completions(spread_plan, n=20, seed=4)
    one, two = (etr_quantiles(spread_plan, drawn, n=20) for drawn in (done, few))
    assert one.equals(etr_quantiles(spread_plan, done, n=20))
    assert two.equals(etr_quantiles(spread_plan, few))
    replayed = one["level"] != "asset"  # assets are dated from all that were drawn
    assert one[replayed].equals(two[replayed])


def test_certain_work_gives_the_dates_of_the_plan():
    plan = plan_of(star(30, 20, 10), {"L1": 0.0, "L2": 0.0, "L3": 0.0})
    found = etr_quantiles(plan, simulate_completions(plan, n=3, seed=1))
    late = {(row.level, row.id): row.etr_p90 for row in found.itertuples()}
    for row in plan.etr.itertuples():
        assert late[row.level, row.id] == row.etr


def test_quantiles_are_those_of_numpy():
    hours = np.random.default_rng(1).exponential(size=(37, 4))
    median, late = quantile_hours(hours)
    assert median.tolist() == np.quantile(hours, 0.5, axis=0, method="higher").tolist()
    assert late.tolist() == np.quantile(hours, 0.9, axis=0, method="higher").tolist()


def test_how_many_executions_a_quantile_takes():
    assert executions_needed(probability=0.5, within=0.01) == 2500
    assert executions_needed(probability=0.9, within=0.01) == 900


def test_as_many_executions_as_the_states_allow(spread_plan):
    """Jobs are dated from all executions; the network from those that 20 states make."""
    done = simulate_completions(spread_plan, n=400, seed=4)
    replay = replay_executions(spread_plan, done, most_states=20)
    assert 20 <= replay.states < 20 + 9
    assert 1 < replay.n < 100
    assert replay_executions(spread_plan, done, n=replay.n - 1).states < 20
    frame = tabulate_etr(spread_plan, replay)
    assert set(frame["executions"][frame["level"] == "asset"]) == {400}
    assert set(frame["executions"][frame["level"] != "asset"]) == {replay.n}
    assert tabulate_milestones(spread_plan, replay)["executions"].tolist() == [replay.n] * 2
    assert etr_quantiles(spread_plan, done)["executions"].tolist() == [400] * len(frame)


@pytest.mark.parametrize("seed", range(3))
def test_states_in_closed_form_are_those_of_the_dispatch(seed):
    """Meshed rivercity under random damage: each state as the full dispatch has it."""
    rng = np.random.default_rng(seed)
    network = load_network("rivercity")
    kinds = {"line", "transformer", "bay", "busbar", "unit", "feeder", "infeed"}
    assets = [asset for asset, entry in network.assets.items() if entry.kind in kinds]
    hit = [str(asset) for asset in rng.choice(assets, 60, replace=False)]
    shares = {asset: float(rng.choice([0.0, 0.4])) for asset in hit}
    jobs = [job(asset, 5.0) for asset in hit]
    state = damaged(network, shares)
    dispatcher = Dispatcher(compile_case(network))
    given = PlanStates(
        network=network,
        dispatcher=dispatcher,
        job_ids=tuple(hit),
        effects=make_effects(state, jobs),
        switchings=(),
        states=(TimedState(begins=AS_OF, ends=None, mask=0),),
    )
    config = PlanConfig(demand_factor=float(rng.uniform(0.8, 1.0)))
    book = StateBook(given, config, owners=list_owners(network, city=True))
    masks = [sum(1 << int(k) for k in rng.choice(60, count)) for count in range(0, 60, 2)]
    for mask in masks:
        found = book.stage(mask)
        dispatch = dispatch_shares(dispatcher, given.effects.shares(mask), config)
        expected = view_stage(dispatch, begins=AS_OF)
        assert found.unserved_mw == pytest.approx(expected.unserved_mw, abs=1e-5)
        assert found.customers_out == pytest.approx(expected.customers_out, abs=1e-2)
    assert 0 < book.programs < len(masks)
