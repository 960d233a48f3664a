"""``gridtool demand check``: what was understood and found, and exit code 3 where it is refused."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from gridtool.cli import cli

KYIV = ("--tz", "Europe/Kyiv")
START = datetime(2025, 1, 1, tzinfo=UTC)


def check(path, *options):
    return CliRunner().invoke(cli, ["demand", "check", str(path), *options])


def write(folder, *, hours=480, header="timestamp,load_mw", changes=None, start=START):
    load = 800 + 200 * np.sin(2 * np.pi * np.arange(hours) / 24) + np.arange(hours) % 7
    cells = {at: f"{value:.1f}" for at, value in enumerate(load)} | (changes or {})
    rows = [f"{start + timedelta(hours=i):%Y-%m-%dT%H:%MZ},{cells[i]}" for i in range(hours)]
    path = folder / "history.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_the_findings_are_listed_with_place_and_rule(tmp_path):
    changes = {30: "5000", 60: "-3", 100: ""} | dict.fromkeys(range(200, 230), "777.7")
    result = check(write(tmp_path, changes=changes), *KYIV, "--format", "json")
    assert result.exit_code == 0, result.output
    envelope = json.loads(result.stdout)
    tables = envelope["data"]
    kinds = {row["kind"]: row for row in tables["findings"]}
    assert {kind: row["hours"] for kind, row in kinds.items()} == {
        "gap": 1,
        "flat": 30,
        "spike": 1,
        "zero": 1,
    }
    assert all(row["left_out"] for row in kinds.values())
    assert "24 hours or more of exactly the same demand" in kinds["flat"]["rule"]
    longest = tables["places"][0]
    assert (longest["kind"], longest["hours"]) == ("flat", 30)
    assert longest["first"].startswith("2025-01-09T08:00")
    assert tables["headline"]["usable_pct"] == pytest.approx(100 * (480 - 33) / 480)
    words = {row["subject"]: row["words"] for row in tables["understood"]}
    assert words["demand"] == "'load_mw' in MW"
    assert words["clock"] == "offsets in the file"


def test_the_verdict_counts_usable_hours_for_people(tmp_path):
    result = check(write(tmp_path, changes={30: "5000"}), *KYIV)
    assert result.exit_code == 0
    assert result.stdout.startswith("99.8 % of 480 hours of demand are usable; found: spike.")
    assert "2025-01-02 08:00" in result.stdout  # local time of the spike


def test_the_model_it_gets_is_said(tmp_path):
    path = write(tmp_path, hours=24 * 400)
    result = check(path, *KYIV, "--format", "json")
    assert result.exit_code == 0, result.output
    envelope = json.loads(result.stdout)
    assert "no weather" in envelope["data"]["model"]
    assert f"The model it gets: {envelope['data']['model']}." in envelope["data"]["verdict"]


def test_a_refused_history_is_shown_and_ends_with_3(tmp_path):
    path = write(tmp_path, changes=dict.fromkeys(range(480), "500"))
    result = check(path, *KYIV, "--format", "json", "--fail-on", "usable_pct<90")
    assert result.exit_code == 3
    tables = json.loads(result.stdout)["data"]
    assert tables["headline"]["usable_pct"] == 0
    assert "the demand never changes" in result.stderr
    assert "How the file was read" in check(path, *KYIV).stdout


def test_a_file_that_is_no_history_says_so_and_nothing_else(tmp_path):
    result = check(write(tmp_path, header="timestamp,colour"), *KYIV)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "no column for the load" in result.stderr


def test_the_network_gives_the_scale_and_the_zone(tmp_path):
    path = write(tmp_path, hours=960)
    kilowatts = {i: f"{1e6 + 1000 * (i % 24)}" for i in range(960)}
    result = check(path, "--network", "rivercity")
    assert result.exit_code == 0, result.output
    assert "2025-01-01 02:00 to" in result.stdout
    result = check(write(tmp_path, hours=960, changes=kilowatts), "--network", "rivercity")
    assert result.exit_code == 3
    assert "look like kW" in result.stderr


def test_an_outage_log_makes_hours_short(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("from,to,shed_mw\n2025-01-03T00:00Z,2025-01-03T12:00Z,\n")
    result = check(write(tmp_path), *KYIV, "--outages", str(log), "--format", "json")
    tables = json.loads(result.stdout)["data"]
    assert tables["years"][0]["short_hours"] == 12
    assert tables["headline"]["usable_pct"] == pytest.approx(100 * (480 - 12) / 480)


@pytest.mark.parametrize(("days", "code"), [(40, 0), (500, 3)])
def test_demand_after_now_is_found(tmp_path, days, code):
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    path = write(tmp_path, hours=24 * (30 + days), start=start)
    result = check(path, *KYIV, "--format", "json")
    assert result.exit_code == code
    (row,) = json.loads(result.stdout)["data"]["findings"]
    assert (row["kind"], row["left_out"]) == ("future", False)
    assert row["hours"] == pytest.approx(24 * days, abs=2)
    assert "lies in the future" in result.stderr


def test_months_are_checked_as_months(tmp_path):
    path = tmp_path / "bills.csv"
    rows = [f"{2022 + i // 12}-{i % 12 + 1:02d},{500 + 20 * (i % 12)}" for i in range(36)]
    path.write_text("month,energy_gwh\n" + "\n".join(rows) + "\n")
    result = check(path, *KYIV, "--format", "json")
    assert result.exit_code == 0, result.output
    tables = json.loads(result.stdout)["data"]
    assert tables["headline"]["usable_pct"] == 100
    assert [row["year"] for row in tables["years"]] == ["2022", "2023", "2024"]
    words = {row["subject"]: row["words"] for row in tables["understood"]}
    assert (words["step"], words["demand"]) == ("month", "'energy_gwh' in GWh")
