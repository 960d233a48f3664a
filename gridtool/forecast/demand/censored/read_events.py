"""What the planner states of demand, read from CSV: outages, moves of the level, rebounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import DemandEvent
from gridtool.formats.delimited import scan_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.schema import Column, TableSchema
from gridtool.formats.typed import RowTyper, check_columns

__all__ = ["EVENTS", "EVENT_KINDS", "read_events"]

EVENT_KINDS = ("outage", "level", "rebound")
EVENTS = TableSchema(
    name="events",
    meaning="what the planner states of demand, past and ahead",
    key=(),
    columns=(
        Column(name="kind", kind="choice", meaning="what happened", choices=EVENT_KINDS),
        Column(name="from", kind="timestamp", meaning="first instant, or first day"),
        Column(
            name="to", kind="timestamp", meaning="end, or last day; none for level", required=False
        ),
        Column(
            name="change_pct",
            kind="float",
            unit="%",
            meaning="by how much demand changes; empty: estimated",
            required=False,
            above=-100.0,
            maximum=400.0,
        ),
        Column(name="note", kind="text", meaning="for people", required=False),
    ),
)
_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4}", re.ASCII)


def read_events(path: str | Path, *, zone: ZoneInfo) -> tuple[DemandEvent, ...]:
    """Events in order of their beginning.

    One row each: ``kind,from,to,change_pct,note``. Times without an offset are local to
    ``zone``. A ``to`` that is a date without a time includes that day.

    - ``outage`` needs ``to`` and takes no ``change_pct``;
    - ``level`` takes no ``to``; without ``change_pct`` its size is estimated from the history;
    - ``rebound`` needs ``to`` and a ``change_pct`` above zero.

    Raises
    ------
    HistoryError
        With every cell and row that is wrong.
    """
    name = Path(path).name
    table = scan_rows(path, columns=EVENTS.names, error=HistoryError)
    renamed, issues = check_columns(table.header, EVENTS, file=name)
    issues += [*table.warnings, *(broken.issue for broken in table.broken)]
    typer = RowTyper(EVENTS, file=name, zone=zone, comma_separates=table.dialect.delimiter == ",")
    events: list[tuple[int, DemandEvent]] = []
    for row, named in table.rows:
        cells = {renamed[key]: cell for key, cell in named.items()}
        values, found = typer.type_row(row, cells)
        if not found:
            event, found = _make_event(cells, values, zone=zone, file=name, row=row)
            events.append((row, event))
        issues += found
    issues += _find_repeated_levels(events, file=name)
    refuse_on_errors(issues, error=HistoryError, subject=name)
    return tuple(sorted((event for _, event in events), key=lambda event: event.start))


def _make_event(
    cells: Mapping[str, str], values: Mapping[str, Any], *, zone: ZoneInfo, file: str, row: int
) -> tuple[DemandEvent, list[Issue]]:
    """The event of a row whose cells are sound, and what is wrong between them."""
    kind, start, percent = values["kind"], values["from"], values["change_pct"]
    end = values["to"]
    if end is not None and _DATE_ONLY.fullmatch(cells["to"].strip()):
        end = _next_midnight(end, zone=zone)
    wrong: list[tuple[str, str, str]] = []
    if kind == "level" and end is not None:
        wrong.append(("to", "a level has no end", "empty; a second level row for a way back"))
    if kind != "level" and end is None:
        wrong.append(("to", f"is empty: when did the {kind} end?", "a time or a last day"))
    if end is not None and end <= start:
        wrong.append(("to", "does not lie after from", f"a time after {cells['from']}"))
    if kind == "outage" and percent is not None:
        wrong.append(("change_pct", "an outage takes none: it is estimated", "empty"))
    if kind == "rebound" and (percent is None or percent <= 0):
        wrong.append(("change_pct", "a rebound lies above the usual course", "a number above 0"))
    event = DemandEvent(
        kind=kind,
        start=start,
        end=end,
        change=None if percent is None else percent / 100.0,
        note=values["note"] or "",
    )
    return event, [
        Issue(
            message=message,
            file=file,
            row=row,
            field=field,
            value=cells.get(field, ""),
            accepted=accepted,
        )
        for field, message, accepted in wrong
    ]


def _next_midnight(midnight: datetime, *, zone: ZoneInfo) -> datetime:
    """The end of the local day that begins at ``midnight`` (UTC), which may have 23 or 25 hours."""
    following = midnight.astimezone(zone).date() + timedelta(days=1)
    local = datetime(following.year, following.month, following.day, tzinfo=zone)
    return local.astimezone(midnight.tzinfo)


def _find_repeated_levels(events: list[tuple[int, DemandEvent]], *, file: str) -> list[Issue]:
    first: dict[datetime, int] = {}
    issues = []
    for row, event in events:
        if event.kind != "level":
            continue
        if event.start in first:
            issues.append(
                Issue(
                    message=f"the level moves twice at one time: see row {first[event.start]}",
                    file=file,
                    row=row,
                    field="from",
                    hint="state one change",
                )
            )
        first.setdefault(event.start, row)
    return issues
