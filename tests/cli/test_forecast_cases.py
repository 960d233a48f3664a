"""``gridtool forecast``: until, preview, stated damage, outlook, comparison of plans."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.forecast.history.made import gzip_history, make_history

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Fifteen months of the made city, to 2026-04-01."""
    load, temp = make_history(start=START, end=START + timedelta(days=455), special_days=(), seed=6)
    path = tmp_path_factory.mktemp("history") / "made.csv.gz"
    path.write_bytes(gzip_history(START, load, temp_c=temp))
    return path


@pytest.fixture
def toy(root, history):
    folder = root / "networks" / "toy3"
    return [
        str(folder),
        *("--damage", str(folder / "damage"), "--as-of", "2027-01-12T06:00Z"),
        *("--resources", str(folder / "resources"), "--history", str(history)),
        *("--months", "1", "--samples", "40", "--workers", "1"),
    ]


@pytest.fixture
def more_damage(tmp_path):
    path = tmp_path / "attacks.toml"
    path.write_text(
        'format = "gridtool-further-damage"\nformat_version = 1\n[further_damage]\n'
        "rate_per_month = 30.0\nstates = {complete = 1.0}\n"
        'exposure = {"L-AB" = 1.0, "IF-A" = 1.0}\n'
    )
    return path


def run(command, *words):
    return CliRunner().invoke(cli, [command, *map(str, words)])


def data_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["data"]


def test_every_part_of_the_answer_is_there(toy):
    data = data_of(run("forecast", *toy, "--format", "json"))
    assert {
        "shortage",
        "shortage_city",
        "shortage_shares",
        "shortage_outlook",
        "shortage_classes",
        "shortage_causes",
        "shortage_horizon",
        "shortage_by_hour",
        "shortage_weekly",
        "shortage_daily",
        "shortage_durations",
        "shortage_depths",
    } <= set(data)
    assert data["samples"] == 40
    without = data_of(run("forecast", *toy, "--no-outlook", "--no-shares", "--format", "json"))
    assert not {"shortage_shares", "shortage_outlook"} & set(without)
    assert without["shortage"] == data["shortage"]


def test_the_terminal_shows_what_a_planner_reads(toy):
    text = " ".join(run("forecast", *toy).stdout.split())
    for words in (
        "Whole city by month, with standard errors",
        "What decides the unserved energy",
        "If repairs slip or less is imported",
        "Expected unserved energy by class of customers",
        "week by week",
        "by hour of the day",
    ):
        assert words in text
    assert "How long shortages last" not in text


def test_slipped_repairs_and_less_import_leave_more_unserved(toy):
    eue = {}
    for words in ((), ("--slip-weeks", "1"), ("--import-change", "-30")):
        found = run("forecast", *toy, "--no-outlook", "--no-shares", "--format", "json", *words)
        eue[words] = data_of(found)["headline"]["eue_mwh"]
    as_planned = eue.pop(())
    assert eue[("--slip-weeks", "1")] > as_planned


def test_stated_damage_is_simulated_and_said(toy, more_damage):
    words = ("--no-outlook", "--no-shares", "--format", "json")
    calm = data_of(run("forecast", *toy, *words))
    result = run("forecast", *toy, *words, "--further-damage", more_damage)
    worse = data_of(result)
    assert worse["headline"]["eue_mwh"] > calm["headline"]["eue_mwh"]
    assert "under the stated scenario of further damage (30 events a month)" in worse["verdict"]
    paths = {entry["path"] for entry in json.loads(result.stdout)["inputs"]}
    assert str(more_damage) in paths


def test_until_stops_before_all_samples(toy):
    many = [word if word != "40" else "5000" for word in toy]
    words = ("--no-outlook", "--no-shares", "--format", "json", "--until", "20%")
    data = data_of(run("forecast", *many, *words))
    assert data["samples"] < 5000
    assert data["headline"]["eue_mwh_se"] <= 0.2 * data["headline"]["eue_mwh"]


