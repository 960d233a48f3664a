"""What a run that died left behind, put in order by the next one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gridtool.jobs.store.folder import (
    check_files,
    job_folder,
    point_latest,
    read_manifest,
    remove_partial,
    remove_run,
)
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.runs import RunRows

__all__ = ["DIED", "recover_runs"]

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
        closing = _closing(published) if published.is_dir() else None
        if closing is not None:
            point_latest(place, run.id)
            settled.append(_finish(rows, run, closing, name=_relative(published, folder)))
            continue
        if published.exists():
            remove_run(place, run.id)
        remove_partial(place, run.id)
        settled.append(rows.end(run, "interrupted", finished_at=now, message=DIED))
    return tuple(settled)


def _closing(published: Path) -> dict[str, Any] | None:
    manifest = read_manifest(published)
    if manifest is None or check_files(published):
        return None
    closing = manifest.get("closing")
    return closing if isinstance(closing, dict) else None


def _finish(rows: RunRows, run: RunRecord, closing: dict[str, Any], *, name: str) -> RunRecord:
    return rows.end(
        run,
        "done",
        finished_at=datetime.fromisoformat(closing["finished_at"]).astimezone(UTC),
        duration_s=closing["duration_s"],
        exit_code=closing["exit_code"],
        message=closing["message"],
        folder=name,
        quality=closing["quality"],
        headline=closing["headline"],
    )


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
