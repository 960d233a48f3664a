"""Tables about damage reports: files read, rows set aside, conflicts, the ledger, the state."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.damage.ledger import DamageLedger
from gridtool.damage.model import GridState
from gridtool.damage.read import ReportBatch
from gridtool.report.tables import NamedTable

__all__ = [
    "check_tables",
    "conflicts_table",
    "damage_table",
    "describe_check",
    "files_table",
    "ledger_table",
    "rejected_table",
]

_DAMAGE_COLUMNS = (
    "asset",
    "kind",
    "state",
    "capacity_left_pct",
    "occurred_at",
    "reported_at",
    "confidence",
    "low_h",
    "likely_h",
    "high_h",
    "skills",
    "spares",
    "reports",
)


def files_table(batch: ReportBatch) -> NamedTable:
    """One row per file: its form and how many rows were read, accepted and rejected."""
    rows = [
        {
            "file": file.name,
            "form": file.form,
            "read": file.read,
            "accepted": file.accepted,
            "rejected": file.rejected,
        }
        for file in batch.files
    ]
    return NamedTable(
        name="report_files",
        title="Report files",
        frame=pd.DataFrame(rows, columns=["file", "form", "read", "accepted", "rejected"]),
    )


def rejected_table(batch: ReportBatch) -> NamedTable:
    """The rows set aside, each with its findings and its cells as read."""
    rows = [
        {
            "file": entry.file,
            "row": entry.row,
            "field": entry.issue.field,
            "reason": entry.issue.message,
            "value": entry.issue.value,
            "hint": entry.issue.hint,
            "cells": " ; ".join(entry.cells),
        }
        for entry in batch.rejected
    ]
    columns = ["file", "row", "field", "reason", "value", "hint", "cells"]
    return NamedTable(
        name="rejected_reports",
        title="Rows set aside",
        frame=pd.DataFrame(rows, columns=columns),
        terminal_columns=("file", "row", "field", "reason", "value", "hint"),
    )


def conflicts_table(state: GridState) -> NamedTable:
    """Reports that contradicted, doubled or revised each other, and which one counts."""
    rows = [
        {
            "asset": conflict.asset,
            "rule": conflict.rule,
            "kept": conflict.kept,
            "dropped": ", ".join(conflict.dropped),
            "message": conflict.message,
        }
        for conflict in state.conflicts
    ]
    return NamedTable(
        name="conflicts",
        title="Conflicts between reports, and what counts",
        frame=pd.DataFrame(rows, columns=["asset", "rule", "kept", "dropped", "message"]),
    )


def damage_table(state: GridState) -> NamedTable:
    """One row per damaged asset as of the state's time."""
    rows = []
    for entry in state.damage.values():
        hours = entry.estimate
        rows.append(
            {
                "asset": entry.asset,
                "kind": entry.kind,
                "state": entry.state.value,
                "capacity_left_pct": entry.capacity_share * 100,
                "occurred_at": entry.occurred_at,
                "reported_at": entry.reported_at,
                "confidence": entry.confidence,
                "low_h": hours.low_h if hours else float("nan"),
                "likely_h": hours.likely_h if hours else float("nan"),
                "high_h": hours.high_h if hours else float("nan"),
                "skills": _words(entry.skills),
                "spares": _words(entry.spares),
                "reports": _words(entry.reports),
            }
        )
    return NamedTable(
        name="damage",
        title="Damaged assets",
        frame=pd.DataFrame(rows, columns=list(_DAMAGE_COLUMNS)),
        decimals={"capacity_left_pct": 0, "confidence": 2},
        terminal_columns=(
            "asset",
            "kind",
            "state",
            "capacity_left_pct",
            "occurred_at",
            "likely_h",
            "skills",
            "spares",
        ),
    )


def ledger_table(ledger: DamageLedger, state: GridState) -> NamedTable:
    """Every report by event time, with what the rules made of it as of the state's time."""
    frame = ledger.entries(state.as_of, state.network)
    lists = {name: [_words(words) for words in frame[name]] for name in ("skills", "spares")}
    return NamedTable(
        name="damage_log",
        title="Damage reports by time of event",
        frame=frame.assign(**lists),
        decimals={"remaining_capacity_pct": 0, "confidence": 2, "row": 0},
        terminal_columns=(
            "occurred_at",
            "reported_at",
            "asset",
            "state",
            "remaining_capacity_pct",
            "source",
            "report_id",
            "status",
        ),
    )


def check_tables(batch: ReportBatch, state: GridState) -> tuple[NamedTable, ...]:
    """The tables of ``gridtool damage check``; those on findings only where there are some."""
    tables = [files_table(batch)]
    if batch.rejected:
        tables.append(rejected_table(batch))
    tables.append(damage_table(state))
    if state.conflicts:
        tables.append(conflicts_table(state))
    return tuple(tables)


def describe_check(batch: ReportBatch, state: GridState, *, zone: ZoneInfo) -> str:
    """Counts of what was read and of what it comes to, in a sentence each."""
    moment = state.as_of.astimezone(zone)
    return (
        f"{_count(batch.read, 'report')} read from {_count(len(batch.files), 'file')}: "
        f"{len(batch.reports)} accepted, {len(batch.rejected)} rejected. "
        f"As of {moment:%Y-%m-%d %H:%M} {_count(len(state.damage), 'asset')} damaged; "
        f"{_count(len(state.conflicts), 'conflict')} between reports settled."
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _words(words: Iterable[str]) -> str:
    return " ".join(words)
