"""The rows of the run history."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, insert, select, update

from gridtool.errors import StoreError
from gridtool.jobs.store.engine import connect
from gridtool.jobs.store.lock import Holder
from gridtool.jobs.store.model import Quality, RunIdentity, RunInput, RunRecord, RunState
from gridtool.jobs.store.tables import HEADLINES, INPUTS, RUNS

__all__ = ["RunRows"]


class RunRows:
    """Reads and writes runs; every call is one transaction.

    Parameters
    ----------
    engine
        Of a store whose schema is up to date.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self, identity: RunIdentity, *, holder: Holder, now: datetime, quality: Quality = "full"
    ) -> RunRecord:
        """Write a run down as running, before it does anything."""
        with connect(self._engine) as connection:
            same = (RUNS.c.job == identity.job) & RUNS.c.slot.is_not_distinct_from(identity.slot)
            before = connection.execute(select(func.count()).select_from(RUNS).where(same)).scalar()
            moment = (identity.slot or now).astimezone(UTC)
            made = connection.execute(
                insert(RUNS).values(
                    id=f"{moment:%Y%m%dT%H%MZ}-{identity.digest[:8]}-{secrets.token_hex(3)}",
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
                )
            )
            number = _only(made.inserted_primary_key)
            if identity.inputs:
                rows = [{"run": number, "place": place, **asdict(entry)} for place, entry in
                        enumerate(identity.inputs)]  # fmt: skip
                connection.execute(insert(INPUTS), rows)
            return _fetch(connection, RUNS.c.number == number)

    def end(
        self,
        run: RunRecord,
        state: RunState,
        *,
        finished_at: datetime,
        duration_s: float | None = None,
        exit_code: int | None = None,
        message: str = "",
        folder: str = "",
        quality: Quality | None = None,
        headline: Mapping[str, float] | None = None,
    ) -> RunRecord:
        """Write down how a run ended."""
        with connect(self._engine) as connection:
            connection.execute(
                update(RUNS)
                .where(RUNS.c.number == run.number)
                .values(
                    state=state,
                    quality=quality or run.quality,
                    finished_at=finished_at,
                    duration_s=duration_s,
                    exit_code=exit_code,
                    message=message,
                    folder=folder,
                )
            )
            if headline:
                connection.execute(delete(HEADLINES).where(HEADLINES.c.run == run.number))
                rows = [{"run": run.number, "name": k, "value": v} for k, v in headline.items()]
                connection.execute(insert(HEADLINES), rows)
            return _fetch(connection, RUNS.c.number == run.number)

    def find_done(self, digest: str) -> RunRecord | None:
        """The full run of an identity that is done, None if there is none."""
        done = (RUNS.c.identity == digest) & (RUNS.c.state == "done") & (RUNS.c.quality == "full")
        with connect(self._engine) as connection:
            row = connection.execute(select(RUNS).where(done)).first()
            return None if row is None else _record(connection, row)

    def get(self, name: str) -> RunRecord:
        """The run of an id, of the beginning of one that is unique, or of a number.

        Raises
        ------
        StoreError
            If there is none, or several.
        """
        chosen = RUNS.c.id.startswith(name, autoescape=True)
        if name.isdecimal() and len(name) < 10:
            chosen = RUNS.c.number == int(name)
        with connect(self._engine) as connection:
            rows = connection.execute(select(RUNS).where(chosen).limit(2)).all()
            if len(rows) != 1:
                found = "no run" if not rows else "several runs"
                raise StoreError(f"{found} {name!r}; gridtool job list shows what there is")
            return _record(connection, rows[0])

    def list_runs(
        self,
        *,
        job: str | None = None,
        states: tuple[RunState, ...] = (),
        limit: int | None = None,
    ) -> tuple[RunRecord, ...]:
        """Runs, the newest first."""
        chosen: Select[Any] = select(RUNS).order_by(RUNS.c.number.desc())
        if job is not None:
            chosen = chosen.where(RUNS.c.job == job)
        if states:
            chosen = chosen.where(RUNS.c.state.in_(states))
        if limit is not None:
            chosen = chosen.limit(limit)
        with connect(self._engine) as connection:
            rows = connection.execute(chosen).all()
            return tuple(_record(connection, row) for row in rows)

    def remove(self, run: RunRecord) -> None:
        """Forget a run, with its inputs, headline figures and scores."""
        with connect(self._engine) as connection:
            connection.execute(delete(RUNS).where(RUNS.c.number == run.number))


def _only(key: Any) -> int:
    return int(key[0])


def _fetch(connection: Connection, chosen: Any) -> RunRecord:
    return _record(connection, connection.execute(select(RUNS).where(chosen)).one())


def _record(connection: Connection, row: Row[Any]) -> RunRecord:
    number = row.number
    headline = connection.execute(
        select(HEADLINES.c.name, HEADLINES.c.value)
        .where(HEADLINES.c.run == number)
        .order_by(HEADLINES.c.name)
    )
    inputs = connection.execute(
        select(INPUTS.c.role, INPUTS.c.path, INPUTS.c.sha256, INPUTS.c.size)
        .where(INPUTS.c.run == number)
        .order_by(INPUTS.c.place)
    )
    return RunRecord(
        **row._mapping,  # noqa: SLF001 - the documented way to a row's columns by name
        headline={entry.name: entry.value for entry in headline},
        inputs=tuple(RunInput(**entry._mapping) for entry in inputs),  # noqa: SLF001
    )
