"""Tables of text typed by their declaration, with every finding at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.errors import InputError, Issue
from gridtool.formats.cells import CellError, CellParser, make_parser, parse_cell
from gridtool.formats.delimited import scan_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.frames import make_frame
from gridtool.formats.schema import TableSchema
from gridtool.formats.spelling import did_you_mean, list_words

__all__ = [
    "RowTyper",
    "check_columns",
    "find_duplicates",
    "parse_cell",
    "read_table",
    "type_rows",
]

_MOST_HINTS = 40
_MOST_FINDINGS = 20_000

TextRow = tuple[int, Mapping[str, str]]


class RowTyper:
    """Types rows of text, one at a time.

    Parameters
    ----------
    known
        Keys by table name that references must be found in; other tables are not checked.
    present
        Columns to type; default: all.
    """

    def __init__(
        self,
        schema: TableSchema,
        *,
        file: str,
        zone: ZoneInfo | None = None,
        comma_separates: bool = False,
        known: Mapping[str, Collection[str]] | None = None,
        present: Collection[str] | None = None,
    ) -> None:
        columns = [c for c in schema.columns if present is None or c.name in present]
        self._file = file
        self._known = known or {}
        self._parsers: dict[str, CellParser] = {
            column.name: make_parser(column, zone=zone, comma_separates=comma_separates)
            for column in columns
        }
        self._references: dict[str, str] = {
            column.name: column.references
            for column in columns
            if column.references is not None and column.references in self._known
        }
        self._hints_left = _MOST_HINTS

    def type_row(self, row: int, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Issue]]:
        """Values by column name (those without a finding) and the findings of one row."""
        values: dict[str, Any] = {}
        issues: list[Issue] = []
        for name, parse in self._parsers.items():
            text = cells.get(name, "")
            try:
                value = parse(text)
            except CellError as problem:
                issues.append(
                    Issue(
                        message=str(problem),
                        file=self._file,
                        row=row,
                        field=name,
                        value=text or None,
                        accepted=problem.accepted,
                        hint=problem.hint,
                    )
                )
                continue
            values[name] = value
            table = self._references.get(name)
            if table is not None and value is not None:
                issues += self._check_reference(row, name, table=table, value=value)
        return values, issues

    def _check_reference(self, row: int, field: str, *, table: str, value: Any) -> list[Issue]:
        keys = self._known[table]
        words = value if isinstance(value, tuple) else (value,)
        return [
            Issue(
                message=f"is not in {table}",
                file=self._file,
                row=row,
                field=field,
                value=str(word),
                hint=self._hint(str(word), keys),
            )
            for word in words
            if word not in keys
        ]

    def _hint(self, word: str, keys: Collection[str]) -> str | None:
        """The nearest key; None after many, as each search is slow in a long table."""
        self._hints_left -= 1
        return did_you_mean(word, keys) if self._hints_left >= 0 else None


def read_table(
    path: Path | str,
    schema: TableSchema,
    *,
    zone: ZoneInfo | None = None,
    error: type[InputError] = InputError,
    known: Mapping[str, Collection[str]] | None = None,
    name: str | None = None,
    limit_mb: float = 64,
) -> tuple[pd.DataFrame, list[Issue]]:
    """A CSV file as the frame that ``schema`` declares, and warnings.

    Parameters
    ----------
    zone
        Zone of times without an offset; None refuses them.
    known
        Keys by table name; references to other keys are findings. Tables not listed are not
        checked.
    name
        What findings call the file; default: its name without the folder.

    Raises
    ------
    InputError
        As ``error``, with all findings.
    """
    name = name or Path(path).name
    found = scan_rows(path, limit_mb=limit_mb, name=name, columns=schema.names, error=error)
    renamed, issues = check_columns(found.header, schema, file=name)
    issues += [row.issue for row in found.broken]
    rows: list[TextRow] = [
        (row, {renamed[key]: cell for key, cell in cells.items()}) for row, cells in found.rows
    ]
    typed, row_issues = type_rows(
        schema,
        rows,
        file=name,
        zone=zone,
        comma_separates=found.dialect.delimiter == ",",
        known=known,
        present=set(renamed.values()),
    )
    issues += row_issues
    issues += find_duplicates(schema, typed, file=name)
    refuse_on_errors(issues, error=error, subject=name)
    frame = make_frame(schema, [values for _, values in typed])
    return frame, [*found.warnings, *issues]


def check_columns(
    header: Sequence[str], schema: TableSchema, *, file: str
) -> tuple[dict[str, str], list[Issue]]:
    """Schema name by header name, and findings for unknown and missing columns."""
    by_folded = {name.casefold(): name for name in schema.names}
    renamed = {name: by_folded.get(name.casefold(), name) for name in header}
    issues = [
        Issue(
            message=f"{schema.name} has no such column",
            file=file,
            row=1,
            field=name,
            accepted=list_words(schema.names, limit=30),
            hint=did_you_mean(name, schema.names),
        )
        for name in header
        if name.casefold() not in by_folded
    ]
    issues += [
        Issue(message="the column is missing", file=file, row=1, field=column.name)
        for column in schema.columns
        if column.required and column.name not in renamed.values()
    ]
    return renamed, issues


def type_rows(
    schema: TableSchema,
    rows: Iterable[TextRow],
    *,
    file: str,
    zone: ZoneInfo | None = None,
    comma_separates: bool = False,
    known: Mapping[str, Collection[str]] | None = None,
    present: Collection[str] | None = None,
) -> tuple[list[tuple[int, dict[str, Any]]], list[Issue]]:
    """Rows typed by ``schema`` with their row numbers, and all findings.

    Only the columns ``present`` are typed (default: all). After very many findings the rest is
    not read.
    """
    typer = RowTyper(
        schema,
        file=file,
        zone=zone,
        comma_separates=comma_separates,
        known=known,
        present=present,
    )
    typed: list[tuple[int, dict[str, Any]]] = []
    issues: list[Issue] = []
    for row, cells in rows:
        values, found = typer.type_row(row, cells)
        typed.append((row, values))
        issues += found
        if len(issues) > _MOST_FINDINGS:
            issues.append(Issue(message="too many findings: not read further", file=file, row=row))
            break
    return typed, issues


def find_duplicates(
    schema: TableSchema, typed: Iterable[tuple[int, Mapping[str, Any]]], *, file: str
) -> list[Issue]:
    """Findings for rows that repeat the key of an earlier row."""
    if not schema.key:
        return []
    first: dict[tuple[Any, ...], int] = {}
    issues = []
    for row, values in typed:
        if any(values.get(name) is None for name in schema.key):
            continue
        key = tuple(values[name] for name in schema.key)
        if key in first:
            issues.append(
                Issue(
                    message=f"is there twice: first in row {first[key]}",
                    file=file,
                    row=row,
                    field=" + ".join(schema.key),
                    value=" ".join(str(part) for part in key),
                    ids=tuple(str(part) for part in key),
                )
            )
        first.setdefault(key, row)
    return issues
