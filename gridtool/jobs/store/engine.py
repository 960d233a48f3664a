"""Connections to the run history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from gridtool.errors import DiskTrouble, MissingExtra, StoreError

__all__ = ["connect", "hide_password", "open_engine", "parse_url", "said_in_words"]

BUSY_MS = 20_000
"""How long a writer waits for another one."""
_POSTGRESQL = {
    # A server that is gone, or a client that is, is noticed within some 25 s: no lock outlives it.
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}
_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


_SAID: tuple[tuple[tuple[str, ...], str, type[StoreError]], ...] = (
    (
        ("malformed", "not a database"),
        "is damaged ({said}): gridtool job recover saves what can be read",
        StoreError,
    ),
    (
        ("disk is full", "No space"),
        "has no space left ({said}): nothing was lost; free some and run again",
        DiskTrouble,
    ),
    (
        ("disk I/O error", "unable to open database file"),
        "cannot be read or written ({said}): check its disk and its rights",
        DiskTrouble,
    ),
    (("readonly",), "may not be written ({said}): check its rights", StoreError),
    (
        ("locked",),
        "is locked by another program ({said}): run again when that has ended",
        StoreError,
    ),
)
"""Words of databases, what they mean, and the error they make."""


def parse_url(text: str) -> URL:
    """The address of a store's database.

    Raises
    ------
    StoreError
        If it is none, or of a database that is not supported. No password is repeated.
    """
    try:
        url = make_url(text)
        name = _DRIVERS[url.get_backend_name()]
    except (ArgumentError, NoSuchModuleError, KeyError, ValueError):
        raise StoreError(
            "the address of the store is not understood; accepted: a folder, "
            "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    return url.set(drivername=name)


def hide_password(url: URL) -> str:
    """The address for people and logs: without password, and without query, which may hold one."""
    return url.set(query={}).render_as_string(hide_password=True)


def open_engine(url: URL, *, read_only: bool = False, alone: bool = False) -> Engine:
    """An engine whose transactions are serial among writers and survive the death of a process.

    SQLite writes ahead with ``synchronous=FULL`` and takes the write lock when a transaction
    begins: one that is upgraded later fails at once instead of waiting. ``read_only`` ones take
    none: any number of them reads while one writes, each what was there when it began. ``alone``
    keeps SQLite's index of its journal in memory, where a full disk has no place for it; that
    needs the file for itself.

    Raises
    ------
    StoreError
        If the folder of the database cannot be made.
    MissingExtra
        If the driver is not installed.
    """
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, poolclass=NullPool, connect_args=_POSTGRESQL)
        except ImportError:
            raise MissingExtra("psycopg", extra="postgres") from None
    if url.database and not read_only:
        _make_folder(Path(url.database).parent)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_reader if read_only else _prepare_writer)
    if alone:
        event.listen(engine, "connect", _keep_alone)
    event.listen(engine, "begin", _begin_reading if read_only else _begin_immediately)
    return engine


@contextmanager
def connect(engine: Engine) -> Iterator[Connection]:
    """A transaction: kept when the block ends, dropped when it raises.

    Raises
    ------
    StoreError
        If the database cannot be reached, is full, damaged or refuses.
    """
    with said_in_words(engine), engine.begin() as connection:
        yield connection


@contextmanager
def said_in_words(engine: Engine) -> Iterator[None]:
    """What the database says in the block as StoreError."""
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as problem:
        words, kind = _words(problem)
        raise kind(f"the store {hide_password(engine.url)} {words}") from problem


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreError(f"cannot make the folder {folder}: {problem.strerror}") from problem


def _prepare_writer(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_immediately
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _keep_alone(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _words(problem: Exception) -> tuple[str, type[StoreError]]:
    """What the database said, in its own words, which hold no password."""
    original = problem.orig if isinstance(problem, DBAPIError) else problem
    if original is None or isinstance(original, SQLAlchemyError):
        return f"failed: {type(problem).__name__}", StoreError
    said = " ".join(str(original).split())
    for marks, words, kind in _SAID:
        if any(mark in said for mark in marks):
            return words.format(said=said), kind
    return f"failed: {said}", StoreError