def test_the_preview_is_exact_and_needs_no_samples(toy):
    data = data_of(run("forecast", *toy, "--preview", "--format", "json"))
    assert [row["month"] for row in data["shortage_preview"]] == ["2027-01"]
    assert "without limits of the network" in data["verdict"]


def test_two_plans_are_compared_on_the_same_futures(toy, tmp_path):
    folders = [tmp_path / "monday", tmp_path / "tuesday"]
    damage = toy[: toy.index("--history")]
    for folder in folders:
        assert run("restore", *damage, "--no-ac", "--out", folder).exit_code == 0
    data = data_of(run("forecast", *toy, "--compare", *folders, "--format", "json"))
    assert data["headline"]["eue_diff_mwh"] == 0.0
    assert data["verdict"] == "monday and tuesday leave the same unserved in every future."
    first = data["comparison"][0]
    assert (first["month"], first["district"], first["metric"]) == ("all", "*", "eue_mwh")


def test_plans_of_other_damage_are_refused(toy, tmp_path):
    folder = tmp_path / "plan"
    damage = toy[: toy.index("--history")]
    assert run("restore", *damage, "--no-ac", "--out", folder).exit_code == 0
    saved = json.loads((folder / "result.json").read_text())
    gone = saved["data"]["restoration_plan"].pop()["job"]
    (folder / "result.json").write_text(json.dumps(saved))
    result = run("forecast", *toy, "--compare", folder, folder)
    assert result.exit_code == 3
    assert "the plan lacks a job" in result.stderr
    assert gone in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--until", "0"), 2, "not a share above 0"),
        (("--until", "two"), 2, "not a share above 0"),
        (("--until", "100%"), 2, "not a share above 0"),
        (("--months", "20"), 3, "beyond the reach of a history of"),
        (("--months", "20", "--preview"), 3, "beyond the reach of a history of"),
        (("--further-damage", "missing.toml"), 3, "missing.toml"),
        (("--preview", "--compare", "a", "b"), 2, "cannot be combined"),
        (("--slip-weeks", "nan"), 2, "finite"),
    ],
)
def test_what_cannot_be_done_is_refused(toy, words, code, message):
    result = run("forecast", *toy, *words)
    assert result.exit_code == code, result.output
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_compare_needs_resources(toy):
    at = toy.index("--resources")
    result = run("forecast", *toy[:at], *toy[at + 2 :], "--compare", "a", "b")
    assert result.exit_code == 2
    assert "--compare needs --resources" in result.stderr


def run_in_both(*words):
    """The JSON of a command, compiled and in plain Python."""
    answers = []
    for disabled in ("0", "1"):
        found = subprocess.run(
            [sys.executable, "-m", "gridtool", *words, "--format", "json"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"NUMBA_DISABLE_JIT": disabled, "OMP_NUM_THREADS": "1"},
        )
        assert found.returncode == 0, found.stderr
        answers.append(json.loads(found.stdout)["data"])
    return answers


def test_without_compiled_code_a_forecast_is_the_same(toy):
    small = ["2" if word == "40" else word for word in toy]
    compiled, plain = run_in_both(
        "forecast", *small, "--no-outlook", "--no-shares", "--evaluations", "20"
    )
    assert compiled["verdict"] == plain["verdict"]
    for name in ("shortage", "shortage_daily", "shortage_classes"):
        one, other = (pd.DataFrame(answer[name]) for answer in (compiled, plain))
        pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-9)


def test_without_compiled_code_adequacy_is_the_same(tmp_path):
    units, load = tmp_path / "units.csv", tmp_path / "load.csv"
    units.write_text(
        "unit,count,capacity_mw,for,mttf_h,mttr_h\nA,3,20,0.1,90,10\nB,1,30,0.2,40,10\n"
    )
    load.write_text("hour,load_mw\n" + "".join(f"{h},{50 + h % 24}\n" for h in range(48)))
    compiled, plain = run_in_both("adequacy", str(units), str(load), "--samples", "20")
    for name, value in compiled["headline"].items():
        assert value == (None if value is None else pytest.approx(plain["headline"][name])), name
    assert compiled["headline"]["eue_mwh"] > 0
