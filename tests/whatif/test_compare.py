from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from restoration.cases import AS_OF, crew, damaged, resources, star

from gridtool.forecast.compare import compare_premises
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.premises import Premise
from gridtool.report.whatif import describe_whatif, headline_whatif, tables_whatif
from gridtool.restoration.model import PlanConfig
from gridtool.whatif.compare import compare_whatif
from gridtool.whatif.scenario import Scenario

QUICK = PlanConfig(evaluations=100)
KYIV = ZoneInfo("Europe/Kyiv")
STATE = damaged(star(30, 20, 10), {"L1": 0.0}, hours={"L1": 10.0})
TEAM = resources(crew(speed_kmh=1e9))


def values(result):
    return result.difference.set_index("quantity")["difference"].to_dict()


def test_the_difference_by_hand():
    """L1 (30 MW of 60) takes 10 h; until then 30 MW are left to serve.

    With 50 MW of import none of them is lost, with 20 MW 10 are.
    """
    result = compare_whatif(STATE, Scenario(import_mw=50.0), resources=TEAM, config=QUICK, seed=1)
    found = values(result)
    assert found["unserved load now"] == pytest.approx(0.0, abs=1e-6)
    assert found["energy not served"] == pytest.approx(0.0, abs=1e-6)
    assert result.until == AS_OF + timedelta(hours=10)
    tighter = compare_whatif(STATE, Scenario(import_mw=20.0), resources=TEAM, config=QUICK, seed=1)
    found = values(tighter)
    assert found["unserved load now"] == pytest.approx(10.0)
    assert found["energy not served"] == pytest.approx(10.0 * 10, abs=0.1)
    assert found["customers out now"] == pytest.approx(5000)


def test_bringing_the_damage_back_leaves_nothing_to_repair():
    result = compare_whatif(STATE, Scenario(back=("L1",)), resources=TEAM, config=QUICK)
    found = values(result)
    assert found["unserved load now"] == pytest.approx(-30)
    assert found["repairs"] == -1
    assert found["energy not served"] == pytest.approx(-300, abs=0.1)
    assert result.what_if.plan.jobs == ()
    assert result.districts["unserved_diff_mw"].tolist() == pytest.approx([-30])
    text = describe_whatif(result, zone=KYIV)
    assert "30.0 MW less unserved now (0.0 instead of 30.0 MW)" in text
    assert "300 MWh less not served at the reference demand until 2027-01-12" in text


def test_without_resources_only_the_present_is_compared():
    result = compare_whatif(STATE, Scenario(out=("L2", "L3")))
    assert values(result) == pytest.approx({"unserved load now": 30, "customers out now": 15_000})
    assert result.until is None
    assert headline_whatif(result) == pytest.approx(
        {"unserved_diff_mw": 30, "customers_out_diff": 15_000}
    )


def test_more_crews_finish_no_later_when_jobs_are_alike():
    state = damaged(star(30, 20, 10), dict.fromkeys(("L1", "L2", "L3"), 0.0))
    result = compare_whatif(state, Scenario(crews=3), resources=TEAM, config=QUICK)
    found = values(result)
    assert found["days to the last repair"] == pytest.approx(-20 / 24, abs=1e-3)
    assert result.until == AS_OF + timedelta(hours=30)
    assert found["energy not served"] < 0
    crews = {entry.crew for entry in result.what_if.plan.jobs}
    assert crews == {"C1", "C1#2", "C1#3"}


def test_nothing_changed_is_no_difference():
    result = compare_whatif(STATE, Scenario(), resources=TEAM, config=QUICK)
    assert (result.difference["difference"] == 0).all()
    assert "no difference in MW unserved now" in describe_whatif(result, zone=KYIV)


class FlatDemand:
    """Demand at the reference peak in every hour."""

    description = "flat"

    def simulate(self, n, *, grid, **_streams):
        return np.full((n, grid.hours), 60.0)


def test_hours_off_come_from_the_forecast():
    """Nothing repaired, demand flat: S3 (10 of 60 MW) is off 24 h a day in addition."""

    def forecast(as_is, what_if):
        config = ForecastConfig(months=1, samples=4, workers=1)
        one, other = (
            Premise(state=state, plan=plan, config=config) for state, plan in (as_is, what_if)
        )
        return compare_premises(one, other, demand=FlatDemand(), seed=1)

    state = damaged(star(30, 20, 10), {})
    result = compare_whatif(state, Scenario(out=("L3",)), forecast=forecast)
    row = result.districts.iloc[0]
    assert row["hours_off_as_is"] == pytest.approx(0.0)
    assert row["hours_off_diff"] == pytest.approx(24 * 10 / 60)
    assert row["hours_off_diff_se"] == pytest.approx(0.0)
    assert result.as_is.forecast.samples == result.what_if.forecast.samples == 4
    left_h = (datetime(2027, 1, 31, 22, tzinfo=UTC) - AS_OF) / timedelta(hours=1)
    energy = values(result)["expected unserved energy, forecast"]
    assert energy == pytest.approx(10 * left_h, rel=1e-6)
    assert "4.00 hours more a day without supply, most in One (+4.00)" in describe_whatif(
        result, zone=KYIV
    )


def test_tables_have_a_row_for_every_quantity_and_district():
    result = compare_whatif(STATE, Scenario(out=("L2",)), resources=TEAM, config=QUICK)
    difference, districts = tables_whatif(result, zone=KYIV)
    assert difference.frame["quantity"].tolist()[:2] == ["unserved load now", "customers out now"]
    assert len(difference.frame) == 5
    assert districts.frame["district"].tolist() == ["D1"]
