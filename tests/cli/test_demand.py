"""``gridtool demand fit``, ``forecast`` and ``backtest`` from the command line."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from cli.made_histories import TZ, data_of, hour_texts, run, write_made_city, write_rows

FAST = (*TZ, "--no-calibrate")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "made.csv.gz"
    write_made_city(path)
    return path


def test_fit_shows_the_months_ahead(history):
    result = run("demand", "fit", history, *FAST, "--months", 2, "--format", "json")
    data = data_of(result)
    assert [row["month"] for row in data["demand"]] == ["2026-05", "2026-06"]
    for row in data["demand"]:
        assert row["energy_p10_mwh"] < row["energy_p50_mwh"] < row["energy_p90_mwh"]
        assert row["peak_p10_mw"] < row["peak_p90_mw"]
    assert data["history"][0]["missing_hours"] == 0
    assert data["headline"]["reference_peak_mw"] > 1000
    assert data["model"].startswith("24 hourly regressions")


def test_fit_lists_its_inputs_with_their_hashes(history, tmp_path):
    days = tmp_path / "days.csv"
    days.write_text("date\n2026-01-01\n")
    words = ("--special-days", days, "--months", 1, "--format", "json")
    envelope = json.loads(run("demand", "fit", history, *FAST, *words).stdout)
    assert [entry["path"] for entry in envelope["inputs"]] == [str(history), str(days)]
    assert all(len(entry["sha256"]) == 64 for entry in envelope["inputs"])


def test_forecast_by_hour_day_and_month_says_one_thing(history):
    words = ("--months", 2, "--paths", 60, "--quantiles", "0.1,0.5,0.9", "--format", "json")
    data = data_of(run("demand", "forecast", history, *FAST, *words, "--by", "hour"))
    hours = pd.DataFrame(data["demand_hours"])
    assert len(hours) == 24 * (31 - 5 + 30) - 3  # from 03:00 local on 6 May on
    assert (hours["load_p10_mw"] <= hours["load_p50_mw"]).all()
    assert len(data["demand_days"]) == 31 - 5 + 30
    assert [row["month"] for row in data["demand"]] == ["2026-05", "2026-06"]
    peaks = [row["peak_p90_mw"] for row in data["demand"]]
    assert data["headline"]["peak_p90_mw"] >= max(peaks)
    assert peaks[0] >= max(row["peak_p90_mw"] for row in data["demand_days"][:26])
    low = data_of(run("demand", "forecast", history, *FAST, *words))
    assert low["demand"] == data["demand"]
    assert "demand_days" not in low


def test_paths_are_written_and_are_those_of_the_tables(history, tmp_path):
    file = tmp_path / "paths.csv"
    words = ("--months", 1, "--paths", 20, "--quantiles", "0.5", "--paths-out", file)
    data = data_of(run("demand", "forecast", history, *FAST, *words, "--format", "json"))
    paths = pd.read_csv(file)
    assert list(paths.columns) == ["time", *(f"path_{k}" for k in range(20))]
    assert paths["time"].iloc[0] == "2026-05-06T00:00:00Z"
    energy = np.median(paths.drop(columns="time").sum())
    assert data["demand"] == [
        {
            "month": "2026-05",
            "energy_p50_mwh": pytest.approx(energy),
            "peak_p50_mw": pytest.approx(np.median(paths.drop(columns="time").max())),
        }
    ]


def test_forecast_from_an_earlier_time_knows_no_more(history, tmp_path):
    """The same numbers as from a file that ends there."""
    words = ("--months", 1, "--paths", 20, "--format", "json")
    early = data_of(run("demand", "forecast", history, *FAST, *words, "--as-of", "2026-04-01"))
    short = tmp_path / "short.csv.gz"
    rows = pd.read_csv(history)
    rows[rows["timestamp"] < "2026-03-31T21:00"].to_csv(short, index=False)
    assert early["demand"] == data_of(run("demand", "forecast", short, *FAST, *words))["demand"]


def test_the_same_seed_gives_the_same_bytes(history, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    said = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        words = ("--months", 1, "--paths", 20, "--seed", seed, "--by", "day")
        result = run("demand", "forecast", history, *FAST, *words, "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
        said.append((tmp_path / name / "result.json").read_bytes())
    assert said[0] == said[1]
    assert said[0] != said[2]
    assert {path.name for path in (tmp_path / "a").iterdir()} >= {"demand.csv", "demand_days.csv"}


def test_forecast_reads_as_a_sentence(history):
    result = run("demand", "forecast", history, *FAST, "--months", 1, "--paths", 20)
    flat = " ".join(result.stdout.split())
    assert flat.startswith("From 2026-05-06 to 2026-06-01 the demand is expected to be ")
    assert "in 80 % of the futures" in flat
    assert "The model: 24 hourly regressions" in flat


def test_thresholds_on_the_demand(history):
    words = (*FAST, "--months", 1, "--paths", 20)
    assert run("demand", "forecast", history, *words, "--fail-on", "peak_p90_mw>1").exit_code == 10
    assert run("demand", "forecast", history, *words, "--fail-on", "peak_p90_mw>9e6").exit_code == 0


def test_backtest_gives_the_scores_of_the_issue(history):
    words = (*TZ, "--months", 1, "--origins", 2, "--paths", 40, "--seed", 2)
    data = data_of(run("demand", "backtest", history, *words, "--format", "json"))
    model = next(row for row in data["scores"] if row["method"] == "model")
    naive = next(row for row in data["scores"] if row["method"] == "seasonal naive")
    for name in ("pinball_pct", "mape_pct", "coverage_80", "energy_coverage_80", "peak_error_pct"):
        assert model[name] == pytest.approx(data["headline"][name])
    assert naive["coverage_80"] is None
    assert model["pinball_pct"] < naive["pinball_pct"]
    assert {row["origin"] for row in data["origins"]} == {"2026-03-01", "2026-04-01"}


def test_backtest_of_a_short_history_is_refused(history):
    result = run("demand", "backtest", history, "--months", 12)
    assert result.exit_code == 3
    assert "too short to look back 12 months" in result.stderr


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (("--tz", "Kyiv"), 2, "'Kyiv' is not a time zone"),
        (("--quantiles", "0.1,1.5"), 2, "not a list of shares above 0 and below 1"),
        (("--quantiles", "half"), 2, "not a list of shares above 0 and below 1"),
        (("--as-of", "yesterday"), 2, "is neither ISO 8601"),
        (("--as-of", "2024-01-01"), 3, "history begins at 2025-01-01"),
        (("--column", "load_mw"), 2, "is not ROLE=NAME"),
        (("--column", "load_mw=Nothing"), 3, "there is no column 'Nothing'"),
        (("--special-days", "missing.csv"), 3, "missing.csv"),
        (("--events", "missing.csv"), 3, "missing.csv"),
        (("--country", "Atlantis"), 3, "no holidays are known for this country"),
        (("--country", "US-XX"), 3, "US has no region of this name"),
        (("--model-kind", "oracle"), 3, "no such demand model (value 'oracle')"),
        (("--months", "24"), 3, "beyond the reach of a history of 16.1 months"),
        (("--paths-out", "nowhere/paths.csv", "--paths", "20"), 1, "nowhere/paths.csv"),
    ],
)
def test_forecast_refuses_what_it_cannot_use(history, words, exit_code, message):
    result = run("demand", "forecast", history, *words)
    assert result.exit_code == exit_code, result.output
    assert message in result.stderr


def test_stated_events_change_the_months_ahead(history, tmp_path):
    """A tenth of the people leave on 1 June: June's demand is a tenth lower, May's as it was."""
    events = tmp_path / "events.csv"
    events.write_text("kind,from,to,change_pct,note\nlevel,2026-06-01,,-10,people leave\n")
    words = ("--months", 2, "--paths", 20, "--format", "json")
    plain = data_of(run("demand", "forecast", history, *FAST, *words))["demand"]
    moved = data_of(run("demand", "forecast", history, *FAST, *words, "--events", events))["demand"]
    assert moved[0]["energy_p50_mwh"] == pytest.approx(plain[0]["energy_p50_mwh"])
    assert moved[1]["energy_p50_mwh"] == pytest.approx(0.9 * plain[1]["energy_p50_mwh"])


def test_faulty_events_are_refused_with_row_field_and_value(history, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("kind,from,to,change_pct,note\nlevl,2026-06-01,,-10,\noutage,soon,,,\n")
    result = run("demand", "fit", history, *FAST, "--events", events)
    assert result.exit_code == 3
    assert "events.csv, row 2, kind" in result.stderr
    assert "'levl'" in result.stderr
    assert "events.csv, row 3, from" in result.stderr


def test_holidays_come_from_the_country_and_the_users_list_wins(history, tmp_path):
    """A public holiday ahead is quiet; a day that the user calls ordinary is not."""
    words = (*FAST, "--months", 12, "--paths", 20, "--by", "day", "--format", "json")
    ordinary = tmp_path / "ordinary.csv"
    ordinary.write_text("date,kind\n2026-12-25,ordinary\n")
    days = {}
    for name, more in (
        ("none", ()),
        ("country", ("--country", "PL")),
        ("region", ("--country", "US-NY")),
        ("own", ("--country", "PL", "--special-days", ordinary)),
    ):
        table = data_of(run("demand", "forecast", history, *words, *more))["demand_days"]
        days[name] = {row["day"]: row["energy_p50_mwh"] for row in table}
    christmas = "2026-12-25"
    assert days["country"] != days["none"] != days["region"] != days["country"]
    assert days["own"] != days["country"]
    assert days["own"][christmas] != days["country"][christmas]


def test_a_country_without_holidays_is_a_warning(history):
    words = ("--months", 1, "--paths", 20)
    result = run("demand", "fit", history, *FAST, *words, "--country", "UA")
    assert result.exit_code == 0
    assert "martial law" in result.stderr
    assert run("demand", "fit", history, *FAST, "--country", "UA", "--strict").exit_code == 3


def test_a_history_as_short_as_stated_is_worth_less(history):
    """Sixteen months of load against six at the same origin, all temperatures known."""
    words = (*TZ, "--months", 1, "--origins", 1, "--paths", 40, "--format", "json")
    full = data_of(run("demand", "backtest", history, *words))
    short = data_of(run("demand", "backtest", history, *words, "--load-months", 6))
    assert short["headline"]["pinball_pct"] != full["headline"]["pinball_pct"]
    both = data_of(run("demand", "backtest", history, *words, "--calibrated"))["scores"]
    assert [row["method"] for row in both].count("calibrated model") == 1
    twice = ("--origins", 3, "--step-months", 1, "--load-months", 12)
    origins = data_of(run("demand", "backtest", history, *words, *twice))["origins"]
    assert {row["origin"] for row in origins} == {"2026-02-01", "2026-03-01", "2026-04-01"}


def test_a_missing_history_is_named(tmp_path):
    result = run("demand", "forecast", tmp_path / "no.csv")
    assert result.exit_code == 3
    assert "no.csv" in result.stderr


def test_debug_reaches_the_commands_of_the_group(history, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("gridtool.jobs.given_history.fit_history", fail)
    result = run("--debug", "demand", "forecast", history)
    assert result.exit_code == 1
    (trace,) = tmp_path.iterdir()
    assert f"trace saved to {trace}" in result.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda k, cell: "n/a?" if k == 500 else cell, ("bad.csv, row 502, load_mw", "'n/a?'")),
        (lambda _k, _cell: "700", ("hold a usable demand",)),
        (lambda _k, _cell: "0", ("hold a usable demand",)),
    ],
    ids=["text in numbers", "constant", "all shed"],
)
def test_a_bad_history_is_refused_with_its_findings(tmp_path, change, said):
    hours = hour_texts(400)
    rows = [f"{hour},{change(k, str(700 + 30 * (k % 24)))}" for k, hour in enumerate(hours)]
    path = write_rows(tmp_path / "bad.csv", rows)
    for command in ("fit", "forecast", "backtest"):
        result = run("demand", command, path)
        assert result.exit_code == 3, result.output
        for words in said:
            assert words in result.stderr
        assert result.stdout == ""


def test_a_history_without_times_is_refused(tmp_path):
    path = write_rows(tmp_path / "bad.csv", ["1,700", "2,710"], header="number,load_mw")
    result = run("demand", "fit", path)
    assert result.exit_code == 3
    assert "no column for the timestamp" in result.stderr


def test_load_that_begins_years_after_the_temperature_is_fitted(tmp_path):
    """As competitions give it: the model stands, though there is no origin to calibrate it on."""
    load, temp = write_made_city(tmp_path / "made.csv.gz", days=800)
    rows = [
        f"{hour},{'' if k < 24 * 400 else round(mw, 1)},{t:.1f}"
        for k, (hour, mw, t) in enumerate(zip(hour_texts(800), load, temp, strict=True))
    ]
    path = write_rows(tmp_path / "late.csv", rows, header="timestamp_utc,load_mw,temp_c")
    found = data_of(run("demand", "fit", path, *TZ, "--paths", 20, "--format", "json"))
    assert "Calibration: " in found["verdict"]
    assert len(found["demand"]) == 6
