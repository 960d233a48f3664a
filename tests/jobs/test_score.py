"""Scores of made forecasts that are right, or wrong by a known amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.stats import norm
from scored_runs import KYIV, PEAK, forecast_files, keep_run, world
from store_cases import HOLDER, NOW

from gridtool.errors import HistoryError
from gridtool.forecast.history.model import History
from gridtool.jobs.scoring.compare import score_values
from gridtool.jobs.scoring.drift import drift_words
from gridtool.jobs.scoring.files import keep_files, read_kept, read_kept_facts
from gridtool.jobs.scoring.report import report_scores
from gridtool.jobs.scoring.score import score_runs
from gridtool.jobs.scoring.truth import Truth, read_truth, settle_truth
from gridtool.jobs.store.open import open_store
from gridtool.jobs.store.scores import ScoreRows
from gridtool.timegrid import TimeGrid

WEEK = timedelta(days=7)


def normal_crps(truth, *, mean, sd):
    """Closed form of Gneiting and Raftery (2007), equation 21."""
    z = (truth - mean) / sd
    return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


@pytest.mark.parametrize("truth", [9.0, 10.0, 14.0])
def test_crps_is_the_published_closed_form(truth):
    quantiles = norm.ppf((np.arange(4000) + 0.5) / 4000, loc=10, scale=2)
    found = score_values(np.array([truth]), quantiles[:, None])
    assert found["crps"] == pytest.approx(normal_crps(truth, mean=10, sd=2), rel=2e-3)
    assert found["bias"] == pytest.approx(10 - truth, abs=1e-6)
    assert found["held_80"] == (abs(truth - 10) <= 2 * norm.ppf(0.9))


def test_forty_one_quantiles_stand_for_all_paths():
    """CRPS by the kept quantiles is that of the paths within 1 %."""
    rng = np.random.default_rng(4)
    paths = rng.normal(100, 10, (1000, 500))
    truth = rng.normal(100, 10, 500)
    kept = np.quantile(paths, np.arange(41) / 40, axis=0)
    whole, by_kept = score_values(truth, paths), score_values(truth, kept)
    assert by_kept["crps"] == pytest.approx(whole["crps"], rel=0.01)
    assert [by_kept[f"held_{p}"] for p in (50, 80, 90)] == pytest.approx(
        [whole[f"held_{p}"] for p in (50, 80, 90)], abs=0.003
    )


def scored_store(address, *, weeks=10, level=1.0, seed=2, spread=0.1):
    """A store with a run a week, and what came."""
    rng = np.random.default_rng(seed)
    with open_store(address, holder=HOLDER, now=NOW) as store:
        for week in range(weeks):
            as_of = NOW + week * WEEK
            keep_run(store, as_of=as_of, files=forecast_files(rng, as_of=as_of, spread=spread))
    grid, demand, shed = world(rng, days=7 * weeks + 20, level=level)
    return Truth(
        sha256="t" * 64, origin=("later.csv",), start=grid.start, demand_mw=demand, shed_mw=shed
    )


def test_right_forecasts_are_covered_and_do_not_drift(address):
    truth = scored_store(address)
    with open_store(address, holder=HOLDER, now=NOW) as store:
        outcome = score_runs(store, truth=truth, now=NOW)
        assert [len(outcome.scored), len(outcome.skipped)] == [10, 0]
        assert outcome.drifts == {"night": ()}
        assert drift_words(store, "night") == ()
        rows = ScoreRows(store.rows.engine).list_latest("night")
        again = score_runs(store, truth=truth, now=NOW + WEEK)
        assert len(ScoreRows(store.rows.engine).list_latest("night")) == len(rows)
    assert [entry.scores for entry in again.scored] == [entry.scores for entry in outcome.scored]
    frame = report_scores(outcome).tables[0].frame
    hourly = frame[frame["quantity"] == "demand by hour (MW)"]
    # 69 independent days stand behind: a coverage of 80 % has a standard error of 5 %.
    for share in (50, 80, 90):
        error = 100 * np.sqrt(share / 100 * (1 - share / 100) / 69)
        found = np.average(hourly[f"coverage_{share}_pct"], weights=hourly["count"])
        assert abs(found - share) < 3 * error
    assert abs(hourly["bias_pct"]).max() < 3 * 10 / np.sqrt(20)
    assert set(frame["quantity"]) >= {"demand of the month (MWh)", "hours off a day, city"}


def test_a_level_that_is_off_is_told_by_its_size_and_named(sqlite_address):
    truth = scored_store(sqlite_address, level=1.25)
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        outcome = score_runs(store, truth=truth, now=NOW)
        (words,) = drift_words(store, "night")
        assert drift_words(store, "other") == ()
    assert words.startswith("the demand model drifts: it was too low by ")
    size = float(words.split("too low by ")[1].split(" %")[0])
    assert size == pytest.approx(20, abs=3)  # 1 - 1/1.25
    frame = report_scores(outcome).tables[0].frame
    assert np.allclose(frame[frame["quantity"] == "demand by hour (MW)"]["bias_pct"], -20, atol=4)
    assert "drifts" in report_scores(outcome).verdict


def test_intervals_too_narrow_are_named(sqlite_address):
    truth = scored_store(sqlite_address, weeks=26, spread=0.02)
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        (drift,) = score_runs(store, truth=truth, now=NOW).drifts["night"]
    assert (drift.quantity, drift.kind, drift.high) == ("energy", "spread", False)
    assert "its intervals are too narrow" in drift.words


def test_hours_off_as_shed_and_as_stated_by_month_and_district(sqlite_address):
    rng = np.random.default_rng(7)
    as_of = datetime(2027, 1, 31, 22, tzinfo=UTC)  # local midnight: the month is whole
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        run = keep_run(store, as_of=as_of, files=forecast_files(rng, as_of=as_of, months=1))
        folder = store.folder / run.folder
        kept = read_kept(folder, read_kept_facts(folder))
        truth = Truth(
            sha256="s" * 64,
            origin=("off.csv",),
            stated={("2027-02", "*"): 1.2, ("2027-02", "A"): 0.0, ("2027-02", "B"): 24.0},
        )
        (scored,) = score_runs(store, truth=truth, now=NOW).scored
        by_quantity = {score.quantity: score.figures for score in scored.scores}
        city = by_quantity["hours_off"]
        ordered = np.sort(kept.month_off[:, 0, 2])
        assert city["bias"] == pytest.approx(np.median(ordered) - 1.2)
        pairs = np.abs(ordered[:, None] - ordered).mean() / 2
        assert city["crps"] == pytest.approx(np.abs(ordered - 1.2).mean() - pairs)
        assert by_quantity["hours_off_districts"]["count"] == 2
        assert by_quantity["hours_off_districts"]["held_90"] == 0

        grid = kept.facts.grid
        demand = np.full(grid.hours, 45.0)
        truth = Truth(
            sha256="h" * 64,
            origin=("later.csv",),
            start=grid.start,
            demand_mw=demand,
            shed_mw=0.05 * 45 * np.ones(grid.hours),
        )
        (scored,) = score_runs(store, truth=truth, now=NOW).scored
    city = {score.quantity: score.figures for score in scored.scores}["hours_off"]
    # 5 % of all demand is 5 % x 90/80 of that of ordinary customers: 24 h x 0.05625.
    assert PEAK[-1].tolist() == [80, 10]
    assert city["truth"] == pytest.approx(24 * 0.05 * 90 / 80)


def test_a_begun_month_is_not_held_against_what_is_stated_of_the_whole(sqlite_address):
    rng = np.random.default_rng(8)
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        keep_run(store, as_of=NOW, files=forecast_files(rng, as_of=NOW, months=2))
        truth = Truth(
            sha256="s" * 64, origin=("off.csv",),
            stated={("2027-01", "*"): 1.0, ("2027-02", "*"): 1.0},
        )  # fmt: skip
        (scored,) = score_runs(store, truth=truth, now=NOW).scored
    leads = {score.lead_month for score in scored.scores if score.quantity == "hours_off"}
    assert leads == {2}


def test_what_is_not_scored_is_said(sqlite_address):
    rng = np.random.default_rng(9)
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        keep_run(store, as_of=NOW, files={"report.txt": b"no forecast\n"})
        files = forecast_files(rng, as_of=NOW, n=9)
        keep_run(store, as_of=NOW + WEEK, files=files, quality="last_good_inputs")
        broken = keep_run(store, as_of=NOW + 2 * WEEK, files=files)
        (store.folder / broken.folder / "samples" / "days.parquet").write_bytes(b"PAR1")
        later = NOW + timedelta(days=900)
        keep_run(store, as_of=later, files=forecast_files(rng, as_of=later, n=9))
        grid, demand, shed = world(rng, days=30)
        truth = Truth(
            sha256="t" * 64, origin=("x.csv",), start=grid.start, demand_mw=demand, shed_mw=shed
        )
        outcome = score_runs(store, truth=truth, now=NOW)
    reasons = [entry.reason for entry in outcome.skipped]
    assert not outcome.scored
    assert [key in said for key, said in zip(
        ("no samples", "older inputs", "not what was published", "does not cover"), reasons,
        strict=True)] == [True] * 4  # fmt: skip
    assert "No run could be scored" in report_scores(outcome).verdict


def test_kept_files_are_the_same_bytes_and_read_back():
    first, again = (forecast_files(np.random.default_rng(3), as_of=NOW, n=20) for _ in range(2))
    assert first == again
    assert set(first) == {
        f"samples/{name}"
        for name in ("kept.json", "months.parquet", "days.parquet", "hours.parquet")
    }
    assert keep_files(SimpleNamespace(kept=None), link=None) == {}


def write_history(path, *, hours=72, shed=True):
    head = "timestamp,load_mw,shed_mw" if shed else "timestamp,load_mw"
    start = datetime(2027, 2, 1, tzinfo=UTC)
    lines = [head]
    for hour in range(hours):
        lost = 20.0 if hour % 24 == 18 else 0.0
        row = f"{(start + timedelta(hours=hour)).isoformat()},{100 - lost}"
        lines.append(f"{row},{lost}" if shed else row)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_truth_is_read_with_what_was_shed(tmp_path):
    history = write_history(tmp_path / "later.csv")
    stated = tmp_path / "off.csv"
    stated.write_text("month,district,hours_off\n2027-02,,1.5\n2027-02,D1,2\n")
    truth = read_truth(history, zone=KYIV, stated=stated, now=datetime(2027, 3, 1, tzinfo=UTC))
    assert truth.stated == {("2027-02", "*"): 1.5, ("2027-02", "D1"): 2.0}
    assert np.allclose(truth.demand_mw, 100)
    assert truth.shed_mw[18] == 20
    # Hours outside of what is known are unknown.
    grid = TimeGrid(truth.start - timedelta(hours=2), 100, ZoneInfo("UTC"))
    found = truth.demand_on(grid)
    assert np.isnan(found[[0, 1, *range(74, 100)]]).all()
    assert found[2] == 100
    assert read_truth(None, zone=KYIV, stated=stated).sha256 != truth.sha256


def test_hours_that_were_short_by_an_unknown_amount_are_unknown():
    history = History(
        start=NOW, load_mw=np.array([50.0, 40.0, 45.0, 50.0]), temp_c=None, zone=KYIV,
        shed_mw=np.array([0.0, 10.0, np.nan, 0.0]), short=np.array([False, True, True, False]),
    )  # fmt: skip
    demand, shed = settle_truth(history)
    assert np.array_equal(demand, [50, 50, np.nan, 50], equal_nan=True)
    assert shed is history.shed_mw
    demand, shed = settle_truth(replace(history, shed_mw=None))
    assert np.isnan(demand[1:3]).all()
    assert shed is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("month,hours_off\n2027-13,1\n", "2027-13"),
        ("month,hours_off\n2027-01,25\n", "25"),
        ("month,hours_off\n2027-01,1\n2027-01,2\n", "2027-01"),
        ("month,hours\n2027-01,1\n", "hours_off"),
    ],
)
def test_stated_hours_off_are_refused_with_their_place(tmp_path, text, said):
    path = tmp_path / "off.csv"
    path.write_text(text)
    with pytest.raises(HistoryError, match=said):
        read_truth(None, zone=KYIV, stated=path)


def test_nothing_to_score_by_is_refused():
    with pytest.raises(HistoryError, match="nothing to score by"):
        read_truth(None, zone=KYIV)
