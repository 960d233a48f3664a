"""How rules word their findings: table, row, column, and whether they refuse."""

from __future__ import annotations

from typing import Literal

from gridtool.errors import Issue
from gridtool.network.structure import FIRST_ROW

__all__ = ["finding"]


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
