"""Days: made ones by hand, and the zones of Bangladesh, whose load shed is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.censored.days import unconstrain_days

DAYS = 400


def made_days(*, noise=0.02, seed=1):
    random = np.random.default_rng(seed)
    day = 18262 + np.arange(DAYS)
    course = 100 * np.exp(0.1 * np.sin(2 * np.pi * np.arange(DAYS) / 365))
    weekend = np.where((day + 3) % 7 >= 5, 0.9, 1.0)
    return day, course * weekend * np.exp(noise * random.standard_normal(DAYS))


def test_measured_shed_is_added_and_nothing_else_touched():
    day, demand = made_days()
    shed = np.zeros(DAYS)
    shed[50:60] = 12.0
    found = unconstrain_days(demand - shed, day=day, shed=shed)
    np.testing.assert_allclose(found.load_mw, demand)
    assert found.measured.sum() == 10
    assert not found.guessed.any()
    plain = unconstrain_days(demand, day=day)
    np.testing.assert_array_equal(plain.load_mw, demand)


def test_days_known_short_are_guessed_from_the_days_around():
    day, demand = made_days()
    short = np.zeros(DAYS, dtype=bool)
    short[100:110] = True
    served = np.where(short, 0.7 * demand, demand)
    found = unconstrain_days(served, day=day, short=short)
    error = np.log(found.load_mw / demand)[short]
    assert abs(error.mean()) < 3 * 0.02 / np.sqrt(10) + 0.01
    assert np.abs(error).max() < 0.08
    assert (found.guess_sd[short] > 0.005).all()
    assert (found.load_mw[short] >= served[short]).all()
    np.testing.assert_array_equal(found.load_mw[~short], demand[~short])


def test_days_of_unknown_shed_load_are_judged_by_their_neighbours():
    """Where no day around was shed, a usual day stays as it was served; a deep one does not."""
    day, demand = made_days()
    shed = np.zeros(DAYS)
    shed[300:360:2] = 0.25 * demand[300:360:2]
    hidden = np.zeros(DAYS, dtype=bool)
    hidden[[20, 21, 22, 310, 311, 312, 313]] = True
    found = unconstrain_days(demand - shed, day=day, shed=np.where(hidden, np.nan, shed))
    np.testing.assert_array_equal(found.load_mw[20:23], demand[20:23])
    np.testing.assert_allclose(found.load_mw[310:314], demand[310:314], rtol=0.06)
    assert list(np.flatnonzero(found.guessed)) == [310, 312]


def test_days_that_are_all_short_are_refused():
    day, demand = made_days()
    with pytest.raises(HistoryError, match="nothing tells what was wanted"):
        unconstrain_days(demand, day=day, short=np.ones(DAYS, dtype=bool))


def zones(reference):
    frame = pd.read_csv(
        reference / "load" / "bpdb_daily_zone_demand_loadshed_2020_2022.csv", parse_dates=["Date"]
    )
    frame = frame.set_index("Date").asfreq("D")
    day = frame.index.to_numpy().astype("datetime64[D]").astype(np.int64)
    for name in sorted(column[:-7] for column in frame if column.endswith("_Demand")):
        demand = frame[f"{name}_Demand"].to_numpy(float)
        shed = frame[f"{name}_LoadShed"].to_numpy(float)
        sound = shed < 0.9 * demand  # some rows report more shed than demand
        demand, shed = np.where(sound, demand, np.nan), np.where(sound, shed, np.nan)
        if np.nansum(shed) > 0:
            yield day, demand, shed


@pytest.mark.reference
def test_hidden_shed_load_of_bangladesh_is_estimated(reference):
    """A third of the days hidden: on those known to be short half the error goes, at least.

    Where not even that is known, the error over all hidden days (95 % of them unshed) shrinks.
    """
    flagged = taken = blind = blind_taken = 0.0
    for day, demand, shed in zones(reference):
        hidden = np.random.default_rng(1).random(len(day)) < 1 / 3
        served = demand - shed
        reported = np.where(hidden, np.nan, shed)
        at = hidden & (shed > 0)
        known = unconstrain_days(served, day=day, shed=reported, short=at).load_mw
        flagged += np.abs(known - demand)[at].sum()
        taken += np.abs(served - demand)[at].sum()
        guessed = unconstrain_days(served, day=day, shed=reported).load_mw
        blind += np.nansum(np.abs(guessed - demand)[hidden])
        blind_taken += np.nansum(np.abs(served - demand)[hidden])
    assert flagged <= 0.5 * taken
    assert blind <= 0.9 * blind_taken
