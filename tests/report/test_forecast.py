from dataclasses import replace

import pandas as pd
import pytest
from report.forecasts import made_forecast, small_forecast

from gridtool.forecast.model import FurtherDamage
from gridtool.report.forecast import (
    chart_hours,
    chart_weeks,
    describe_shortage,
    headline_shortage,
    tables_shortage,
)
from gridtool.report.forecast_cases import table_shares


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
    return made_forecast(
        monthly=pd.DataFrame(rows),
        causes=pd.DataFrame(causes),
        samples=50,
    )


def test_estimates_are_rounded_by_their_standard_error(forecast):
    main, city, *_ = tables_shortage(forecast)
    assert city.frame["unserved_energy_mwh"].tolist() == ["1 235 ± 12", "0 ± 12", "1 235 ± 12"]
    assert city.frame["lole_hours"].tolist() == ["123 ± 1", "0 ± 1", "123 ± 1"]
    assert city.frame["month"].tolist() == ["2027-01", "2027-02", "all"]
    assert main.decimals["eue_mwh"] == 0
    assert set(main.terminal_columns) <= set(main.frame.columns)


def test_what_is_for_files_is_not_for_the_terminal(forecast):
    tables = {table.name: table for table in tables_shortage(forecast)}
    assert tables["shortage"].frame is forecast.monthly
    hidden = {name for name, table in tables.items() if table.terminal_rows == 0}
    assert hidden == {
        f"shortage_{name}"
        for name in ("horizon", "by_hour", "weekly", "daily", "durations", "depths")
    }
    for table in tables.values():
        assert set(table.terminal_columns or ()) <= set(table.frame.columns), table.name


def test_shares_outlook_and_classes_begin_with_all_months():
    tables = {table.name: table for table in tables_shortage(small_forecast())}
    for name, rows in (("shortage_shares", 2), ("shortage_classes", None)):
        table = tables[name]
        first = table.frame["month"].head(table.terminal_rows)
        assert set(first) == {"all"}
        assert rows is None or table.terminal_rows == rows
    cases = tables["shortage_outlook"].frame
    assert cases["case"].tolist() == ["as planned", "import 100 MW less"] * 3
    assert cases["month"].tolist() == ["all"] * 2 + ["2027-01"] * 2 + ["2027-02"] * 2
    more = cases[cases["case"] == "import 100 MW less"]
    assert (more["eue_mwh_diff"] >= 0).all()
    without = replace(small_forecast(), shares=None, outlook=None)
    names = {table.name for table in tables_shortage(without)}
    assert not names & {"shortage_shares", "shortage_outlook"}


def test_hours_and_weeks_are_one_line_each():
    hours, weeks = chart_hours(small_forecast()), chart_weeks(small_forecast())
    assert "0h" in hours.text
    assert "most at" in hours.text
    assert len(weeks.text.splitlines()) == 1
    assert "2027-W04" in weeks.text


def test_further_damage_is_said_to_be_stated(forecast):
    damage = FurtherDamage(rate_per_month=2.0, exposure={"I": 1.0})
    stated = replace(forecast, config=replace(forecast.config, further_damage=damage))
    words = "under the stated scenario of further damage (2 events a month)"
    assert words in describe_shortage(stated)
    assert "further damage" not in describe_shortage(forecast)
    calm = replace(stated, monthly=forecast.monthly.assign(lole_h=0.0, eue_mwh=0.0))
    assert words in describe_shortage(calm)


def test_the_sentence_names_worst_month_district_and_cause(forecast):
    assert describe_shortage(forecast) == (
        "The worst month is 2027-01: an ordinary customer is off 1.0 h a day (P10 0.5, P90 1.5), "
        "in District D1 2.0 h (2027-01). Expected unserved energy 1 235 ± 12 MWh in 2 "
        "months, 81 % of it from limits of the network and parts cut off."
    )


def test_a_city_without_ordinary_customers_is_described_too(forecast):
    nothing = dict.fromkeys(("hours_off_p10", "hours_off_p50", "hours_off_p90"), float("nan"))
    text = describe_shortage(replace(forecast, monthly=forecast.monthly.assign(**nothing)))
    assert "Expected unserved energy 1 235 ± 12 MWh" in text


def test_the_better_estimate_is_told_and_the_plain_one_stays(forecast):
    frame = pd.DataFrame(
        {
            "month": ["2027-01", "2027-02", "all"],
            "eue_mwh": [1200.0, 0.0, 1200.0],
            "eue_mwh_se": [4.0, 0.0, 4.0],
        }
    )
    better = replace(forecast, controlled=frame)
    tables = {table.name: table for table in tables_shortage(better)}
    city = tables["shortage_city"]
    assert city.frame["unserved_energy_mwh"].tolist() == ["1 235 ± 12", "0 ± 12", "1 235 ± 12"]
    assert city.frame["controlled_mwh"].tolist() == ["1 200 ± 4", "0.00 ± 0.00", "1 200 ± 4"]
    assert "control variate" in city.note
    assert tables["shortage_controlled"].terminal_rows == 0
    assert "Expected unserved energy 1 200 ± 4 MWh" in describe_shortage(better)
    assert headline_shortage(better)["eue_mwh"] == 1200.0
    assert "controlled_mwh" not in tables_shortage(forecast)[1].frame


@pytest.mark.parametrize(
    ("totals", "words"),
    [((0.7, 0.6), "more than 1"), ((0.5, 0.48), "within their errors"), ((0.3, 0.2), "less than")],
)
def test_shares_say_what_they_add_up_to(forecast, totals, words):
    shares = pd.DataFrame(
        {
            "month": "all",
            "uncertainty": ["demand", "outages"],
            "total": totals,
            "total_se": 0.02,
            "first": 0.0,
            "first_se": 0.0,
        }
    )
    table = table_shares(replace(forecast, shares=shares))
    assert table is not None
    assert words in table.note


def test_no_shortage_is_said(forecast):
    calm = forecast.monthly.assign(lole_h=0.0, eue_mwh=0.0)
    text = describe_shortage(replace(forecast, monthly=calm))
    assert text == "No shortage in 50 simulated futures from 2027-01 to 2027-02."


def test_headline_numbers(forecast):
    assert headline_shortage(forecast) == {
        "eue_mwh": 1234.56,
        "eue_mwh_se": 12.34,
        "lole_h": pytest.approx(123.456),
        "hours_off_p50": 2.0,
        "hours_off_p90": 3.0,
    }
