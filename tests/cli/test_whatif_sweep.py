"""``gridtool whatif SCENARIOS.toml``: printed, kept, interrupted and gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from click.testing import CliRunner
from dask_cases import cluster_of, environment

from gridtool.cli import cli

TOY = """
format = "gridtool-scenarios"
format_version = 1

[sweep]
level = "assess"

[base]
network = "toy3"
as_of = "2027-01-12T06:00Z"
damage = {reports = ["damage"]}

[[scenario]]
name = "the line is back"
back = ["L-AB"]

[[scenario]]
name = "no import"
out = ["IF-A"]
"""
LONG = """
format = "gridtool-scenarios"
format_version = 1

[sweep]
level = "assess"

[base]
network = "rivercity"

[[sample]]
name = "losses"
draws = 20000
[sample.of]
out = {choose = [1, 20], kinds = ["line", "transformer"]}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDTOOL_STORE", str(tmp_path / "store"))
    path = tmp_path / "toy.toml"
    path.write_text(TOY)
    return path


@pytest.fixture
def slowness():
    """How many times longer everything takes now than where nothing else is running."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "gridtool", "--version"], check=True, capture_output=True)
    return max(1.0, (time.monotonic() - began) / 0.3)


def run(*arguments):
    given = ["whatif", *map(str, arguments)]
    return CliRunner().invoke(cli, given)


def command(*arguments):
    return [sys.executable, "-m", "gridtool", "whatif", *map(str, arguments)]


def test_scenarios_against_the_base_by_hand(toy, tmp_path):
    """toy3: 40 MW are out (case 5), 20 with L-AB back (case 2), all 100 without the import."""
    result = run(toy, "--workers", 1, "--folder", tmp_path / "rows", "--format", "json")
    assert result.exit_code == 0, result.stderr
    envelope = json.loads(result.stdout)
    rows = {row["name"]: row for row in envelope["data"]["comparison"]}
    assert list(rows) == ["base", "the line is back", "no import"]
    assert [row["unserved_mw"] for row in rows.values()] == pytest.approx([40, 20, 100])
    assert rows["no import"]["unserved_mw_diff"] == pytest.approx(60)
    kept = pd.read_parquet(tmp_path / "rows" / "scenarios.parquet")
    assert list(kept["name"]) == ["base", "the line is back", "no import"]
    assert list(kept["unserved_mw"]) == pytest.approx([40, 20, 100])
    assert "all rows are in" in result.stderr


def test_without_a_folder_the_same_sweep_is_found_beside_the_runs(toy, tmp_path):
    first = run(toy, "--workers", 1)
    assert first.exit_code == 0, first.stderr
    again = run(toy, "--workers", 1)
    assert again.stdout == first.stdout
    assert "already done: all 3 scenarios" in again.stderr
    assert len(list((tmp_path / "store" / "sweeps").iterdir())) == 1
    toy.write_text(TOY.replace("no import", "none"))
    assert "already done" not in run(toy, "--workers", 1).stderr
    assert len(list((tmp_path / "store" / "sweeps").iterdir())) == 2


def test_tables_and_thresholds(toy, tmp_path):
    result = run(toy, "--workers", 1, "-o", tmp_path / "tables", "--fail-on", "most_diff>50")
    assert result.exit_code == 10
    assert (tmp_path / "tables" / "comparison.csv").is_file()
    assert "threshold crossed" in result.stderr


def test_another_sweep_is_refused_the_folder(toy, tmp_path):
    assert run(toy, "--workers", 1, "--folder", tmp_path / "rows").exit_code == 0
    toy.write_text(TOY.replace("no import", "none"))
    result = run(toy, "--folder", tmp_path / "rows")
    assert result.exit_code == 1
    assert "holds another sweep (different: file" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{toy}", "--out", "L-AB"], "--out does not go with this"),
        (["{toy}", "--months", "3"], "--months does not go with this"),
        (["{toy}", "--workers", "2", "--cluster", "tcp://h:1"], "--cluster has its own"),
        (["toy3", "--out", "L-AB", "--workers", "2"], "--workers does not go with this"),
        (["toy3", "--out", "L-AB", "--on-interrupt", "drop"], "--on-interrupt does not go"),
    ],
)
def test_options_of_the_other_kind_are_refused(toy, arguments, words):
    result = run(*[text.format(toy=toy) for text in arguments])
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_file_that_is_refused_leaves_no_folder(toy, tmp_path):
    toy.write_text(TOY.replace('"IF-A"', '"IF-Z"'))
    result = run(toy, "--folder", tmp_path / "rows")
    assert result.exit_code == 3
    assert "IF-Z" in result.stderr
    assert not (tmp_path / "rows").exists()
    assert run(tmp_path / "nothing.toml").exit_code == 3


def test_no_scheduler_is_said(toy, tmp_path, monkeypatch):
    monkeypatch.setattr("gridtool.whatif.cluster.CONNECT_S", 1.0)
    result = run(toy, "--cluster", "tcp://127.0.0.1:9", "--folder", tmp_path / "rows")
    assert result.exit_code == 1
    assert "no Dask scheduler answers" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("number", "code", "options"),
    [
        (signal.SIGINT, 130, ()),
        (signal.SIGINT, 130, ("--on-interrupt", "drop")),
        (signal.SIGTERM, 143, ()),
    ],
)
def test_interrupted_it_keeps_what_is_done_and_goes_on(tmp_path, slowness, number, code, options):
    path, folder = tmp_path / "long.toml", tmp_path / "rows"
    path.write_text(LONG)
    given = command(path, "--workers", 2, "--folder", folder, *options)
    with subprocess.Popen(
        given, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        wait_for_parts(folder)
        began = time.monotonic()
        child.send_signal(number)
        stdout, stderr = child.communicate(timeout=30)
        took = time.monotonic() - began
    assert child.returncode == code, stderr
    # A block takes half a second; where nothing else is running the ends below take 0.4 s.
    assert took < (4 if options == () and number == signal.SIGINT else 2) * slowness, took
    assert stdout == ""
    assert "of 20,001 scenarios are kept" in stderr
    assert "Traceback" not in stderr
    assert any((folder / "parts").iterdir())
    assert not list(folder.rglob("*.tmp"))


def test_a_second_ctrl_c_stops_at_once(tmp_path, slowness):
    path, folder = tmp_path / "long.toml", tmp_path / "rows"
    path.write_text(LONG)
    given = command(path, "--workers", 2, "--folder", folder)
    with subprocess.Popen(given, stderr=subprocess.PIPE, text=True) as child:
        wait_for_parts(folder)
        child.send_signal(signal.SIGINT)
        time.sleep(0.05)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, stderr = child.communicate(timeout=30)
    assert child.returncode == 130, stderr
    assert time.monotonic() - began < 2 * slowness
    assert "Traceback" not in stderr


def wait_for_parts(folder):
    end = time.monotonic() + 60
    while not any(folder.glob("parts/*.parquet")):
        assert time.monotonic() < end, "no part came"
        time.sleep(0.02)


def test_a_cluster_prints_what_processes_print(toy, tmp_path):
    with cluster_of(tmp_path, workers=1) as cluster:
        given = command(toy, "--cluster", cluster.address, "--folder", tmp_path / "there")
        there = subprocess.run(
            given, env=environment(), capture_output=True, text=True, timeout=120, check=False
        )
    assert there.returncode == 0, there.stderr
    here = run(toy, "--workers", 1, "--folder", tmp_path / "here")
    assert here.stdout == there.stdout
    contents = [(tmp_path / name / "scenarios.parquet").read_bytes() for name in ("here", "there")]
    assert contents[0] == contents[1]
