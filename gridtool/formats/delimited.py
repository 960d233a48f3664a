"""CSV read as text: delimiter, quoting and every row's length settled before any typing."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from gridtool.errors import InputError, Issue
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import list_words
from gridtool.formats.text import DecodedText, read_text

__all__ = ["BrokenRow", "DelimitedFile", "Dialect", "parse_rows", "read_rows", "scan_rows"]


class _Reader(Protocol):
    """What is used of the csv module's reader, whose own type has no public name."""

    line_num: int

    def __next__(self) -> list[str]: ...


_LONGEST_LINE = 300_000
_MOST_BROKEN = 20_000
_MOST_ROWS = 2_000_000
_DETECT_CHARACTERS = 100_000
_DELIMITERS = (";", ",", "\t")
_WORDS = {";": "semicolon", ",": "comma", "\t": "tab"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells are separated. A comma can be a decimal sign where it does not separate."""

    delimiter: str

    @property
    def name(self) -> str:
        """The delimiter in words."""
        return _WORDS[self.delimiter]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row whose number of cells differs from the header's."""

    row: int
    cells: tuple[str, ...]
    issue: Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedFile:
    """A delimited file as text: ``rows`` are (line number, cell by column name), stripped.

    ``broken`` rows are not among ``rows``; :func:`read_rows` refuses a file that has some.
    """

    header: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    dialect: Dialect
    encoding: str
    sha256: str
    broken: tuple[BrokenRow, ...] = ()
    warnings: tuple[Issue, ...] = ()


def read_rows(
    path: Path | str,
    *,
    limit_mb: float = 64,
    name: str | None = None,
    columns: Collection[str] = (),
    error: type[InputError] = InputError,
) -> DelimitedFile:
    """The rows of a CSV file with comma, semicolon or tab, every cell text.

    Parameters
    ----------
    name
        What findings call the file; default: its name without the folder.
    columns
        Names expected in the header: they settle the delimiter in doubt.

    Raises
    ------
    InputError
        As ``error``, with every row that is too short or too long, duplicate and empty column
        names, and all that :func:`gridtool.formats.read_text` refuses.
    """
    found = scan_rows(path, limit_mb=limit_mb, name=name, columns=columns, error=error)
    refuse_on_errors((row.issue for row in found.broken), error=error, subject=str(path))
    return found


def scan_rows(
    path: Path | str,
    *,
    limit_mb: float = 64,
    name: str | None = None,
    columns: Collection[str] = (),
    error: type[InputError] = InputError,
) -> DelimitedFile:
    """As :func:`read_rows`, but rows of a wrong length are returned as ``broken``."""
    name = name or Path(path).name
    decoded = read_text(path, limit_mb=limit_mb, name=name, error=error)
    return parse_rows(decoded, name=name, columns=columns, error=error)


def parse_rows(
    decoded: DecodedText,
    *,
    name: str,
    columns: Collection[str] = (),
    error: type[InputError] = InputError,
) -> DelimitedFile:
    """The rows of delimited text; see :func:`scan_rows`."""
    text, named, skipped = _take_separator_line(decoded.text)
    if not text.strip():
        raise error(
            Issue(message="is empty: not even a header", file=name, accepted="a header row")
        )
    delimiter = named or _detect_delimiter(text, columns)
    records = _split_records(text, delimiter, name=name, skipped=skipped, error=error)
    header_row, raw_header = next(records)
    header = tuple(cell.strip() for cell in raw_header)
    _check_header(header, columns, row=header_row, name=name, error=error)
    ended = text.endswith(("\n", "\r"))
    rows: list[tuple[int, dict[str, str]]] = []
    broken: list[BrokenRow] = []
    row = header_row
    for row, cells in records:
        stripped = tuple(cell.strip() for cell in cells)
        if len(cells) != len(header):
            broken.append(BrokenRow(row, stripped, _length_issue(row, cells, header, name)))
        elif any(stripped):
            rows.append((row, dict(zip(header, stripped, strict=True))))
        _check_counts(rows, broken, name=name, error=error)
    if broken and broken[-1].row == row and not ended:
        broken[-1] = _mark_cut(broken[-1], len(header))
    return DelimitedFile(
        header=header,
        rows=rows,
        dialect=Dialect(delimiter),
        encoding=decoded.encoding,
        sha256=decoded.sha256,
        broken=tuple(broken),
        warnings=() if ended else (_no_line_end(row, name),),
    )


def _check_counts(
    rows: list[tuple[int, dict[str, str]]],
    broken: list[BrokenRow],
    *,
    name: str,
    error: type[InputError],
) -> None:
    """Stop before a hostile file fills the memory with rows or findings."""
    if len(broken) > _MOST_BROKEN:
        refuse_on_errors((bad.issue for bad in broken), error=error, subject=name)
    if len(rows) > _MOST_ROWS:
        raise error(Issue(message=f"has more than {_MOST_ROWS} rows", file=name), subject=name)


def _take_separator_line(text: str) -> tuple[str, str | None, int]:
    """Text without Excel's ``sep=;`` line, the delimiter it names, and the lines taken."""
    first, _, rest = text.partition("\n")
    mark = first.rstrip("\r").strip('"')
    if mark.casefold().startswith("sep=") and mark[4:] in _DELIMITERS:
        return rest, mark[4:], 1
    return text, None, 0


def _detect_delimiter(text: str, columns: Collection[str]) -> str:
    known = {column.casefold() for column in columns}
    start = text[:_DETECT_CHARACTERS].splitlines()
    lines = list(islice((line for line in start if line.strip()), 5))

    def rank(delimiter: str) -> tuple[int, bool, int]:
        try:
            header, *records = csv.reader(lines, delimiter=delimiter)
        except csv.Error:
            return 0, False, 0
        matches = sum(cell.strip().casefold() in known for cell in header)
        even = len(header) > 1 and all(len(record) == len(header) for record in records)
        return matches, even, len(header)

    # max takes the first of equals: a lone column without any delimiter reads as comma.
    return max((",", ";", "\t"), key=rank)


def _split_records(
    text: str, delimiter: str, *, name: str, skipped: int, error: type[InputError]
) -> Iterator[tuple[int, list[str]]]:
    """Non-blank records with the line each starts on (1 is the first line of the file)."""
    # newline="" keeps line ends for the csv module, which knows those inside quotes.
    lines = _limit_lines(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for start, cells in _number_records(reader, name=name, skipped=skipped, error=error):
        if cells and not (len(cells) == 1 and not cells[0].strip()):
            yield start, cells


def _limit_lines(lines: Iterable[str]) -> Iterator[str]:
    """Lines as they are; one that would make millions of cells is refused before it does."""
    for line in lines:
        if len(line) > _LONGEST_LINE:
            raise csv.Error("line too long")
        yield line


def _number_records(
    reader: _Reader, *, name: str, skipped: int, error: type[InputError]
) -> Iterator[tuple[int, list[str]]]:
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise error(_csv_issue(problem, start + skipped, name), subject=name) from None
        yield start + skipped, cells
        start = reader.line_num + 1


def _csv_issue(problem: csv.Error, row: int, name: str) -> Issue:
    text = str(problem)
    if "unexpected end" in text:
        message = "a quote is opened here and never closed; the file seems cut off"
    elif "field larger" in text:
        message = "a cell has more than 131072 characters: a quote may be missing its end"
    elif "line too long" in text:
        message = f"the row has more than {_LONGEST_LINE} characters"
    elif "new-line" in text:
        message = "a line end stands inside a cell without quotes"
    else:
        message = "the quotes of this row do not pair up"
    hint = 'a quote inside a quoted cell is written twice: "say ""yes"""'
    return Issue(message=message, file=name, row=row, hint=hint)


def _check_header(
    header: tuple[str, ...],
    columns: Collection[str],
    *,
    row: int,
    name: str,
    error: type[InputError],
) -> None:
    if columns and not {cell.casefold() for cell in header} & {c.casefold() for c in columns}:
        issue = Issue(
            message="the first row is not a header: it names none of the columns",
            file=name,
            row=row,
            accepted=list_words(columns, limit=30),
        )
        raise error(issue, subject=name)
    issues = [
        Issue(message=f"column {position} has no name", file=name, row=row)
        for position, column in enumerate(header, start=1)
        if not column
    ]
    seen: set[str] = set()
    for column in header:
        if column and column.casefold() in seen:
            issues.append(
                Issue(message="the column is there twice", file=name, row=row, field=column)
            )
        seen.add(column.casefold())
    refuse_on_errors(issues, error=error, subject=name)


def _length_issue(row: int, cells: list[str], header: tuple[str, ...], name: str) -> Issue:
    longer = len(cells) > len(header)
    return Issue(
        message=f"the row has {len(cells)} cells, the header has {len(header)}",
        file=name,
        row=row,
        hint="a decimal comma or a comma in a text may lack its quotes" if longer else None,
    )


def _mark_cut(last: BrokenRow, wanted: int) -> BrokenRow:
    """A last row that is short and has no line end: the file was cut off in it."""
    if len(last.cells) > wanted:
        return last
    message = f"the file seems cut off at line {last.row}: {last.issue.message}"
    return replace(last, issue=replace(last.issue, message=message))


def _no_line_end(row: int, name: str) -> Issue:
    return Issue(
        message="the last line has no line end: check that the file is whole",
        file=name,
        row=row,
        severity="warning",
    )
