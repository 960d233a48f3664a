"""Rows of the city: what was evaluated before does not show, and random numbers are shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from restoration.cases import AS_OF

from gridtool.damage.suppose import damage_assets
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.model import ForecastConfig
from gridtool.network.catalog import find_network, load_network
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.resources import read_resources
from gridtool.whatif.draws import ChosenAssets, Uniform
from gridtool.whatif.evaluate import start_evaluator
from gridtool.whatif.model import SweepContext
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Named, Sample, ScenarioSpace, Variable
from gridtool.whatif.table import Comparison

DAMAGE = {"SP-2/T1": 0.0, "SS-41/T1": 0.0, "PP-2/G2": 0.0, "SS-23": 0.3, "SS-08/T1": 0.0}


@pytest.fixture(scope="module")
def city():
    network = load_network("rivercity")
    return SweepContext(
        level="assess",
        state=damage_assets(network, DAMAGE, AS_OF),
        scenarios=ScenarioSpace(()),
        seed=1,
        counted_h=500.0,
        resources=read_resources(find_network("rivercity") / "resources", network),
        plan=PlanConfig(evaluations=60),
    )


def test_rows_are_the_same_in_any_order_whatever_the_solver_has_seen(city):
    """Losses so heavy that most need the linear program, whose bases are kept."""
    network = city.state.network
    lines = tuple(str(key) for key in (*network.lines.index, *network.transformers.index))
    lost = Variable(field="out", distribution=ChosenAssets(least=5, most=60, among=lines))
    grown = Variable(field="demand_growth", distribution=Uniform(low=-0.1, high=0.2))
    space = ScenarioSpace((Sample(name="s", draws=120, seed=5, variables=(lost, grown)),))
    context = replace(city, scenarios=space)
    forth, back = start_evaluator(context), start_evaluator(context)
    rows = [forth(one) for one in space]
    again = [back(space[number]) for number in reversed(range(len(space)))]
    for row, other in zip(rows, reversed(again), strict=True):
        assert (row.unserved_mw, row.served_mw, row.customers_out) == (
            other.unserved_mw,
            other.served_mw,
            other.customers_out,
        )
        assert row.status == "done"
    assert len({row.unserved_mw for row in rows}) > 100


def test_random_numbers_are_shared_by_scenarios_of_every_kind(city):
    """Paired errors are less than those of futures that have nothing in common."""
    load, temp = make_history(
        start=AS_OF.replace(year=2024, hour=0), end=AS_OF.replace(hour=0), special_days=()
    )
    history = History(
        start=AS_OF.replace(year=2024, hour=0),
        load_mw=load,
        temp_c=temp,
        zone=city.state.network.manifest.zone,
    )
    changes = {
        "less import": Scenario(import_change_mw=-100.0),
        "more demand": Scenario(demand_growth=0.03),
        "out": Scenario(out=("SS-30",)),
        "later": Scenario(delay_h=72.0),
        "one back": Scenario(back=("SS-41/T1",)),
    }
    space = ScenarioSpace(tuple(Named(name=n, scenario=s) for n, s in changes.items()))
    context = replace(
        city,
        level="forecast",
        scenarios=space,
        demand=fit_demand(history, peak_mw=city.state.network.peak_mw),
        forecast=ForecastConfig(months=1, samples=40, workers=1),
    )
    start = start_evaluator(context)
    comparison = Comparison("forecast", seed=1)
    comparison.add(start(one) for one in space)
    table = comparison.table().set_index("name")
    apart = np.hypot(table["eue_mwh_se"], table.loc["base", "eue_mwh_se"])
    ratio = table["eue_mwh_diff_se"] / apart
    assert (table["status"] == "done").all()
    assert (ratio.drop("base") < 0.6).all(), ratio
    assert table.loc["more demand", "eue_mwh_diff"] > 0
    assert table.loc["less import", "p_better"] == 0.0
