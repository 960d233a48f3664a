"""What is looked at when a store is opened: a database that is whole, files that belong to rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from gridtool.errors import DiskTrouble, StoreError
from gridtool.jobs.store.engine import connect, hide_password, said_in_words
from gridtool.jobs.store.folder import job_folder, list_published, point_latest, read_latest
from gridtool.jobs.store.migrate import schema_version
from gridtool.jobs.store.recover import delete_removed
from gridtool.jobs.store.reserve import free_reserve
from gridtool.jobs.store.runs import RunRows

__all__ = [
    "bring_removals_to_end",
    "check_database",
    "find_oddities",
    "open_checked",
    "settle_latest",
]


@contextmanager
def open_checked(engine: Engine, folder: Path) -> Iterator[None]:
    """Check the database, and keep it open while the block runs.

    SQLite deletes its journal and index when the last connection closes, and makes them anew with
    the next: on a disk that has filled up meanwhile it could not, and no failure be written down.

    Raises
    ------
    StoreError
        If it is damaged, or there is none while published runs are in ``folder``: an empty one
        would hide them.
    """
    with _keep_open(engine, folder):
        check_database(engine)
        if schema_version(engine) is None and (lost := list_published(folder)):
            raise StoreError(
                f"the database {hide_password(engine.url)} has no run history, but {folder} holds "
                f"{len(lost)} published runs: gridtool job recover writes it again from them"
            )
        yield


@contextmanager
def _keep_open(engine: Engine, folder: Path) -> Iterator[None]:
    if engine.url.get_backend_name() != "sqlite":
        yield
        return
    try:
        kept = _connect(engine)
    except DiskTrouble:
        if not free_reserve(folder):
            raise
        kept = _connect(engine)
    try:
        yield
    finally:
        kept.close()


def _connect(engine: Engine) -> PoolProxiedConnection:
    with said_in_words(engine):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("SELECT count(*) FROM sqlite_master")
        except BaseException:
            connection.close()
            raise
    return connection


def check_database(engine: Engine) -> None:
    """Look whether a SQLite file is whole; other databases answer for themselves.

    Raises
    ------
    StoreError
        If it is not, or the database cannot be read.
    """
    with connect(engine) as connection:
        if connection.dialect.name != "sqlite":
            return
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if said != "ok":
        raise StoreError(
            f"the store {hide_password(engine.url)} is damaged ({' '.join(str(said).split())}): "
            "gridtool job recover saves what can be read"
        )


def bring_removals_to_end(rows: RunRows, folder: Path) -> tuple[str, ...]:
    """Go on with a removal of runs that was interrupted; what cannot be removed, in words."""
    try:
        delete_removed(rows, folder)
    except StoreError as problem:
        return (f"{problem}: the run is out of the history, its files are not",)
    return ()


def settle_latest(rows: RunRows, folder: Path) -> tuple[str, ...]:
    """Let each job's ``latest`` point to its newest run that is done; where it cannot, in words."""
    found = []
    for job in rows.list_jobs():
        place = job_folder(folder, job)
        for run in rows.list_runs(job=job, states=("done",), limit=1):
            try:
                if (place / run.id).is_dir() and read_latest(place) != run.id:
                    point_latest(place, run.id)
            except StoreError as problem:
                found.append(f"{problem}; the run itself is whole")
    return tuple(found)


def find_oddities(rows: RunRows, folder: Path, *, now: datetime) -> tuple[str, ...]:
    """What does not fit together, in words; nothing of it stops a run or is changed."""
    found = []
    newest = rows.list_runs(limit=1)
    if newest and newest[0].started_at > now:
        found.append(
            f"the clock says {_shown(now)}, but the last run {newest[0].id} began at "
            f"{_shown(newest[0].started_at)}: runs are ordered by number, not by the clock"
        )
    known, named = rows.list_folders()
    there = list_published(folder)
    unknown = sorted(there.keys() - known)
    if unknown:
        found.append(
            f"{len(unknown)} published runs are not in the history ({unknown[0]}): gridtool job "
            "recover takes them up"
        )
    gone = sorted(named - there.keys())
    if gone:
        found.append(
            f"the files of {len(gone)} runs are gone ({gone[0]}); gridtool job run --force makes "
            "them again"
        )
    return tuple(found)


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
