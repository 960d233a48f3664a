"""Text columns of a history as numbers: plain cells at once, the others one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.history.columns import ColumnMatch
from gridtool.formats.cells import CellError, parse_number
from gridtool.formats.delimited import DelimitedFile

__all__ = ["ColumnPlace", "HistoryCells", "parse_numbers", "take_cells"]

FloatArray = npt.NDArray[np.float64]
MISSING_WORDS = frozenset({"", "na", "nan", "null", "none", "n/a", "-"})
_PLAIN = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
SHOWN = 50
"""Cells that are no number listed one by one; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlace:
    """Where the cells of a column stand: file, column and the row of each cell."""

    file: str
    field: str
    rows: Sequence[int]

    def issue(
        self,
        message: str,
        position: int,
        *,
        value: str,
        accepted: str | None = None,
        hint: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Issue:
        """A finding about the cell at ``position``."""
        return Issue(
            message=message,
            file=self.file,
            row=self.rows[position],
            field=self.field,
            value=value,
            accepted=accepted,
            hint=hint,
            severity=severity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryCells:
    """The cells of the columns in use, as text, in order of time, and their row numbers."""

    rows: list[int]
    times: list[str]
    load: list[str]
    temp: list[str]


def take_cells(table: DelimitedFile, match: ColumnMatch) -> HistoryCells:
    """The columns in use; a file written newest first is turned round.

    The order matters where the local clock repeats an hour: the first one is summer time.
    """
    rows = table.rows
    newest_first = len(rows) > 1 and rows[0][1][match.timestamp] > rows[-1][1][match.timestamp]
    if newest_first and rows[0][1][match.timestamp][:3].isdigit():
        rows = rows[::-1]
    return HistoryCells(
        rows=[number for number, _ in rows],
        times=[row[match.timestamp] for _, row in rows],
        load=[row[match.load] for _, row in rows],
        temp=[row[match.temp] for _, row in rows] if match.temp is not None else [],
    )


def parse_numbers(
    cells: Sequence[str], place: ColumnPlace, *, comma_separates: bool
) -> tuple[FloatArray, list[Issue]]:
    """Numbers of a column, NaN for an empty cell, and an issue for each cell of other text."""
    text = pd.Series(cells, dtype=object)
    numbers = np.full(len(text), np.nan)
    plain = text.str.fullmatch(_PLAIN).to_numpy(dtype=bool)
    numbers[plain] = text[plain].to_numpy().astype(np.float64)
    issues: list[Issue] = []
    refused = 0
    for position in np.flatnonzero(~plain).tolist():
        cell = text.iloc[position]
        if cell.casefold() in MISSING_WORDS:
            continue
        try:
            numbers[position] = parse_number(cell, comma_separates=comma_separates)
        except CellError as problem:
            refused += 1
            if refused <= SHOWN:
                accepted = problem.accepted or "a number, or an empty cell if unknown"
                issues.append(place.issue(str(problem), position, value=cell, accepted=accepted))
    if refused > SHOWN:
        message = f"{refused - SHOWN} more cells are not numbers"
        issues.append(Issue(message=message, file=place.file, field=place.field))
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers, issues
