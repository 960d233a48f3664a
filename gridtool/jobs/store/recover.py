"""What a run that died left behind, put in order by the next one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gridtool.jobs.store.folder import (
    check_files,
    drop_partial,
    hash_manifest,
    job_folder,
    read_manifest,
    remove_run,
)
from gridtool.jobs.store.manifest import read_closing
from gridtool.jobs.store.model import Closing, RunRecord
from gridtool.jobs.store.objects import drop_unfinished
from gridtool.jobs.store.runs import RunRows

__all__ = ["DIED", "delete_removed", "read_whole", "recover_runs"]

DIED = "ended without a word: killed, or the machine stopped"


def recover_runs(rows: RunRows, folder: Path, *, now: datetime) -> tuple[RunRecord, ...]:
    """Settle every run that is said to be running; the caller holds the store, so none is.

    A run whose folder is in place and whole was published: only its last row was missing. Of any
    other nothing was published, and what it had begun to write is removed.

    Returns
    -------
    The runs settled, oldest first.
    """
    settled = []
    for run in reversed(rows.list_runs(states=("running",))):
        place = job_folder(folder, run.job)
        published = place / run.id
        closing = read_whole(published)
        if closing is None:
            remove_run(place, run.id)
            died = Closing(state="interrupted", quality=run.quality, finished_at=now, message=DIED)
            settled.append(rows.end(run, died))
            continue
        manifest = hash_manifest(published)
        name = published.relative_to(folder).as_posix()
        settled.append(rows.end(run, closing, folder=name, manifest=manifest))
    drop_partial(folder)
    drop_unfinished(folder)
    return tuple(settled)


def read_whole(published: Path) -> Closing | None:
    """How the run published there ended; None unless it is there with every file as it was."""
    manifest = read_manifest(published)
    if manifest is None or check_files(published):
        return None
    return read_closing(manifest)


def delete_removed(rows: RunRows, folder: Path) -> tuple[RunRecord, ...]:
    """Delete the files and then the rows of runs that were marked for it."""
    marked = rows.list_runs(states=("removing",))
    for run in marked:
        remove_run(job_folder(folder, run.job), run.id)
    if marked:
        rows.remove(marked)
    return marked
