"""What the demand model must reach on real histories, months ahead, weather unknown.

One default configuration for all of them; no holidays given. Floors are asserted, what was
measured stands beside them.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from gridtool.forecast.demand.scoring.backtest import backtest_demand
from gridtool.forecast.history.read import read_history

pytestmark = [pytest.mark.reference, pytest.mark.slow]


def score(history, **asked):
    """Mean scores of the model over the origins."""
    row = backtest_demand(history, paths=500, **asked).scores.set_index("method").loc["model"]
    shown = ("pinball_pct", "mape_pct", "coverage_80", "energy_coverage_80", "peak_error_pct")
    print(asked, {key: round(row[key], 3) for key in shown})
    return row


@pytest.fixture(scope="module")
def new_york(reference):
    return read_history(
        reference / "load" / "nyc_city_hourly_2012_2017.csv.gz", zone=ZoneInfo("America/New_York")
    )


@pytest.fixture(scope="module")
def victoria(reference):
    return read_history(
        reference / "load" / "vic_elec_halfhourly_2012_2014.csv.gz",
        zone=ZoneInfo("Australia/Melbourne"),
    )


def test_new_york_six_months_ahead(new_york):
    found = score(new_york)
    assert found["pinball_pct"] <= 2.60  # measured 2.47
    assert 0.78 <= found["coverage_80"] <= 0.84  # 0.81
    assert 0.75 <= found["energy_coverage_80"] <= 0.92  # 0.87


def test_victoria_six_months_ahead(victoria):
    found = score(victoria)
    assert found["pinball_pct"] <= 2.45  # measured 2.28
    assert 0.72 <= found["coverage_80"] <= 0.86  # 0.78
    assert found["energy_coverage_80"] >= 0.75  # 0.79


def test_new_york_from_twelve_months_of_demand(new_york):
    found = score(new_york, load_months=12)
    assert found["mape_pct"] <= 6.2  # measured 5.95
    assert 0.72 <= found["coverage_80"] <= 0.86
    assert found["energy_coverage_80"] >= 0.70


def test_new_york_from_six_months_of_demand(new_york):
    found = score(new_york, load_months=6)
    assert found["mape_pct"] <= 7.2  # measured 6.74
    assert 0.75 <= found["coverage_80"] <= 0.90  # 0.87


@pytest.mark.parametrize("months", [1, 3])
def test_shorter_horizons_are_as_honest(new_york, victoria, months):
    for history, least in ((new_york, 0.72), (victoria, 0.70)):
        found = score(history, months=months, origins=24 // months)
        assert found["pinball_pct"] <= 2.60
        assert least <= found["coverage_80"] <= 0.86


def test_without_temperature_the_intervals_hold(new_york, victoria):
    for history in (new_york, victoria):
        found = score(replace(history, temp_c=None))
        assert found["pinball_pct"] <= 2.65  # measured 2.51 and 2.42
        assert 0.75 <= found["coverage_80"] <= 0.88
        assert found["energy_coverage_80"] >= 0.70
