"""How a run ends: its files put in place, ``latest`` moved to them, its last row written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gridtool.errors import StoreError
from gridtool.jobs.store.folder import hash_manifest, job_folder, point_latest, publish_run
from gridtool.jobs.store.manifest import make_facts
from gridtool.jobs.store.model import Closing, RunRecord
from gridtool.jobs.store.open import Store

__all__ = ["fail_run", "finish_run"]


def finish_run(
    store: Store,
    run: RunRecord,
    *,
    closing: Closing,
    files: Mapping[str, bytes],
    facts: Mapping[str, Any],
) -> RunRecord:
    """Publish a run's files and write down how it ended.

    Killed before the rename, nothing is published; killed after it, the next opening of the store
    finds the folder whole and writes the last row from its manifest. ``latest`` follows runs that
    are done, full or degraded; where it cannot be moved, the next opening does it or says why.

    Raises
    ------
    StoreError
        If the run cannot be published: it is written down as failed, and nothing of it is left.
        Or if it is in place and only its last row cannot be written, or its rename not be synced:
        the next opening settles it.
    """
    folder = job_folder(store.folder, run.job)
    store.check_held()
    before = (folder / run.id).exists()
    try:
        final = publish_run(folder, run.id, files, facts=make_facts(run, closing, facts=facts))
    except StoreError as problem:
        if not before and (folder / run.id).exists():
            raise  # whether it was published is for the next opening to say, which sees the disk
        failed = replace(closing, state="failed", exit_code=1, headline={}, message=str(problem))
        with suppress(StoreError):  # what is told is why nothing could be published
            fail_run(store, run, closing=failed)
        raise
    name = final.relative_to(store.folder).as_posix()
    try:
        ended = store.rows.end(run, closing, folder=name, manifest=hash_manifest(final))
    except StoreError as problem:
        raise StoreError(
            f"{problem}; the run is published in {final} and is taken up when the store is next "
            "opened for writing"
        ) from problem
    if closing.state == "done":
        with suppress(StoreError):
            point_latest(folder, run.id)
    return ended


def fail_run(store: Store, run: RunRecord, *, closing: Closing) -> RunRecord:
    """Write down how a run ended that published nothing; on a full disk with space kept for it.

    Raises
    ------
    StoreError
        If it cannot be written: the next opening finds the run dead and says so.
    """
    return store.rows.end(run, closing)
