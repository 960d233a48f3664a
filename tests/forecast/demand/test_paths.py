"""Paths made in turns from what they share, and how far ahead a model reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.shortage import forecast_grid
from gridtool.forecast.streams import FRESH

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 2, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def model():
    """Of 13.6 months of the made city."""
    load, temp = make_history(start=START, end=END, special_days=())
    return fit_demand(History(start=START, load_mw=load, temp_c=temp, zone=KYIV))


def test_paths_drawn_in_turns_are_those_drawn_at_once(model):
    grid = forecast_grid(END, months=1, zone=KYIV)
    paths = model.prepare(grid)
    turns = np.concatenate([paths.draw(3, seed=5), paths.draw(4, seed=5, first=3)])
    np.testing.assert_array_equal(turns, model.simulate(7, grid=grid, seed=5))


def test_paths_drawn_anew_are_others_of_the_same_kind(model):
    grid = forecast_grid(END, months=1, zone=KYIV)
    paths = model.prepare(grid)
    usual, anew = paths.draw(200, seed=5), paths.draw(200, seed=5, first=FRESH)
    assert (usual != anew).all(axis=1).all()
    energy = usual.sum(axis=1), anew.sum(axis=1)
    assert abs(np.corrcoef(*energy)[0, 1]) < 3 / np.sqrt(200)
    error = np.hypot(*(one.std(ddof=1) / np.sqrt(200) for one in energy))
    assert abs(energy[0].mean() - energy[1].mean()) < 3 * error


def test_a_model_reaches_as_far_ahead_as_its_history_is_long(model):
    model.check_reach(forecast_grid(END, months=14, zone=KYIV))  # to 2028-03-31, of 2028-04-10
    with pytest.raises(
        HistoryError, match=r"beyond the reach of a history of 13\.6 months"
    ) as found:
        model.check_reach(forecast_grid(END, months=15, zone=KYIV))
    assert "end by 2028-04-1" in str(found.value.issues[0].accepted)


def test_where_a_history_stands_for_typical_years_its_reach_begins_with_the_forecast(model):
    later = datetime(2029, 5, 1, tzinfo=UTC)
    model.check_reach(forecast_grid(later, months=13, zone=KYIV))
    with pytest.raises(HistoryError, match="beyond the reach"):
        model.check_reach(forecast_grid(later, months=14, zone=KYIV))
