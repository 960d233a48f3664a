"""Input files of a job: found, read once, laid out anew; settings that mean the same anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_cases import NOW, write_history, write_job

from gridtool.errors import JobFileError, StoreError
from gridtool.jobs.catalog import list_jobs
from gridtool.jobs.inputs import find_as_of, read_inputs
from gridtool.jobs.read import read_job, read_settings, resolve_settings
from gridtool.jobs.runs.identity import ask_run
from gridtool.jobs.runs.inputs import (
    InputFile,
    fetch_inputs,
    find_inputs,
    keep_inputs,
    lay_out,
)
from gridtool.jobs.runs.settings_dump import (
    Overrides,
    dump_settings,
    load_settings,
    override_settings,
)

EVERYTHING = """
format = "gridtool-job"
format_version = 1
[job]
name = "all of it"
network = "{network}"
as_of = 2027-01-12T08:00:00
[schedule]
cron = "30 5 * * *"
[damage]
reports = ["damage", "more/day.csv", "other/day.csv"]
quarantine = true
[resources]
folder = "resources"
[plan]
deadline = 2027-02-01
weights = {{hospital = 5.0}}
time_limit_s = 30
[demand]
history = "load.csv"
columns = {{load_mw = "Total"}}
outages = "log.csv"
special_days = "days.csv"
events = "events.csv"
district_history = "districts.csv"
scale = 0.5
[forecast]
until = 0.02
workers = 3
[further_damage]
rate_per_month = 2
states = {{moderate = 0.5, complete = 0.5}}
kinds = {{line = 1}}
"""


@pytest.fixture
def everything(tmp_path, root):
    for name in ("load", "log", "days", "events", "districts", "more/day", "other/day"):
        path = tmp_path / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
    path = tmp_path / "job.toml"
    path.write_text(EVERYTHING.format(network=root / "networks" / "toy3"))
    return path


def test_every_file_gets_its_part_in_the_job(everything, root):
    parsed, path = read_settings(everything)
    found = find_inputs(parsed, path)
    assert found.issues == ()
    assert found.network_version == "1"
    roles = [file.role for file in found.files]
    toy = root / "networks" / "toy3"
    tables = [
        f"network/{entry.name}" for entry in sorted([*toy.glob("*.csv"), toy / "network.toml"])
    ]
    assert roles[: len(tables)] == tables
    assert roles[len(tables) :] == [
        *(f"reports/{entry.name}" for entry in sorted((toy / "damage").glob("*.csv"))),
        "reports/day.csv",
        "reports/2/day.csv",
        *(f"resources/{entry.name}" for entry in sorted((toy / "resources").glob("*.csv"))),
        "history/load.csv",
        "outages/log.csv",
        "special_days/days.csv",
        "events/events.csv",
        "district_history/districts.csv",
    ]
    assert found.settings["damage"]["reports"][-2:] == [
        "inputs/reports/day.csv",
        "inputs/reports/2/day.csv",
    ]
    assert "README.md" not in " ".join(roles), "what is not read decides nothing"


def test_laid_out_anew_the_job_is_the_same(everything, tmp_path):
    """But for where its files lie, its workers and its schedule."""
    parsed, path = read_settings(everything)
    found = find_inputs(parsed, path)
    root = tmp_path / "elsewhere"
    lay_out(found.files, root)
    plain = json.loads(json.dumps(found.settings))
    again = resolve_settings(load_settings(plain, file="job file"), root / "job file")
    job = read_job(everything)
    assert again.demand.options.outages == root / "inputs/outages/log.csv"
    assert again.network == root / "inputs/network"
    assert [entry.read_bytes() for entry in again.reports] == [
        entry.read_bytes() for entry in job.reports
    ]
    for name in ("name", "as_of", "seed", "quarantine", "plan", "further_damage"):
        assert getattr(again, name) == getattr(job, name), name
    assert again.demand.scale == job.demand.scale
    assert again.demand.options.columns == job.demand.options.columns
    assert again.forecast.until == 0.02
    assert str(path.parent) not in json.dumps(plain)
    assert "schedule" not in plain
    assert "workers" not in plain["forecast"]


def test_defaults_are_spelled_out_so_that_stating_one_changes_nothing(tmp_path, root):
    short = write_job(tmp_path / "a", root)
    long = write_job(tmp_path / "b", root, more="until = 0.02\nslip_weeks = 0.0\n")
    long.write_text(long.read_text().replace("until = 0.02\n", ""))
    (tmp_path / "b" / "mine.csv").write_bytes((tmp_path / "a" / "mine.csv").read_bytes())

    def digest(path):
        return ask_run(path, now=NOW, gridtool_version="1").identity.digest

    assert digest(short) == digest(long)
    assert digest(short) == digest(str(short)), "nor does it matter how the file is named"
    moved = tmp_path / "c"
    moved.mkdir()
    for entry in (tmp_path / "a").iterdir():
        (moved / entry.name).write_bytes(entry.read_bytes())
    assert digest(moved / "job.toml") == digest(short)
    write_history(moved / "mine.csv", level=501.0)
    assert digest(moved / "job.toml") != digest(short)


@pytest.mark.parametrize("name", sorted(list_jobs()))
def test_shipped_jobs_can_be_laid_out(name, tmp_path):
    parsed, path = read_settings(name)
    found = find_inputs(parsed, path)
    assert found.issues == ()
    lay_out(found.files, tmp_path)
    again = resolve_settings(load_settings(found.settings, file="job"), tmp_path / "job")
    assert again.plan == read_job(name).plan


def test_what_is_missing_is_told_and_left_out(everything, tmp_path):
    (tmp_path / "load.csv").unlink()
    (tmp_path / "more" / "day.csv").unlink()
    parsed, path = read_settings(everything)
    found = find_inputs(parsed, path)
    assert [(issue.field, issue.value) for issue in found.issues] == [
        ("damage.reports", "more/day.csv"),
        ("demand.history", "load.csv"),
    ]
    assert found.settings["demand"]["history"] == "inputs/history/load.csv"
    lay_out(found.files, tmp_path / "root")
    with pytest.raises(JobFileError, match=r"demand\.history"):
        resolve_settings(load_settings(found.settings, file="job"), tmp_path / "root" / "job")


def test_a_file_that_cannot_be_read_is_told(everything, tmp_path, monkeypatch):
    monkeypatch.setattr("gridtool.jobs.runs.inputs.MOST_BYTES", 1 << 20)
    with (tmp_path / "load.csv").open("wb") as stream:
        stream.truncate((1 << 20) + 1)
    parsed, path = read_settings(everything)
    found = find_inputs(parsed, path)
    assert [issue.message for issue in found.issues] == ["cannot be read: it is larger than 1 MB"]
    assert not any(file.role.startswith("history/") for file in found.files)


def test_a_network_that_is_not_there_is_told(tmp_path, root):
    path = write_job(tmp_path / "job", root)
    path.write_text(path.read_text().replace("toy3", "nowhere"))
    parsed, path = read_settings(path)
    found = find_inputs(parsed, path)
    assert found.network is None
    assert "job.network" in {issue.field for issue in found.issues}


def test_a_network_may_be_one_file(tmp_path, root):
    foreign = tmp_path / "case.m"
    foreign.write_text("function mpc = case1\n")
    path = write_job(tmp_path / "job", root)
    text = path.read_text().replace(str(root / "networks" / "toy3"), str(foreign))
    path.write_text(text.replace('[damage]\nreports = ["damage"]\n', "").replace(
        '[resources]\nfolder = "resources"\n', ""))  # fmt: skip
    parsed, path = read_settings(path)
    found = find_inputs(parsed, path)
    assert [file.role for file in found.files] == ["network/case.m", "history/mine.csv"]
    assert found.settings["job"]["network"] == "inputs/network/case.m"
    assert found.network_version == ""


def test_contents_are_kept_once_and_come_back(everything, tmp_path):
    parsed, path = read_settings(everything)
    files = find_inputs(parsed, path).files
    keep_inputs(tmp_path / "store", files)
    back = fetch_inputs(tmp_path / "store", [file.described for file in files])
    assert [(file.role, file.content) for file in back] == [
        (file.role, file.content) for file in files
    ]
    kept = [entry for entry in (tmp_path / "store" / "objects").rglob("*") if entry.is_file()]
    assert len(kept) == len({file.content for file in files})


@pytest.mark.parametrize("role", ["../x", "/etc/x", "network/../../x"])
def test_no_input_is_laid_out_elsewhere(role, tmp_path):
    with pytest.raises(StoreError, match="cannot be the place"):
        lay_out([InputFile(role=role, path=Path("x"), content=b"")], tmp_path / "root")
    assert not (tmp_path / "x").exists()


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    samples=st.integers(2, 10**6),
    months=st.integers(1, 24),
    evaluations=st.integers(1, 10**7),
)
def test_what_the_command_line_says_is_in_the_settings(seed, samples, months, evaluations):
    parsed, _ = read_settings("rivercity")
    given_there = Overrides(
        as_of=NOW, seed=seed, samples=samples, months=months, evaluations=evaluations
    )
    changed = override_settings(parsed, given_there)
    dumped = dump_settings(changed, places={})
    assert dumped["job"]["seed"] == seed
    assert dumped["job"]["as_of"] == "2027-01-12T09:00:00+00:00"
    assert (dumped["forecast"]["samples"], dumped["forecast"]["months"]) == (samples, months)
    assert dumped["plan"]["evaluations"] == evaluations
    again = load_settings(dumped, file="job")
    assert dump_settings(again, places={}) == dumped
    assert override_settings(parsed, Overrides()) == parsed


def test_the_time_of_the_latest_report_else_this_hour(tmp_path, root):
    job = read_job(write_job(tmp_path / "job", root, as_of=""))
    assert job.as_of is None
    batch = read_inputs(job, now=NOW).reports
    assert find_as_of(job, now=NOW) == max(
        max(report.reported_at, report.recorded_at) for report in batch.reports
    )
    path = write_job(tmp_path / "job", root, as_of="")
    path.write_text(path.read_text().replace('[damage]\nreports = ["damage"]\n', ""))
    quiet = read_job(path)
    assert find_as_of(quiet, now=NOW.replace(minute=40)) == NOW
    assert read_inputs(quiet, now=NOW.replace(minute=40)).state.as_of == NOW
