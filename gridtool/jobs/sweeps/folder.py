"""The folder of a sweep: what is done is on the disk, and what is on the disk is never redone.

::

    sweep.json            what the sweep is made of; another sweep is refused the folder
    lock                  held by the process that works on it
    parts/                rows as they come: one file for each block of scenarios,
      rows-0000000-0001000.parquet    put together by 1,000 as soon as these are there
    scenarios.parquet     all rows in order, once all are there; then there are no parts

Every file appears whole or not at all, so a killed sweep is gone on with where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gridtool.errors import StoreError
from gridtool.formats.publish import sync_folder, write_bytes
from gridtool.formats.write import json_text
from gridtool.jobs.store.lock import Holder, lock_file
from gridtool.jobs.sweeps.parts import (
    COMPRESSION,
    SCHEMA,
    decode_rows,
    encode_table,
    join_tables,
    list_rows,
)
from gridtool.jobs.sweeps.ranges import find_missing, take_disjoint
from gridtool.whatif.model import SweepRow

__all__ = ["SHELF", "SweepFolder", "hold_folder", "identify_sweep"]

SHELF = 1_000
"""Rows put together in one file; so many, because a million files would be no use to anyone."""
FORMAT = {"format": "gridtool-sweep", "version": 1}
_PART = re.compile(r"rows-(\d{7,})-(\d{7,})\.parquet")


def identify_sweep(facts: Mapping[str, Any]) -> str:
    """SHA-256 of what decides the rows of a sweep: its plain JSON values."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFolder:
    """An open folder of a sweep of ``count`` scenarios."""

    path: Path
    count: int

    @property
    def table(self) -> Path:
        """File of all rows, once they are all there."""
        return self.path / "scenarios.parquet"

    @property
    def parts(self) -> Path:
        """Folder of the rows as they come."""
        return self.path / "parts"

    @property
    def is_finished(self) -> bool:
        """Whether all rows are there, in one file."""
        return self.table.exists()

    def settle(self) -> None:
        """Put right what an end in between left: a table that is no use, parts of a table."""
        if not self.is_finished:
            return
        if self._is_sound(self.table, (0, self.count)):
            self.remove_parts()
        else:
            self.table.unlink()

    def list_parts(self) -> list[tuple[int, int]]:
        """Blocks that are on the disk, in order; none has a scenario of another.

        A file that cannot be read as rows of its scenarios, and one whose rows are in a larger
        file too, is removed: the end came before it was, or the disk is damaged.
        """
        found = []
        for entry in _list_files(self.parts):
            match = _PART.fullmatch(entry.name)
            if match is None:
                entry.unlink(missing_ok=True)  # a temporary file of a process that was killed
                continue
            block = int(match[1]), int(match[2])
            if self._is_sound(entry, block):
                found.append(block)
            else:
                entry.unlink()
        kept = take_disjoint(found)
        for block in set(found) - set(kept):
            self._part(block).unlink()
        return kept

    def find_missing(self) -> list[tuple[int, int]]:
        """Blocks of scenarios that are not done; none reaches over a multiple of ``SHELF``."""
        if self.is_finished:
            return []
        return find_missing(self.list_parts(), self.count, shelf=SHELF)

    def keep(self, block: tuple[int, int], content: bytes) -> None:
        """Keep the rows of a block. When this returns they are on the disk.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        write_bytes(self._part(block), content)

    def join_shelf(self, blocks: list[tuple[int, int]]) -> None:
        """Put the parts of adjoining blocks together in one file."""
        if len(blocks) < 2:
            return
        whole = blocks[0][0], blocks[-1][1]
        self.keep(whole, encode_table(join_tables(map(self._read_part, blocks))))
        for block in blocks:
            self._part(block).unlink()

    def finish(self) -> None:
        """Write the table of all rows from the parts, and remove these."""
        with _trouble_as_store_error(self.table):
            temporary = self.path / f".scenarios.{secrets.token_hex(6)}.tmp"
            try:
                with temporary.open("wb") as stream:
                    with pq.ParquetWriter(stream, SCHEMA, compression=COMPRESSION) as writer:
                        for shelf in self._read_shelves():
                            writer.write_table(shelf, row_group_size=SHELF)
                    stream.flush()
                    os.fsync(stream.fileno())
                temporary.replace(self.table)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(self.path)
        self.remove_parts()

    def read_rows(self) -> Iterator[list[SweepRow]]:
        """All rows in order, by ``SHELF``: memory holds so many at once.

        Raises
        ------
        StoreError
            If they are not all there, or cannot be read.
        """
        with _trouble_as_store_error(self.table), pq.ParquetFile(self.table) as file:
            for batch in file.iter_batches(batch_size=SHELF):
                yield list_rows(batch)

    def remove_parts(self) -> None:
        """Remove the parts, whose rows are in the table."""
        for entry in _list_files(self.parts):
            entry.unlink(missing_ok=True)
        if self.parts.exists():
            self.parts.rmdir()

    def _read_shelves(self) -> Iterator[pa.Table]:
        """All rows in tables of ``SHELF`` rows, whatever the blocks they came in."""
        begun: list[pa.Table] = []
        rows = 0
        for block in self.list_parts():
            begun.append(self._read_part(block))
            rows += len(begun[-1])
            if block[1] % SHELF == 0 or block[1] == self.count:
                yield join_tables(begun)
                begun.clear()
        if rows != self.count:
            raise StoreError(f"{self.parts} holds {rows} rows of {self.count}; run the sweep again")

    def _part(self, block: tuple[int, int]) -> Path:
        return self.parts / f"rows-{block[0]:07}-{block[1]:07}.parquet"

    def _read_part(self, block: tuple[int, int]) -> pa.Table:
        with _trouble_as_store_error(self._part(block)):
            return decode_rows(self._part(block).read_bytes())

    def _is_sound(self, path: Path, block: tuple[int, int]) -> bool:
        """Whether the file's rows are those of its block; only what proves that is read."""
        first, end = block
        if end > self.count:
            return False
        try:
            with pq.ParquetFile(path) as file:
                if file.metadata.num_rows != end - first or not file.schema_arrow.equals(SCHEMA):
                    return False
                numbers = file.read(columns=["number"])["number"].to_pylist()
        except (pa.ArrowException, OSError):
            return False
        return bool(numbers == list(range(first, end)))


