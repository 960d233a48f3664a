"""``gridtool job run`` as those see it who watch it: log lines, notifications, slots, metrics."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime

import pytest
import run_cases
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.cli.exits import ExitCode
from gridtool.errors import AnalysisError
from gridtool.jobs.store.open import read_store, resolve_store

WORK = "gridtool.cli.job_run_work"
DAILY = '[schedule]\ncron = "0 8 * * *"\ngrace_h = 48\n'


def fail(*_):
    raise AnalysisError("no crew can do it")


class Watched:
    """A job whose notifications go to a file, and whose clock is set."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        self.hooked = folder / "hooked.jsonl"
        code = (
            "import sys, pathlib; "
            f"pathlib.Path({str(self.hooked)!r}).open('a').write(sys.stdin.read() + chr(10))"
        )
        self.hook = shlex.join([sys.executable, "-c", code])
        self.compute_by(run_cases.cheap_chain)

    def compute_by(self, chain):
        self.monkeypatch.setattr(f"{WORK}.supervised", lambda _chain: chain)

    def set_clock(self, text):
        now = datetime.fromisoformat(text).replace(tzinfo=UTC)
        self.monkeypatch.setattr(f"{WORK}.read_clock", lambda: now)

    def run(self, *words, code=0):
        """The log lines of a run, all of them JSON."""
        store = str(self.folder / "store")
        options = ["--store", store, "--log-format", "json", "--hook", self.hook]
        job = str(self.folder / "job.toml")
        found = CliRunner().invoke(cli, ["job", "run", job, *options, *words])
        assert found.exit_code == code, found.output
        return [json.loads(line) for line in found.stderr.splitlines()]

    @property
    def notices(self):
        lines = self.hooked.read_text().splitlines() if self.hooked.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def runs(self):
        return read_store(resolve_store(str(self.folder / "store"), environ={})).rows.list_runs()


@pytest.fixture
def watched(tmp_path, monkeypatch, root):
    run_cases.write_job(tmp_path, root, as_of="", more=DAILY)
    return Watched(tmp_path, monkeypatch)


def test_one_id_is_in_every_line_the_row_the_folder_and_the_notification(watched):
    lines = watched.run()
    (row,) = watched.runs
    assert {line["run"] for line in lines} == {row.id}
    assert {line["job"] for line in lines} == {"toy"}
    assert row.folder.endswith(row.id)
    assert [notice["run"] for notice in watched.notices] == [row.id]
    messages = [line["message"] for line in lines]
    assert messages[:2] == ["computing", "done: computing"]
    assert "done" in messages


def test_missed_slots_are_run_once_and_told_once(watched):
    watched.set_clock("2027-01-12T09:00")
    watched.run("--due")
    watched.run("--due")
    watched.set_clock("2027-01-12T23:30")
    watched.run("--due")
    assert len(watched.runs) == 1
    watched.set_clock("2027-01-15T07:00")
    watched.run("--due")
    slots = [datetime(2027, 1, 15, 6, tzinfo=UTC), datetime(2027, 1, 12, 6, tzinfo=UTC)]
    assert [run.slot for run in watched.runs] == slots
    assert [run.as_of for run in watched.runs] == slots
    assert [notice["slot"] for notice in watched.notices] == [
        "2027-01-12T06:00:00Z",
        "2027-01-15T06:00:00Z",
    ]
    watched.set_clock("2027-01-14T07:00")  # set back
    watched.run("--due")
    assert len(watched.runs) == 2


def test_a_run_that_failed_is_told_once_and_stays_due(watched):
    watched.set_clock("2027-01-12T09:00")
    watched.compute_by(fail)
    lines = watched.run("--due", code=ExitCode.NO_SOLUTION)
    assert [line["level"] for line in lines].count("error") >= 1
    assert [notice["event"] for notice in watched.notices] == ["failed"]
    assert watched.notices[0]["message"] == "no crew can do it"
    watched.compute_by(run_cases.cheap_chain)
    watched.run("--due")
    assert [run.state for run in watched.runs] == ["done", "failed"]
    assert [run.slot for run in watched.runs] == [datetime(2027, 1, 12, 6, tzinfo=UTC)] * 2
    assert [notice["event"] for notice in watched.notices] == ["failed", "done"]


def test_a_job_file_that_is_refused_is_told(watched):
    (watched.folder / "job.toml").write_text("format = 1\n")
    (line, *_) = watched.run(code=ExitCode.INVALID_INPUT)
    (notice,) = watched.notices
    assert (notice["event"], notice["exit_code"]) == ("refused", 3)
    assert "has a value that is not accepted" in notice["message"]
    assert notice["run"] == line["run"]


def test_what_is_late_is_named_in_the_report(watched):
    text = (watched.folder / "job.toml").read_text()
    more = 'wait_for = ["history"]\nwait_min = 0.01\n'
    (watched.folder / "job.toml").write_text(text + more)
    watched.set_clock("2100-01-12T06:00")  # the history was written long before
    lines = watched.run("--due")
    (row,) = watched.runs
    published = json.loads((watched.folder / "store" / row.folder / "result.json").read_bytes())
    (remark,) = published["remarks"]
    assert remark.startswith("history is late: the last one was written ")
    assert any(line["message"].startswith("waiting for history until") for line in lines)


def test_the_failure_of_a_notification_and_of_the_metrics_changes_no_exit_code(watched):
    lines = watched.run("--hook", "false", "--metrics", str(watched.folder / "no" / "a.prom"))
    warnings = [line["message"] for line in lines if line["level"] == "warning"]
    assert any("the command false ended with code 1" in words for words in warnings)
    assert any("the metrics were not written" in words for words in warnings)
    store = read_store(resolve_store(str(watched.folder / "store"), environ={}))
    (note,) = store.rows.list_notes(store.rows.list_runs()[0])
    assert (note.kind, note.words) == ("hook", "the command false ended with code 1")
