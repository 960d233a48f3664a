"""Spreadsheets opened warily: the archive is measured before anything is unpacked or parsed.

A workbook is a zip archive of XML. Small archives can unpack to gigabytes, two cells in opposite
corners span a thousand million, and XML can name files to read: each is refused first.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from gridtool.errors import Issue, MissingExtra, NetworkError
from gridtool.network.foreign.findings import Findings

__all__ = ["Sheet", "read_workbook"]

Sheet = list[tuple[object, ...]]
"""Rows of one sheet; cells are text, numbers, booleans, dates or None."""

_MOST_MEMBERS = 1_000
_MOST_BYTES = 100_000_000
_MOST_RATIO = 200
_RATIO_FROM = 1_000_000
_MOST_SHEETS = 300
_MOST_ROWS = 200_000
_MOST_COLUMNS = 300
_MOST_CELLS = 10_000_000
_MOST_GAP = 1_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_SHEET = re.compile(r"xl/worksheets/[\w-]+\.xml")


def read_workbook(content: bytes, findings: Findings) -> dict[str, Sheet]:
    """Every sheet of an ``.xlsx`` file by name; formulas by the value saved with them.

    Raises
    ------
    NetworkError
        If the archive is damaged, too large or too densely packed, holds XML declarations that
        name other content, too many rows or columns, or formulas without a saved value.
    """
    has_formulas = _check_archive(content, findings)
    try:
        sheets = dict(_sheets(content, findings, values=True))
        if has_formulas:
            _check_formulas(content, sheets, findings)
    except (
        *(InvalidFileException, KeyError, ValueError, TypeError, IndexError, AttributeError),
        *(SyntaxError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError),
        *(RuntimeError, EOFError, AssertionError, OverflowError, RecursionError),
    ) as problem:
        # The parser meets a damaged file with whatever its code trips over.
        raise _refuse(findings, f"is not a workbook: {type(problem).__name__}") from None
    findings.raise_errors()
    return sheets


def _refuse(findings: Findings, message: str, accepted: str | None = None) -> NetworkError:
    issue = Issue(message=message, file=findings.file, accepted=accepted)
    return NetworkError(issue, subject=findings.file)


def _check_archive(content: bytes, findings: Findings) -> bool:
    """Refuse a hostile archive; say whether a sheet has formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_sizes(members, findings)
            return _check_members(archive, members, findings)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as problem:
        raise _refuse(findings, f"is not a readable .xlsx archive: {problem}") from None


def _check_sizes(members: list[zipfile.ZipInfo], findings: Findings) -> None:
    if len(members) > _MOST_MEMBERS:
        raise _refuse(findings, f"archive of {len(members)} members", f"at most {_MOST_MEMBERS}")
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise _refuse(findings, "archive with a member twice", "each member once")
    total = sum(member.file_size for member in members)
    if total > _MOST_BYTES:
        raise _refuse(
            findings, f"unpacks to {total / 1e6:.0f} MB", f"at most {_MOST_BYTES / 1e6:g}"
        )
    for member in members:
        dense = member.file_size > _MOST_RATIO * max(member.compress_size, 1)
        if dense and member.file_size > _RATIO_FROM:
            raise _refuse(
                findings,
                f"{member.filename[:60]!r} is packed more than {_MOST_RATIO} times",
                "spreadsheets as programs write them",
            )


def _check_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], findings: Findings
) -> bool:
    has_formulas = False
    for member in members:
        with archive.open(member) as stream:
            text = stream.read(_MOST_BYTES + 1)
        if len(text) != member.file_size:
            raise _refuse(findings, f"{member.filename[:60]!r} is not as large as it says")
        if not member.filename.endswith((".xml", ".rels")):
            continue
        if not text.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            raise _refuse(findings, f"{member.filename[:60]!r} is not XML in UTF-8")
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise _refuse(findings, f"{member.filename[:60]!r} declares XML entities", "plain XML")
        has_formulas |= bool(_SHEET.fullmatch(member.filename) and _FORMULA.search(text))
    return has_formulas


def _sheets(content: bytes, findings: Findings, *, values: bool) -> Iterator[tuple[str, Sheet]]:
    if not openpyxl.DEFUSEDXML:
        raise MissingExtra("defusedxml", extra="dev")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which are not read
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=values, keep_links=False
        )
        try:
            if len(book.sheetnames) > _MOST_SHEETS:
                raise _refuse(findings, "too many sheets", f"at most {_MOST_SHEETS}")
            left = _MOST_CELLS
            for sheet in book.worksheets:
                rows = _rows(sheet, findings, left)
                left -= sum(map(len, rows))
                yield str(sheet.title), rows
        finally:
            book.close()


def _rows(sheet: object, findings: Findings, most_cells: int) -> Sheet:
    rows: Sheet = []
    cells = gap = 0
    sheet.reset_dimensions()  # type: ignore[attr-defined]  # what the file says may be a lie
    for row in sheet.iter_rows(values_only=True):  # type: ignore[attr-defined]
        cells += len(row)
        gap = 0 if row else gap + 1
        if (
            gap > _MOST_GAP
            or len(rows) >= _MOST_ROWS
            or len(row) > _MOST_COLUMNS
            or cells > most_cells
        ):
            raise _refuse(
                findings,
                f"sheet {str(sheet.title)[:40]!r} is too large",  # type: ignore[attr-defined]
                f"{_MOST_ROWS} rows, {_MOST_COLUMNS} columns, {_MOST_GAP} empty rows together",
            )
        rows.append(tuple(row))
    return rows


def _check_formulas(content: bytes, sheets: dict[str, Sheet], findings: Findings) -> None:
    for name, rows in _sheets(content, findings, values=False):
        for number, (row, saved) in enumerate(zip(rows, sheets[name], strict=False), start=1):
            for column, cell in enumerate(row):
                is_formula = isinstance(cell, str) and cell.startswith("=")
                value = saved[column] if column < len(saved) else None
                if is_formula and value is None:
                    findings.error(
                        "formula without a saved value",
                        row=number,
                        field=f"sheet {name}, column {column + 1}",
                        value=cell,
                        hint="open the file in a spreadsheet program and save it again",
                    )
