from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing as closed
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from store_cases import HOLDER, NOW

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.store.engine import connect, open_engine
from gridtool.jobs.store.finish import fail_run, finish_run
from gridtool.jobs.store.folder import job_folder
from gridtool.jobs.store.migrate import upgrade
from gridtool.jobs.store.model import Closing
from gridtool.jobs.store.open import open_store, read_store
from gridtool.jobs.store.salvage import recover_store


def opened(address):
    return open_store(address, holder=HOLDER, now=NOW)


def recovered(address):
    return recover_store(address, holder=HOLDER, now=NOW)


def fill(address, identity, *, count=6):
    """Runs of which every third failed; each has a headline figure and a note."""
    with opened(address) as store:
        for seed in range(count):
            run = store.rows.begin(identity(seed=seed), holder=HOLDER, now=NOW)
            ended = NOW + timedelta(minutes=seed)
            if seed % 3 == 2:
                failed = Closing(state="failed", finished_at=ended, message=f"failure {seed}")
                run = fail_run(store, run, closing=failed)
            else:
                good = Closing(finished_at=ended, headline={"eue_mwh": seed / 7})
                run = finish_run(store, run, closing=good, files={"a.csv": b"1"}, facts={})
            store.rows.add_note(run, kind="notification", words=f"note {seed}", now=NOW)
        return store.rows.list_runs()


def empty(address):
    """Lose the rows, as by putting back a database from before."""
    if address.url.get_backend_name() == "sqlite":
        for file in address.folder.glob("gridtool.db*"):
            file.unlink()
        return
    engine = open_engine(address.url)
    with connect(engine) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def test_a_history_that_is_gone_is_written_again_from_the_manifests(address, identity):
    before = fill(address, identity)
    empty(address)
    with pytest.raises(StoreError, match=r"holds 4 published runs: gridtool job recover"):
        opened(address).__enter__()
    salvage = recovered(address)
    published = tuple(run for run in before if run.folder)
    assert salvage.added == published[::-1]
    assert (salvage.kept, salvage.lost, salvage.aside) == ((), (), None)
    with opened(address) as store:
        assert store.warnings == ()
        assert store.rows.list_runs() == published
        following = store.rows.begin(identity(seed=77), holder=HOLDER, now=NOW)
        assert following.number == published[0].number + 1
        assert store.rows.find_done(identity(seed=1).digest) == published[-2]


def test_runs_that_an_older_database_does_not_know_are_added_to_it(address, identity):
    before = fill(address, identity)
    with opened(address) as store:
        store.rows.remove(before[:3])
    with opened(address) as store:
        (warning,) = store.warnings
        assert "2 published runs are not in the history" in warning
    assert recovered(address).added == (before[2], before[1])
    assert recovered(address).added == ()
    assert [run.seed for run in read_store(address).rows.list_runs()] == [4, 3, 2, 1, 0]


def test_numbers_and_identities_that_are_taken_are_not_taken_twice(address, identity):
    before = fill(address, identity)
    with opened(address) as store:
        store.rows.remove(before)
    engine = open_engine(address.url)
    with connect(engine) as connection:
        if address.url.get_backend_name() == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence"))
        else:
            connection.execute(text("ALTER SEQUENCE runs_number_seq RESTART"))
    with opened(address) as store:
        run = store.rows.begin(identity(seed=0), holder=HOLDER, now=NOW)
        assert run.number == 1
        finish_run(store, run, closing=Closing(finished_at=NOW), files={}, facts={})
    added = recovered(address).added
    assert [(run.number, run.forced) for run in added] == [
        (2, True), (3, False), (4, False), (5, False)
    ]  # fmt: skip


def test_published_files_that_are_damaged_are_not_taken_up(sqlite_address, identity):
    before = fill(sqlite_address, identity)
    empty(sqlite_address)
    place = job_folder(sqlite_address.folder, "night")
    (place / before[-1].id / "a.csv").write_bytes(b"2")
    manifest = place / before[-2].id / "manifest.json"
    said = json.loads(manifest.read_bytes())
    del said["run"]["identity"]
    manifest.write_text(json.dumps(said), encoding="utf-8")
    salvage = recovered(sqlite_address)
    assert [run.seed for run in salvage.added] == [3, 4]
    assert len(salvage.lost) == 2
    assert any("a.csv is not what was published" in words for words in salvage.lost)
    assert any("manifest does not say which run" in words for words in salvage.lost)
    assert (place / before[-1].id / "a.csv").read_bytes() == b"2"


