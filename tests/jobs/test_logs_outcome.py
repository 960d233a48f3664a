"""The end of a run as a log line."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
import run_cases

from gridtool.errors import AnalysisError
from gridtool.jobs.logs import bind_run, make_run_id, setup_logs
from gridtool.jobs.logs_outcome import list_warnings, log_outcome


@pytest.fixture
def log_run(tmp_path, root, sqlite_address):
    """Runs the toy job and gives the lines of its end."""
    job = run_cases.write_job(tmp_path / "job", root)

    def log(chain=run_cases.cheap_chain, **wish):
        stream, run_id = io.StringIO(), make_run_id(run_cases.NOW)
        with setup_logs("json", stream=stream), bind_run(run_id, job="toy"):
            outcome = run_cases.run(job, sqlite_address, chain=chain, run_id=run_id, **wish)
            log_outcome(outcome)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert {line["run"] for line in lines} == {run_id}
        return outcome, lines

    return log


def test_a_run_that_is_done_says_where_its_files_are(log_run):
    outcome, lines = log_run()
    last = lines[-1]
    assert (last["level"], last["message"], last["exit_code"]) == ("info", "done", 0)
    assert last["folder"] == str(outcome.folder)
    assert last["run"] == outcome.run_id == outcome.folder.name
    assert last["duration_s"] >= 0
    assert last["as_of"] == "2027-01-12T06:00:00+00:00"
    assert last["slot"] is None
    assert last["quality"] == "full"


def test_a_run_done_before_is_named(log_run):
    first, _ = log_run()
    _, lines = log_run()
    assert lines[-1]["message"] == f"already done, run {first.run_id}; --force does it again"
    assert lines[-1]["level"] == "info"


def test_a_run_that_failed_is_an_error(log_run):
    def fail(*_):
        raise AnalysisError("no crew can do it")

    outcome, lines = log_run(fail)
    last = lines[-1]
    assert outcome.exit_code == last["exit_code"] == 4
    assert (last["level"], last["message"]) == ("error", "failed: no crew can do it")
    assert last["folder"] is None
    assert last["quality"] is None, "it reached no rung"


def test_what_is_not_the_whole_is_a_warning(log_run):
    class Always:
        text, name = "eue_mwh>1", "eue_mwh"

        def crossed(self, _value):
            return True

    _, lines = log_run(fail_on=(Always(),))
    assert (lines[-1]["level"], lines[-1]["exit_code"]) == ("warning", 10)
    assert "threshold crossed: eue_mwh>1" in lines[-1]["message"]


def test_what_the_report_warns_of_is_logged_once(log_run):
    def warn(request, limits, events):
        return replace(run_cases.cheap_chain(request, limits, events), warnings=("odd", "odd"))

    outcome, lines = log_run(warn)
    said = [line["message"] for line in lines if line["level"] == "warning"]
    assert said == ["odd"]
    assert list_warnings(outcome) == ("odd",)
