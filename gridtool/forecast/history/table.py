"""A history's file as the text of the columns in use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.cells import ColumnPlace
from gridtool.forecast.history.columns import ColumnMatch, find_columns
from gridtool.forecast.history.workbook import is_workbook, read_sheet
from gridtool.formats.columns import TextColumns, read_columns

__all__ = ["HistoryTable", "TimeCells", "join_times", "take_table"]

_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_HOUR = re.compile(r"(\d{1,2})(?:[.:]0+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTable:
    """The columns in use, and what each of them is."""

    file: str
    text: TextColumns
    match: ColumnMatch

    def place(self, column: str) -> ColumnPlace:
        """Where the cells of ``column`` stand."""
        return ColumnPlace(file=self.file, field=column, rows=self.text.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCells:
    """One text for the time of each row.

    ``ending`` where they are ends of their intervals; ``note`` says what was done to them.
    """

    cells: Sequence[str]
    place: ColumnPlace
    ending: bool
    note: str = ""


def take_table(
    path: str | Path, *, columns: Mapping[str, str], sheet: str | None = None
) -> HistoryTable:
    """Read the file, find the columns, keep those in use.

    Raises
    ------
    HistoryError
        If the file cannot be read, or a column is missing or ambiguous.
    """
    file = Path(path).name
    matches: list[ColumnMatch] = []

    def choose(header: tuple[str, ...]) -> Sequence[str]:
        match, issues = find_columns(header, named=columns, file=file)
        if match is None:
            raise HistoryError(issues, subject="history")
        matches.append(match)
        return match.names

    if is_workbook(path):
        text = read_sheet(path, choose, sheet=sheet)
    elif sheet is not None:
        message = f"has no sheets, so no sheet {sheet!r}"
        raise HistoryError(Issue(message=message, file=file), subject="history")
    else:
        text = read_columns(path, choose, error=HistoryError)
    if not text.rows:
        raise HistoryError(Issue(message="no rows", file=file), subject="history")
    return HistoryTable(file=file, text=text, match=matches[-1])


def join_times(table: HistoryTable) -> tuple[TimeCells, list[Issue]]:
    """The time of each row, put together where date and hour stand in two columns."""
    match, cells = table.match, table.text.cells
    times = cells[match.time]
    place = table.place(match.time)
    if match.hour is not None:
        return _join_hours(times, cells[match.hour], table.place(match.hour), ending=match.ending)
    joined = match.date is not None and _are_times_of_day(times)
    if match.date is not None and joined:
        times = [f"{day} {time}" for day, time in zip(cells[match.date], times, strict=True)]
    return TimeCells(cells=times, place=place, ending=match.ending), []


def _are_times_of_day(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells[:50] if cell]
    return bool(filled) and all(_TIME_OF_DAY.fullmatch(cell) for cell in filled)


def _join_hours(
    days: Sequence[str], hours: Sequence[str], place: ColumnPlace, *, ending: bool
) -> tuple[TimeCells, list[Issue]]:
    """Hours 0 to 23 are beginnings if nothing else is said, hours 1 to 24 are ends."""
    if _are_times_of_day(hours):
        cells = [f"{day} {hour}" for day, hour in zip(days, hours, strict=True)]
        return TimeCells(cells=cells, place=place, ending=ending), []
    matched = [_HOUR.fullmatch(cell) for cell in hours]
    numbers = [int(found[1]) if found else -1 for found in matched]
    wrong = [at for at, number in enumerate(numbers) if not 0 <= number <= 24]
    if wrong:
        accepted = "0 to 23, or 1 to 24"
        issues = [
            place.issue("not an hour of the day", at, value=hours[at], accepted=accepted)
            for at in wrong[:10]
        ]
        return TimeCells(cells=[], place=place, ending=ending), issues
    days = [day.removesuffix(" 00:00:00") for day in days]  # as workbooks write dates
    if max(numbers) < 24:
        cells = [f"{day} {number:02d}:00" for day, number in zip(days, numbers, strict=True)]
        return TimeCells(cells=cells, place=place, ending=ending), []
    if min(numbers) == 0:
        message = "hours from 0 to 24: midnight stands twice"
        issue = place.issue(message, numbers.index(0), value="0", accepted="0 to 23, or 1 to 24")
        return TimeCells(cells=[], place=place, ending=ending), [issue]
    cells = [f"{day} {number - 1:02d}:00" for day, number in zip(days, numbers, strict=True)]
    note = "hours 1 to 24 are ends of their intervals"
    return TimeCells(cells=cells, place=place, ending=False, note=note), []
