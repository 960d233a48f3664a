"""One run at a time in a store, by locks that die with their holder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.store.engine import hide_password

__all__ = ["Holder", "lock_store", "this_process"]

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
def lock_store(engine: Engine, folder: Path, *, holder: Holder) -> Iterator[None]:
    """Hold the store while the block runs.

    The folder's lock file is locked by the kernel, and in PostgreSQL an advisory lock is held by
    an open connection: both end with the process, however it ends, and none goes stale.

    Raises
    ------
    RunLocked
        If another process holds it: who, and since when.
    StoreError
        If the lock file cannot be written.
    """
    with _lock_file(folder / "lock", holder=holder), _lock_database(engine):
        yield


@contextmanager
def _lock_file(path: Path, *, holder: Holder) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise StoreError(f"cannot lock {path}: {problem.strerror}") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLocked(f"the store is in use by {_read_holder(descriptor)}") from None
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
def _lock_database(engine: Engine) -> Iterator[None]:
    if engine.url.get_backend_name() == "sqlite":
        yield
        return
    try:
        connection = engine.connect()
    except SQLAlchemyError as problem:
        raise StoreError(f"cannot reach the store {hide_password(engine.url)}") from problem
    try:
        asked = text("SELECT pg_try_advisory_lock(:key)")
        held = bool(connection.execute(asked, {"key": _ADVISORY_KEY}).scalar())
        connection.commit()
        if not held:
            raise RunLocked(f"the store {hide_password(engine.url)} is in use by another process")
        yield
    finally:
        connection.invalidate()  # the server gives the lock back when its connection ends
        connection.close()
