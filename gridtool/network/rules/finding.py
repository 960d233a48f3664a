"""How rules word their findings: table, row, column, and whether they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from gridtool.errors import Issue
from gridtool.network.structure import FIRST_ROW

__all__ = ["finding", "flagged"]


def finding(
    table: str,
    position: int | None,
    field: str | None,
    message: str,
    *,
    value: object = None,
    ids: tuple[str, ...] = (),
    accepted: str | None = None,
    hint: str | None = None,
    severity: Literal["error", "warning"] = "error",
) -> Issue:
    """An issue at the row at ``position`` (from 0) of ``table``."""
    return Issue(
        message=message,
        file=f"{table}.csv",
        row=None if position is None else position + FIRST_ROW,
        field=field,
        value=f"{value:g}" if isinstance(value, float) else None if value is None else str(value),
        ids=ids,
        accepted=accepted,
        hint=hint,
        severity=severity,
    )


def flagged(frame: pd.DataFrame, wrong: pd.Series) -> Iterator[tuple[int, str, pd.Series]]:
    """Position, id and row of every row of ``frame`` where ``wrong`` is true."""
    for position in map(int, np.flatnonzero(wrong.to_numpy(dtype=bool))):
        yield position, str(frame.index[position]), frame.iloc[position]
