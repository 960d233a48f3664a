"""Exact adequacy against published and independently computed values."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from forecast.adequacy.systems import constant, pras, rts79_damaged, shipped

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.exact import assess_pooled
from gridtool.forecast.adequacy.model import CommonCause, GeneratingSystem, LoadSeries, UnitGroup
from gridtool.forecast.adequacy.read_load import plain_calendar
from gridtool.forecast.adequacy.returns import return_on_day


@pytest.fixture(scope="module")
def rts79():
    return shipped("rts79")


@pytest.fixture(scope="module")
def rbts():
    return shipped("rbts")


def test_rts79_year(rts79):
    result = assess_pooled(*rts79)
    assert result.lole_days == pytest.approx(1.3688629, rel=5e-8)
    assert result.lole_hours == pytest.approx(9.3941755, rel=5e-8)
    assert result.eue_mwh == pytest.approx(1176.29846, rel=1e-8)
    assert result.lolp == pytest.approx(result.lole_hours / 8736, rel=1e-15)
    assert result.edns_mw == pytest.approx(result.eue_mwh / 8736, rel=1e-15)


def test_rts79_constant_peak(rts79):
    result = assess_pooled(rts79[0], constant(2850.0))
    assert result.lolp == pytest.approx(0.0845780608, abs=5e-11)
    assert result.edns_mw == pytest.approx(14.6936780, abs=5e-8)


@pytest.mark.reference
def test_rts79_weeks(rts79, reference):
    found = assess_pooled(*rts79).tabulate("week")
    with (reference / "rts79" / "hl1_weekly_exact.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found) == 52
    for row, (_, week) in zip(rows, found.iterrows(), strict=True):
        assert week["lole_hours"] == pytest.approx(float(row["LOLE_h"]), abs=1e-7)
        assert week["eue_mwh"] == pytest.approx(float(row["EUE_mwh"]), abs=1e-7)
        assert week["peak_mw"] == pytest.approx(float(row["peak_mw"]), abs=1e-4)


@pytest.mark.reference
def test_rts79_with_damaged_units_and_random_return_dates(reference):
    expected = json.loads((reference / "rts79" / "oracle_repair.json").read_text())
    result = assess_pooled(*rts79_damaged())
    months = result.tabulate("month")
    assert len(months) == 12
    for month, (_, found) in zip(expected["months"], months.iterrows(), strict=True):
        assert found["hours"] == month["hours"]
        assert found["lole_hours"] == pytest.approx(month["LOLE_h"], rel=1e-9, abs=1e-12)
        assert found["eue_mwh"] == pytest.approx(month["EUE_MWh"], rel=1e-9, abs=1e-12)
    assert result.lole_hours == pytest.approx(expected["total"]["LOLE_h"], rel=1e-9)
    assert result.eue_mwh == pytest.approx(expected["total"]["EUE_MWh"], rel=1e-9)


def test_rbts_year(rbts):
    result = assess_pooled(*rbts)
    assert result.lole_days == pytest.approx(0.1469461, abs=5e-8)
    assert result.lole_hours == pytest.approx(1.0915605, abs=5e-8)
    assert result.eue_mwh == pytest.approx(9.8613507, abs=5e-8)


def test_rbts_as_published_with_rounded_loads(rbts):
    """Loads in units of the peak, rounded to 4 decimals, give the published 1.0919 h."""
    system, load = rbts
    rounded = replace(load, load_mw=np.round(load.load_mw / 185.0, 4) * 185.0)
    result = assess_pooled(system, rounded)
    assert result.lole_days == pytest.approx(0.1469, abs=5e-5)
    assert result.lole_hours == pytest.approx(1.09188, abs=5e-6)
    assert result.lole_hours == pytest.approx(1.0919, abs=5e-5)
    assert result.eue_mwh == pytest.approx(9.8613, abs=5e-5)


@pytest.mark.reference
def test_pras_single_node(reference):
    system, load, case = pras(reference, "singlenode_a")
    result = assess_pooled(system, load)
    assert result.lolp_h == pytest.approx(case["expected"]["LOLP"], abs=1e-9)
    assert result.eue_h_mwh == pytest.approx(case["expected"]["EUE_t"], abs=1e-9)
    assert result.lole_hours == pytest.approx(case["expected"]["LOLE"], abs=1e-9)
    assert result.eue_mwh == pytest.approx(case["expected"]["EUE"], abs=1e-9)


@pytest.mark.reference
def test_pras_three_nodes_without_limits(reference):
    system, load, case = pras(reference, "threenode")
    result = assess_pooled(system, load)
    assert result.lolp_h == pytest.approx(case["expected_copperplate"]["LOLP"], abs=1e-9)
    assert result.eue_h_mwh == pytest.approx(case["expected_copperplate"]["EUE_t"], abs=1e-9)


def test_units_by_hour_agree_with_all_states():
    """Capacities and availabilities that change by hour, against every state of every hour."""
    rng = np.random.default_rng(3)
    hours = 48
    groups = (
        UnitGroup(id="a", count=2, capacity_mw=rng.uniform(5, 9, hours), outage_rate=0.1),
        UnitGroup(
            id="b", count=2, capacity_mw=np.array([6.0]), outage_rate=0.2, returns=return_on_day(1)
        ),
        UnitGroup(id="c", count=1, capacity_mw=np.array([8.0]), outage_rate=0.05),
    )
    load = LoadSeries(load_mw=rng.uniform(10, 30, (1, hours)), calendar=plain_calendar(hours))
    result = assess_pooled(GeneratingSystem(groups=groups), load)
    for hour in range(hours):
        lolp = eue = 0.0
        single = [
            (g.capacity_mw[hour % len(g.capacity_mw)], (g.returns is None) or hour >= 24, g)
            for g in groups
            for _ in range(g.count)
        ]
        for up in product((True, False), repeat=len(single)):
            chance = np.prod(
                [
                    ((1 - g.outage_rate) * back) if there else 1 - (1 - g.outage_rate) * back
                    for (_, back, g), there in zip(single, up, strict=True)
                ]
            )
            capacity = sum(size for (size, _, _), there in zip(single, up, strict=True) if there)
            short = max(0.0, load.load_mw[0, hour] - capacity)
            lolp += chance * (short > 1e-9)
            eue += chance * short
        assert result.lolp_h[hour] == pytest.approx(lolp, abs=1e-13)
        assert result.eue_h_mwh[hour] == pytest.approx(eue, abs=1e-12)


def test_common_causes_mix_the_systems_they_leave():
    unit = UnitGroup(id="u", count=3, capacity_mw=np.array([10.0]), outage_rate=0.1)
    storm = CommonCause(id="storm", probability=0.2, lost={"u": 2})
    flood = CommonCause(id="flood", probability=0.5, lost={"u": 1})
    system = GeneratingSystem(groups=(unit,), common_causes=(storm, flood))
    found = assess_pooled(system, constant(15.0))

    def lolp(count):  # fewer than two of count units are up
        return 0.1**count + count * 0.9 * 0.1 ** (count - 1)

    # Both causes take the same units: the larger loss counts.
    expected = 0.2 * lolp(1) + 0.8 * (0.5 * lolp(2) + 0.5 * lolp(3))
    assert found.lolp == pytest.approx(expected, rel=1e-13)


def test_more_uncertain_demand_is_shorter(rts79):
    certain = assess_pooled(*rts79)
    uncertain = assess_pooled(*rts79, load_sd=0.03)
    assert uncertain.eue_mwh > certain.eue_mwh
    assert assess_pooled(*rts79, load_sd=1e-9).eue_mwh == pytest.approx(certain.eue_mwh, rel=1e-6)


def test_too_many_units_by_hour_are_refused(rts79):
    _, load = rts79
    shape = np.linspace(1.0, 2.0, load.hours)
    groups = tuple(
        UnitGroup(id=str(i), capacity_mw=shape * (1 + i), outage_rate=0.1) for i in range(20)
    )
    with pytest.raises(AnalysisError, match="simulate with --samples"):
        assess_pooled(GeneratingSystem(groups=groups), load)


def test_periods_add_up(rts79):
    result = assess_pooled(*rts79)
    for period, rows in (("day", 364), ("week", 52), ("month", 12)):
        table = result.tabulate(period)
        assert len(table) == rows
        assert table["hours"].sum() == 8736
        assert table["eue_mwh"].sum() == pytest.approx(result.eue_mwh, rel=1e-12)
        assert table["lole_days"].sum() == pytest.approx(result.lole_days, rel=1e-12)


def test_a_table_for_every_hour_agrees_with_enumeration(monkeypatch):
    """RTS-79 with damaged units and one by hour, by both ways of the same expectation."""
    system, load = rts79_damaged()
    short = replace(load, load_mw=load.load_mw[:, :2160], calendar=plain_calendar(2160))
    shape = 1.0 + 0.5 * np.sin(np.arange(2160) / 24)
    wind = UnitGroup(id="wind", count=2, capacity_mw=30 * shape, outage_rate=0.05)
    system = replace(system, groups=(*system.groups, wind))
    enumerated = assess_pooled(system, short)
    monkeypatch.setattr("gridtool.forecast.adequacy.exact.LEVELS_ENUMERATED", 1)
    tables = assess_pooled(system, short)
    assert tables.lolp_h == pytest.approx(enumerated.lolp_h, rel=1e-9, abs=1e-14)
    assert tables.eue_h_mwh == pytest.approx(enumerated.eue_h_mwh, rel=1e-9, abs=1e-12)


def test_all_units_up_now_go_to_their_stationary_shortage(rts79):
    system, load = rts79
    flat = replace(load, load_mw=np.full((1, 4368), 2850.0), calendar=plain_calendar(4368))
    result = assess_pooled(replace(system, start="up"), flat)
    assert result.lolp_h[0] == 0
    assert np.all(np.diff(result.lolp_h[:500]) >= 0)
    assert result.lolp_h[-1] == pytest.approx(0.0845780608, abs=1e-10)
