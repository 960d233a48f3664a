"""Text columns of a history as numbers: plain cells at once, the others one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.formats.cells import CellError, parse_number

__all__ = ["ColumnPlace", "parse_numbers"]

FloatArray = npt.NDArray[np.float64]
MISSING_WORDS = frozenset({"", "na", "nan", "null", "none", "n/a", "-"})
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")
_SIGNS = frozenset("0123456789.+-")
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


def parse_numbers(
    cells: Sequence[str], place: ColumnPlace, *, comma_separates: bool
) -> tuple[FloatArray, list[Issue]]:
    """Numbers of a column, NaN for an empty cell, and an issue for each cell of other text."""
    plain = _parse_plain(cells)
    if plain is not None:
        return plain, []
    numbers = np.full(len(cells), np.nan)
    issues: list[Issue] = []
    refused = 0
    for position, cell in enumerate(cells):
        if _PLAIN.fullmatch(cell):
            numbers[position] = float(cell)
            continue
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


def _parse_plain(cells: Sequence[str]) -> FloatArray | None:
    """All cells at once where each is empty or digits with a point and a sign; else None."""
    if not set("".join(cells)) <= _SIGNS:
        return None
    try:
        if "" not in cells:
            return np.array(list(map(float, cells)), dtype=np.float64)
        return np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
    except ValueError:
        return None
