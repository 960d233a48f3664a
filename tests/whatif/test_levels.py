"""The rows of scenarios at each level, against hand-worked values and the parts of the chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.flow.assess import assess
from gridtool.forecast.model import ForecastConfig, FurtherDamage
from gridtool.forecast.shortage import forecast_shortage
from gridtool.network.catalog import load_network
from gridtool.restoration.model import PlanConfig, SpareArrival
from gridtool.whatif.change import change_state
from gridtool.whatif.compare import compare_whatif, energy_until
from gridtool.whatif.evaluate import evaluate, start_evaluator
from gridtool.whatif.model import ROW_COLUMNS, SweepContext, SweepRow, SweepScenario
from gridtool.whatif.scenario import Scenario

STATE = damaged(star(30, 20, 10), {"L1": 0.0}, hours={"L1": 10.0})
TEAM = resources(crew(speed_kmh=1e9))
QUICK = PlanConfig(evaluations=100)


class FlatDemand:
    """Demand at the reference peak in every hour."""

    description = "flat"

    def simulate(self, n, *, grid, **_streams):
        return np.full((n, grid.hours), 60.0)


class NoisyDemand:
    """Demand around the reference peak, another one in each path."""

    description = "noisy"

    def simulate(self, n, *, grid, seed, first=0):
        level = [np.random.default_rng([seed, first + i]).normal(60.0, 6.0) for i in range(n)]
        return np.repeat(np.array(level)[:, None], grid.hours, axis=1)


def context(**changes):
    settings = {
        "level": "plan",
        "state": STATE,
        "scenarios": (),
        "seed": 1,
        "counted_h": 100.0,
        "resources": TEAM,
        "plan": QUICK,
    }
    return SweepContext(**(settings | changes))


def row(given, scenario=None):
    one = SweepScenario(number=3, name="one", scenario=scenario or Scenario())
    return evaluate(given, one)


def test_columns_are_the_fields_of_a_row():
    assert [column.name for column in ROW_COLUMNS] == list(SweepRow.__dataclass_fields__)


def test_the_present_by_hand():
    """L1 (30 of 60 MW) is out; with 20 MW of import 10 MW more."""
    found = row(context(level="assess"), Scenario(import_mw=20.0))
    assert (found.number, found.name, found.status) == (3, "one", "done")
    assert found.served_mw == pytest.approx(20.0)
    assert found.unserved_mw == pytest.approx(40.0)
    assert found.customers_out == pytest.approx(20_000)
    assert found.changes == "at most 20 MW imported"
    assert np.isnan(found.ens_mwh)
    assert found.samples == 0


def test_growth_makes_the_present_worse():
    """66 MW wanted at 10 % more; half of it is behind L1."""
    found = row(context(level="assess"), Scenario(demand_growth=0.1))
    assert found.served_mw == pytest.approx(33.0)
    assert found.unserved_mw == pytest.approx(33.0)


@pytest.mark.parametrize(
    ("scenario", "ens_mwh", "last_h"),
    [
        (Scenario(), 30 * 10, 10),
        (Scenario(delay_h=24.0), 30 * 34, 34),
        (Scenario(delays=(("L1", 48.0),), delay_h=24.0), 30 * 58, 58),
        (Scenario(back=("L1",)), 0, 0),
        (Scenario(demand_growth=0.5), 45 * 10, 10),
        (Scenario(import_mw=20.0), 40 * 10 + 40 * 90, 10),
        (Scenario(delay_h=200.0), 30 * 100, 210),
    ],
)
def test_a_plan_by_hand(scenario, ens_mwh, last_h):
    """30 MW are off until L1 is repaired, 10 h of work; 100 h are counted in every scenario."""
    found = row(context(), scenario)
    assert found.status == "done"
    assert found.ens_mwh == pytest.approx(ens_mwh)
    assert found.last_repair_h == pytest.approx(last_h)
    if scenario.import_mw is None:
        assert found.etr_p50_h == pytest.approx(last_h, abs=0.2)
        assert found.etr_p90_h == pytest.approx(last_h, abs=0.2)
    else:
        assert found.etr_p90_h == np.inf  # short of supply for good


def test_nothing_to_repair_and_short_of_supply_is_never_back():
    intact = damaged(star(30, 20, 10), {})
    assert row(context(state=intact)).etr_p90_h == 0.0
    assert row(context(state=intact), Scenario(import_mw=20.0)).etr_p90_h == np.inf


def test_the_plan_is_that_of_a_single_what_if():
    """Both ways to ask: the same state, the same plan, the same last repair."""
    scenario = Scenario(out=("L2",), crews=2, import_mw=45.0)
    found = row(context(), scenario)
    single = compare_whatif(STATE, scenario, resources=TEAM, config=QUICK, seed=1)
    assert found.unserved_mw == pytest.approx(single.what_if.unserved_mw)
    assert found.repairs == len(single.what_if.plan.jobs)
    last = single.what_if.plan.curve["time"].iloc[-1]
    assert found.last_repair_h == pytest.approx((last - AS_OF) / timedelta(hours=1))
    until = AS_OF + timedelta(hours=100)
    assert found.ens_mwh == pytest.approx(energy_until(single.what_if.plan, until))


def test_spares_that_come_later():
    team = resources(
        crew(speed_kmh=1e9),
        arrivals=(SpareArrival(spare="T", quantity=1, arrives_at=AS_OF + timedelta(hours=5)),),
    )
    state = damaged(star(30, 20, 10), {"L1": 0.0}, hours={"L1": 10.0}, spares={"L1": ("T",)})
    given = context(state=state, resources=team)
    assert row(given).last_repair_h == pytest.approx(15)
    assert row(given, Scenario(arrivals_later_h=24.0)).last_repair_h == pytest.approx(39)
    assert row(given, Scenario(stock=(("T", 1),))).last_repair_h == pytest.approx(10)
    none = row(context(state=state), Scenario(stock=(("T", 0),)))
    assert none.status.startswith("failed: ")
    assert "spare T: 1 needed by L1" in none.status
    assert "\n" not in none.status


def test_more_crews_and_fewer():
    state = damaged(star(30, 20, 10), dict.fromkeys(("L1", "L2", "L3"), 0.0))
    given = context(state=state)
    assert row(given).last_repair_h == pytest.approx(30)
    assert row(given, Scenario(crews=3)).last_repair_h == pytest.approx(10)


def test_without_resources_nothing_comes_back():
    found = row(context(resources=None))
    assert found.ens_mwh == pytest.approx(30 * 100)
    assert found.repairs == 0


def test_unknown_assets_are_a_status():
    found = row(context(), Scenario(out=("S9",), back=("L3",)))
    assert found.status.startswith("failed: ")
    assert "S9" in found.status
    assert "L3" in found.status
    assert np.isnan(found.unserved_mw)


def test_the_months_ahead_by_hand():
    """Nothing repaired, demand flat: 30 of 60 MW are off for all of the month that is left."""
    config = ForecastConfig(months=1, samples=4, workers=1)
    given = context(level="forecast", resources=None, demand=FlatDemand(), forecast=config)
    left_h = (datetime(2027, 1, 31, 22, tzinfo=UTC) - AS_OF) / timedelta(hours=1)
    found = row(given)
    assert found.samples == 4
    assert found.eue_by_sample == pytest.approx((30 * left_h,) * 4)
    assert found.eue_mwh == pytest.approx(30 * left_h)
    assert found.hours_off == pytest.approx(12.0)
    assert found.hours_off_p90 == pytest.approx(12.0)
    assert found.lole_h == pytest.approx(left_h)
    grown = row(given, Scenario(demand_growth=0.1))
    assert grown.eue_mwh == pytest.approx(33 * left_h)
    assert grown.hours_off == pytest.approx(12.0)


def test_the_months_ahead_are_those_of_the_forecast():
    """The same numbers as the forecast gives, and paired with the base's by the same futures."""
    config = ForecastConfig(months=1, samples=40, workers=1, control=False)
    given = context(level="forecast", demand=NoisyDemand(), forecast=config)
    base, less = row(given), row(given, Scenario(import_mw=40.0))
    full = forecast_shortage(STATE, _plan(given), NoisyDemand(), config=config, seed=1)
    whole = full.horizon.set_index("district").loc["*"]
    assert base.eue_mwh == pytest.approx(whole["eue_mwh"], rel=1e-12)
    assert base.eue_mwh_se == pytest.approx(whole["eue_mwh_se"], rel=1e-9)
    assert base.hours_off_p90 == pytest.approx(whole["hours_off_p90"], rel=1e-2)
    assert base.lole_h == pytest.approx(whole["lole_h"], rel=1e-12)
    difference = np.array(less.eue_by_sample) - np.array(base.eue_by_sample)
    assert (difference > 0).all()


