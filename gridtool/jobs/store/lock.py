"""One run at a time in a store, by locks that die with their holder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.store.engine import hide_password, said_in_words
from gridtool.jobs.store.tables import RUNS

__all__ = ["Holder", "lock_file", "lock_store", "this_process"]

_ADVISORY_KEY = 0x6772_6964_746F_6F6C
"""The key of the lock in a PostgreSQL database: the letters "gridtool"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the lock, for the message to whoever does not get it."""

    job: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"job {self.job!r} since {self.since} (process {self.pid} on {self.host})"


def this_process(job: str, *, now: datetime) -> Holder:
    """The running process as a holder from ``now`` (aware) on."""
    since = now.astimezone(UTC).isoformat(timespec="seconds")
    return Holder(job=job, pid=os.getpid(), host=socket.gethostname(), since=since)


@contextmanager
def lock_store(engine: Engine, folder: Path, *, holder: Holder) -> Iterator[Callable[[], None]]:
    """Hold the store while the block runs; it is given what raises StoreError once it is lost.

    The folder's lock file is locked by the kernel, and in PostgreSQL an advisory lock is held by
    an open connection: both end with the process, however it ends, and none goes stale.

    Raises
    ------
    RunLocked
        If another process holds it: who, and since when.
    StoreError
        If the lock file cannot be written.
    """
    with lock_file(folder / "lock", holder=holder), _lock_database(engine) as check_held:
        yield check_held


@contextmanager
def lock_file(path: Path, *, holder: Holder, subject: str = "the store") -> Iterator[None]:
    """Hold the file at ``path``, made where there is none, while the block runs.

    Raises
    ------
    RunLocked
        If another process holds it: ``subject`` is said to be in use, by whom and since when.
    StoreError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise StoreError(f"cannot lock {path}: {problem.strerror}") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLocked(f"{subject} is in use by {_read_holder(descriptor)}") from None
        except OSError as problem:
            raise StoreError(f"cannot lock {path}: {problem.strerror}") from problem
        _write_holder(descriptor, holder)
        yield
    finally:
        os.close(descriptor)


def _write_holder(descriptor: int, holder: Holder) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
    except OSError:
        return  # a full disk: the lock is held all the same, only nameless


def _read_holder(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        return str(Holder(**said))
    except (OSError, ValueError, TypeError):
        return "another process"


@contextmanager
def _lock_database(engine: Engine) -> Iterator[Callable[[], None]]:
    if engine.url.get_backend_name() == "sqlite":
        yield lambda: None  # the lock of the file cannot be lost
        return
    with said_in_words(engine):
        connection = engine.connect()
    try:
        if not _take_advisory(connection):
            raise RunLocked(f"the store is in use by {_name_runner(connection)}")
        yield lambda: _check_session(connection)
    finally:
        connection.invalidate()  # the server gives the lock back when its connection ends
        connection.close()


def _take_advisory(connection: Connection) -> bool:
    asked = text("SELECT pg_try_advisory_lock(:key)")
    try:
        held = bool(connection.execute(asked, {"key": _ADVISORY_KEY}).scalar())
        connection.commit()
    except SQLAlchemyError as problem:
        shown = hide_password(connection.engine.url)
        raise StoreError(f"cannot lock the store {shown}") from problem
    return held


def _check_session(connection: Connection) -> None:
    """The lock lives as long as the session that took it."""
    try:
        connection.execute(text("SELECT 1"))
        connection.commit()
    except SQLAlchemyError as problem:
        raise StoreError(
            f"the connection to {hide_password(connection.engine.url)} that held the store was "
            "lost, another run may have begun: nothing was published"
        ) from problem


def _name_runner(connection: Connection) -> str:
    """Who runs on another machine: by the row of the run, which is there soon after the lock."""
    running = (
        select(RUNS.c.job, RUNS.c.host, RUNS.c.pid, RUNS.c.started_at)
        .where(RUNS.c.state == "running")
        .order_by(RUNS.c.number.desc())
    )
    try:
        row = connection.execute(running).first()
    except SQLAlchemyError:
        row = None
    if row is None:
        return "another process"
    since = row.started_at.isoformat(timespec="seconds")
    return str(Holder(job=row.job, pid=row.pid, host=row.host, since=since))
