"""Plans and cases compared on the same futures; which uncertainty decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from builders import grid
from restoration import cases

from gridtool.damage.apply import make_state
from gridtool.errors import InputError
from gridtool.forecast.compare import compare_plans, compare_premises
from gridtool.forecast.model import ForecastConfig, FurtherDamage
from gridtool.forecast.outlook import AS_PLANNED, LESS_IMPORT, list_outlook
from gridtool.forecast.premises import Premise
from gridtool.forecast.shortage import forecast_shortage, list_uncertainties
from gridtool.restoration.model import Resources
from gridtool.restoration.plan import plan_restoration

CONFIG = ForecastConfig(months=1, samples=60, workers=1)


@dataclass(frozen=True, kw_only=True)
class Noisy:
    """100 MW on average, each path by a factor of its own."""

    peak_mw: float = 100.0
    description: str = "made for a test"

    def simulate(self, n, *, grid, seed, first=0):
        size = [
            np.random.Generator(np.random.Philox(key=[seed, first + i])).uniform(0.8, 1.0)
            for i in range(n)
        ]
        return self.peak_mw * np.repeat(np.array(size)[:, None], grid.hours, axis=1)


@pytest.fixture(scope="module")
def star():
    """60, 30 and 10 MW behind a line each, which takes 24 h to repair; one crew."""
    state = cases.damaged(
        cases.star(60, 30, 10),
        dict.fromkeys(("L1", "L2", "L3"), 0.0),
        hours=dict.fromkeys(("L1", "L2", "L3"), 24.0),
    )
    resources = Resources(crews=(cases.crew(),), stock={})
    best, worst = (
        plan_restoration(state, resources, order=order)
        for order in (("L1", "L2", "L3"), ("L3", "L2", "L1"))
    )
    return state, best, worst


def city(frame, metric="eue_mwh"):
    rows = frame[(frame["metric"] == metric) & (frame["district"] == "*")]
    return rows[rows["month"] == "all"].iloc[0]


def test_the_better_order_is_found_better_with_a_small_error(star):
    state, best, worst = star
    paired = compare_plans(state, best, worst, Noisy(), config=CONFIG)
    row = city(paired.differences)
    assert row["difference"] < 0
    assert row["a_better"] == 1.0
    assert row["a_lower"] > 0.999
    assert row["difference"] == pytest.approx(row["a"] - row["b"])
    alone = [
        forecast_shortage(state, plan, Noisy(), config=CONFIG).horizon.iloc[-1]["eue_mwh"]
        for plan in (best, worst)
    ]
    assert [row["a"], row["b"]] == pytest.approx(alone)
    assert paired.a.horizon.iloc[-1]["eue_mwh"] == pytest.approx(alone[0])


def test_a_plan_against_itself_is_no_difference(star):
    state, best, _ = star
    row = city(compare_plans(state, best, best, Noisy(), config=CONFIG).differences)
    assert row["difference"] == row["difference_se"] == 0.0
    assert row["a_better"] == 0.5


def test_the_wanted_error_must_hold_for_both(star):
    state, best, worst = star
    config = replace(CONFIG, samples=5000, until=0.02)
    paired = compare_plans(state, best, worst, Noisy(), config=config)
    assert paired.a.samples == paired.b.samples < 5000
    for found in (paired.a, paired.b):
        row = found.horizon.iloc[-1]
        assert row["eue_mwh_se"] <= 0.02 * row["eue_mwh"]


def test_networks_of_other_districts_are_not_compared(star):
    state, best, _ = star
    other = grid(stations={"A": (10.0, 0.0)}, lines=(), infeeds=[("I", "A", 10.0)])
    frame = other.districts.rename(index={other.districts.index[0]: "elsewhere"})
    object.__setattr__(other, "tables", dict(other.tables) | {"districts": frame})
    elsewhere = make_state(other, [], as_of=state.as_of)
    one = Premise(state=state, plan=best, config=CONFIG)
    two = Premise(state=elsewhere, plan=None, config=CONFIG)
    with pytest.raises(InputError, match="do not have the same districts"):
        compare_premises(one, two, demand=Noisy())


def test_slipped_repairs_cost_what_they_leave_unserved(star):
    """Two weeks later: 336 h more of all that waits, on every future; import does not bind."""
    state, best, _ = star
    config = replace(CONFIG, months=3, outlook_samples=40)
    found = forecast_shortage(state, best, Noisy(), config=config)
    rows = found.outlook[found.outlook["month"] == "all"].set_index("case")
    assert list(rows.index) == [
        AS_PLANNED,
        "repairs 2 weeks later",
        "repairs 4 weeks later",
        LESS_IMPORT,
    ]
    factors = Noisy().simulate(40, grid=found.grid, seed=1)[:, 0] / 100.0
    for weeks in (2, 4):
        row = rows.loc[f"repairs {weeks} weeks later"]
        each = 100.0 * factors * weeks * 168
        assert row["eue_mwh_diff"] == pytest.approx(each.mean(), rel=1e-6)
        assert row["eue_mwh_diff_se"] == pytest.approx(each.std(ddof=1) / np.sqrt(40), rel=1e-6)
        assert row["eue_mwh"] == pytest.approx(rows.loc[AS_PLANNED, "eue_mwh"] + each.mean())
    assert rows.loc[AS_PLANNED, "eue_mwh_diff"] == 0.0
    # Days over 8 h are those of the district that has most of them.
    whole = found.horizon[found.horizon["district"] != "*"]
    names = dict(zip(whole["district"], whole["name"], strict=True))
    assert rows["worst_name"].tolist() == [names[key] for key in rows["worst_district"]]
    later = rows.loc["repairs 4 weeks later"]
    assert later["over_8h_days"] > rows.loc[AS_PLANNED, "over_8h_days"] > 0
    months = found.outlook[found.outlook["month"] != "all"].groupby("case")["eue_mwh"].sum()
    np.testing.assert_allclose(months[rows.index], rows["eue_mwh"])


def test_without_repairs_or_import_there_is_no_such_case():
    dark = grid(stations={"A": (10.0, 5.0)}, lines=())
    state = make_state(dark, [], as_of=cases.AS_OF)
    premise = Premise(state=state, plan=None, config=CONFIG)
    assert list_outlook(premise) == {}
    assert list_uncertainties(premise) == ("demand", "outages")
    damage = FurtherDamage(rate_per_month=1.0, exposure={"A": 1.0})
    stated = replace(premise, config=replace(CONFIG, further_damage=damage))
    assert list_uncertainties(stated) == ("demand", "outages", "further damage")


def test_where_only_demand_is_uncertain_it_decides_all():
    network = grid(stations={"A": (100.0, 0.0)}, lines=(), infeeds=[("I", "A", 80.0)])
    state = make_state(network, [], as_of=cases.AS_OF - timedelta(days=3))
    config = replace(CONFIG, samples=200, share_samples=200)
    found = forecast_shortage(state, None, Noisy(), config=config)
    rows = found.shares[found.shares["month"] == "all"].set_index("uncertainty")
    assert rows.loc["outages", "total"] == pytest.approx(0.0, abs=1e-9)
    assert abs(rows.loc["demand", "total"] - 1.0) < 3 * rows.loc["demand", "total_se"]
