"""Refit advice on real histories: silent on a month as it came, heard on a step of 10 %."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.saved.mark import mark_history
from gridtool.forecast.demand.saved.refit import refit_reasons
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.history.read import read_history

CASES = {
    "nyc_city_hourly_2012_2017.csv.gz": (
        "America/New_York",
        ((2014, 7), (2015, 3), (2016, 7), (2016, 11)),
    ),
    "vic_elec_halfhourly_2012_2014.csv.gz": (
        "Australia/Melbourne",
        ((2013, 9), (2014, 1), (2014, 7)),
    ),
}


@pytest.mark.reference
@pytest.mark.parametrize("name", CASES)
def test_a_month_as_it_came_is_no_alarm_and_a_step_is_one(reference, name):
    zone = ZoneInfo(CASES[name][0])
    history = read_history(reference / "load" / name, zone=zone)
    for year, month in CASES[name][1]:
        origin = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        known = history.until(origin)
        saved = SavedModel(model=fit_history(known), mark=mark_history(known))
        later = history.until(datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC))
        assert refit_reasons(saved, later) == (), (year, month)
        load = later.load_mw.copy()
        load[known.hours :] *= 0.9
        stepped = refit_reasons(saved, dataclasses.replace(later, load_mw=load))
        assert any("the level has moved" in reason for reason in stepped), (year, month)
