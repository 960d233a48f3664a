"""Rows of the run history as records: three statements, however many runs there are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Select, select

from gridtool.jobs.store.model import RunInput, RunRecord
from gridtool.jobs.store.tables import HEADLINES, INPUTS, RUNS

__all__ = ["fetch_records"]


def fetch_records(connection: Connection, chosen: Select[Any]) -> tuple[RunRecord, ...]:
    """The runs that ``chosen`` selects from :data:`RUNS`, in its order."""
    rows = connection.execute(chosen).all()
    if not rows:
        return ()
    numbers = chosen.with_only_columns(RUNS.c.number).subquery()
    headlines: dict[int, dict[str, float]] = defaultdict(dict)
    asked = select(HEADLINES).join(numbers, numbers.c.number == HEADLINES.c.run)
    for entry in connection.execute(asked.order_by(HEADLINES.c.run, HEADLINES.c.name)):
        headlines[entry.run][entry.name] = entry.value
    inputs: dict[int, list[RunInput]] = defaultdict(list)
    asked = select(INPUTS).join(numbers, numbers.c.number == INPUTS.c.run)
    for entry in connection.execute(asked.order_by(INPUTS.c.run, INPUTS.c.place)):
        inputs[entry.run].append(
            RunInput(role=entry.role, path=entry.path, sha256=entry.sha256, size=entry.size)
        )
    return tuple(
        RunRecord(
            **row._mapping,  # noqa: SLF001 - the documented way to a row's columns by name
            headline=headlines.get(row.number, {}),
            inputs=tuple(inputs.get(row.number, ())),
        )
        for row in rows
    )
