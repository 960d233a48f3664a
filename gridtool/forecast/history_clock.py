"""The clock of a history: time cells to UTC, with what had to be inferred said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue

__all__ = ["Clock", "ReadTimes", "parse_times"]

Clock = Literal["auto", "utc", "local"]
BoolArray = npt.NDArray[np.bool_]

SHOWN = 10
"""Findings of one kind listed with their row; more are counted."""

_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?"
_ISO_WITH_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[0-9:.]*(?:[Zz]|[+-]\d{2}:?\d{2})"
_LOCAL_FORMS = ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y")


@dataclass(frozen=True, kw_only=True)
class ReadTimes:
    """Times of a history's rows.

    Attributes
    ----------
    utc : (n,) datetime64[ns]
        NaT where the row has no place on the clock (listed in the issues).
    clock
        In words.
    """

    utc: npt.NDArray[np.datetime64]
    clock: str


def parse_times(
    cells: Sequence[str],
    *,
    rows: Sequence[int],
    filled: BoolArray,
    zone: ZoneInfo,
    clock: Clock,
    named_clock: str,
    field: str,
    file: str,
) -> tuple[ReadTimes | None, list[Issue]]:
    """Read the time column.

    Offsets in the cells decide; else ``clock``; else the column's name; else the pattern of the
    clock changes in ``zone``: a history that has demand in the hours which the local clock skips
    and never repeats one is in UTC.

    Parameters
    ----------
    filled : (n,) bool
        Rows that hold a demand: a local history may list the skipped hour with an empty cell.
    """
    text = pd.Series(cells, dtype=object).str.strip()
    aware = text.str.fullmatch(_ISO_WITH_OFFSET).to_numpy(dtype=bool)
    if aware.all():
        stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
        issues = _unread_cells(text, stamps.isna().to_numpy(), rows=rows, field=field, file=file)
        utc = stamps.dt.tz_localize(None).to_numpy()
        return (None, issues) if issues else (ReadTimes(utc=utc, clock="offsets in the file"), [])
    naive = _parse_naive(text)
    unread = naive.isna().to_numpy() & ~aware
    issues = _unread_cells(text, unread, rows=rows, field=field, file=file)
    if aware.any() and (~aware & ~unread).any():
        first = int(np.flatnonzero(aware != aware[0])[0])
        issues.append(
            Issue(
                message="some times have an offset from UTC and some have none",
                file=file,
                row=rows[first],
                field=field,
                value=str(text.iloc[first]),
                hint="write all times the same way",
            )
        )
    if issues:
        return None, issues
    return _place_naive(
        naive,
        rows=rows,
        filled=filled,
        zone=zone,
        clock=clock if clock != "auto" else named_clock,
        field=field,
        file=file,
    )


def _parse_naive(text: pd.Series) -> pd.Series:
    iso = text.where(text.str.fullmatch(_ISO), None)
    stamps = pd.to_datetime(iso, format="ISO8601", errors="coerce")
    for form in _LOCAL_FORMS:
        unread = stamps.isna()
        if not unread.any():
            break
        stamps[unread] = pd.to_datetime(text[unread], format=form, errors="coerce")
    return stamps


def _unread_cells(
    text: pd.Series, unread: BoolArray, *, rows: Sequence[int], field: str, file: str
) -> list[Issue]:
    positions = np.flatnonzero(unread)
    issues = [
        Issue(
            message="not a time" if text.iloc[i] else "no time",
            file=file,
            row=rows[i],
            field=field,
            value=str(text.iloc[i]),
            accepted="2026-01-31 17:00, 2026-01-31T17:00:00Z or 31.01.2026 17:00",
        )
        for i in positions[:SHOWN]
    ]
    if len(positions) > SHOWN:
        issues.append(
            Issue(message=f"{len(positions) - SHOWN} more rows without a time", file=file)
        )
    return issues


def _place_naive(
    naive: pd.Series,
    *,
    rows: Sequence[int],
    filled: BoolArray,
    zone: ZoneInfo,
    clock: str,
    field: str,
    file: str,
) -> tuple[ReadTimes | None, list[Issue]]:
    index = pd.DatetimeIndex(naive)
    repeated = index.duplicated()
    # An hour the clock repeats comes twice: first in summer time, then in winter time.
    local = index.tz_localize(zone, ambiguous=~repeated, nonexistent="NaT")
    skipped = np.asarray(local.isna())
    skipped_with_demand = int((skipped & filled).sum())
    said = clock
    if not clock:
        clock = "utc" if skipped_with_demand and not _repeats(index, zone) else "local"
    if clock == "utc":
        how = "UTC, as stated" if said else "UTC, inferred: demand in hours the local clock skips"
        return ReadTimes(utc=index.to_numpy(), clock=how), []
    how = f"local time of {zone.key}, " + ("as stated" if said else "inferred or assumed")
    issues = []
    if skipped_with_demand:
        first = int(np.flatnonzero(skipped & filled)[0])
        issues.append(
            Issue(
                message=f"{skipped_with_demand} rows at local times that the clock of {zone.key} "
                "skips; left out",
                file=file,
                row=rows[first],
                field=field,
                value=str(index[first]),
                hint="if the file is in UTC, say so with --clock utc",
                severity="warning",
            )
        )
    return ReadTimes(utc=local.tz_convert("UTC").tz_localize(None).to_numpy(), clock=how), issues


def _repeats(index: pd.DatetimeIndex, zone: ZoneInfo) -> int:
    """How many times a local time comes twice on a day on which the clock is set back."""
    twice = index[index.duplicated()]
    if not len(twice):
        return 0
    placed = twice.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return int(np.isnat(placed.to_numpy(dtype="datetime64[ns]")).sum())
