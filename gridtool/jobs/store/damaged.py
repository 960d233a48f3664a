"""What can still be read of a SQLite file that is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from gridtool.jobs.store.engine import open_engine
from gridtool.jobs.store.tables import Instant, metadata

__all__ = ["read_damaged"]

_MOST_PROBED = 10_000
"""Rows between two damaged places are asked for one by one, but not more of them."""


def read_damaged(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The readable rows of each of our tables, by column; columns that a table lacks are left out.

    Pages that are damaged cost the rows on them: rows are read from the front up to the first
    damage, from the back down to the last, and between them one by one.
    """
    engine = open_engine(URL.create("sqlite", database=str(file)), read_only=True)
    found: dict[str, list[dict[str, Any]]] = {}
    for table in metadata.sorted_tables:
        rows = dict(_read_rows(engine, table))
        found[table.name] = [rows[rowid] for rowid in sorted(rows)]
    return found


def _read_rows(engine: Engine, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    front = back = None
    for rowid, row in _walk(engine, table, "ORDER BY rowid"):
        front = rowid
        yield rowid, row
    for rowid, row in _walk(engine, table, "ORDER BY rowid DESC"):
        if front is not None and rowid <= front:
            return
        back = rowid
        yield rowid, row
    between = range((front or 0) + 1, (back or 0))
    for rowid in between[:_MOST_PROBED]:
        yield from _walk(engine, table, f"WHERE rowid = {rowid}")


def _walk(engine: Engine, table: Table, order: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows until the first that cannot be read."""
    with suppress(SQLAlchemyError, engine.dialect.loaded_dbapi.Error):
        connection = engine.raw_connection()
        with closing(connection):
            cursor = connection.cursor()
            cursor.execute(f"SELECT rowid, * FROM {table.name} {order}")  # noqa: S608 - our names
            names = [entry[0] for entry in cursor.description]
            for values in iter(cursor.fetchone, None):
                row = _convert(table, dict(zip(names[1:], values[1:], strict=True)))
                if row is not None:
                    yield values[0], row


def _convert(table: Table, row: dict[str, Any]) -> dict[str, Any] | None:
    """The row with the types of its columns; None if a value is not of the type: damage."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.name not in row:
            continue
        value = row[column.name]
        try:
            if value is None:
                if not column.nullable:
                    return None
            elif isinstance(column.type, Instant):
                value = datetime.fromisoformat(value)
            else:
                value = column.type.python_type(value)
        except (TypeError, ValueError):
            return None
        found[column.name] = value
    return found
