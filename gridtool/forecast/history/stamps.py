"""Time cells to instants or to readings of a clock, whatever the form they are written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.history.cells import ColumnPlace

__all__ = ["Stamps", "parse_stamps"]

BoolArray = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

YEARS = (1900, 2200)
SHOWN = 10
"""Findings of one kind listed with their row; more are counted."""
_LAYOUTS = (
    "YYYY-MM-DD hh:mm:ss",
    "YYYY-MM-DDThh:mm:ss",
    "YYYY-MM-DD hh:mm",
    "YYYY-MM-DDThh:mm",
    "YYYY-MM-DD",
    "DD.MM.YYYY hh:mm:ss",
    "DD.MM.YYYY hh:mm",
    "DD.MM.YYYY",
    "YYYY-MM",
    "MM.YYYY",
    "YYYY",
)
_FIELDS = {"Y": 4, "M": 2, "D": 2, "h": 2, "m": 2, "s": 2}
_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?"
_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})"
_ISO_WITH_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[0-9:.]*" + _OFFSET
_DOTTED_FORMS = ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y")
_MONTH_FORMS = ("%Y-%m", "%m.%Y", "%Y")
_SLASHED = re.compile(r"\d{1,2}/\d{1,2}/\d{4}(?: \d{1,2}:\d{2}(?::\d{2})?(?: ?[APap][Mm])?)?")
_MIDNIGHT_AS_END = r" 24:00(?::00)?$"
_ACCEPTED = "2026-01-31 17:00, 2026-01-31T17:00:00Z or 31.01.2026 17:00; 2026-01 for a month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """Times of the rows.

    Attributes
    ----------
    times : (n,) datetime64[s]
        UTC where the cells have offsets, else what the clock shows.
    offsets_min : frozenset
        Distinct offsets from UTC in minutes; empty where the cells have none.
    ending
        Midnight is written 24:00: the times are ends.
    said
        How ambiguous dates were read, in words.
    """

    times: Times
    offsets_min: frozenset[int]
    ending: bool = False
    said: str = ""


def parse_stamps(cells: Sequence[str], place: ColumnPlace) -> tuple[Stamps | None, list[Issue]]:
    """Times of a column, or None and every cell that is none."""
    stamps, issues = _parse_cells(cells, place)
    if stamps is None:
        return None, issues
    years = stamps.times.astype("datetime64[Y]").astype(np.int64) + 1970
    unlikely = (years < YEARS[0]) | (years > YEARS[1])
    issues = _list_cells("has an unlikely year", cells, unlikely, place)
    return (None, issues) if issues else (stamps, [])


def _parse_cells(cells: Sequence[str], place: ColumnPlace) -> tuple[Stamps | None, list[Issue]]:
    uniform = _parse_uniform(cells)
    if uniform is not None:
        return uniform, []
    text = pd.Series(cells, dtype=object).str.strip()
    aware = text.str.fullmatch(_ISO_WITH_OFFSET).to_numpy(dtype=bool)
    if aware.all():
        return _parse_aware(text, place)
    midnight = text.str.contains(_MIDNIGHT_AS_END, regex=True).to_numpy(dtype=bool)
    text = text.str.replace(_MIDNIGHT_AS_END, " 00:00", regex=True) if midnight.any() else text
    naive, said, issues = _parse_naive(text, place)
    unread = naive.isna().to_numpy() & ~aware
    issues += _unread_cells(text, unread, place) if not issues else []
    if aware.any() and (~aware & ~unread).any():
        first = int(np.flatnonzero(aware != aware[0])[0])
        message = "some times have an offset from UTC and some have none"
        hint = "write all times the same way"
        issues.append(place.issue(message, first, value=str(text.iloc[first]), hint=hint))
    if issues:
        return None, issues
    times = naive.to_numpy(dtype="datetime64[s]")
    times[midnight] += np.timedelta64(1, "D")
    ending = bool(midnight.any())
    return Stamps(times=times, offsets_min=frozenset(), ending=ending, said=said), []


def _parse_uniform(cells: Sequence[str]) -> Stamps | None:
    """All cells in one common form of fixed width; None if any is not."""
    width = len(cells[0]) if cells else 0
    utc = bool(cells) and cells[0].endswith("Z")
    layouts = [layout for layout in _LAYOUTS if len(layout) + utc == width]
    if not layouts or (utc and ":" not in layouts[0]) or {len(cell) for cell in cells} != {width}:
        return None
    codes = np.array(cells, dtype=f"U{width}").view(np.uint32).reshape(len(cells), width)
    if utc and (codes[:, -1] != ord("Z")).any():
        return None
    for layout in layouts:
        times = _read_layout(codes, layout)
        if times is not None:
            return Stamps(times=times, offsets_min=frozenset({0}) if utc else frozenset())
    return None


def _read_layout(codes: npt.NDArray[np.uint32], layout: str) -> Times | None:
    """Digits where the layout has letters, and its own signs elsewhere."""
    fields = dict.fromkeys("YMDhms", np.zeros(len(codes), dtype=np.int64))
    for letter, width in _FIELDS.items():
        at = layout.find(letter)
        if at >= 0:
            digits = codes[:, at : at + width].astype(np.int64) - ord("0")
            if ((digits < 0) | (digits > 9)).any():
                return None
            fields[letter] = digits @ (10 ** np.arange(width - 1, -1, -1))
    signs = [(at, sign) for at, sign in enumerate(layout) if sign not in _FIELDS]
    if any((codes[:, at] != ord(sign)).any() for at, sign in signs):
        return None
    month = fields["M"] if "M" in layout else np.ones(len(codes), dtype=np.int64)
    day = fields["D"] if "D" in layout else np.ones(len(codes), dtype=np.int64)
    clock = (fields["h"] > 23) | (fields["m"] > 59) | (fields["s"] > 59)
    if ((month < 1) | (month > 12) | (day < 1) | clock).any():
        return None
    months = (12 * (fields["Y"] - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    if (days.astype("datetime64[M]") != months).any():
        return None
    seconds = 3600 * fields["h"] + 60 * fields["m"] + fields["s"]
    return np.asarray(days.astype("datetime64[s]") + seconds)


def _parse_aware(text: pd.Series, place: ColumnPlace) -> tuple[Stamps | None, list[Issue]]:
    stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    issues = _unread_cells(text, stamps.isna().to_numpy(), place)
    if issues:
        return None, issues
    offsets = text.str.extract(f"({_OFFSET})$", expand=False).unique()
    times = stamps.dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
    return Stamps(times=times, offsets_min=frozenset(map(_minutes, offsets))), []


def _minutes(offset: str) -> int:
    if offset in {"Z", "z"}:
        return 0
    digits = offset.replace(":", "")
    minutes = 60 * int(digits[1:3]) + int(digits[3:5])
    return -minutes if digits[0] == "-" else minutes


def _parse_naive(text: pd.Series, place: ColumnPlace) -> tuple[pd.Series, str, list[Issue]]:
    """Times without offset (NaT where a cell is none), words on their order, findings."""
    iso = text.where(text.str.fullmatch(_ISO), None)
    stamps = pd.to_datetime(iso, format="ISO8601", errors="coerce")
    for form in (*_DOTTED_FORMS, *_MONTH_FORMS):
        unread = stamps.isna()
        if not unread.any():
            return stamps, "", []
        stamps[unread] = pd.to_datetime(text[unread], format=form, errors="coerce")
    slashed = text.map(lambda cell: bool(_SLASHED.fullmatch(cell))).to_numpy(dtype=bool)
    if not slashed.any():
        return stamps, "", []
    return _parse_slashed(text, stamps, slashed=slashed, place=place)


def _parse_slashed(
    text: pd.Series, stamps: pd.Series, *, slashed: BoolArray, place: ColumnPlace
) -> tuple[pd.Series, str, list[Issue]]:
    """Dates with slashes: month or day first, whichever all of them allow."""
    orders = {"month/day/year": "%m/%d/%Y", "day/month/year": "%d/%m/%Y"}
    read = {name: _read_slashed(text[slashed], form) for name, form in orders.items()}
    sound = [name for name, found in read.items() if not found.isna().any()]
    if len(sound) == 2 and not read[sound[0]].equals(read[sound[1]]):
        first = int(np.flatnonzero(slashed)[0])
        issue = place.issue(
            "the day or the month may come first",
            first,
            value=str(text.iloc[first]),
            accepted=_ACCEPTED,
        )
        return stamps, "", [issue]
    if sound:
        stamps[slashed] = read[sound[0]]
        return stamps, f"dates read as {sound[0]}", []
    return stamps, "", []


def _read_slashed(text: pd.Series, form: str) -> pd.Series:
    stamps = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    for clock in (" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p"):
        unread = stamps.isna()
        if not unread.any():
            break
        stamps[unread] = pd.to_datetime(text[unread], format=form + clock, errors="coerce")
    return stamps


def _unread_cells(text: pd.Series, unread: BoolArray, place: ColumnPlace) -> list[Issue]:
    filled = text.ne("").to_numpy(dtype=bool)
    issues = _list_cells("not a time", text.tolist(), unread & filled, place)
    return issues + _list_cells("no time", text.tolist(), unread & ~filled, place)


def _list_cells(
    message: str, cells: Sequence[str], wrong: BoolArray, place: ColumnPlace
) -> list[Issue]:
    """An issue for each of the first cells, and one that counts the rest."""
    positions = np.flatnonzero(wrong).tolist()
    issues = [
        place.issue(message, at, value=cells[at], accepted=_ACCEPTED) for at in positions[:SHOWN]
    ]
    if len(positions) > SHOWN:
        more = f"{message}: {len(positions) - SHOWN} more rows"
        issues.append(Issue(message=more, file=place.file, field=place.field))
    return issues
