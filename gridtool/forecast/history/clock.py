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
from gridtool.forecast.history.cells import ColumnPlace

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
    place: ColumnPlace,
    *,
    filled: BoolArray,
    zone: ZoneInfo,
    clock: Clock,
) -> tuple[ReadTimes | None, list[Issue]]:
    """Read the time column.

    Offsets in the cells decide; else ``clock``; else the pattern of the clock changes in
    ``zone``: a history that has demand in the hours which the local clock skips and never
    repeats one is in UTC.

    Parameters
    ----------
    filled : (n,) bool
        Rows that hold a demand: a local history may list the skipped hour with an empty cell.
    """
    text = pd.Series(cells, dtype=object).str.strip()
    aware = text.str.fullmatch(_ISO_WITH_OFFSET).to_numpy(dtype=bool)
    if aware.all():
        stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
        issues = _unread_cells(text, stamps.isna().to_numpy(), place)
        utc = stamps.dt.tz_localize(None).to_numpy()
        return (None, issues) if issues else (ReadTimes(utc=utc, clock="offsets in the file"), [])
    naive = _parse_naive(text)
    unread = naive.isna().to_numpy() & ~aware
    issues = _unread_cells(text, unread, place)
    if aware.any() and (~aware & ~unread).any():
        first = int(np.flatnonzero(aware != aware[0])[0])
        message = "some times have an offset from UTC and some have none"
        hint = "write all times the same way"
        issues.append(place.issue(message, first, value=str(text.iloc[first]), hint=hint))
    if issues:
        return None, issues
    return _place_naive(naive, place, filled=filled, zone=zone, clock=clock)


def _parse_naive(text: pd.Series) -> pd.Series:
    iso = text.where(text.str.fullmatch(_ISO), None)
    stamps = pd.to_datetime(iso, format="ISO8601", errors="coerce")
    for form in _LOCAL_FORMS:
        unread = stamps.isna()
        if not unread.any():
            break
        stamps[unread] = pd.to_datetime(text[unread], format=form, errors="coerce")
    return stamps


def _unread_cells(text: pd.Series, unread: BoolArray, place: ColumnPlace) -> list[Issue]:
    positions = np.flatnonzero(unread).tolist()
    issues = [
        place.issue(
            "not a time" if text.iloc[i] else "no time",
            i,
            value=str(text.iloc[i]),
            accepted="2026-01-31 17:00, 2026-01-31T17:00:00Z or 31.01.2026 17:00",
        )
        for i in positions[:SHOWN]
    ]
    if len(positions) > SHOWN:
        message = f"{len(positions) - SHOWN} more rows without a time"
        issues.append(Issue(message=message, file=place.file, field=place.field))
    return issues


def _place_naive(
    naive: pd.Series, place: ColumnPlace, *, filled: BoolArray, zone: ZoneInfo, clock: Clock
) -> tuple[ReadTimes, list[Issue]]:
    index = pd.DatetimeIndex(naive)
    repeated = index.duplicated()
    # An hour the clock repeats comes twice: first in summer time, then in winter time.
    local = index.tz_localize(zone, ambiguous=~repeated, nonexistent="NaT")
    skipped = np.flatnonzero(np.asarray(local.isna()) & filled)
    said = clock != "auto"
    if not said:
        clock = "utc" if len(skipped) and not _repeats(index, zone) else "local"
    if clock == "utc":
        how = "UTC, as stated" if said else "UTC, inferred: demand in hours the local clock skips"
        return ReadTimes(utc=index.to_numpy(), clock=how), []
    how = f"local time of {zone.key}, " + ("as stated" if said else "inferred or assumed")
    how = "UTC" if zone.key == "UTC" else how
    issues = []
    if len(skipped):
        first = int(skipped[0])
        issues.append(
            place.issue(
                f"{len(skipped)} rows at local times that the clock of {zone.key} skips; left out",
                first,
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
