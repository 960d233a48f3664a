"""The ladder of models: which is chosen, and what is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.fit import fit_demand
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def hourly():
    load, temp = make_history(start=START, end=END, special_days=())
    return History(start=START, load_mw=load, temp_c=temp, zone=KYIV)


def test_hours_with_temperature_have_the_full_model(hourly):
    grid = TimeGrid(END, 240, KYIV)
    chosen, own = fit_history(hourly), fit_demand(hourly)
    np.testing.assert_array_equal(
        chosen.prepare(grid).draw(3, seed=1), own.prepare(grid).draw(3, seed=1)
    )


def test_an_unknown_name_is_refused_with_those_known(hourly):
    with pytest.raises(HistoryError, match=r"no such demand model.*auto"):
        fit_history(hourly, model="magic")
