"""``gridtool forecast`` from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.forecast.history.made import gzip_history, make_history

START = datetime(2025, 1, 1, tzinfo=UTC)
HOURS = 490 * 24


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Sixteen months of the made city, to 2026-05-06."""
    load, temp = make_history(
        start=START, end=START + timedelta(hours=HOURS), special_days=(), seed=6
    )
    path = tmp_path_factory.mktemp("history") / "made.csv.gz"
    path.write_bytes(gzip_history(START, load, temp_c=temp))
    return path


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def data_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def forecast_toy(history, *words):
    common = ("--history", history, "--as-of", "2026-05-03", "--months", 1, "--samples", 20)
    return run("forecast", "toy3", *common, *words)


def test_forecast_gives_every_month_and_district_as_json(history):
    envelope = json.loads(forecast_toy(history, "--format", "json", "--seed", 5).stdout)
    data = envelope["data"]
    assert envelope["seed"] == 5
    assert envelope["as_of"].startswith("2026-05-02T2")  # local midnight
    assert str(history) in {entry["path"] for entry in envelope["inputs"]}
    assert {row["month"] for row in data["shortage"]} == {"2026-05"}
    assert data["shortage"][-1]["district"] == "*"
    assert len(data["shortage_daily"]) == 29
    total = data["shortage"][-1]["eue_mwh"]
    causes = data["shortage_causes"][0]
    assert sum(causes[f"{c}_mwh"] for c in ("supply", "network", "delivery")) == pytest.approx(
        total
    )
    assert data["headline"]["eue_mwh"] == pytest.approx(total)


def test_forecast_repeats_itself_and_depends_on_the_seed(history):
    outputs = [
        data_of(forecast_toy(history, "--format", "json", "--seed", seed))["shortage"]
        for seed in (1, 1, 2)
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]


def test_forecast_prints_tables_and_a_verdict(history):
    result = forecast_toy(history)
    assert result.exit_code == 0, result.output
    assert "Demand: 24 hourly regressions" in " ".join(result.stdout.split())
    assert "P90" in result.stdout
    assert "2026-05" in result.stdout


def test_a_history_that_begins_too_late_is_refused(history):
    result = run("forecast", "toy3", "--history", history, "--as-of", "2024-01-01")
    assert result.exit_code == 3
    assert "history begins at 2025-01-01" in result.stderr


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (("--column", "load_mw"), 2, "is not ROLE=NAME"),
        (("--column", "load_mw=Nothing"), 3, "there is no column 'Nothing'"),
        (("--history-tz", "Mars/Base"), 2, "is not a time zone"),
        (("--special-days", "missing.csv"), 3, "missing.csv"),
        (("--resources", "nowhere"), 3, "nowhere"),
        (("--samples", "0"), 2, "0 is not in the range"),
    ],
)
def test_forecast_refuses_what_it_cannot_use(history, words, exit_code, message):
    result = forecast_toy(history, *words)
    assert result.exit_code == exit_code, result.output
    assert message in result.stderr


def test_a_missing_history_is_named(tmp_path):
    result = run("forecast", "toy3", "--history", tmp_path / "no.csv")
    assert result.exit_code == 3
    assert "no.csv" in result.stderr


def test_thresholds_on_the_shortage(history):
    result = forecast_toy(history, "--fail-on", "eue_mwh>=0")
    assert result.exit_code == 10
