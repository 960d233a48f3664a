"""What the charts show, against values worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.forecast.history.model import PeriodHistory
from gridtool.report.plot_frames import (
    frame_fan,
    frame_history,
    frame_level,
    frame_past_years,
    frame_periods,
    frame_profile,
    frame_response,
)
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 1, 4, 22, tzinfo=UTC)  # Monday 5 January, midnight in Kyiv


def test_days_are_local_and_hold_what_was_served_wanted_and_guessed():
    load = np.repeat([100.0, 200.0, 300.0], 24)
    wanted = load.copy()
    wanted[24:30] += 60.0
    guessed = np.zeros(72, dtype=bool)
    guessed[24:30] = True
    load[60:] = np.nan  # twelve of twenty-four hours of the last day
    frame = frame_history(START, load, zone=KYIV, wanted_mw=wanted, guessed=guessed)
    assert frame["date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2026-01-05",
        "2026-01-06",
        "2026-01-07",
    ]
    assert frame["served_mw"].tolist()[:2] == [100.0, 200.0]
    assert np.isnan(frame["served_mw"][2])  # half is too little
    assert frame["wanted_mw"].tolist() == [100.0, 215.0, 300.0]
    assert frame["guessed_hours"].tolist() == [0, 6, 0]
    assert frame["missing_hours"].tolist() == [0, 0, 12]
    assert frame["unserved_mwh"].tolist() == [0.0, 360.0, 0.0]
    assert frame["days"].tolist() == [1, 1, 1]


def test_long_histories_are_shown_by_week():
    load = np.repeat(np.arange(1200.0), 24)
    frame = frame_history(START, load, zone=ZoneInfo("Etc/GMT-2"))
    assert (frame["date"].dt.dayofweek == 0).all()
    assert frame["served_mw"].tolist()[:2] == [3.0, 10.0]  # days 0 to 6 and 7 to 13
    assert frame["days"].unique().tolist() == [7]


def test_the_fan_holds_the_quantiles_of_the_weeks():
    paths = np.tile(np.arange(101.0)[:, None], (1, 14 * 24))
    paths[:, 0] += 50.0
    grid = TimeGrid(START, 14 * 24, KYIV)
    mean = frame_fan(paths, grid=grid)
    assert mean["p50"].tolist() == pytest.approx([50.0 + 50.0 / 168, 50.0])
    assert mean["p90"][1] - mean["p10"][1] == pytest.approx(80.0)
    assert frame_fan(paths, grid=grid, of="peak")["p25"].tolist() == [75.0, 25.0]
    assert mean["date"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-05", "2026-01-12"]


def test_past_years_are_the_same_weekdays_before():
    hours = 2 * 364 * 24
    load = np.arange(hours, dtype=float)
    grid = TimeGrid(START + pd.Timedelta(hours=hours), 168, KYIV)
    found = frame_past_years(START, load, grid=grid)
    assert found["back"].tolist() == [1, 2]
    assert found["value_mw"].tolist() == [364 * 24 + 83.5, 83.5]
    assert found["year"].tolist() == ["2027", "2026"]
    peak = frame_past_years(START, load, grid=grid, of="peak", most=1)
    assert peak["value_mw"].tolist() == [364 * 24 + 167.0]
    load[:] = np.nan
    assert frame_past_years(START, load, grid=grid).empty


def test_the_response_bins_days_by_degree():
    days = 12
    temp = np.repeat(np.where(np.arange(days) % 2, 10.2, -3.7), 24)
    load = np.repeat(np.arange(days, dtype=float), 24)
    ordinary = np.ones(days * 24, dtype=bool)
    ordinary[-24:] = False
    frame = frame_response(
        temp, load, fitted_mw=load + 1.0, day=np.arange(days * 24) // 24, ordinary=ordinary
    )
    assert frame["temp_c"].tolist() == [-3.5, 10.5]
    assert frame["days"].tolist() == [6, 5]
    assert frame["observed_mw"].tolist() == [5.0, 5.0]  # of 0 2 4 6 8 10, and of 1 3 5 7 9
    assert frame["fitted_mw"].tolist() == [6.0, 6.0]
    assert frame["low_mw"].tolist() == [1.0, 1.8]


def test_the_profile_is_by_hour_of_the_local_week_and_half_year():
    local = pd.date_range("2026-03-30", "2026-04-13", freq="h", inclusive="left")
    load = local.dayofweek * 24.0 + local.hour
    frame = frame_profile(load.to_numpy(), local=local)
    assert set(frame["season"]) == {"October to March", "April to September"}
    assert (frame["p50_mw"] == frame["hour_of_week"]).all()
    assert len(frame) == 168 + 48


def test_the_level_widens_with_the_weeks_ahead():
    smoothed = np.concatenate([np.zeros(52 * 168), np.full(52 * 168, 0.1)])
    frame = frame_level(
        START, smoothed, mean=0.1, variance=0.0, step_sigma=0.01, zone=KYIV, ahead_weeks=4
    )
    past, ahead = frame[~frame["ahead"]], frame[frame["ahead"]]
    assert len(past) == 104
    assert past["level_pct"].iloc[-1] == pytest.approx(100.0)
    assert past["level_pct"].iloc[0] == pytest.approx(100 * np.exp(-0.1))
    assert ahead["high_pct"].iloc[0] == ahead["low_pct"].iloc[0]
    assert np.log(ahead["high_pct"].iloc[4] / 100) == pytest.approx(1.2815515655 * 0.02)
    assert str(ahead["date"].iloc[0].date()) == "2026-01-05"


def test_periods_are_shown_as_they_are():
    edges = np.array(["2026-01-01", "2026-02-01", "2026-03-01"], "datetime64[s]")
    history = PeriodHistory(
        step="month",
        edges=edges,
        energy_mwh=np.array([744.0, np.nan]),
        temp_c=None,
        shed_mwh=np.array([74.4, np.nan]),
        zone=ZoneInfo("UTC"),
    )
    frame = frame_periods(history)
    assert frame["served_mw"][0] == 1.0
    assert frame["wanted_mw"][0] == pytest.approx(1.1)
    assert frame["missing_hours"].tolist() == [0, 28 * 24]
    assert frame["days"].tolist() == [31, 28]
