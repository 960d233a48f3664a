from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from gridtool.forecast.backtest import Backtest
from gridtool.forecast.model import ShortageForecast
from gridtool.report.forecast import (
    describe_backtest,
    describe_shortage,
    headline_shortage,
    tables_backtest,
    tables_shortage,
)
from gridtool.timegrid import TimeGrid

AS_OF = datetime(2027, 1, 12, tzinfo=UTC)


def row(month, district, *, eue, off):
    zeros = ("demand_mwh", "lolp", "lole_d", "lole_d_se", "neue_ppm", "hours_off_mean")
    zeros += ("hours_off_se", "day_over_4h", "day_over_8h", "day_over_12h")
    low, middle, high = off
    return {
        "month": month,
        "district": district,
        "name": "whole city" if district == "*" else f"District {district}",
        **dict.fromkeys(zeros, 0.0),
        "lole_h": eue / 10,
        "lole_h_se": 1.0,
        "eue_mwh": eue,
        "eue_mwh_se": 12.34,
        "hours_off_p10": low,
        "hours_off_p50": middle,
        "hours_off_p90": high,
    }


@pytest.fixture
def forecast():
    rows = [
        row("2027-01", "D1", eue=1234.56, off=(1, 2, 3)),
        row("2027-01", "*", eue=1234.56, off=(0.5, 1, 1.5)),
        row("2027-02", "D1", eue=0.0, off=(0, 0, 0)),
        row("2027-02", "*", eue=0.0, off=(0, 0, 0)),
    ]
    causes = [
        {"month": m, "supply_mwh": s, "network_mwh": n, "delivery_mwh": 0.0}
        for m, s, n in (("2027-01", 234.56, 1000.0), ("2027-02", 0.0, 0.0))
    ]
    return ShortageForecast(
        as_of=AS_OF,
        grid=TimeGrid(AS_OF, 48, ZoneInfo("Europe/Kyiv")),
        samples=50,
        seed=1,
        demand_description="made",
        monthly=pd.DataFrame(rows),
        causes=pd.DataFrame(causes),
        daily=pd.DataFrame({"date": ["2027-01-12"], "eue_mwh": [1.0]}),
    )


def test_estimates_are_rounded_by_their_standard_error(forecast):
    main, city, *_ = tables_shortage(forecast)
    assert city.frame["unserved_energy_mwh"].tolist() == ["1 235 ± 12", "0 ± 12"]
    assert city.frame["lole_hours"].tolist() == ["123 ± 1", "0 ± 1"]
    assert main.decimals["eue_mwh"] == 0
    assert set(main.terminal_columns) <= set(main.frame.columns)


def test_the_full_table_is_for_files_and_days_are_not_for_the_terminal(forecast):
    tables = {table.name: table for table in tables_shortage(forecast)}
    assert list(tables) == ["shortage", "shortage_city", "shortage_causes", "shortage_daily"]
    assert tables["shortage"].frame is forecast.monthly
    assert tables["shortage_daily"].terminal_rows == 0


def test_the_sentence_names_worst_month_district_and_cause(forecast):
    assert describe_shortage(forecast) == (
        "The worst month is 2027-01: an ordinary customer is off 1.0 h a day (P10 0.5, P90 1.5), "
        "in District D1 2.0 h (2027-01). Expected unserved energy 1 235 MWh in 2 months, 81 % of "
        "it from limits of the network and parts cut off."
    )


def test_a_city_without_ordinary_customers_is_described_too(forecast):
    nothing = dict.fromkeys(("hours_off_p10", "hours_off_p50", "hours_off_p90"), float("nan"))
    text = describe_shortage(replace(forecast, monthly=forecast.monthly.assign(**nothing)))
    assert "Expected unserved energy 1 235 MWh" in text


def test_no_shortage_is_said(forecast):
    calm = forecast.monthly.assign(lole_h=0.0, eue_mwh=0.0)
    text = describe_shortage(replace(forecast, monthly=calm))
    assert text == "No shortage in 50 simulated futures from 2027-01 to 2027-02."


def test_headline_numbers(forecast):
    assert headline_shortage(forecast) == {
        "eue_mwh": 1234.56,
        "lole_h": pytest.approx(123.456),
        "hours_off_p50": 2.0,
        "hours_off_p90": 3.0,
    }


@pytest.mark.parametrize(
    ("coverage", "words"),
    [(0.5, "too narrow"), (0.8, "as they are"), (0.95, "too wide")],
)
def test_the_back_test_says_how_far_to_trust_the_model(coverage, words):
    scores = pd.DataFrame(
        {
            "method": ["model", "seasonal naive"],
            "pinball_pct": [2.0, 4.0],
            "mape_pct": [5.0, 8.0],
            "coverage_80": [coverage, float("nan")],
            "energy_coverage_80": [0.8, float("nan")],
            "month_peak_error_pct": [4.0, 4.0],
            "peak_error_pct": [3.0, 3.0],
        }
    )
    found = Backtest(origins=scores.assign(origin="2026-01-01"), scores=scores)
    text = describe_backtest(found)
    assert "2.00 % of mean demand, 50 % better than seasonal naive" in text
    assert words in text
    assert [table.name for table in tables_backtest(found)] == ["scores", "origins"]
