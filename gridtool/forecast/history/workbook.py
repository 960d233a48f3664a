"""A sheet of a workbook as columns of text, so that it is judged as a CSV file is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

from gridtool.errors import HistoryError, Issue, NetworkError
from gridtool.formats.columns import TextColumns
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.formats.text import read_bytes

__all__ = ["is_workbook", "read_sheet"]

Row = tuple[object, ...]


def is_workbook(path: str | Path) -> bool:
    """Whether the name is that of a workbook that can be read."""
    return Path(path).suffix.casefold() in {".xlsx", ".xlsm"}


def read_sheet(
    path: str | Path,
    choose: Callable[[tuple[str, ...]], Collection[str]],
    *,
    sheet: str | None = None,
) -> TextColumns:
    """The columns that ``choose`` names of the sheet called ``sheet``, or of the first one.

    Nothing is calculated: a formula stands for the value saved with it.

    Raises
    ------
    HistoryError
        If the file is no workbook that can be opened safely, has no such sheet, has formulas
        without saved values, or its first filled row is no header.
    """
    # Only who reads a workbook pays for the import.
    from gridtool.network.foreign.findings import Findings
    from gridtool.network.foreign.workbook import read_workbook

    file = Path(path).name
    content = read_bytes(path, error=HistoryError)
    try:
        sheets = read_workbook(content, Findings(file))
    except NetworkError as refused:
        raise HistoryError(refused.issues, subject=file) from None
    name = sheet if sheet is not None else next(iter(sheets), "")
    if name not in sheets:
        raise HistoryError(
            Issue(
                message=f"there is no sheet {name!r}",
                file=file,
                accepted=list_words(sheets),
                hint=did_you_mean(name, sheets),
            ),
            subject=file,
        )
    return _take_columns(sheets[name], choose, file=file, digest=sha256(content).hexdigest())


def _take_columns(
    sheet: list[Row],
    choose: Callable[[tuple[str, ...]], Collection[str]],
    *,
    file: str,
    digest: str,
) -> TextColumns:
    filled = [
        (number, row)
        for number, row in enumerate(sheet, start=1)
        if any(cell is not None and cell != "" for cell in row)
    ]
    if not filled:
        raise HistoryError(Issue(message="is empty: not even a header", file=file), subject=file)
    line, head = filled[0]
    header = tuple(_write_cell(cell) for cell in head)
    while header and not header[-1]:
        header = header[:-1]
    _check_header(header, line=line, file=file)
    chosen = tuple(choose(header))
    places = [header.index(column) for column in chosen]
    body = filled[1:]
    return TextColumns(
        header=header,
        rows=[number for number, _ in body],
        cells={
            column: [_write_cell(row[at]) if at < len(row) else "" for _, row in body]
            for column, at in zip(chosen, places, strict=True)
        },
        comma_separates=False,
        sha256=digest,
    )


def _check_header(header: tuple[str, ...], *, line: int, file: str) -> None:
    issues = [
        Issue(message=f"column {position} has no name", file=file, row=line)
        for position, column in enumerate(header, start=1)
        if not column
    ]
    folded = [column.casefold() for column in header]
    issues += [
        Issue(message="the column is there twice", file=file, row=line, field=column)
        for position, column in enumerate(header)
        if column and folded[position] in folded[:position]
    ]
    if issues:
        raise HistoryError(issues, subject=file)


def _write_cell(cell: object) -> str:
    """A cell as a CSV file would have it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        # Spreadsheets keep times as fractions of a day: 23:59:59.9999 is midnight.
        whole = (cell + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=None)
        return whole.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()
