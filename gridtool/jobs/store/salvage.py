"""The history written again from the manifests of published runs, and from a damaged database."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from gridtool.errors import DiskTrouble, StoreError
from gridtool.formats.publish import sync_folder
from gridtool.jobs.store.check import check_database, settle_latest
from gridtool.jobs.store.damaged import read_damaged
from gridtool.jobs.store.engine import connect, open_engine
from gridtool.jobs.store.folder import (
    check_files,
    hash_manifest,
    list_published,
    read_manifest,
)
from gridtool.jobs.store.lock import Holder, lock_store
from gridtool.jobs.store.manifest import read_closing, read_run
from gridtool.jobs.store.migrate import upgrade
from gridtool.jobs.store.model import RunInput, RunRecord
from gridtool.jobs.store.open import StoreAddress
from gridtool.jobs.store.runs import RunRows
from gridtool.jobs.store.tables import HEADLINES, INPUTS, NOTES, RUNS, SCORES

__all__ = ["Salvage", "recover_store"]

_STATES = frozenset({"running", "done", "failed", "interrupted", "removing"})
_TABLES = {"run_notes": NOTES, "run_scores": SCORES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What was put in order.

    Attributes
    ----------
    added
        Runs written into the history from their manifests.
    kept
        Runs that only the damaged database still knew: those that published nothing.
    lost
        What could not be taken up, in words.
    aside
        Where the damaged database lies now; None if it was sound.
    """

    added: tuple[RunRecord, ...]
    kept: tuple[RunRecord, ...]
    lost: tuple[str, ...]
    aside: Path | None


