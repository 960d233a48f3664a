from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from store_cases import HOLDER, NOW

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.store.engine import connect, hide_password, open_engine, parse_url
from gridtool.jobs.store.folder import (
    check_files,
    job_folder,
    point_latest,
    publish_run,
    read_manifest,
    remove_run,
)
from gridtool.jobs.store.manifest import make_facts
from gridtool.jobs.store.migrate import SCHEMA_TABLE, latest_version, schema_version, upgrade
from gridtool.jobs.store.model import Closing, RunInput
from gridtool.jobs.store.open import open_store, read_store, resolve_store
from gridtool.jobs.store.recover import DIED
from gridtool.jobs.store.tables import metadata

CLOSING = Closing(
    finished_at=NOW + timedelta(minutes=5),
    duration_s=300.0,
    exit_code=0,
    headline={"eue_mwh": 12.5},
)


def opened(address):
    return open_store(address, holder=HOLDER, now=NOW)


def test_migrations_end_at_the_tables_that_the_program_uses(address):
    engine = open_engine(address.url)
    assert schema_version(engine) is None
    upgrade(engine)
    upgrade(engine)
    assert schema_version(engine) == latest_version()
    with connect(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": SCHEMA_TABLE})
        assert compare_metadata(context, metadata) == []


def test_a_run_is_kept_with_all_that_is_said_of_it(address, identity):
    with opened(address) as store:
        begun = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        assert (begun.state, begun.revision, begun.slot) == ("running", 1, NOW)
        assert begun.inputs == identity().inputs
        closing = Closing(finished_at=NOW + timedelta(minutes=5), exit_code=0, headline={"x": 1.5})
        ended = store.rows.end(begun, closing)
        assert ended == replace(
            begun,
            state="done",
            finished_at=NOW + timedelta(minutes=5),
            exit_code=0,
            headline={"x": 1.5},
        )
        again = store.rows.begin(identity(seed=2), holder=HOLDER, now=NOW)
        assert again.revision == 2
        other = store.rows.begin(identity(job="day"), holder=HOLDER, now=NOW)
        assert other.revision == 1
        assert [run.number for run in store.rows.list_runs()] == [3, 2, 1]
        assert store.rows.list_runs(job="night", limit=1) == (again,)
        assert store.rows.find_done(identity().digest) == ended
        assert store.rows.find_done(identity(seed=2).digest) is None
        assert store.rows.get(ended.id) == store.rows.get("1") == ended
        store.rows.remove([ended])
        with pytest.raises(StoreError, match="no run '1'"):
            store.rows.get("1")
    assert read_store(address).rows.list_runs(states=("interrupted",)) == ()


def test_an_identity_is_done_in_full_once_unless_it_is_forced(address, identity):
    with opened(address) as store:
        first, second, third = (
            store.rows.begin(identity(), holder=HOLDER, now=NOW, forced=forced)
            for forced in (False, False, True)
        )
        store.rows.end(first, Closing(finished_at=NOW))
        with pytest.raises(StoreError, match=r"(?i)unique"):
            store.rows.end(second, Closing(finished_at=NOW))
        degraded = store.rows.end(second, Closing(finished_at=NOW, quality="fewer_samples"))
        assert degraded.degraded
        assert store.rows.find_done(identity().digest).id == first.id
        store.rows.end(third, Closing(finished_at=NOW))
        assert store.rows.find_done(identity().digest).id == third.id
        with pytest.raises(StoreError, match=f"run {first.id} is not running"):
            store.rows.end(first, Closing(finished_at=NOW, state="failed"))
        assert store.rows.get(first.id).state == "done"


def test_whoever_comes_second_is_told_who_is_there(address):
    with (
        opened(address),
        pytest.raises(RunLocked, match=r"in use by job 'night' since 2027.*\b1\b"),
    ):
        opened(address).__enter__()
    with opened(address):
        pass


def test_of_many_at_once_one_gets_the_store(address):
    with opened(address):
        pass

    def enter(_):
        try:
            held = opened(address)
            held.__enter__()
        except RunLocked:
            return None
        return held

    with ThreadPoolExecutor(8) as pool:
        found = [held for held in pool.map(enter, range(8)) if held is not None]
    assert len(found) == 1
    found[0].__exit__(None, None, None)


HOLD = """
import sys, time
from datetime import UTC, datetime
from gridtool.jobs.store.lock import this_process
from gridtool.jobs.store.open import open_store, resolve_store
import os
now = datetime.now(UTC)
address = resolve_store(sys.argv[1], environ=os.environ)
with open_store(address, holder=this_process("x", now=now), now=now):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free_at_once(address):
    given = address.url.render_as_string(hide_password=False)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, given.replace("postgresql+psycopg", "postgresql")],
        stdout=subprocess.PIPE,
        env=os.environ | {"GRIDTOOL_STORE_FOLDER": str(address.folder)},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(RunLocked):
        opened(address).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    for _ in range(100):  # the server notices a connection that broke after a moment
        try:
            with opened(address):
                return
        except RunLocked:
            continue
    raise AssertionError("the lock is still held")


def test_a_dead_run_that_was_published_is_done_and_others_are_interrupted(address, identity):
    with opened(address) as store:
        runs = [store.rows.begin(identity(seed=seed), holder=HOLDER, now=NOW) for seed in range(4)]
        place = job_folder(store.folder, "night")
        for run in runs[:2]:
            facts = make_facts(run, CLOSING, facts={})
            publish_run(place, run.id, {"report.json": b"{}"}, facts=facts)
        (place / runs[1].id / "report.json").write_bytes(b"torn")
        partial = place / f".{runs[2].id}.partial"
        partial.mkdir()
        (partial / "report.json").write_bytes(b"{")
    with opened(address) as store:
        assert [run.state for run in store.recovered] == ["done", *["interrupted"] * 3]
        done = store.recovered[0]
        assert done.headline == {"eue_mwh": 12.5}
        assert done.duration_s == 300.0
        assert check_files(store.folder / done.folder) == ()
        assert (place / "latest").resolve() == (place / done.id).resolve()
        assert {run.message for run in store.recovered[1:]} == {DIED}
        assert sorted(entry.name for entry in place.iterdir()) == sorted([done.id, "latest"])
    with opened(address) as store:
        assert store.recovered == ()


def test_a_newer_store_is_refused_and_left_as_it_is(address):
    with opened(address):
        pass
    engine = open_engine(address.url)
    with connect(engine) as connection:
        connection.execute(text(f"UPDATE {SCHEMA_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999, written by a newer gridtool"):
        opened(address).__enter__()
    assert schema_version(engine) == "9999"


def test_reading_needs_a_store_that_is_there(address):
    with pytest.raises(StoreError, match="no run history"):
        read_store(address)
    assert not (address.folder / "gridtool.db").exists()


def test_files_are_all_there_or_none(tmp_path):
    place = tmp_path / "runs"
    final = publish_run(place, "r1", {"a/b.csv": b"1", "c.json": b"2"}, facts={"run": {"id": "r1"}})
    assert check_files(final) == ()
    manifest = read_manifest(final)
    assert manifest is not None
    assert [entry["name"] for entry in manifest["files"]] == ["a/b.csv", "c.json"]
    (final / "c.json").write_bytes(b"3")
    (final / "a/b.csv").unlink()
    assert check_files(final) == ("a/b.csv is missing", "c.json is not what was published")
    with pytest.raises(StoreError, match="nothing was published"):
        publish_run(place, "r1", {"a.csv": b""}, facts={})
    point_latest(place, "r1")
    point_latest(place, "r1")
    assert (place / "latest").readlink().name == "r1"
    remove_run(place, "r1")
    remove_run(place, "r1")
    assert not final.exists()


def test_a_damaged_database_is_refused_in_words(tmp_path):
    address = resolve_store(str(tmp_path), environ={})
    with opened(address):
        pass
    for file in tmp_path.glob("gridtool.db-*"):
        file.unlink()
    (tmp_path / "gridtool.db").write_bytes(b"not a database at all" * 400)
    with pytest.raises(StoreError, match="is damaged"):
        opened(address).__enter__()


@given(st.text(st.characters(exclude_categories=["C"]), min_size=6, max_size=20))
def test_passwords_are_in_no_message(secret):
    given_url = parse_url("postgresql://planner@db.example/grid").set(password=secret)
    for shown in (hide_password(given_url.set(query={"password": secret})), str(given_url)):
        assert f":{secret}@" not in shown
    engine = open_engine(given_url.set(host="127.0.0.1", port=1))
    with pytest.raises(StoreError) as caught, connect(engine):
        pass
    assert f":{secret}@" not in str(caught.value)


def test_addresses(tmp_path):
    assert resolve_store(str(tmp_path), environ={}).folder == tmp_path
    assert resolve_store(None, environ={"GRIDTOOL_STORE": str(tmp_path)}).folder == tmp_path
    far = resolve_store("postgres://a:b@host/db", environ={"GRIDTOOL_STORE_FOLDER": str(tmp_path)})
    assert far.folder == tmp_path
    assert far.url.drivername == "postgresql+psycopg"
    assert ":b@" not in str(far)
    for wrong in ("mysql://a:b@host/db", "://", "sqlite://", "postgresql:///?x=%zz://"):
        if wrong.startswith("postgresql"):
            continue
        with pytest.raises(StoreError):
            resolve_store(wrong, environ={})


def test_identities_differ_by_what_decides_and_by_nothing_else(identity):
    base = identity().digest
    changes = [
        {"job": "day"},
        {"slot": None},
        {"as_of": NOW + timedelta(hours=1)},
        {"seed": 2},
        {"program_version": "0.1.1"},
        {"network_version": "3"},
        {"settings": {"months": 5}},
        {"inputs": (RunInput(role="job", path="night.toml", sha256="ac", size=3),)},
    ]
    digests = {base, *(identity(**change).digest for change in changes)}
    assert len(digests) == len(changes) + 1
    moved = (RunInput(role="job", path="elsewhere.toml", sha256="ab", size=3),)
    assert identity(inputs=moved).digest == base
    two = [RunInput(role=role, path=role, sha256="ab", size=1) for role in ("job", "reports")]
    assert identity(inputs=tuple(two)).digest == identity(inputs=tuple(two[::-1])).digest
    assert json.dumps(base)
