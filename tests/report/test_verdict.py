from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from builders import grid
from report.forecasts import made_forecast

from gridtool.flow.model import Assessment
from gridtool.report.chain import headline_chain
from gridtool.report.run import table_districts_now, table_shortage
from gridtool.report.verdict import time_regained, write_verdict

AS_OF = datetime(2027, 1, 12, 6, tzinfo=UTC)
NETWORK = grid(stations={"A": (100, 0)}, lines=(), infeeds=[("I", "A", 100)])


def at(day, hour=0):
    return pd.Timestamp(2027, 1, day, hour, tz="UTC")


@pytest.fixture
def assessment():
    empty = pd.DataFrame()
    return Assessment(
        as_of=AS_OF,
        demand_mw=1489.6,
        served_mw=1177.3,
        unserved_mw=312.3,
        customers_out=143210,
        critical_out=1,
        dispatch=None,
        substations=empty,
        districts=pd.DataFrame(
            {
                "district": ["D01", "D02"],
                "name": ["Old Harbour", "Left Bank"],
                "demand_mw": [700.0, 789.6],
                "served_mw": [650.0, 527.3],
                "unserved_mw": [50.0, 262.3],
                "unserved_pct": [7.1, 33.2],
                "customers_out": [20000, 123210],
                "critical_out": [0, 1],
            }
        ),
        islands=empty,
        limits=empty,
        contingencies=empty,
        ac=None,
    )


@pytest.fixture
def plan():
    """Two repairs by two crews; 90 % of 1000 MW on the 13th, all of it on the 20th."""
    return SimpleNamespace(
        state=SimpleNamespace(as_of=AS_OF),
        jobs=tuple(
            SimpleNamespace(crew=crew, job=SimpleNamespace(asset=asset))
            for crew, asset in (("C1", "L1"), ("C2", "L2"))
        ),
        resources=SimpleNamespace(mobile_units=()),
        bound=None,
        placements=(),
        ac=None,
        stopped="",
        weighted_mwh=18234.4,
        ens_mwh=18234.4,
        curve=pd.DataFrame(
            {
                "time": [pd.Timestamp(AS_OF), at(13, 10), at(20, 4)],
                "served_mw": [700.0, 900.0, 1000.0],
                "unserved_mw": [300.0, 100.0, 0.0],
            }
        ),
        etr=pd.DataFrame(
            {
                "level": ["district", "substation", "substation", "substation"],
                "name": ["Left Bank", "Mill", "Quay", "Hill"],
                "unserved_mw": [262.0, 100.0, 50.0, 40.0],
                "etr": [at(20, 4), at(13, 10), at(20, 4), pd.NaT],
            }
        ),
    )


@pytest.fixture
def forecast():
    rows = [
        ("2027-01", "D01", "Old Harbour", 10.0, 1.0, 0.5, 2.0),
        ("2027-01", "D02", "Left Bank", 90.0, 4.21, 3.14, 5.95),
        ("2027-01", "*", "Rivercity", 100.0, 2.5, 1.5, 3.5),
        ("2027-02", "D01", "Old Harbour", 5.0, 0.1, 0.0, 0.4),
        ("2027-02", "D02", "Left Bank", 5.0, 0.2, 0.0, 0.9),
        ("2027-02", "*", "Rivercity", 10.0, 0.15, 0.0, 0.6),
    ]
    monthly = pd.DataFrame(
        rows,
        columns=["month", "district", "name", "eue_mwh"]
        + [f"hours_off_p{level}" for level in (50, 10, 90)],
    )
    monthly = monthly.assign(lole_h=10.0)
    monthly = monthly.assign(eue_mwh_se=2.0, hours_off_mean=monthly["hours_off_p50"])
    return made_forecast(
        monthly=monthly,
        horizon=monthly.groupby("district", sort=False)
        .agg({"name": "first", "eue_mwh": "sum", "lole_h": "sum"})
        .assign(eue_mwh_se=3.0)
        .reset_index(),
        causes=pd.DataFrame(
            {
                "month": ["2027-01", "2027-02"],
                "supply_mwh": [80.0, 8.0],
                "network_mwh": [20.0, 2.0],
                "delivery_mwh": [0.0, 0.0],
            }
        ),
        samples=200,
        demand_description="a model",
        notes=("Imports as allocated.",),
    )


