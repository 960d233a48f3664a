from __future__ import annotations

import errno
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from store_cases import HOLDER, NOW

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.store.finish import fail_run, finish_run
from gridtool.jobs.store.folder import check_files, job_folder, publish_run, read_manifest
from gridtool.jobs.store.manifest import make_facts, read_closing, read_run
from gridtool.jobs.store.model import Closing, RunNote
from gridtool.jobs.store.open import open_store, read_store

FILES = {"result.json": b"{}", "tables/etr.csv": b"asset,day\n"}
CLOSING = Closing(
    finished_at=NOW + timedelta(minutes=5), duration_s=300.0, exit_code=0, headline={"eue_mwh": 2.5}
)


def opened(address, now=NOW):
    return open_store(address, holder=HOLDER, now=now)


def finished(store, identity, *, closing=CLOSING, **changes):
    run = store.rows.begin(identity(**changes), holder=HOLDER, now=NOW)
    return finish_run(store, run, closing=closing, files=FILES, facts={"request": {"seed": 1}})


def test_a_finished_run_is_in_place_in_the_history_and_the_latest(address, identity):
    with opened(address) as store:
        run = finished(store, identity)
        published = store.folder / run.folder
        manifest = (published / "manifest.json").read_bytes()
        assert run.manifest == hashlib.sha256(manifest).hexdigest()
        assert (run.state, run.exit_code, run.headline) == ("done", 0, {"eue_mwh": 2.5})
        assert check_files(published) == ()
        assert (published.parent / "latest").resolve() == published
        assert json.loads(manifest)["request"] == {"seed": 1}
        assert json.loads(manifest)["format"] == "gridtool-run"
    assert read_store(address).rows.get(run.id) == run


def test_a_manifest_says_all_that_is_needed_to_write_the_row_again(address, identity):
    with opened(address) as store:
        run = finished(store, identity, seed=2**40, slot=None, job="Нічний прогноз")
        manifest = read_manifest(store.folder / run.folder)
        assert read_closing(manifest) == CLOSING
        begun = read_run(manifest)
        closed = {name: getattr(CLOSING, name) for name in CLOSING.__slots__}
        assert replace(begun, **closed, folder=run.folder, manifest=run.manifest) == run


@pytest.mark.parametrize("wrong", [None, [], {"state": "done"}, {"finished_at": 3, "headline": {}}])
def test_a_manifest_of_others_is_none_of_ours(wrong):
    assert read_closing({"closing": wrong}) is None
    assert read_run({"run": wrong}) is None
    assert read_closing({}) is None


def test_an_interrupted_run_keeps_its_plan_and_leaves_the_latest_as_it_was(address, identity):
    with opened(address) as store:
        done = finished(store, identity)
        stopped = replace(CLOSING, state="interrupted", exit_code=143, message="stopped")
        run = finished(store, identity, seed=2, closing=stopped)
        assert (run.state, run.exit_code, run.message) == ("interrupted", 143, "stopped")
        assert check_files(store.folder / run.folder) == ()
        latest = job_folder(store.folder, "night") / "latest"
        assert latest.resolve().name == done.id
        lost = store.rows.begin(identity(seed=3), holder=HOLDER, now=NOW)
        facts = make_facts(lost, stopped, facts={})
        publish_run(job_folder(store.folder, "night"), lost.id, FILES, facts=facts)
    with opened(address) as store:
        (taken_up,) = store.recovered
        assert (taken_up.state, taken_up.exit_code) == ("interrupted", 143)
        assert taken_up.manifest
        assert latest.resolve().name == done.id


def test_a_run_that_cannot_be_published_is_written_down_as_failed(address, identity):
    with opened(address) as store:
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        place = job_folder(store.folder, "night")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"a file where the folder belongs")
        with pytest.raises(StoreError, match="nothing was published"):
            finish_run(store, run, closing=CLOSING, files=FILES, facts={})
        failed = store.rows.get(run.id)
        assert (failed.state, failed.exit_code, failed.folder) == ("failed", 1, "")
        assert "nothing was published" in failed.message
        assert failed.headline == {}
        other = store.rows.begin(identity(seed=2), holder=HOLDER, now=NOW)
        refused = Closing(state="failed", finished_at=NOW, exit_code=3, message="no such file")
        assert fail_run(store, other, closing=refused).message == "no such file"


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", "manifest.json", ""])
def test_no_file_leads_out_of_the_folder(sqlite_address, identity, name):
    with opened(sqlite_address) as store:
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        with pytest.raises(StoreError, match="cannot be the name of an output file"):
            finish_run(store, run, closing=CLOSING, files={name: b""}, facts={})
        assert store.rows.get(run.id).state == "failed"


