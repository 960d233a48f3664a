"""What holds of a store whatever was done to the processes that wrote to it."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

from store_cases import HOLDER, NOW

from gridtool.errors import RunLocked
from gridtool.jobs.store.folder import (
    check_files,
    hash_manifest,
    job_folder,
    list_published,
    read_latest,
)
from gridtool.jobs.store.objects import read_object
from gridtool.jobs.store.open import open_store, read_store


def settle(address, acknowledged, *, now=NOW + timedelta(days=1)):
    """Open the store, check all that must hold, and give the seconds that opening took."""
    began = time.perf_counter()
    while True:
        opened = open_store(address, holder=HOLDER, now=now)
        try:
            store = opened.__enter__()
        except RunLocked:
            # A database server sees that a connection broke a moment after the process died.
            if time.perf_counter() - began > 2:
                raise
            time.sleep(0.005)
        else:
            break
    seconds = time.perf_counter() - began
    try:
        check(store, acknowledged)
    finally:
        opened.__exit__(None, None, None)
    return seconds


def check(store, acknowledged):
    """Nothing acknowledged is lost, nothing is half there, nothing is there twice."""
    runs = store.rows.list_runs()
    assert not [run for run in runs if run.state == "running"], "a dead run is said to run"
    states = {run.id: run.state for run in runs}
    assert all(states.get(name) == "done" for name in acknowledged), "an acknowledged run is lost"
    published = [run for run in runs if run.folder]
    assert list_published(store.folder).keys() == {run.id for run in published}
    assert all(run.state == "done" for run in published)
    for run in published:
        folder = store.folder / run.folder
        assert check_files(folder) == ()
        assert hash_manifest(folder) == run.manifest
    for sha256 in store.rows.list_contents():
        read_object(store.folder, sha256)
    left = [path for path in store.folder.rglob(".*") if path.name != ".reserve"]
    assert left == [], "something unfinished is left"
    once = Counter(run.identity for run in published if not run.forced and not run.degraded)
    assert max(once.values(), default=1) == 1, "an identity is done twice"
    assert store.warnings == ()
    for run in published[:1]:
        assert read_latest(job_folder(store.folder, run.job)) == run.id


def check_readable(address):
    """A reader gets an answer, before anything is put in order."""
    if (address.folder / "lock").exists():
        return read_store(address).rows.list_runs()
    return ()