def test_the_whole_paragraph(assessment, plan, forecast):
    text = write_verdict(NETWORK, assessment, damaged=5, plan=plan, forecast=forecast)
    assert text == (
        "As of 12 January 2027 08:00 (Europe/Kyiv), with 5 damaged assets reported, Test cannot "
        "serve 312 of 1 490 MW (21 %) at the reference peak: 143 210 customers are without "
        "supply, 1 critical customer among them; the most in Left Bank (262 MW). "
        "The plan makes 2 repairs with 2 crews; load returns first on 13 January 2027 12:00 and "
        "last on 20 January 2027 06:00 (Quay); all of the lost load is back on 20 January 2027 "
        "06:00. Until then 18 234 MWh are not "
        "served at that demand. "
        "From January to February 2027, 110 ± 3 MWh are expected to be unserved, mostly for "
        "too little supply (80 %); it is worst in Left Bank in January 2027: 4.2 hours a day "
        "without supply for an ordinary customer (P10 3.1, P90 6.0). "
        "Assumed: repairs take the expected time; demand: a model; Imports as allocated."
    )


def test_without_damage_it_is_one_sentence(assessment):
    sound = replace(assessment, unserved_mw=0.0, served_mw=1489.6, customers_out=0)
    assert write_verdict(NETWORK, sound, damaged=0) == (
        "As of 12 January 2027 08:00 (Europe/Kyiv), Test has no damage reported and can serve "
        "all of its 1 490 MW at the reference peak."
    )


def test_a_forecast_without_a_plan_says_that_nothing_is_repaired(assessment, forecast):
    text = write_verdict(NETWORK, assessment, damaged=1, forecast=forecast)
    assert "nothing is repaired" in text
    assert "1 damaged asset reported" in text
    calm = replace(forecast, horizon=forecast.horizon.assign(eue_mwh=0.0))
    assert "no shortage was found in 200 simulated futures" in write_verdict(
        NETWORK, assessment, damaged=1, forecast=calm
    )


def test_a_plan_that_does_not_bring_all_back_says_so(assessment, plan):
    plan.curve = plan.curve.assign(unserved_mw=[300.0, 150.0, 44.0])
    text = write_verdict(NETWORK, assessment, damaged=1, plan=plan)
    assert "when all is repaired 44 MW of the reference peak stay unserved" in text


@pytest.mark.parametrize(
    ("served", "share", "step"),
    [
        ([50, 95, 100], 0.9, 1),
        ([50, 95, 80, 100], 0.9, 3),
        ([50, 60], 1.0, 1),
        ([100], 1.0, 0),
        ([50, 100, 100], 1.0, 1),
        ([50, 100, 90], 1.0, 1),
    ],
)
def test_a_share_counts_from_when_it_stays(served, share, step):
    curve = pd.DataFrame({"time": [at(1 + i) for i in range(len(served))], "served_mw": served})
    assert time_regained(curve, share) == at(1 + step)


def test_tables_of_a_run(assessment, plan, forecast):
    now = table_districts_now(assessment).frame
    assert now["name"].tolist() == ["Old Harbour", "Left Bank", "Whole city"]
    assert now["unserved_mw"].iloc[-1] == assessment.unserved_mw
    assert now["unserved_pct"].iloc[-1] == pytest.approx(20.965, abs=1e-3)
    shortage = table_shortage(forecast).frame
    assert shortage.columns.tolist() == ["district", "quantile", "2027-01", "2027-02"]
    assert shortage["quantile"].tolist() == ["P50", "P50", "P10", "P50", "P90"]
    assert shortage["2027-01"].tolist() == [1.0, 4.21, 1.5, 2.5, 3.5]
    headline = headline_chain(assessment, plan=plan, forecast=forecast)
    assert headline["unserved_mw"] == 312.3
    assert headline["ens_mwh"] == 18234.4
    assert headline["eue_mwh"] == 110.0
    assert headline["hours_off_p90"] == 5.95
