"""Where the store is, and how it is opened: to write, alone and put in order; or to read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs
from sqlalchemy.engine import URL

from gridtool.errors import DiskTrouble, StoreError
from gridtool.jobs.store.check import (
    bring_removals_to_end,
    find_oddities,
    open_checked,
    settle_latest,
)
from gridtool.jobs.store.engine import hide_password, open_engine, parse_url
from gridtool.jobs.store.lock import Holder, lock_store
from gridtool.jobs.store.migrate import latest_version, schema_version, upgrade
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.recover import recover_runs
from gridtool.jobs.store.reserve import free_reserve, make_reserve
from gridtool.jobs.store.runs import RunRows

__all__ = ["Store", "StoreAddress", "open_store", "read_store", "resolve_store"]

VARIABLE = "GRIDTOOL_STORE"
FOLDER_VARIABLE = "GRIDTOOL_STORE_FOLDER"
DATABASE = "gridtool.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """The database of the run history, and the folder of the published files."""

    url: URL
    folder: Path

    def __str__(self) -> str:
        if self.url.get_backend_name() == "sqlite":
            return str(self.folder)
        return f"{hide_password(self.url)}, files in {self.folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store.

    Attributes
    ----------
    recovered
        Runs that had died and were settled on opening.
    warnings
        What is odd about it, in words.
    check_held
        Raises StoreError if the lock was lost since: to be asked before anything is published.
    """

    address: StoreAddress
    rows: RunRows
    recovered: tuple[RunRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    check_held: Callable[[], None] = lambda: None

    @property
    def folder(self) -> Path:
        """Of the published files."""
        return self.address.folder


def resolve_store(given: str | None, *, environ: Mapping[str, str]) -> StoreAddress:
    """The store of ``--store``, else of ``GRIDTOOL_STORE``, else of this user on this machine.

    A folder holds database and files. With the address of a database the files lie in
    ``GRIDTOOL_STORE_FOLDER``, else under the platform's state folder; processes on several
    machines that share a database must share that folder too.

    Raises
    ------
    StoreError
        If the address is not understood.
    """
    text = given or environ.get(VARIABLE) or ""
    state = Path(platformdirs.user_state_path("gridtool"))
    if "://" not in text:
        folder = Path(text).expanduser().absolute() if text else state
        return StoreAddress(url=parse_url(f"sqlite:///{folder / DATABASE}"), folder=folder)
    url = parse_url(text)
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("a store in memory keeps nothing; name a file or a folder")
        file = Path(url.database).absolute()
        return StoreAddress(url=url.set(database=str(file)), folder=file.parent)
    named = environ.get(FOLDER_VARIABLE)
    place = f"{url.host}:{url.port}/{url.database}".encode()
    folder = Path(named) if named else state / f"files-{hashlib.sha256(place).hexdigest()[:12]}"
    return StoreAddress(url=url, folder=folder.expanduser().absolute())


@contextmanager
def open_store(address: StoreAddress, *, holder: Holder, now: datetime) -> Iterator[Store]:
    """The store for writing, held alone: checked, schema up to date, dead runs settled.

    Raises
    ------
    RunLocked
        If another process holds it.
    StoreError
        If it cannot be opened, is damaged, or its database is gone while runs are there.
    """
    engine = open_engine(address.url)
    folder = address.folder
    with (
        lock_store(engine, folder, holder=holder) as check_held,
        open_checked(engine, folder),
    ):
        upgrade(engine)
        make_reserve(folder)
        rows = RunRows(engine, free_space=lambda: free_reserve(folder))
        recovered = recover_runs(rows, folder, now=now)
        warnings = (
            *bring_removals_to_end(rows, folder),
            *settle_latest(rows, folder),
            *find_oddities(rows, folder, now=now),
        )
        yield Store(
            address=address,
            rows=rows,
            recovered=recovered,
            warnings=warnings,
            check_held=check_held,
        )


def read_store(address: StoreAddress) -> Store:
    """The store for reading, also while a run holds it.

    Raises
    ------
    StoreError
        If there is none, or its schema is not this program's.
    """
    missing = StoreError(f"there is no run history at {address}; gridtool job run begins one")
    if address.url.get_backend_name() == "sqlite" and not Path(address.url.database or "").exists():
        raise missing
    engine = open_engine(address.url, read_only=True)
    try:
        version = schema_version(engine)
    except DiskTrouble:  # no place for SQLite's index: it is full
        engine = open_engine(address.url, read_only=True, alone=True)
        version = schema_version(engine)
    if version is None:
        raise missing
    if version != latest_version():
        raise StoreError(
            f"the run history at {address} has schema {version}, this program's is "
            f"{latest_version()}; gridtool job run brings an older one up to date"
        )
    return Store(address=address, rows=RunRows(engine))