def _plan(given):
    from gridtool.restoration.plan import plan_restoration

    return plan_restoration(given.state, given.resources, config=given.plan, seed=given.seed)


def test_further_damage_at_another_rate():
    stated = FurtherDamage(rate_per_month=0.0, exposure={"L2": 1.0}, states={"complete": 1.0})
    config = ForecastConfig(months=1, samples=8, workers=1, further_damage=stated)
    given = context(level="forecast", demand=FlatDemand(), forecast=config)
    none, often = row(given), row(given, Scenario(further_damage_rate=30.0))
    assert often.eue_mwh > none.eue_mwh + 100
    bare = replace(given, forecast=replace(config, further_damage=None))
    assert "section [further_damage]" in row(bare, Scenario(further_damage_rate=1.0)).status


def test_rows_do_not_depend_on_what_was_evaluated_before():
    given = context(
        level="forecast",
        demand=NoisyDemand(),
        forecast=ForecastConfig(months=1, samples=5, workers=1),
    )
    scenarios = [
        SweepScenario(number=k, name=str(k), scenario=one)
        for k, one in enumerate(
            (Scenario(out=("L2",)), Scenario(import_mw=30.0), Scenario(crews=2), Scenario())
        )
    ]
    forth = start_evaluator(given)
    rows = [forth(one) for one in scenarios]
    back = start_evaluator(ForkingPickler.loads(ForkingPickler.dumps(given)))
    assert [back(one) for one in reversed(scenarios)] == rows[::-1]


def test_the_present_is_that_of_an_assessment():
    """On the city, with a substation, a bay and a transformer hit, and one brought back."""
    from gridtool.damage.model import DamageState
    from gridtool.damage.suppose import damage_assets

    network = load_network("rivercity")
    bay, transformer = str(network.bays.index[3]), str(network.transformers.index[5])
    substation = str(network.substations.index[9])
    state = damage_assets(network, {transformer: 0.3, bay: 0.0}, AS_OF)
    scenario = Scenario(
        out=(substation, str(network.substations.index[1])),
        damaged=((str(network.substations.index[20]), DamageState.MODERATE),),
        back=(bay,),
    )
    found = row(context(level="assess", state=state, resources=None), scenario)
    expected = assess(change_state(state, scenario), ac=False, contingencies=False)
    assert found.unserved_mw == pytest.approx(expected.unserved_mw, abs=1e-9)
    assert found.customers_out == expected.customers_out
    assert found.unserved_mw > 1
