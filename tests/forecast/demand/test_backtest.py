from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.backtest import backtest_demand, score_paths
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.history.read import read_history
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")


def made(start, end):
    load, temp = make_history(start=start, end=end, special_days=(), seed=2)
    return History(start=start, load_mw=load, temp_c=temp, zone=KYIV)


def test_scores_by_hand():
    """Truth 100 against paths 80, 90, ... 120: quantiles are known in closed form."""
    grid = TimeGrid(datetime(2027, 1, 1, tzinfo=UTC), 10, ZoneInfo("UTC"))
    truth = np.full(10, 100.0)
    truth[3] = np.nan
    paths = np.repeat(np.arange(80.0, 121.0, 10.0)[:, None], 10, axis=1)
    scores = score_paths(truth, paths, grid=grid)
    quantiles = 80 + 40 * np.arange(1, 10) / 10
    taus = np.arange(1, 10) / 10
    error = 100 - quantiles
    loss = np.where(error > 0, taus * error, (taus - 1) * error).mean()
    assert scores["pinball_pct"] == pytest.approx(loss)
    assert scores["mape_pct"] == pytest.approx(0.0)
    assert scores["coverage_80"] == 1.0
    assert scores["energy_coverage_80"] == 1.0
    assert scores["peak_error_pct"] == pytest.approx(0.0)
    off = score_paths(truth * 1.25, paths, grid=grid)
    assert off["coverage_80"] == 0.0
    assert off["mape_pct"] == pytest.approx(20.0)
    assert off["peak_error_pct"] == pytest.approx(20.0)
    single = score_paths(truth, paths[:1], grid=grid)
    assert single["pinball_pct"] == pytest.approx(10.0)  # half the absolute error of 20
    assert np.isnan(single["coverage_80"])


def test_origins_see_nothing_of_what_comes_after():
    """Changing the future of the last origin changes none of the earlier scores."""
    history = made(datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    whole = backtest_demand(history, months=3, origins=3, paths=40)
    assert whole.origins["origin"].tolist()[::2] == ["2025-04-01", "2025-07-01", "2025-10-01"]
    load, temp = history.load_mw.copy(), history.temp_c.copy()
    load[-92 * 24 :] *= 1.3
    temp[-92 * 24 :] += 9.0
    changed = History(start=history.start, load_mw=load, temp_c=temp, zone=KYIV)
    other = backtest_demand(changed, months=3, origins=3, paths=40)
    columns = ["pinball_pct", "coverage_80", "peak_error_pct"]
    np.testing.assert_array_equal(
        whole.origins[columns].to_numpy()[:4], other.origins[columns].to_numpy()[:4]
    )
    assert (other.origins["pinball_pct"][4:] > whole.origins["pinball_pct"][4:]).all()


def test_the_model_beats_seasonal_naive_on_the_made_city():
    history = made(datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    scores = backtest_demand(history, months=6, origins=2, paths=100).scores.set_index("method")
    assert scores.at["model", "pinball_pct"] < 0.8 * scores.at["seasonal naive", "pinball_pct"]
    assert 0.6 < scores.at["model", "coverage_80"] < 0.95


def test_seasonal_naive_is_the_load_of_52_weeks_before():
    start = datetime(2024, 1, 1, tzinfo=UTC)
    week = 100.0 + np.arange(168) % 50
    load = np.tile(week, 90)
    load += np.sin(np.arange(len(load)))  # so that no day repeats another exactly
    history = History(start=start, load_mw=load, temp_c=None, zone=ZoneInfo("UTC"))
    found = backtest_demand(history, months=3, origins=1, paths=20)
    origin = datetime.fromisoformat(found.origins["origin"][0]).replace(tzinfo=UTC)
    first = int((origin - start) / timedelta(hours=1))
    hours = int((datetime(2025, 9, 1, tzinfo=UTC) - origin) / timedelta(hours=1))
    truth, naive = load[first : first + hours], load[first - 8736 : first - 8736 + hours]
    expected = 100 * np.mean(np.abs(naive - truth) / truth)
    row = found.scores.set_index("method").loc["seasonal naive"]
    assert row["mape_pct"] == pytest.approx(expected)


def test_too_short_a_history_is_refused():
    history = made(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(HistoryError, match="too short to look back 6 months"):
        backtest_demand(history)


@pytest.mark.reference
def test_new_york_six_months_ahead_from_the_five_origins_of_the_research(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    history = read_history(path, zone=ZoneInfo("America/New_York"))
    found = backtest_demand(history, paths=300)
    assert found.origins["origin"].tolist()[::2] == [
        "2015-02-01",
        "2015-08-01",
        "2016-02-01",
        "2016-08-01",
        "2017-02-01",
    ]
    scores = found.scores.set_index("method")
    assert scores.at["model", "pinball_pct"] <= 2.75  # measured 2.55 with 500 paths
    assert 0.70 <= scores.at["model", "coverage_80"] <= 0.88  # 0.81
    assert scores.at["model", "energy_coverage_80"] >= 0.70  # 0.87
    assert scores.at["seasonal naive", "mape_pct"] == pytest.approx(7.4, abs=0.3)
