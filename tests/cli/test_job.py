"""``gridtool job``, as a new user meets it: run, list, compare, repeat, keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gridtool.cli import cli

JOB = """format = "gridtool-job"
format_version = 1
[job]
name = "toy"
network = "{network}"
[damage]
reports = ["damage"]
[schedule]
cron = "0 6 * * *"
grace_h = 24
"""


@pytest.fixture
def job(root, tmp_path):
    path = tmp_path / "toy.toml"
    path.write_text(JOB.format(network=root / "networks" / "toy3"))
    return str(path)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Call ``gridtool job`` on a store of this test."""
    monkeypatch.setenv("GRIDTOOL_STORE", str(tmp_path / "store"))

    def call_job(*words, code=0):
        result = CliRunner().invoke(cli, ["job", *map(str, words)])
        assert result.exit_code == code, result.output + str(result.exception)
        return result

    return call_job


def json_of(result):
    return json.loads(result.stdout)["data"]


def test_a_dry_run_writes_nothing(call, job, tmp_path):
    said = json_of(call("run", job, "--dry-run", "--format", "json"))
    assert said["dry_run"] is True
    assert {row["role"] for row in said["inputs"]} >= {"network/network.toml"}
    assert [path.name for path in tmp_path.iterdir()] == ["toy.toml"]


def test_a_run_is_done_once_and_kept(call, job):
    first = json_of(call("run", job, "--format", "json"))
    assert first["repeated"] is False
    assert first["runs"][0]["state"] == "done"
    again = json_of(call("run", job, "--format", "json"))
    assert (again["repeated"], again["run"]) == (True, first["run"])
    assert "Nothing would be computed" in call("run", job, "--dry-run").stdout
    forced = json_of(call("run", job, "--force", "--format", "json"))
    assert forced["run"] != first["run"]
    assert forced["runs"][0]["revision"] == 2
    listed = json_of(call("list", "--format", "json"))["runs"]
    assert [row["run"] for row in listed] == [forced["run"], first["run"]]
    rerun = json_of(call("rerun", "latest", "--verify", "--format", "json"))
    assert (rerun["identical"], rerun["run"]) == (True, forced["run"])
    assert "there was nothing to do" in call("recover").stdout


def test_out_is_a_copy_of_what_was_published(call, job, tmp_path):
    ran = call("run", job, "--out", tmp_path / "out", "--format", "json")
    folder = Path(json_of(ran)["folder"])
    names = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    assert {Path("report.txt"), Path("result.json"), Path("manifest.json")} < names
    assert all((tmp_path / "out" / n).read_bytes() == (folder / n).read_bytes() for n in names)
    assert f"published in {folder}" in ran.stderr
    call("run", job, "--out", tmp_path / "again")
    assert (tmp_path / "again" / "report.txt").read_bytes() == (folder / "report.txt").read_bytes()


def test_what_changed_is_said_and_old_runs_go(call, job, tmp_path):
    call("run", job, "--as-of", "2027-01-11T12:00")
    call("run", job)
    assert "40 MW cannot be served now" in " ".join(call("diff", "1", "2").stdout.split())
    assert call("diff", "latest").stdout == call("diff", "1", "2").stdout
    assert "Its files are as published" in call("show", "latest").stdout
    call("export", "--all", "--to", tmp_path / "runs.zip")
    assert "exists" in call("export", "1", "--to", tmp_path / "runs.zip", code=1).stderr
    assert "1 run would be removed" in call("prune", "--keep-last", "1", "--dry-run").stdout
    assert len(json_of(call("list", "--format", "json"))["runs"]) == 2
    call("prune", "--keep-last", "1")
    assert len(json_of(call("list", "--format", "json"))["runs"]) == 1
    call("rerun", "1", "--verify", code=1)


def test_a_slot_that_is_due_is_run_once(call, job, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1799820000")  # 2027-01-13T06:00Z, two hours late
    due = json_of(call("due", job, job, "--format", "json"))
    assert len(due["due"]) == 1, "a file named twice is one job"
    assert due["due"][0]["due"].startswith("2027-01-13T04:00")
    assert due["headline"]["jobs_due"] == 1
    call("due", job, "--fail-on", "jobs_due>0", code=10)
    ran = json_of(call("run", job, "--due", "--format", "json"))
    assert ran["runs"][0]["slot"].startswith("2027-01-13T04:00")
    out = tmp_path / "out"
    assert "nothing is due" in call("run", job, "--due", "--out", out).stdout
    assert not out.exists(), "what was published there before would be lost"
    assert json_of(call("due", job, "--format", "json"))["headline"]["jobs_due"] == 0


def test_a_threshold_ends_with_its_code_and_the_run_is_kept(call, job):
    result = call("run", job, "--fail-on", "unserved_mw>39", code=10)
    assert "threshold crossed: unserved_mw>39" in result.stderr
    assert json_of(call("list", "--format", "json"))["runs"][0]["exit_code"] == 10


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("list",), 1, "there is no run history"),
        (("score",), 2, "nothing to score by"),
        (("prune",), 2, "say what to keep"),
        (("export", "--to", "x.zip"), 2, "name the runs"),
        (("run", "nothing.toml"), 3, "there is no such job file"),
        (("run", "rts79", "--due"), 3, "[schedule]"),
        (("run", "rts79", "--due", "--slot", "2027-01-12"), 2, "leave out --slot"),
        (("run", "rts79", "--slot", "soon"), 2, "'--slot'"),
        (("run", "rts79", "--metrics", "figures.txt"), 2, "has to end in .prom"),
        (("recover",), 1, "there is no run history"),
        (("run", "rts79", "--webhook", "ftp://x/secretsecret"), 3, "--webhook"),
        (("list", "postgresql://user:hunter22@host/db"), 2, "***"),
        (("list", "--store", "oracle://user:hunter22@host/db"), 1, "not understood"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(call, words, code, said):
    result = call(*words, code=code)
    assert said in result.stderr
    assert "hunter22" not in result.output
    assert "secretsecret" not in result.output
    assert "Traceback" not in result.output


def test_every_json_line_of_a_refused_run_has_its_id(call, job, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("timestamp_utc,load_mw\n2026-01-01T00:00Z,many\nsoon,5\n")
    Path(job).write_text(Path(job).read_text() + f'[demand]\nhistory = "{bad}"\n')
    said = call("run", job, "--log-format", "json", code=3).stderr.splitlines()
    lines = [json.loads(line) for line in said]
    assert len({line["run"] for line in lines} - {""}) == len({line["run"] for line in lines}) == 1
    last = lines[-1]
    assert (last["level"], last["exit_code"]) == ("error", 3)
    assert "row 2" in last["message"]
    assert "row 3" in last["message"]
    assert "Traceback" not in "".join(said)


def test_a_store_that_is_held_names_its_holder(call, job, tmp_path):
    from gridtool.cli.job_options import find_store, open_history

    call("run", job)
    with open_history(find_store(str(tmp_path / "store")), purpose="another"):
        said = call("run", job, "--force", code=5).stderr
        assert "'another'" in said
        call("prune", "--keep-last", "1", code=5)
        call("list")  # reading is not kept waiting