@contextmanager
def hold_folder(
    path: Path, *, facts: Mapping[str, Any], count: int, holder: Holder
) -> Iterator[SweepFolder]:
    """The folder of a sweep, made if there is none, and held by this process alone.

    Parameters
    ----------
    facts
        What decides the rows, as plain JSON values.

    Raises
    ------
    RunLocked
        If another process works on it.
    StoreError
        If it is another sweep's, or of somebody else, or cannot be written.
    """
    mark = path / "sweep.json"
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file; name a folder for the sweep")
    if path.is_dir() and not mark.exists() and any(_foreign(path)):
        raise StoreError(f"{path} holds files that are no sweep's; name another folder")
    with lock_file(path / "lock", holder=holder, subject=f"the sweep in {path}"):
        said = {**FORMAT, "identity": identify_sweep(facts), "scenarios": count, **facts}
        if mark.exists():
            _check_same(mark, said)
        with _trouble_as_store_error(path):
            (path / "parts").mkdir(exist_ok=True)
            if not mark.exists():
                write_bytes(mark, json_text(said).encode())
        folder = SweepFolder(path=path, count=count)
        folder.settle()
        yield folder


def _check_same(mark: Path, said: Mapping[str, Any]) -> None:
    try:
        found = json.loads(mark.read_bytes())
        identity = str(found["identity"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise StoreError(f"{mark} cannot be read; name another folder for the sweep") from problem
    if identity == said["identity"]:
        return
    differs = [key for key in said if key != "identity" and found.get(key) != said[key]]
    raise StoreError(
        f"{mark.parent} holds another sweep (different: {', '.join(sorted(differs)) or 'format'}); "
        "name another folder, or remove that one"
    )


def _foreign(path: Path) -> Iterator[Path]:
    """What is in a folder beside the lock of a sweep that ended before it said what it was."""
    return (entry for entry in path.iterdir() if entry.name not in {"lock", "parts"})


def _list_files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _trouble_as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as problem:
        words = getattr(problem, "strerror", None) or str(problem)
        raise StoreError(f"trouble with {path}: {words}") from problem
