"""What a run would be, without a byte written."""

from __future__ import annotations

import pytest
from run_cases import NOW, run, tools, write_history, write_job

from gridtool.jobs.runs.dry_run import plan_run
from gridtool.jobs.runs.options import RunWish


@pytest.fixture
def job(tmp_path, root):
    return write_job(tmp_path / "job", root)


def dry(job, address, **wish):
    return plan_run(job, address, wish=RunWish(**wish), tools=tools())


def contents(folder):
    return {entry: entry.stat().st_size for entry in folder.rglob("*") if entry.is_file()}


def test_nothing_is_written_where_there_is_no_store(job, address):
    found = dry(job, address)
    assert found.computes
    assert (found.revision, found.missing) == (1, ())
    assert found.folder == address.folder / "runs" / "toy"
    assert found.files[0] == len({entry.sha256 for entry in found.identity.inputs})
    assert not address.folder.exists()


def test_what_was_done_is_told(job, address):
    first = run(job, address)
    before = contents(address.folder / "runs") | contents(address.folder / "objects")
    found = dry(job, address)
    assert not found.computes
    assert found.done.id == first.run_id
    assert found.identity.digest == first.record.identity
    assert found.files == (0, 0)
    write_history(job.parent / "mine.csv", level=501.0)
    changed = dry(job, address)
    assert changed.computes
    assert (changed.revision, changed.files[0]) == (2, 1)
    assert changed.files[1] == (job.parent / "mine.csv").stat().st_size
    assert before == contents(address.folder / "runs") | contents(address.folder / "objects")


def test_it_is_the_run_that_follows(job, sqlite_address):
    planned = dry(job, sqlite_address)
    outcome = run(job, sqlite_address)
    assert outcome.record.identity == planned.identity.digest
    assert outcome.record.revision == planned.revision
    assert outcome.folder.parent == planned.folder


def test_forced_or_damaged_it_would_be_done_again(job, sqlite_address):
    first = run(job, sqlite_address)
    assert dry(job, sqlite_address, force=True).computes
    (first.folder / "report.txt").write_text("changed")
    assert dry(job, sqlite_address).computes, "as the run itself does"


def test_contents_that_are_kept_are_not_written_again_for_another_slot(job, sqlite_address):
    run(job, sqlite_address)
    assert dry(job, sqlite_address, slot=NOW).files == (0, 0)


def test_missing_files_are_told_with_what_would_be_used_instead(job, sqlite_address):
    history = job.parent / "mine.csv"
    history.rename(job.parent / "away.csv")
    found = dry(job, sqlite_address)
    assert [issue.field for issue in found.missing] == ["demand.history"]
    assert found.last_good is None
    (job.parent / "away.csv").rename(history)
    good = run(job, sqlite_address)
    history.unlink()
    assert dry(job, sqlite_address).last_good.id == good.run_id
    assert run(job, sqlite_address).record.quality == "last_good_inputs"