def test_slots_revisions_ids_jobs_and_notes(address, identity):
    with opened(address) as store:
        rows = store.rows
        assert rows.last_slot("night") is None
        first = finished(store, identity)
        finished(store, identity, slot=NOW + timedelta(days=1))
        early = NOW - timedelta(days=3)
        finished(store, identity, slot=early)
        later = NOW + timedelta(days=2)
        failed = rows.begin(identity(slot=later), holder=HOLDER, now=NOW, run_id="chosen")
        assert failed.id == "chosen"
        fail_run(store, failed, closing=Closing(state="failed", finished_at=NOW))
        assert rows.last_slot("night") == NOW + timedelta(days=1)
        rows.begin(identity(job="day"), holder=HOLDER, now=NOW)
        assert rows.list_jobs() == ("day", "night")
        second = rows.begin(identity(seed=2), holder=HOLDER, now=NOW)
        assert (first.revision, second.revision) == (1, 2)
        rows.remove([first])
        third = rows.begin(identity(seed=3), holder=HOLDER, now=NOW)
        assert third.revision == 3
        assert rows.list_notes(third) == ()
        for words in ("webhook: delivered", "hook: ended with 1"):
            rows.add_note(third, kind="notification", words=words, now=NOW)
        assert rows.list_notes(third) == (
            RunNote(at=NOW, kind="notification", words="webhook: delivered"),
            RunNote(at=NOW, kind="notification", words="hook: ended with 1"),
        )


def test_the_holder_on_another_machine_is_named(postgresql_address, identity, tmp_path):
    elsewhere = replace(postgresql_address, folder=tmp_path / "elsewhere")
    with opened(postgresql_address) as store:
        with pytest.raises(RunLocked, match="in use by another process"):
            opened(elsewhere).__enter__()
        store.rows.begin(identity(), holder=HOLDER, now=NOW)
        with pytest.raises(RunLocked, match=r"in use by job 'night' since 2027-01-12.*1 on here"):
            opened(elsewhere).__enter__()


def test_nothing_is_published_once_the_lock_is_lost(postgresql_address, identity):
    ending = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with opened(postgresql_address) as store:
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        engine = create_engine(postgresql_address.url)
        with engine.begin() as connection:
            assert connection.execute(ending).all()
        engine.dispose()
        with pytest.raises(StoreError, match=r"that held the store was lost.*nothing was publ"):
            finish_run(store, run, closing=CLOSING, files=FILES, facts={})
        assert not (store.folder / "runs").exists()
    with opened(postgresql_address) as store:
        assert [settled.state for settled in store.recovered] == ["interrupted"]


def test_a_clock_that_was_set_back_is_said_and_changes_no_order(address, identity):
    with opened(address) as store:
        assert store.warnings == ()
        first = finished(store, identity)
    before = NOW - timedelta(days=400)
    with opened(address, now=before) as store:
        (warning,) = store.warnings
        assert f"the clock says 2025-12-08T06:00:00+00:00, but the last run {first.id}" in warning
        second = store.rows.begin(identity(seed=2), holder=HOLDER, now=before)
        assert [run.id for run in store.rows.list_runs()] == [second.id, first.id]
        assert second.number > first.number


def test_a_rename_neither_synced_nor_taken_back_is_settled_by_the_next_opening(
    address, identity, monkeypatch
):
    """The database may be on a machine that still writes: its row must not say that it failed."""
    rename = Path.rename

    def refuse_to_take_back(path, target):
        if ".partial" in Path(target).name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    def fail_on_jobs(folder):
        if Path(folder).name == "runs":
            raise OSError(errno.EIO, "Input/output error")

    with opened(address) as store, monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse_to_take_back)
        patch.setattr("gridtool.jobs.store.folder.sync_folder", fail_on_jobs)
        with pytest.raises(StoreError, match="could not be taken back"):
            finished(store, identity)
    with opened(address) as store:
        (run,) = store.recovered
        assert (run.state, run.headline) == ("done", {"eue_mwh": 2.5})
        assert store.warnings == ()
