"""The main jobs, end to end, through the command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from click.testing import CliRunner

from gridtool.cli import cli

SMALL = ("--samples", "24", "--evaluations", "200", "--months", "2")


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")


def run(*arguments):
    result = CliRunner().invoke(cli, ["run", *arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def written(root, tmp_path_factory):
    """Folder and printed text of a small run of the main job."""
    folder = tmp_path_factory.mktemp("run") / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1800000000")
        patch.chdir(root)
        result = run("forecasts/rivercity.toml", *SMALL, "--workers", "1", "--out", str(folder))
    return folder, result.stdout


def test_all_parts_are_printed(written):
    _, text = written
    flat = " ".join(text.split())
    parts = [
        "As of 12 January 2027 08:00 (Europe/Kyiv)",
        "Out now, at the reference peak",
        "Damaged assets",
        "Restoration plan: ",
        "Restoration curve",
        "Estimated time of restoration",
        "Shortage: hours a day",
    ]
    positions = [flat.index(part) for part in parts]
    assert positions == sorted(positions)
    assert max(map(len, text.splitlines())) < 140


def test_the_readme_shows_what_is_printed(written, root):
    """The state and the plan's rules need no samples, so the small run prints them alike."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    demo = readme.split("<!-- demo -->")[1].split("<!-- end of demo -->")[0]
    state = demo.split("Restoration plan")[0].split("Out now")[1]
    printed = {" ".join(line.split()) for line in written[1].splitlines()}
    shown = [" ".join(line.split()) for line in state.splitlines()[1:] if line.strip()]
    assert len(shown) > 10
    for line in shown:
        assert line in printed, f"README.md shows what is not printed: {line}"
    assert demo.splitlines()[2].rstrip() == written[1].splitlines()[0].rstrip()


def test_every_table_is_written_and_in_the_envelope(written):
    folder, _ = written
    envelope = json.loads((folder / "result.json").read_text(), parse_constant=pytest.fail)
    assert envelope["schema"] == "gridtool.run"
    assert envelope["as_of"] == "2027-01-12T06:00:00Z"
    assert envelope["data"]["stopped"] == ""
    tables = {path.stem for path in folder.glob("*.csv")}
    assert tables == set(envelope["data"]) - {"verdict", "headline", "stopped"}
    for name in tables:
        rows = pd.read_csv(folder / f"{name}.csv")
        assert len(rows) == len(envelope["data"][name]), name
    names = {entry["path"].rsplit("/", 1)[-1] for entry in envelope["inputs"]}
    assert {"rivercity.toml", "network.toml", "crews.csv", "rivercity_hourly.csv.gz"} <= names


def test_the_parts_agree_with_each_other(written):
    folder, _ = written
    found = json.loads((folder / "result.json").read_text())["data"]
    city = found["out_now"][-1]
    districts = found["out_now"][:-1]
    assert sum(row["unserved_mw"] for row in districts) == pytest.approx(city["unserved_mw"])
    assert city["served_mw"] + city["unserved_mw"] == pytest.approx(city["demand_mw"])
    dispatched = city["unserved_mw"] - found["ac_check"][0]["shed_added_mw"]
    assert found["restoration_curve"][0]["unserved_mw"] == pytest.approx(dispatched)
    assert found["headline"]["unserved_mw"] == pytest.approx(city["unserved_mw"])
    jobs = {row["asset"] for row in found["restoration_plan"]}
    assert jobs == {row["asset"] for row in found["damage"]}
    for row in found["shortage"]:
        assert row["hours_off_p10"] <= row["hours_off_p50"] <= row["hours_off_p90"] <= 24


def test_the_same_job_gives_the_same_bytes_with_any_workers(written, root, tmp_path, monkeypatch):
    folder, text = written
    monkeypatch.chdir(root)
    again = run("rivercity", *SMALL, "--workers", "2", "--out", str(tmp_path / "again"))
    assert again.stdout == text
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_threshold_is_told_by_the_exit_code(root, monkeypatch):
    monkeypatch.chdir(root)
    arguments = ["run", "rts79", *SMALL, "--workers", "1", "--fail-on", "unserved_mw>1"]
    result = CliRunner().invoke(cli, [*arguments, "--format", "json"])
    assert result.exit_code == 10
    assert json.loads(result.stdout)["data"]["headline"]["unserved_mw"] > 1


def test_before_the_strikes_nothing_is_out(root, monkeypatch):
    monkeypatch.chdir(root)
    result = run("rivercity", *SMALL, "--workers", "1", "--as-of", "2027-01-08T08:00")
    flat = " ".join(result.stdout.split())
    assert "no damage reported and can serve all of its" in flat
    assert "Restoration plan" not in flat


@pytest.mark.parametrize(
    ("sent", "wait_s", "code", "said"),
    [
        (signal.SIGTERM, 0.05, 143, ""),
        (signal.SIGTERM, 4.0, 143, ""),
        (signal.SIGINT, 4.0, 130, "interrupted"),
    ],
)
def test_stopped_in_the_middle_it_leaves_nothing(root, tmp_path, sent, wait_s, code, said):
    """As a terminal or a service manager stops it: the signal goes to all its processes or one."""
    command = ["run", "rivercity", "--samples", "100000", "--out", str(tmp_path / "results")]
    with subprocess.Popen(
        [sys.executable, "-m", "gridtool", *command, "-v"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    ) as running:
        for line in running.stderr:
            if "simulating" in line:
                break
        time.sleep(wait_s)
        if sent == signal.SIGINT:
            os.killpg(running.pid, sent)
        else:
            running.send_signal(sent)
        try:
            printed, message = running.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == code, message
    assert printed == ""
    assert message.strip() == said
    assert list(tmp_path.iterdir()) == []
