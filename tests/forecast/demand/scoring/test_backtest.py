from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.errors import HistoryError
from gridtool.forecast.demand.model import Calibration, DemandEvent, SpecialDays, Unconstrained
from gridtool.forecast.demand.scoring import backtest_calibrated, backtest_truth
from gridtool.forecast.demand.scoring.backtest import backtest_demand
from gridtool.forecast.demand.scoring.backtest_calibrated import list_earlier
from gridtool.forecast.demand.scoring.backtest_origins import fit_origins, place_origins
from gridtool.forecast.demand.scoring.backtest_truth import find_truth
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.forecast.history.read import read_history
from gridtool.report.backtest import describe_backtest, tables_backtest

KYIV = ZoneInfo("Europe/Kyiv")
NONE = SpecialDays()
HOUR = timedelta(hours=1)


def made(start, end):
    load, temp = make_history(start=start, end=end, special_days=(), seed=2)
    return History(start=start, load_mw=load, temp_c=temp, zone=KYIV)


@pytest.fixture(scope="module")
def history():
    return made(datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def half_years(history):
    return backtest_demand(history, months=6, origins=2, paths=100)


def test_origins_are_first_instants_of_local_months(history):
    placed = place_origins(history.start, history.end, zone=KYIV, months=3, origins=3)
    local = [moment.astimezone(KYIV).isoformat() for moment in placed]
    assert local == [
        "2025-04-01T00:00:00+03:00",
        "2025-07-01T00:00:00+03:00",
        "2025-10-01T00:00:00+03:00",
    ]
    monthly = place_origins(
        history.start, history.end, zone=KYIV, months=3, origins=2, step_months=1
    )
    assert [moment.astimezone(KYIV).month for moment in monthly] == [9, 10]
    every = place_origins(history.start, history.end, zone=KYIV, months=6, origins=60)
    assert len(every) == 3  # a year lies before the first


def test_origins_see_nothing_of_what_comes_after(history):
    """Changing the future of the last origin changes none of the earlier scores."""
    whole = backtest_demand(history, months=3, origins=2, paths=30)
    assert whole.origins["origin"].tolist()[::3] == ["2025-07-01", "2025-10-01"]
    load, temp = history.load_mw.copy(), history.temp_c.copy()
    load[-92 * 24 :] *= 1.3
    temp[-92 * 24 :] += 9.0
    other = backtest_demand(
        replace(history, load_mw=load, temp_c=temp), months=3, origins=2, paths=30
    )
    columns = ["pinball_pct", "coverage_80", "peak_error_pct"]
    np.testing.assert_array_equal(
        whole.origins[columns].to_numpy()[:3], other.origins[columns].to_numpy()[:3]
    )
    assert (other.origins["pinball_pct"][3:] > whole.origins["pinball_pct"][3:]).all()


def test_events_are_known_from_their_beginning_on(history):
    """A level change stated after the last origin changes no forecast."""
    after = DemandEvent(kind="level", start=datetime(2025, 11, 1, tzinfo=UTC), change=-0.3)
    truth = find_truth(history, special_days=NONE)
    origin = datetime(2025, 9, 30, 21, tzinfo=UTC)
    drawn = []
    for events in ((), (after,)):
        (at,) = fit_origins(
            history, truth, origins=[origin], months=2, special_days=NONE, events=events
        )
        drawn.append(at.model.simulate(3, grid=at.grid, seed=1))
    np.testing.assert_array_equal(*drawn)


def test_with_few_months_of_load_the_temperature_is_still_known(history):
    truth = find_truth(history, special_days=NONE)
    origin = datetime(2025, 9, 30, 21, tzinfo=UTC)
    (at,) = fit_origins(
        history, truth, origins=[origin], months=2, special_days=NONE, load_months=4
    )
    first = int((datetime(2025, 5, 31, 21, tzinfo=UTC) - history.start) / HOUR)
    assert np.isnan(at.known.load_mw[:first]).all()
    np.testing.assert_array_equal(at.known.load_mw[first:], history.load_mw[first : at.known.hours])
    np.testing.assert_array_equal(at.known.temp_c, history.temp_c[: at.known.hours])
    assert at.grid.months == ("2025-10", "2025-11")


def test_the_model_beats_seasonal_naive_on_the_made_city(half_years):
    scores = half_years.scores.set_index("method")
    assert scores.index.tolist() == ["model", "seasonal naive", "climatology"]
    assert scores.at["model", "pinball_pct"] < 0.8 * scores.at["seasonal naive", "pinball_pct"]
    assert 0.6 < scores.at["model", "coverage_80"] < 0.95
    assert np.isnan(scores.at["climatology", "energy_coverage_80"])
    asked = ("pinball_pct", "mape_pct", "coverage_80", "energy_coverage_80", "peak_error_pct")
    assert np.isfinite(scores.loc["model", list(asked)].to_numpy(dtype=float)).all()


def test_scores_are_means_over_origins_and_months(half_years):
    model = half_years.scores.set_index("method").loc["model"]
    origins = half_years.origins.query("method == 'model'")
    months = half_years.months.query("method == 'model'")
    assert len(origins) == 2
    assert len(months) == 12
    assert model["crps_pct"] == pytest.approx(origins["crps_pct"].mean())
    assert model["energy_coverage_80"] == pytest.approx(months["energy_held_80"].mean())
    lead = half_years.by_lead.query("method == 'model'")
    assert lead["months_ahead"].tolist() == [1, 2, 3, 4, 5, 6]
    assert lead["months"].tolist() == [2] * 6
    third = months.query("months_ahead == 3")["pinball_pct"].mean()
    assert lead["pinball_pct"].tolist()[2] == pytest.approx(third)
    assert half_years.by_month.query("method == 'climatology'")["month_of_year"].tolist() == list(
        range(1, 13)
    )
    shares = half_years.pit.groupby("method")["share"].sum()
    np.testing.assert_allclose(shares, 1.0)


def test_a_blackout_is_not_held_against_the_forecast(history):
    """Half of what was wanted in one fortnight after the origin, as an outage log has it."""
    load = history.load_mw.copy()
    out = slice(history.hours - 40 * 24, history.hours - 26 * 24)
    load[out] *= 0.5
    short = np.zeros(history.hours, dtype=bool)
    short[out] = True
    known = backtest_demand(
        replace(history, load_mw=load, short=short), months=3, origins=1, paths=60
    )
    whole = backtest_demand(history, months=3, origins=1, paths=60)
    hours = known.months.query("method == 'model'")["hours"].sum()
    assert hours <= whole.months.query("method == 'model'")["hours"].sum() - 14 * 24
    ours, theirs = (found.scores["pinball_pct"][0] for found in (known, whole))
    assert ours == pytest.approx(theirs, rel=0.15)
    assert "a blackout is not held against the forecast" in describe_backtest(known)


def test_hours_that_only_look_short_are_left_out_and_the_loss_with_them_is_told(
    history, monkeypatch
):
    """A fortnight at half of demand of which no record tells, as the unconstraining finds it."""
    load, guessed = history.load_mw.copy(), np.zeros(history.hours, dtype=bool)
    out = slice(history.hours - 40 * 24, history.hours - 26 * 24)
    load[out] *= 0.5
    guessed[out] = True

    def guess(given, **_):
        return Unconstrained(
            load_mw=np.where(guessed, 1.0, given.load_mw),
            guessed=guessed,
            measured=np.zeros(given.hours, dtype=bool),
        )

    monkeypatch.setattr(backtest_truth, "unconstrain", guess)
    found = backtest_demand(replace(history, load_mw=load), months=3, origins=1, paths=60)
    words = describe_backtest(found)
    assert "336 of 2209 hours are left out" in words
    assert "(of 336 no record says so: they look like it)" in words
    told = float(words.split("loss would be ")[1].split(" %")[0])
    assert told > 2 * found.scores["pinball_pct"][0]


def test_measured_shedding_belongs_to_the_truth(history):
    shed = np.zeros(history.hours)
    shed[-500:] = 0.3 * history.load_mw[-500:]
    served = replace(history, load_mw=history.load_mw - shed, shed_mw=shed)
    truth = find_truth(served, special_days=NONE)
    np.testing.assert_allclose(truth.load_mw, history.load_mw)
    assert truth.describe(np.ones(history.hours, dtype=bool)) == (
        "in 500 hours the truth is served plus shed load, as the history has it",
    )


def test_the_calibrated_model_rests_on_origins_that_were_over(history, monkeypatch):
    """Half a year apart: before the first origin lies one, before the second two."""
    rested = []

    def choose(spreads):
        rested.append(len(spreads))
        return Calibration(residual_scale=3.0)

    monkeypatch.setattr(backtest_calibrated, "choose_scales", choose)
    found = backtest_demand(history, months=6, origins=2, paths=60, calibrated=True)
    assert rested == [1, 2]
    scores = found.scores.set_index("method")
    assert scores.index.tolist()[:2] == ["model", "calibrated model"]
    assert scores.at["calibrated model", "coverage_80"] > scores.at["model", "coverage_80"] + 0.05
    first = place_origins(
        history.start, history.end, zone=KYIV, months=6, origins=3, step_months=3
    )[0]
    earlier = list_earlier(history, first, months=6, step_months=3)
    months = [f"{moment.astimezone(KYIV):%Y-%m}" for moment in (*earlier, first)]
    assert months == ["2024-04", "2024-07", "2024-10", "2025-01"]  # a year lies before the first


def test_same_seed_same_tables(history, half_years):
    again = backtest_demand(history, months=6, origins=2, paths=100)
    for one, other in zip(tables_backtest(half_years), tables_backtest(again), strict=True):
        assert one.frame.equals(other.frame)
    assert describe_backtest(again) == describe_backtest(half_years)


def test_too_short_a_history_is_refused():
    history = made(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(HistoryError, match="too short to look back 6 months"):
        backtest_demand(history)


def test_a_history_without_any_truth_is_refused(history):
    load = history.load_mw.copy()
    load[-100 * 24 :] = np.nan
    with pytest.raises(HistoryError, match="no week of demand is known"):
        backtest_demand(replace(history, load_mw=load), months=3, origins=1, paths=20)


@pytest.mark.reference
def test_new_york_six_months_ahead_from_the_five_origins_of_the_research(reference):
    path = reference / "load" / "nyc_city_hourly_2012_2017.csv.gz"
    history = read_history(path, zone=ZoneInfo("America/New_York"))
    found = backtest_demand(history, paths=300)
    assert found.origins["origin"].tolist()[::3] == [
        "2015-02-01",
        "2015-08-01",
        "2016-02-01",
        "2016-08-01",
        "2017-02-01",
    ]
    scores = found.scores.set_index("method")
    assert scores.at["model", "pinball_pct"] <= 2.60
    assert 0.75 <= scores.at["model", "coverage_80"] <= 0.87
    assert scores.at["model", "energy_coverage_80"] >= 0.75
    # The research's own implementations of the methods that cost nothing: 7.42, 2.51 and 0.70
    assert scores.at["seasonal naive", "mape_pct"] == pytest.approx(7.42, abs=0.05)
    assert scores.at["climatology", "pinball_pct"] == pytest.approx(2.51, abs=0.05)
    assert scores.at["climatology", "coverage_80"] == pytest.approx(0.70, abs=0.02)