def damage_page(file, page, *, size=4096):
    content = bytearray(file.read_bytes())
    content[page * size : (page + 1) * size] = b"\xa5" * size
    file.write_bytes(content)


def close_journal(address):
    with closed(sqlite3.connect(address.url.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pages_of(address):
    with closed(sqlite3.connect(address.url.database)) as connection:
        return connection.execute("PRAGMA page_count").fetchone()[0]


def test_whatever_page_is_damaged_no_published_run_is_lost(sqlite_address, identity, tmp_path):
    before = fill(sqlite_address, identity, count=12)
    close_journal(sqlite_address)
    file = sqlite_address.folder / "gridtool.db"
    good = tmp_path / "good.db"
    shutil.copy2(file, good)
    published = [run for run in before if run.folder]
    said, all_kept = [], 0
    for page in range(pages_of(sqlite_address)):
        shutil.copy2(good, file)
        damage_page(file, page)
        try:
            with opened(sqlite_address):
                pass
        except StoreError as problem:
            said.append(str(problem))
        salvage = recovered(sqlite_address)
        assert salvage.lost == ()
        with opened(sqlite_address) as store:
            assert store.warnings == ()
            found = store.rows.list_runs()
        assert [run for run in found if run.folder] == published, page
        assert {run.id for run in found} <= {run.id for run in before}
        all_kept += len(found) == len(before)
        for left in sqlite_address.folder.glob("gridtool.db*"):
            left.unlink()
    assert len(said) > 10
    assert all("is damaged" in words and "gridtool job recover" in words for words in said)
    assert all_kept > len(said) / 2


def test_what_is_damaged_is_kept_beside_with_what_only_it_knew(sqlite_address, identity):
    before = fill(sqlite_address, identity)
    close_journal(sqlite_address)
    file = sqlite_address.folder / "gridtool.db"
    with closed(sqlite3.connect(file)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_runs_job_number'"
        ).fetchone()[0]
    damage_page(file, root - 1)
    content = file.read_bytes()
    salvage = recovered(sqlite_address)
    assert salvage.aside == file.with_name("gridtool.db.damaged-20270112T060000Z")
    assert salvage.aside.read_bytes() == content
    assert [run.message for run in salvage.kept] == ["failure 2", "failure 5"]
    with opened(sqlite_address) as store:
        assert store.rows.list_runs() == before
        notes = [note.words for run in before for note in store.rows.list_notes(run)]
        assert notes == [f"note {seed}" for seed in (5, 4, 3, 2, 1, 0)]
    assert sorted(path.name for path in sqlite_address.folder.glob("*.recovering*")) == []


def test_a_file_of_others_is_kept_beside_too(sqlite_address, identity):
    before = fill(sqlite_address, identity)
    empty(sqlite_address)
    file = sqlite_address.folder / "gridtool.db"
    file.write_bytes(b"not a database at all" * 400)
    salvage = recovered(sqlite_address)
    assert len(salvage.added) == 4
    assert salvage.aside.read_bytes().startswith(b"not a database")
    latest = job_folder(sqlite_address.folder, "night") / "latest"
    assert latest.resolve().name == before[1].id


def test_a_store_that_runs_is_not_put_in_order(sqlite_address):
    with opened(sqlite_address), pytest.raises(RunLocked):
        recovered(sqlite_address)


def test_latest_is_put_right(sqlite_address, identity):
    before = fill(sqlite_address, identity)
    latest = job_folder(sqlite_address.folder, "night") / "latest"
    latest.unlink()
    latest.symlink_to("nowhere")
    recovered(sqlite_address)
    assert latest.resolve().name == before[1].id


def test_an_empty_store_has_nothing_to_put_in_order(address):
    engine = open_engine(address.url)
    upgrade(engine)
    salvage = recovered(address)
    assert replace(salvage, aside=None) == salvage
    assert (salvage.added, salvage.kept, salvage.lost) == ((), (), ())
