"""Many that read while one writes, many runs in a store, and space kept for failures."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import event, insert, select, text
from store_cases import HOLDER, NOW

from gridtool.errors import DiskTrouble, StoreError
from gridtool.jobs.store.engine import connect, open_engine
from gridtool.jobs.store.finish import finish_run
from gridtool.jobs.store.folder import job_folder
from gridtool.jobs.store.migrate import upgrade
from gridtool.jobs.store.model import Closing
from gridtool.jobs.store.open import open_store, read_store
from gridtool.jobs.store.reserve import RESERVE_BYTES, free_reserve, make_reserve
from gridtool.jobs.store.runs import RunRows
from gridtool.jobs.store.tables import HEADLINES, INPUTS, RUNS


def opened(address, now=NOW):
    return open_store(address, holder=HOLDER, now=now)


def fill_rows(address, *, count, state="done"):
    """So many rows with two inputs and five figures each, written at once."""
    engine = open_engine(address.url)
    upgrade(engine)
    numbers = range(1, count + 1)
    moment = NOW - timedelta(days=400)
    runs = [
        {
            "id": f"run-{number:06d}", "job": f"job {number % 5}", "slot": moment,
            "revision": number, "identity": f"{number:064d}", "state": state, "quality": "full",
            "as_of": moment, "started_at": moment,
        }
        for number in numbers
    ]  # fmt: skip
    inputs = [
        {"run": number, "place": place, "role": "r", "path": "p", "sha256": "0" * 64, "size": 1}
        for number in numbers
        for place in range(2)
    ]
    figures = [
        {"run": number, "name": f"figure {place}", "value": number / 7}
        for number in numbers
        for place in range(5)
    ]
    with connect(engine) as connection:
        for table, rows in ((RUNS, runs), (INPUTS, inputs), (HEADLINES, figures)):
            connection.execute(insert(table), rows)
    engine.dispose()


def test_ten_thousand_runs_are_opened_and_listed_at_once(address):
    fill_rows(address, count=10_000)
    with opened(address) as store:
        for seed in range(3):
            run = store.rows.list_runs(limit=1)[0]
            assert run.number == 10_000 + seed
            with connect(store.rows.engine) as connection:
                dead = {c.name: getattr(run, c.name) for c in RUNS.columns if c.name != "number"}
                dead |= {"id": f"dead-{seed}", "state": "running"}
                connection.execute(insert(RUNS).values(**dead))
    began = time.process_time(), time.perf_counter()
    with opened(address) as store:
        # Seconds of this process: the machine may be busy with others, and then wait for it.
        assert time.process_time() - began[0] < 2
        assert len(store.recovered) == 3
    assert time.perf_counter() - began[1] < 20
    began = time.process_time()
    runs = read_store(address).rows.list_runs()
    assert time.process_time() - began < 2
    assert len(runs) == 10_003
    assert (len(runs[-1].inputs), len(runs[-1].headline)) == (2, 5)


@pytest.mark.parametrize("count", [1, 40])
def test_a_list_takes_three_statements_however_long_it_is(sqlite_address, count):
    fill_rows(sqlite_address, count=count)
    rows = RunRows(open_engine(sqlite_address.url))
    seen = []
    event.listen(rows.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert len(rows.list_runs()) == count
    assert len([words for words in seen if words.startswith("SELECT")]) == 3


def test_readers_neither_wait_nor_make_wait(address, identity):
    """A reader in the midst of its transaction sees one state; the writer goes on."""
    with opened(address) as store:
        store.rows.begin(identity(), holder=HOLDER, now=NOW)
        inside, done = Event(), Event()
        with ThreadPoolExecutor(8) as pool:
            long = pool.submit(_read_twice, address, inside, done)
            assert inside.wait(20)
            began = time.perf_counter()
            run = store.rows.begin(identity(seed=2), holder=HOLDER, now=NOW)
            others = list(pool.map(lambda _: read_store(address).rows.list_runs(), range(20)))
            assert time.perf_counter() - began < 10, "nobody waits out the time for locks (20 s)"
            done.set()
            first, again = long.result()
        assert first == again
        assert len(first) == 1
        assert {len(runs) for runs in others} == {2}
        assert others[0][0] == run


def _read_twice(address, inside, done):
    reader = open_engine(address.url, read_only=True)
    with connect(reader) as connection:
        if reader.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        first = connection.execute(select(RUNS.c.id)).all()
        inside.set()
        assert done.wait(20)
        return first, connection.execute(select(RUNS.c.id)).all()


def test_a_reader_writes_nothing(address, identity):
    with opened(address) as store:
        store.rows.begin(identity(), holder=HOLDER, now=NOW)
    found = read_store(address)
    assert [run.state for run in found.rows.list_runs()] == ["running"]
    if address.url.get_backend_name() == "sqlite":
        with pytest.raises(StoreError, match="may not be written"):
            found.rows.begin(identity(seed=2), holder=HOLDER, now=NOW)


def test_a_failure_is_written_with_the_space_that_was_kept(sqlite_address, identity):
    with opened(sqlite_address) as store:
        reserve = store.folder / ".reserve"
        assert reserve.stat().st_size == RESERVE_BYTES
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        full = [True]

        def refuse(*_):
            if full:
                raise DiskTrouble("no space left")

        event.listen(store.rows.engine, "before_cursor_execute", refuse)
        freed = []

        def free():
            freed.append(free_reserve(store.folder))
            full.clear()
            return freed[-1]

        store.rows._free_space = free
        closing = Closing(state="failed", finished_at=NOW, message="no space left")
        ended = store.rows.end(run, closing)
        assert (ended.state, freed) == ("failed", [True])
        assert not reserve.exists()
        full.append(True)
        store.rows._free_space = lambda: free_reserve(store.folder)
        with pytest.raises(DiskTrouble):
            store.rows.add_note(run, kind="x", words="y", now=NOW)
    with opened(sqlite_address):
        assert reserve.stat().st_size == RESERVE_BYTES


def test_a_torn_reserve_is_made_anew_and_is_no_hole(tmp_path):
    (tmp_path / ".reserve").write_bytes(b"torn")
    make_reserve(tmp_path)
    found = (tmp_path / ".reserve").stat()
    assert found.st_size == RESERVE_BYTES
    assert found.st_blocks * 512 >= RESERVE_BYTES
    assert free_reserve(tmp_path)
    assert not free_reserve(tmp_path)
    make_reserve(tmp_path / "nowhere")


def test_latest_is_put_right_or_said(sqlite_address, identity):
    with opened(sqlite_address) as store:
        run = store.rows.begin(identity(), holder=HOLDER, now=NOW)
        run = finish_run(store, run, closing=Closing(finished_at=NOW), files={}, facts={})
    latest = job_folder(sqlite_address.folder, "night") / "latest"
    latest.unlink()
    with opened(sqlite_address) as store:
        assert store.warnings == ()
        assert latest.readlink().name == run.id
    latest.unlink()
    latest.mkdir()
    with opened(sqlite_address) as store:
        (warning,) = store.warnings
        assert f"cannot let {latest} point to {run.id}" in warning
        assert "the run itself is whole" in warning


def test_files_that_are_gone_and_folders_of_no_run_are_said(sqlite_address, identity):
    with opened(sqlite_address) as store:
        runs = [store.rows.begin(identity(seed=n), holder=HOLDER, now=NOW) for n in range(3)]
        for run in runs:
            finish_run(store, run, closing=Closing(finished_at=NOW), files={}, facts={})
        place = job_folder(store.folder, "night")
        (place / runs[0].id).rename(place / "unknown")
        with connect(store.rows.engine) as connection:
            connection.execute(text("DELETE FROM runs WHERE number = 2"))
    with opened(sqlite_address) as store:
        unknown, gone = store.warnings
        assert f"2 published runs are not in the history ({runs[1].id})" in unknown
        assert f"the files of 1 runs are gone ({runs[0].id})" in gone
        assert (place / "unknown").exists(), "what is not known is not touched"


def test_a_second_process_is_told_who_runs(address, fault_server, store_environ):
    with opened(address):
        said = fault_server(environ=store_environ, seed=1)
    assert (said["error"], said["code"]) == ("RunLocked", 5)
    assert "in use by job 'night' since 2027-01-12" in said["message"]
    assert fault_server(environ=store_environ, seed=1)["error"] == ""