def recover_store(address: StoreAddress, *, holder: Holder, now: datetime) -> Salvage:
    """Put a store in order whose database is damaged, gone, or older than its published runs.

    Every published run whose files are as its manifest says is taken into the history, if it is
    not there. A damaged SQLite file is read as far as it can be and kept beside the new one,
    which takes its place in one step. Nothing published is changed.

    Raises
    ------
    RunLocked
        If a run holds the store.
    StoreError
        If it cannot be read or written; or the PostgreSQL database is damaged itself, which is
        for its own tools to mend.
    """
    engine = open_engine(address.url)
    with lock_store(engine, address.folder, holder=holder):
        if not _is_damaged(engine):
            upgrade(engine)
            known = {run.id for run in RunRows(engine).list_runs()}
            found, lost = _read_manifests(address.folder, but=known)
            added = _insert(engine, found)
            settle_latest(RunRows(engine), address.folder)
            return Salvage(added=added, kept=(), lost=lost, aside=None)
        file = Path(address.url.database or "")
        rows = read_damaged(file)
        published, lost = _read_manifests(address.folder, but=frozenset())
        unpublished = [run for run in _runs_of(rows) if run.id not in {p.id for p in published}]
        fresh = file.with_name(f"{file.name}.recovering")
        added, kept = _write_fresh(address, fresh, published, unpublished, rows=rows)
        aside = _put_in_place(fresh, file, stamp=f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        settle_latest(RunRows(engine), address.folder)
    return Salvage(added=added, kept=kept, lost=lost, aside=aside)


def _is_damaged(engine: Engine) -> bool:
    try:
        check_database(engine)
    except DiskTrouble:
        raise
    except StoreError:
        if engine.url.get_backend_name() != "sqlite":
            raise
        return True
    return False


def _read_manifests(
    folder: Path, *, but: frozenset[str] | set[str]
) -> tuple[list[RunRecord], tuple[str, ...]]:
    found, lost = [], []
    for name, path in list_published(folder).items():
        if name in but:
            continue
        wrong = check_files(path)
        manifest = read_manifest(path) or {}
        run, closing = read_run(manifest), read_closing(manifest)
        if wrong or run is None or closing is None or run.id != name:
            lost.append(f"{path}: {wrong[0] if wrong else 'its manifest does not say which run'}")
            continue
        told = {slot: getattr(closing, slot) for slot in closing.__slots__}
        place = path.relative_to(folder).as_posix()
        found.append(replace(run, **told, folder=place, manifest=hash_manifest(path)))
    return sorted(found, key=lambda run: (run.number, run.started_at)), tuple(lost)


def _runs_of(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[RunRecord]:
    """The runs among rows of a damaged database; what is missing in one drops it."""
    inputs: dict[int, list[RunInput]] = defaultdict(list)
    for row in rows["run_inputs"]:
        with suppress(KeyError):
            names = ("role", "path", "sha256", "size")
            inputs[row["run"]].append(RunInput(**{name: row[name] for name in names}))
    headlines: dict[int, dict[str, float]] = defaultdict(dict)
    for row in rows["run_headlines"]:
        headlines[row["run"]][row["name"]] = row["value"]
    found = []
    for row in rows["runs"]:
        if row.get("state") in _STATES:
            with suppress(TypeError):
                number = row["number"]
                found.append(
                    RunRecord(**row, inputs=tuple(inputs[number]), headline=headlines[number])
                )
    return found


def _write_fresh(
    address: StoreAddress,
    fresh: Path,
    published: list[RunRecord],
    unpublished: list[RunRecord],
    *,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[tuple[RunRecord, ...], tuple[RunRecord, ...]]:
    for left in fresh.parent.glob(f"{fresh.name}*"):
        left.unlink()
    engine = open_engine(address.url.set(database=str(fresh)))
    upgrade(engine)
    added, kept = _insert(engine, published), _insert(engine, unpublished)
    numbers = {run.number for run in (*published, *unpublished)}
    for name, table in _TABLES.items():
        for row in rows[name]:
            if row.get("run") in numbers:
                with suppress(StoreError), connect(engine) as connection:
                    connection.execute(insert(table).values(**row))
    engine.dispose()
    return added, kept


def _put_in_place(fresh: Path, file: Path, *, stamp: str) -> Path:
    """Put the new database in the place of the damaged one, of which a copy is kept first."""
    aside = file.with_name(f"{file.name}.damaged-{stamp}")
    try:
        for suffix in ("", "-wal"):
            if file.with_name(file.name + suffix).exists():
                shutil.copy2(file.with_name(file.name + suffix), f"{aside}{suffix}")
        sync_folder(file.parent)
        # A journal of the damaged file would be played into the new one.
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        fresh.replace(file)
        sync_folder(file.parent)
    except OSError as problem:
        raise StoreError(f"cannot put {file} in order: {problem.strerror}") from problem
    return aside


def _insert(engine: Engine, runs: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """Write whole runs; a number or identity that is taken is not taken twice."""
    written = []
    with connect(engine) as connection:
        taken = set(connection.execute(select(RUNS.c.number)).scalars())
        full = (RUNS.c.state == "done") & (RUNS.c.quality == "full")
        done = set(connection.execute(select(RUNS.c.identity).where(full)).scalars())
        for run in runs:
            number = run.number if run.number not in taken else max(taken) + 1
            full_done = run.state == "done" and run.quality == "full"
            forced = run.forced or (full_done and run.identity in done)
            taken.add(number)
            done.update({run.identity} if full_done else ())
            written.append(replace(run, number=number, forced=forced))
            _insert_one(connection, written[-1])
        _advance_sequence(connection)
    return tuple(written)


def _insert_one(connection: Connection, run: RunRecord) -> None:
    values = {column.name: getattr(run, column.name) for column in RUNS.columns}
    connection.execute(insert(RUNS).values(**values))
    inputs = [
        {"run": run.number, "place": place, **asdict(entry)}
        for place, entry in enumerate(run.inputs)
    ]
    headline = [{"run": run.number, "name": k, "value": v} for k, v in run.headline.items()]
    for table, rows in ((INPUTS, inputs), (HEADLINES, headline)):
        if rows:
            connection.execute(insert(table), rows)


def _advance_sequence(connection: Connection) -> None:
    """PostgreSQL counts on from the last number that it gave itself, not from the last there is."""
    if connection.dialect.name == "postgresql":
        last = connection.execute(select(func.max(RUNS.c.number))).scalar()
        if last is not None:
            asked = text("SELECT setval(pg_get_serial_sequence('runs', 'number'), :last)")
            connection.execute(asked, {"last": last})
