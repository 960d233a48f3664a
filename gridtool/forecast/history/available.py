"""Rows of a history that were known at a time, where a column says since when they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import compress
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.history.stamps import parse_stamps
from gridtool.forecast.history.table import HistoryTable

__all__ = ["Known", "keep_known"]

Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A history as it was known.

    Attributes
    ----------
    table
        The rows that were known.
    since : (n,) datetime64[s] or None
        Since when each of them is, UTC; None where no column says so.
    words
        What was left out.
    """

    table: HistoryTable
    since: Times | None
    words: str = ""


def keep_known(table: HistoryTable, *, zone: ZoneInfo, at: datetime | None) -> Known:
    """The rows of ``table`` that were available at ``at`` (aware); None: all of them.

    Times of the column without an offset are on the clock of ``zone``, unless its name says UTC;
    of an hour that comes twice the later is meant, since nothing may be used before it is known.

    Raises
    ------
    HistoryError
        If a cell is no time, or no row was available.
    """
    column = table.match.available
    if column is None:
        return Known(table=table, since=None)
    cells = table.text.cells[column]
    stamps, issues = parse_stamps(cells, table.place(column))
    if stamps is None:
        raise HistoryError(issues, subject="history")
    since = stamps.times
    if not stamps.offsets_min and not table.match.available_utc:
        since = _place_late(since, zone)
    if at is None:
        return Known(table=table, since=since)
    moment = np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "s")
    known = since <= moment
    if known.all():
        return Known(table=table, since=since)
    if not known.any():
        raise HistoryError(
            Issue(
                message=f"no row was available by {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                file=table.file,
                field=column,
                hint=f"the first was at {_shown(since.min())} UTC",
            ),
            subject="history",
        )
    words = f"{int((~known).sum())} of {len(known)} rows were not available yet, left out"
    return Known(table=_pick(table, known.tolist()), since=since[known], words=words)


def _place_late(clock: Times, zone: ZoneInfo) -> Times:
    """UTC of what the clock of ``zone`` showed; the later where it showed it twice."""
    index = pd.DatetimeIndex(clock)
    second = np.zeros(len(index), dtype=np.bool_)  # not summer time
    placed = index.tz_localize(zone, ambiguous=second, nonexistent="shift_forward")
    return placed.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[s]")


def _pick(table: HistoryTable, wanted: Sequence[bool]) -> HistoryTable:
    text = table.text
    return replace(
        table,
        text=replace(
            text,
            rows=list(compress(text.rows, wanted)),
            cells={name: list(compress(cells, wanted)) for name, cells in text.cells.items()},
        ),
    )


def _shown(moment: np.datetime64) -> str:
    return str(moment).replace("T", " ")[:16]
