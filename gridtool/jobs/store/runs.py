"""The rows of the run history."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select, update

from gridtool.errors import DiskTrouble, StoreError
from gridtool.jobs.store.engine import connect
from gridtool.jobs.store.lock import Holder
from gridtool.jobs.store.model import (
    Closing,
    Quality,
    RunIdentity,
    RunNote,
    RunRecord,
    RunState,
)
from gridtool.jobs.store.records import fetch_records
from gridtool.jobs.store.tables import HEADLINES, INPUTS, NOTES, RUNS

__all__ = ["RunRows"]

_Written = TypeVar("_Written")
_SHOWN = RUNS.c.state != "removing"
_CHUNK = 500
"""Rows in a statement: databases limit its parameters."""


class RunRows:
    """Reads and writes runs; every call is one transaction.

    Parameters
    ----------
    engine
        Of a store whose schema is up to date.
    free_space
        Gives space back on a full disk, and whether it could: then an end is written once more.
    """

    def __init__(self, engine: Engine, *, free_space: Callable[[], bool] = lambda: False) -> None:
        self.engine = engine
        self._free_space = free_space

    def begin(
        self,
        identity: RunIdentity,
        *,
        holder: Holder,
        now: datetime,
        quality: Quality = "full",
        run_id: str | None = None,
        forced: bool = False,
    ) -> RunRecord:
        """Write a run down as running, before it does anything."""
        moment = (identity.slot or now).astimezone(UTC)
        made_id = f"{moment:%Y%m%dT%H%MZ}-{identity.digest[:8]}-{secrets.token_hex(3)}"
        same = (RUNS.c.job == identity.job) & RUNS.c.slot.is_not_distinct_from(identity.slot)
        with connect(self.engine) as connection:
            before = connection.execute(select(func.max(RUNS.c.revision)).where(same)).scalar()
            made = connection.execute(
                insert(RUNS).values(
                    id=run_id or made_id,
                    job=identity.job,
                    slot=identity.slot,
                    revision=(before or 0) + 1,
                    identity=identity.digest,
                    state="running",
                    quality=quality,
                    as_of=identity.as_of,
                    started_at=now,
                    program_version=identity.program_version,
                    seed=identity.seed,
                    host=holder.host,
                    pid=holder.pid,
                    forced=forced,
                )
            )
            number = _only(made.inserted_primary_key)
            if identity.inputs:
                rows = [{"run": number, "place": place, **asdict(entry)} for place, entry in
                        enumerate(identity.inputs)]  # fmt: skip
                connection.execute(insert(INPUTS), rows)
            return _one(connection, RUNS.c.number == number)

    def end(
        self, run: RunRecord, closing: Closing, *, folder: str = "", manifest: str = ""
    ) -> RunRecord:
        """Write down how a running run ended, where its files lie and its manifest's SHA-256.

        Raises
        ------
        StoreError
            If it cannot be written, or is not running any more: another process settled it.
        """
        ended = replace(run, folder=folder, manifest=manifest, **_told(closing))
        return self._surely(lambda connection: _end(connection, ended))

    def find_done(self, digest: str) -> RunRecord | None:
        """The newest full run of an identity that is done, None if there is none."""
        done = (RUNS.c.identity == digest) & (RUNS.c.state == "done") & (RUNS.c.quality == "full")
        newest = select(RUNS).where(done).order_by(RUNS.c.number.desc()).limit(1)
        with connect(self.engine) as connection:
            return next(iter(fetch_records(connection, newest)), None)

    def get(self, name: str) -> RunRecord:
        """The run of an id, of the beginning of one that is unique, or of a number.

        Raises
        ------
        StoreError
            If there is none, or several.
        """
        chosen = RUNS.c.id.startswith(name, autoescape=True)
        number = int(name) if name.isdecimal() and len(name) < 10 else -1
        chosen |= RUNS.c.number == number
        with connect(self.engine) as connection:
            by_number = RUNS.c.number != number  # first in order, whatever ids begin so
            asked = select(RUNS).where(chosen & _SHOWN).order_by(by_number).limit(3)
            found = fetch_records(connection, asked)
        # The whole id of one run may be the beginning of another's, and so may a number.
        found = tuple(run for run in found if run.id == name or run.number == number) or found
        if len(found) != 1:
            said = "no run" if not found else "several runs"
            raise StoreError(f"{said} {name!r}; gridtool job list shows what there is")
        return found[0]

    def list_runs(
        self,
        *,
        job: str | None = None,
        states: tuple[RunState, ...] = (),
        limit: int | None = None,
    ) -> tuple[RunRecord, ...]:
        """Runs, the newest first."""
        chosen: Select[Any] = select(RUNS).order_by(RUNS.c.number.desc())
        chosen = chosen.where(RUNS.c.state.in_(states) if states else _SHOWN)
        if job is not None:
            chosen = chosen.where(RUNS.c.job == job)
        if limit is not None:
            chosen = chosen.limit(limit)
        with connect(self.engine) as connection:
            return fetch_records(connection, chosen)

    def list_jobs(self) -> tuple[str, ...]:
        """The names of jobs that have runs, sorted."""
        with connect(self.engine) as connection:
            found = connection.execute(select(RUNS.c.job).where(_SHOWN).distinct()).scalars().all()
        return tuple(sorted(found))

    def last_slot(self, job: str) -> datetime | None:
        """The last slot of a job for which a run is done, None if there is none."""
        done = (RUNS.c.job == job) & (RUNS.c.state == "done")
        with connect(self.engine) as connection:
            return connection.execute(select(func.max(RUNS.c.slot)).where(done)).scalar()

    def list_folders(self) -> tuple[frozenset[str], frozenset[str]]:
        """The ids of all runs, and of those that have published files."""
        with connect(self.engine) as connection:
            found = connection.execute(select(RUNS.c.id, RUNS.c.folder)).all()
        return frozenset(row.id for row in found), frozenset(row.id for row in found if row.folder)

    def list_contents(self) -> frozenset[str]:
        """The SHA-256 of every input of every run that is kept."""
        kept = select(INPUTS.c.sha256).join(RUNS, RUNS.c.number == INPUTS.c.run).where(_SHOWN)
        with connect(self.engine) as connection:
            return frozenset(connection.execute(kept.distinct()).scalars())

    def add_note(self, run: RunRecord, *, kind: str, words: str, now: datetime) -> None:
        """Write down something about a run beside how it ended."""
        count = select(func.count()).where(NOTES.c.run == run.number).scalar_subquery()
        note = insert(NOTES).values(run=run.number, place=count, at=now, kind=kind, words=words)
        self._surely(lambda connection: connection.execute(note))

    def list_notes(self, run: RunRecord) -> tuple[RunNote, ...]:
        """What was noted about a run, in order."""
        noted = select(NOTES.c.at, NOTES.c.kind, NOTES.c.words).where(NOTES.c.run == run.number)
        with connect(self.engine) as connection:
            rows = connection.execute(noted.order_by(NOTES.c.place)).all()
        return tuple(RunNote(at=row.at, kind=row.kind, words=row.words) for row in rows)

    def mark_removing(self, runs: Sequence[RunRecord]) -> None:
        """Take runs out of sight, before their files are deleted."""

        def mark(connection: Connection) -> None:
            for numbers in _chunks(runs):
                chosen = RUNS.c.number.in_(numbers) & (RUNS.c.state != "running")
                connection.execute(update(RUNS).where(chosen).values(state="removing"))

        self._surely(mark)

    def remove(self, runs: Sequence[RunRecord]) -> None:
        """Forget runs, with their inputs, headline figures, notes and scores."""

        def forget(connection: Connection) -> None:
            for numbers in _chunks(runs):
                connection.execute(delete(RUNS).where(RUNS.c.number.in_(numbers)))

        self._surely(forget)

    def _surely(self, write: Callable[[Connection], _Written]) -> _Written:
        """Write; on a full disk once more with the space that was kept back for it."""
        try:
            with connect(self.engine) as connection:
                return write(connection)
        except DiskTrouble:
            if not self._free_space():
                raise
        with connect(self.engine) as connection:
            return write(connection)


def _told(closing: Closing) -> dict[str, Any]:
    names = ("state", "quality", "finished_at", "duration_s", "exit_code", "message", "headline")
    return {name: getattr(closing, name) for name in names}


def _end(connection: Connection, ended: RunRecord) -> RunRecord:
    running = (RUNS.c.number == ended.number) & (RUNS.c.state == "running")
    names = ("state", "quality", "finished_at", "duration_s", "exit_code", "message", "folder",
             "manifest")  # fmt: skip
    values = {name: getattr(ended, name) for name in names}
    if connection.execute(update(RUNS).where(running).values(values)).rowcount != 1:
        found = fetch_records(connection, select(RUNS).where(RUNS.c.number == ended.number))
        if found == (ended,):
            return ended  # a disk that reported an error had written it all the same
        raise StoreError(f"run {ended.id} is not running: another gridtool has settled it")
    if ended.headline:
        _write_headline(connection, ended.number, ended.headline)
    return _one(connection, RUNS.c.number == ended.number)


def _write_headline(connection: Connection, number: int, headline: Mapping[str, float]) -> None:
    rows = [{"run": number, "name": name, "value": value} for name, value in headline.items()]
    connection.execute(insert(HEADLINES), rows)


def _one(connection: Connection, chosen: Any) -> RunRecord:
    (found,) = fetch_records(connection, select(RUNS).where(chosen))
    return found


def _only(key: Any) -> int:
    return int(key[0])


def _chunks(runs: Sequence[RunRecord]) -> list[list[int]]:
    numbers = [run.number for run in runs]
    return [numbers[first : first + _CHUNK] for first in range(0, len(numbers), _CHUNK)]
