"""Demand in the weather of one year: that year's temperatures, all else drawn as ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.demand.weather import LOOKBACK_H, TemperatureRecord, find_weather_year
from gridtool.forecast.demand.weather_year import fix_weather_year
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
GRID = TimeGrid(END + timedelta(days=14), 24 * 40, KYIV)


@pytest.fixture(scope="module")
def model():
    load, temp = make_history(start=START, end=END, special_days=())
    # The winter of 2024 is 6 degrees colder than it was.
    hours = np.arange(len(temp))
    cold = (hours >= 365 * 24) & (hours < 425 * 24)
    load = np.where(cold, 1.1 * load, load)
    return fit_demand(History(start=START, load_mw=load, temp_c=temp - 6.0 * cold, zone=KYIV))


def test_a_year_gives_its_own_dates():
    """A temperature that counts its own hours shows where the course was taken from."""
    temp = np.arange(3 * 8760, dtype=float)
    record = TemperatureRecord(start=START, temp_c=temp, zone=KYIV)
    found = find_weather_year(record, grid=GRID, year=2024)
    same = (GRID.start.replace(year=2024) - START) // timedelta(hours=1)
    np.testing.assert_array_equal(found, [np.arange(same - LOOKBACK_H, same + GRID.hours)])


@pytest.mark.parametrize("year", [2022, 2026])
def test_a_year_the_record_does_not_hold_is_refused(model, year):
    with pytest.raises(HistoryError, match=f"no temperatures of {year} cover"):
        fix_weather_year(model, year).prepare(GRID)


def test_a_cold_year_wants_more_and_no_path_has_another_weather(model):
    fixed = fix_weather_year(model, 2024)
    assert isinstance(fixed, FittedModel)
    cold = fixed.simulate(60, grid=GRID, seed=1).mean()
    mild = fix_weather_year(model, 2025).simulate(60, grid=GRID, seed=1).mean()
    assert cold > 1.02 * mild
    paths = fixed.prepare(GRID)
    still = replace(
        paths,
        explained=paths.explained[:1].repeat(len(paths.explained), axis=0),
        residual_scale=0.0,
        level_scale=0.0,
    )
    drawn = still.draw(20, seed=1)
    assert np.ptp(drawn, axis=0).max() == 0.0


def test_levels_and_residual_days_are_those_of_the_same_path(model):
    """Against all years, what differs between paths is weather and coefficients alone."""
    every, fixed = model.prepare(GRID), fix_weather_year(model, 2024).prepare(GRID)
    flat = np.zeros_like(every.explained[:1])
    wide = (-100.0, 100.0)
    one, other = (
        replace(paths, explained=flat, band=wide).draw(10, seed=3) for paths in (every, fixed)
    )
    np.testing.assert_array_equal(one, other)


def test_a_saved_model_takes_it_too(model):
    saved = SavedModel(model=model)
    found = fix_weather_year(saved, 2025).simulate(3, grid=GRID, seed=1)
    expected = fix_weather_year(model, 2025).simulate(3, grid=GRID, seed=1)
    np.testing.assert_array_equal(found, expected)


def test_a_model_without_temperatures_is_refused(model):
    with pytest.raises(HistoryError, match="no hourly temperatures"):
        fix_weather_year(replace(model, weather=None), 2024)
