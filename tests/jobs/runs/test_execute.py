"""A job run from its file to its last row, with a chain that costs nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from run_cases import NOW, Clock, cheap_chain, run, tools, write_history, write_job

from gridtool.errors import AnalysisError, InputError, Issue, JobFileError, RunLocked
from gridtool.jobs.runs.model import ChainAnswer, ChainEnded
from gridtool.jobs.runs.options import RunWish
from gridtool.jobs.runs.settings_dump import Overrides
from gridtool.jobs.store.folder import check_files, read_manifest
from gridtool.jobs.store.lock import this_process
from gridtool.jobs.store.objects import read_object
from gridtool.jobs.store.open import open_store, read_store


@pytest.fixture
def job(tmp_path, root):
    return write_job(tmp_path / "job", root)


class Limit:
    def __init__(self, text):
        self.text, (self.name, limit) = text, text.split(">")
        self.limit = float(limit)

    def crossed(self, value):
        return value > self.limit


def test_a_run_is_published_and_written_down(job, address):
    outcome = run(job, address)
    assert (outcome.exit_code, outcome.message, outcome.repeated) == (0, "", False)
    store = read_store(address)
    (row,) = store.rows.list_runs()
    assert (row.state, row.quality, row.revision) == ("done", "full", 1)
    assert row.started_at == NOW + timedelta(seconds=1)
    assert row.headline["eue_mwh"] == 12.5
    assert "etr_h" not in row.headline, "what is infinite has no place in a row"
    assert row.headline["input_age_s_history"] >= 0
    assert outcome.record == row
    assert check_files(outcome.folder) == ()
    assert (outcome.folder.parent / "latest").resolve() == outcome.folder.resolve()
    assert {entry.role.partition("/")[0] for entry in row.inputs} == {
        "network",
        "reports",
        "resources",
        "history",
    }
    for entry in row.inputs:
        assert len(read_object(store.folder, entry.sha256)) == entry.size


def test_the_same_run_does_no_work_again(job, address):
    first = run(job, address)

    def refuse(*_):
        raise AssertionError("computed again")

    again = run(job, address, chain=refuse)
    assert again.repeated
    assert again.exit_code == 0
    assert again.message == f"already done, run {first.run_id}; --force does it again"
    assert again.folder == first.folder
    assert len(read_store(address).rows.list_runs()) == 1


def test_force_makes_a_new_revision_and_keeps_the_old(job, address):
    first, second = run(job, address), run(job, address, force=True)
    assert [entry.revision for entry in read_store(address).rows.list_runs()] == [2, 1]
    assert check_files(first.folder) == check_files(second.folder) == ()
    assert first.folder != second.folder
    assert (first.folder.parent / "latest").resolve() == second.folder.resolve()


def test_changed_inputs_make_a_new_revision(job, address):
    first = run(job, address)
    write_history(job.parent / "mine.csv", level=501.0)
    second = run(job, address)
    assert not second.repeated
    rows = read_store(address).rows.list_runs()
    assert [entry.revision for entry in rows] == [2, 1]
    assert rows[0].identity != rows[1].identity
    assert check_files(first.folder) == ()
    write_history(job.parent / "mine.csv")
    assert run(job, address).run_id == first.run_id, "the first inputs again are the first run"


def test_a_run_whose_files_were_damaged_is_done_again(job, sqlite_address):
    first = run(job, sqlite_address)
    (first.folder / "report.txt").write_text("changed")
    second = run(job, sqlite_address)
    assert not second.repeated
    assert any("report.txt is not what was published" in words for words in second.warnings)
    assert second.exit_code == 0


def test_the_clock_is_that_of_the_start(job, sqlite_address):
    outcome = run(job, sqlite_address)
    said = json.loads((outcome.folder / "result.json").read_text())
    assert said["at"] == outcome.record.started_at.isoformat()


def test_a_threshold_comes_before_a_fallback(job, sqlite_address):
    limits = (Limit("eue_mwh>12"), Limit("hours_off>8"), Limit("hours_off>10"))
    outcome = run(job, sqlite_address, fail_on=limits)
    assert outcome.exit_code == 10
    assert outcome.crossed == ("eue_mwh>12", "hours_off>8"), "a headline, and any row of a table"
    assert outcome.record.state == "done"
    assert run(job, sqlite_address, fail_on=(Limit("nothing>1"),), force=True).exit_code == 2
    aged = run(job, sqlite_address, fail_on=(Limit("input_age_s_history>-1"),), force=True)
    assert aged.exit_code == 10


def test_a_fallback_of_the_demand_model_ends_with_6(job, sqlite_address):
    def weak(request, limits, events):
        answer = cheap_chain(request, limits, events)
        return ChainAnswer(files=answer.files, headline={}, fallback="a stale model")

    outcome = run(job, sqlite_address, chain=weak)
    assert (outcome.exit_code, outcome.message) == (6, "a stale model")
    again = run(job, sqlite_address, chain=weak)
    assert (again.repeated, again.exit_code) == (True, 6), "nothing is done, and it is no better"
    assert again.message.endswith("; a stale model")


def test_what_was_done_before_is_held_against_the_conditions_of_today(job, sqlite_address):
    first = run(job, sqlite_address, fail_on=(Limit("eue_mwh>99"),))
    again = run(job, sqlite_address, fail_on=(Limit("eue_mwh>12"), Limit("hours_off>8")))
    assert (first.exit_code, again.exit_code, again.repeated) == (0, 10, True)
    assert again.crossed == ("eue_mwh>12", "hours_off>8")
    assert "threshold crossed: eue_mwh>12" in again.message
    assert run(job, sqlite_address, fail_on=(Limit("nothing>1"),)).exit_code == 2
    assert run(job, sqlite_address).exit_code == 0
    (row,) = read_store(sqlite_address).rows.list_runs()
    assert row.exit_code == 0, "the row says how the run itself ended"


def warn(request, limits, events):
    """A chain whose report has a warning unless it is of the quiet history."""
    answer = cheap_chain(request, limits, events)
    quiet = b"500." in (request.root / "inputs" / "history" / "mine.csv").read_bytes()
    envelope = json.loads(answer.files["result.json"]) | {"warnings": [] if quiet else ["odd"]}
    files = {"result.json": json.dumps(envelope).encode()}
    return replace(answer, files=files, warnings=() if quiet else ("odd",))


def test_strictly_what_has_warnings_is_refused(job, sqlite_address):
    write_history(job.parent / "mine.csv", level=700.0)
    refused = run(job, sqlite_address, chain=warn, strict=True)
    assert (refused.exit_code, refused.record.state, refused.folder) == (3, "failed", None)
    assert refused.error.subject == "input (--strict)"
    assert refused.message == "odd"
    published = run(job, sqlite_address, chain=warn)
    assert (published.exit_code, published.record.state) == (0, "done")
    again = run(job, sqlite_address, chain=warn, strict=True)
    assert (again.exit_code, again.repeated, again.error.subject) == (3, True, "input (--strict)")


def test_strictly_it_falls_back_on_inputs_that_have_none(job, sqlite_address):
    good = run(job, sqlite_address, chain=warn, strict=True)
    write_history(job.parent / "mine.csv", level=700.0)
    outcome = run(job, sqlite_address, chain=warn, strict=True)
    assert (good.exit_code, outcome.exit_code) == (0, 6)
    assert f"stale: the inputs of run {good.run_id}, as of 2027-01-12 06:00 UTC" in outcome.message
    assert outcome.message.endswith("because the new ones failed (odd)")


def test_strictly_nothing_is_computed_on_late_inputs(job, sqlite_address):
    def never(*_):
        raise AssertionError

    outcome = run(job, sqlite_address, chain=never, strict=True, remarks=("history is late",))
    assert (outcome.exit_code, outcome.message) == (3, "history is late")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError(Issue(message="bad row", file="mine.csv")), 3),
        (AnalysisError("no plan"), 4),
    ],
)
def test_what_is_refused_is_written_down_and_nothing_published(job, address, error, code):
    def refuse(*_):
        raise error

    outcome = run(job, address, chain=refuse)
    assert outcome.error is error
    assert outcome.exit_code == code
    (row,) = read_store(address).rows.list_runs()
    assert (row.state, row.exit_code, row.folder) == ("failed", code, "")
    assert row.message == str(error)
    assert run(job, address).exit_code == 0, "a failed run is no run that was done"


def test_a_bug_is_written_down_and_raised(job, sqlite_address):
    def stumble(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(job, sqlite_address, chain=stumble)
    (row,) = read_store(sqlite_address).rows.list_runs()
    assert (row.state, row.message) == ("failed", "unexpected error: ZeroDivisionError")


def test_the_best_plan_is_kept_when_a_signal_comes(job, address):
    def end(*_):
        partial = ChainAnswer(
            files={"result.json": b"{}"}, headline={}, complete=False, degraded="no forecast"
        )
        raise ChainEnded("signal", "ended by a signal", answer=partial, signal_number=15)

    outcome = run(job, address, chain=end)
    assert outcome.exit_code == 143
    (row,) = read_store(address).rows.list_runs()
    assert (row.state, row.exit_code) == ("interrupted", 143)
    assert "no forecast" in row.message
    manifest = read_manifest(outcome.folder)
    assert (manifest["request"]["samples"], manifest["request"]["degraded"]) == (0, "no forecast")
    assert not (outcome.folder.parent / "latest").exists(), "latest is the last run that was done"
    assert run(job, address).exit_code == 0


def test_a_signal_before_the_plan_leaves_a_row(job, sqlite_address):
    def end(*_):
        raise ChainEnded("signal", "ended by a signal", signal_number=2)

    outcome = run(job, sqlite_address, chain=end)
    (row,) = read_store(sqlite_address).rows.list_runs()
    assert (outcome.exit_code, row.state, row.folder) == (130, "interrupted", "")


def test_a_computation_that_died_is_a_failed_run_and_says_what_was_tried(job, sqlite_address):
    def die(*_):
        raise ChainEnded("died", "the computing process died")

    outcome = run(job, sqlite_address, chain=die)
    (row,) = read_store(sqlite_address).rows.list_runs()
    assert (outcome.exit_code, row.state, row.exit_code) == (1, "failed", 1)
    assert row.message.startswith("the computing process died; fewer samples")


def test_a_clock_set_back_does_no_harm(job, sqlite_address):
    """Each look at the clock is an hour before the last."""
    back = tools()
    clock = back.clock
    steps = iter(range(100))
    back = tools(clock=lambda: clock() - timedelta(hours=next(steps)))
    first = run(job, sqlite_address, given=back)
    second = run(job, sqlite_address, given=back, force=True)
    assert second.record.started_at < first.record.started_at
    assert second.record.number > first.record.number
    assert second.record.duration_s >= 0
    assert (second.folder.parent / "latest").resolve() == second.folder.resolve()
    assert run(job, sqlite_address).repeated


def test_a_figure_that_only_a_forecast_has_is_no_mistake_of_the_command_line(job, sqlite_address):
    def weak(request, limits, events):
        answer = cheap_chain(request, limits, events)
        return ChainAnswer(files=answer.files, headline={}, fallback="no forecast")

    outcome = run(job, sqlite_address, chain=weak, fail_on=(Limit("hours_off_p90>8"),))
    assert outcome.exit_code == 6
    assert "--fail-on knows no value 'hours_off_p90'" in outcome.message


def test_a_refused_job_file_leaves_nothing(tmp_path, root, sqlite_address):
    path = write_job(tmp_path / "job", root, more="\n[plan2]\n")
    with pytest.raises(JobFileError):
        run(path, sqlite_address)
    assert not sqlite_address.folder.exists()
    bad = (
        write_job(tmp_path / "job", root).read_text().replace("evaluations", "weights = {x = 1}\n#")
    )
    path.write_text(bad)
    with pytest.raises(JobFileError, match="is not a customer class"):
        run(path, sqlite_address)
    assert not sqlite_address.folder.exists()


def test_a_store_in_use_is_refused(job, address):
    holder = this_process("another", now=NOW)
    with open_store(address, holder=holder, now=NOW), pytest.raises(RunLocked, match="another"):
        run(job, address)


def test_missing_inputs_fall_back_to_the_last_good_ones(job, sqlite_address):
    good = run(job, sqlite_address)
    (job.parent / "mine.csv").unlink()
    outcome = run(job, sqlite_address)
    assert outcome.exit_code == 6
    assert outcome.record.quality == "last_good_inputs"
    assert f"stale: the inputs of run {good.run_id}" in outcome.message
    manifest = read_manifest(outcome.folder)
    assert manifest["stale_from"] == good.run_id
    assert manifest["inputs"] == read_manifest(good.folder)["inputs"]
    assert "stale" in json.loads((outcome.folder / "result.json").read_text())["label"]


def test_the_age_of_stale_inputs_is_that_of_the_ones_used(job, sqlite_address):
    moment = NOW.timestamp() - 7200
    os.utime(job.parent / "mine.csv", (moment, moment))
    good = run(job, sqlite_address)
    write_history(job.parent / "mine.csv", level=-1.0)

    def refuse_new(request, limits, events):
        if b"-1." in (request.root / "inputs" / "history" / "mine.csv").read_bytes():
            raise InputError("negative")
        return cheap_chain(request, limits, events)

    later = tools(refuse_new, clock=Clock(NOW + timedelta(hours=5)))
    outcome = run(job, sqlite_address, given=later, fail_on=(Limit("input_age_s_history>25000"),))
    assert outcome.record.quality == "last_good_inputs"
    apart = (outcome.record.started_at - good.record.started_at).total_seconds()
    assert good.record.headline["input_age_s_history"] == pytest.approx(7201)
    assert outcome.record.headline["input_age_s_history"] == pytest.approx(7201 + apart)
    assert outcome.crossed == ("input_age_s_history>25000",)


def test_missing_inputs_without_a_good_run_are_refused(job, sqlite_address):
    (job.parent / "mine.csv").unlink()
    outcome = run(job, sqlite_address)
    assert outcome.exit_code == 3
    assert "demand.history" in str(outcome.error)
    assert "mine.csv" in str(outcome.error)


def test_the_time_is_the_commands_then_the_jobs_then_the_slots_then_the_reports(
    tmp_path, root, sqlite_address
):
    slot = datetime(2027, 1, 12, 7, tzinfo=UTC)
    stated = datetime(2027, 1, 12, 8, tzinfo=UTC)
    dated = write_job(tmp_path / "a", root, name="dated")
    free = write_job(tmp_path / "b", root, name="free", as_of="")

    def as_of(path, **wish):
        return run(path, sqlite_address, **wish).record.as_of

    told = Overrides(as_of=stated)
    assert as_of(dated, slot=slot, overrides=told) == stated
    assert as_of(dated, slot=slot) == datetime(2027, 1, 12, 6, tzinfo=UTC)
    assert as_of(free, slot=slot) == slot
    reports = sorted((root / "networks" / "toy3" / "damage").glob("*.csv"))
    assert as_of(free) < NOW, f"that of the latest report of {reports}"


def test_the_command_line_changes_identity_but_workers_do_not(job, sqlite_address):
    first = run(job, sqlite_address)
    assert run(job, sqlite_address, overrides=Overrides(workers=7)).repeated
    for changed in ({"seed": 2}, {"samples": 13}, {"months": 2}, {"evaluations": 31}):
        outcome = run(job, sqlite_address, overrides=Overrides(**changed))
        assert not outcome.repeated, changed
        assert outcome.record.identity != first.record.identity
    with pytest.raises(JobFileError, match=r"forecast\.months"):
        run(job, sqlite_address, overrides=Overrides(months=99))


def test_other_program_versions_and_slots_are_other_runs(job, sqlite_address):
    run(job, sqlite_address)
    newer = tools(gridtool_version="1.1")
    assert not run(job, sqlite_address, given=newer).repeated
    assert not run(job, sqlite_address, slot=NOW).repeated
    assert run(job, sqlite_address, slot=NOW).repeated


def test_remarks_are_published_and_the_lock_is_held_afterwards(job, sqlite_address):
    seen = []

    def after(store, row):
        with pytest.raises(RunLocked):
            run(job, sqlite_address, force=True)
        seen.append((row.state, store.rows.get(row.id).state))
        return ("metrics: no space",)

    given = tools(remark=lambda _store, name: (f"{name} drifts",), after=after)
    outcome = run(job, sqlite_address, given=given, remarks=("history was late",))
    assert seen == [("done", "done")]
    assert "metrics: no space" in outcome.warnings
    said = json.loads((outcome.folder / "result.json").read_text())
    assert said["remarks"] == ["history was late", "toy drifts"]


def test_only_the_store_is_written_to_and_nothing_is_left_over(
    job, sqlite_address, tmp_path, monkeypatch
):
    """Not even what a run that was killed had left."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    left = sqlite_address.folder / "work" / "run" / "inputs"
    left.mkdir(parents=True)
    (left / "old.csv").write_text("x")
    seen = []

    def look(request, limits, events):
        seen.extend(path.name for path in request.root.rglob("*.csv"))
        return cheap_chain(request, limits, events)

    run(job, sqlite_address, chain=look)
    assert "mine.csv" in seen
    assert "old.csv" not in seen
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (sqlite_address.folder / "work").exists()


def test_wishes_are_plain_by_default():
    assert RunWish() == RunWish(overrides=Overrides(), slot=None, force=False, fail_on=())
