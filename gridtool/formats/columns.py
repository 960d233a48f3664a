"""Long delimited files by column: only the columns asked for, as text, without a row in between.

A file of hundreds of thousands of rows is mostly plain: no quotes, every row as long as the
header. Such a file is split by columns. Any other goes through the strict reader of
:mod:`gridtool.formats.delimited`, whose findings are therefore the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gridtool.errors import InputError, Issue
from gridtool.formats.delimited import DelimitedFile, parse_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.text import DecodedText, read_text

__all__ = ["TextColumns", "read_columns"]

Choose = Callable[[tuple[str, ...]], Collection[str]]

_HEAD_LINES = 50
_CHUNK_LINES = 8192
_LONGEST_LINE = 100_000
_MOST_ROWS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumns:
    """Columns of a table, every cell stripped text.

    Attributes
    ----------
    rows
        Line of the file that each row stands on; the header's is 1.
    cells
        By the name of the column, those chosen only; each as long as ``rows``.
    comma_separates
        Whether a comma separates the cells: then it is no decimal sign.
    """

    header: tuple[str, ...]
    rows: Sequence[int]
    cells: dict[str, list[str]]
    comma_separates: bool
    sha256: str
    warnings: tuple[Issue, ...] = ()


def read_columns(
    path: Path | str,
    choose: Choose,
    *,
    limit_mb: float = 64,
    error: type[InputError] = InputError,
) -> TextColumns:
    """The columns that ``choose`` names when it is given the header.

    Raises
    ------
    InputError
        As ``error``, for all that :func:`gridtool.formats.delimited.read_rows` refuses, and what
        ``choose`` raises.
    """
    name = Path(path).name
    decoded = read_text(path, limit_mb=limit_mb, name=name, error=error)
    plain = _split_plain(decoded, choose, name=name, error=error)
    if plain is not None:
        return plain
    table = parse_rows(decoded, name=name, error=error)
    refuse_on_errors((row.issue for row in table.broken), error=error, subject=str(path))
    chosen = tuple(choose(table.header))
    return TextColumns(
        header=table.header,
        rows=[number for number, _ in table.rows],
        cells={column: [row[column] for _, row in table.rows] for column in chosen},
        comma_separates=table.dialect.delimiter == ",",
        sha256=table.sha256,
        warnings=table.warnings,
    )


def _split_plain(
    decoded: DecodedText, choose: Choose, *, name: str, error: type[InputError]
) -> TextColumns | None:
    """The columns of a plain file, None for any other."""
    text = decoded.text
    if '"' in text or text[:4].casefold() == "sep=":
        return None
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < 2 or len(lines) > _MOST_ROWS or not lines[0].strip():
        return None
    head = _read_head(decoded, lines, name=name, error=error)
    delimiter, body = head.dialect.delimiter, lines[1:]
    if head.broken or not _are_even(body, delimiter, cells=len(head.header)):
        return None
    chosen = tuple(choose(head.header))
    return TextColumns(
        header=head.header,
        rows=range(2, len(lines) + 1),
        cells=_take_columns(body, head, chosen),
        comma_separates=delimiter == ",",
        sha256=decoded.sha256,
        warnings=() if text.endswith(("\n", "\r")) else _read_end(decoded, lines, head, name=name),
    )


def _read_head(
    decoded: DecodedText, lines: list[str], *, name: str, error: type[InputError]
) -> DelimitedFile:
    """The first lines as the strict reader reads them: header and delimiter."""
    first = "\n".join(lines[:_HEAD_LINES]) + "\n"
    return parse_rows(replace(decoded, text=first), name=name, error=error)


def _read_end(
    decoded: DecodedText, lines: list[str], head: DelimitedFile, *, name: str
) -> tuple[Issue, ...]:
    """What the strict reader says of a last line without an end, on its own line."""
    last = head.dialect.delimiter.join(head.header) + "\n" + lines[-1]
    found = parse_rows(replace(decoded, text=last), name=name).warnings
    return tuple(replace(issue, row=len(lines)) for issue in found)


def _are_even(body: list[str], delimiter: str, *, cells: int) -> bool:
    """Whether every line has as many cells as the header, and none is empty or endless."""
    if {line.count(delimiter) for line in body} != {cells - 1}:
        return False
    blanks = delimiter + " \t\u00a0"
    return all(line.strip(blanks) for line in body) and len(max(body, key=len)) <= _LONGEST_LINE


def _take_columns(
    body: list[str], head: DelimitedFile, chosen: tuple[str, ...]
) -> dict[str, list[str]]:
    delimiter, width = head.dialect.delimiter, len(head.header)
    places = [head.header.index(column) for column in chosen]
    cells: list[list[str]] = [[] for _ in chosen]
    for first in range(0, len(body), _CHUNK_LINES):
        flat = delimiter.join(body[first : first + _CHUNK_LINES]).split(delimiter)
        for taken, place in zip(cells, places, strict=True):
            taken.extend(map(str.strip, flat[place::width]))
    return dict(zip(chosen, cells, strict=True))
