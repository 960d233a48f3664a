"""CSV with a row per hour: plain hours or timestamps, and a number in every other column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import InputError, Issue
from gridtool.forecast.history.cells import ColumnPlace, parse_numbers
from gridtool.forecast.history.clock import parse_times
from gridtool.formats.cells import CellError, parse_number
from gridtool.formats.delimited import DelimitedFile, scan_rows

__all__ = ["HourlyColumns", "read_hourly_columns"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SHOWN = 20
"""Findings of one kind listed one by one; more are counted."""
_FAR = 1e12


@dataclass(frozen=True, kw_only=True)
class HourlyColumns:
    """Values of consecutive hours.

    Attributes
    ----------
    names
        Of the columns, as in the header.
    values : (c, H)
    rows : (H,) int
        Row of the file of each hour.
    start
        First hour, UTC; None where the file has plain hours.
    """

    file: str
    names: tuple[str, ...]
    values: FloatArray
    rows: IntArray
    start: datetime | None


def read_hourly_columns(
    path: Path, *, zone: ZoneInfo, minimum: float, maximum: float | None = None
) -> tuple[HourlyColumns | None, list[Issue]]:
    """The hours in order, and every finding; None where an error is among them.

    Plain hours are whole numbers from 0 or 1 on. Each hour must be there once, and every cell
    filled with a number from ``minimum`` to ``maximum``.

    Parameters
    ----------
    zone
        Of timestamps without an offset.
    """
    file = path.name
    try:
        table = scan_rows(path, columns=("hour", "timestamp"))
    except InputError as refused:
        return None, list(refused.issues)
    issues = [*table.warnings, *(row.issue for row in table.broken)]
    times = [name for name in table.header if name.casefold() in {"hour", "timestamp"}]
    names = tuple(name for name in table.header if name not in times)
    if len(times) != 1 or not names or not table.rows:
        issues += _refuse_shape(times, names, table=table, file=file)
        return None, issues
    rows = [number for number, _ in table.rows]
    values = np.empty((len(names), len(rows)))
    for at, name in enumerate(names):
        values[at], found = _read_column(
            table, name, rows=rows, file=file, limits=(minimum, maximum)
        )
        issues += found
    place = ColumnPlace(file=file, field=times[0], rows=rows)
    cells = [cells[times[0]] for _, cells in table.rows]
    if times[0].casefold() == "hour":
        hour, found = _read_hours(cells, place)
    else:
        hour, found = _read_timestamps(cells, place, zone=zone)
    issues += found
    if hour is None:
        return None, issues
    issues += _check_sequence(hour, place, plain=times[0].casefold() == "hour", zone=zone)
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    order = np.argsort(hour, kind="stable")
    start = None
    if times[0].casefold() == "timestamp":
        start = datetime.fromtimestamp(3600 * int(hour.min()), UTC)
    return HourlyColumns(
        file=file, names=names, values=values[:, order], rows=np.array(rows)[order], start=start
    ), issues


def _refuse_shape(
    times: list[str], names: tuple[str, ...], *, table: DelimitedFile, file: str
) -> list[Issue]:
    issues = []
    if len(times) != 1:
        message = "both hour and timestamp" if times else "neither hour nor timestamp"
        issues.append(Issue(message=f"has {message}", file=file, row=1, accepted="one of the two"))
    if not names:
        issues.append(Issue(message="has no column beside the time", file=file, row=1))
    if not table.rows:
        issues.append(Issue(message="has no rows", file=file, accepted="a row for each hour"))
    return issues


def _read_column(
    table: DelimitedFile,
    name: str,
    *,
    rows: list[int],
    file: str,
    limits: tuple[float, float | None],
) -> tuple[FloatArray, list[Issue]]:
    """Numbers of a column, and a finding for each cell that is none or out of its limits."""
    place = ColumnPlace(file=file, field=name, rows=rows)
    cells = [cells[name] for _, cells in table.rows]
    values, issues = parse_numbers(cells, place, comma_separates=table.dialect.delimiter == ",")
    refused = {issue.row for issue in issues}
    missing = [at for at in np.flatnonzero(np.isnan(values)).tolist() if rows[at] not in refused]
    issues += _list_cells(missing, "no value", place, cells, accepted="a number in every hour")
    least, most = limits
    with np.errstate(invalid="ignore"):
        wrong = (values < least) | (values > (np.inf if most is None else most))
    accepted = f"{least:g} or more" if most is None else f"{least:g} to {most:g}"
    outside = np.flatnonzero(wrong).tolist()
    issues += _list_cells(outside, "out of range", place, cells, accepted=accepted)
    return values, issues


def _list_cells(
    positions: list[int], what: str, place: ColumnPlace, cells: Sequence[str], *, accepted: str
) -> list[Issue]:
    issues = [place.issue(what, at, value=cells[at], accepted=accepted) for at in positions[:SHOWN]]
    if len(positions) > SHOWN:
        message = f"{what}: {len(positions) - SHOWN} more rows"
        issues.append(Issue(message=message, file=place.file, field=place.field))
    return issues


def _read_hours(cells: Sequence[str], place: ColumnPlace) -> tuple[IntArray | None, list[Issue]]:
    hours = np.zeros(len(cells), dtype=np.int64)
    wrong = []
    for at, cell in enumerate(cells):
        try:
            value = parse_number(cell)
        except CellError:
            value = np.nan
        if value == np.rint(value) and abs(value) < _FAR:
            hours[at] = int(value)
        else:
            wrong.append(at)
    issues = _list_cells(wrong, "not an hour", place, cells, accepted="0, 1, 2, ...")
    return (None if wrong else hours), issues


def _read_timestamps(
    cells: Sequence[str], place: ColumnPlace, *, zone: ZoneInfo
) -> tuple[IntArray | None, list[Issue]]:
    """Hours since 1970 UTC."""
    times, issues = parse_times(
        cells, place, filled=np.ones(len(cells), dtype=np.bool_), zone=zone, clock="local"
    )
    if times is None:
        return None, issues
    index = pd.DatetimeIndex(times.utc)
    lost = np.flatnonzero(index.isna()).tolist()
    issues = [issue for issue in issues if issue.severity == "error"]
    issues += _list_cells(
        lost, "the clock skips this time", place, cells, accepted="times that exist in the zone"
    )
    if lost:
        return None, issues
    seconds = (index - pd.Timestamp(0)) // pd.Timedelta(seconds=1)
    off = np.flatnonzero(np.asarray(seconds % 3600)).tolist()
    issues += _list_cells(off, "not on the hour", place, cells, accepted="one row for each hour")
    hours = np.asarray(seconds // 3600, dtype=np.int64)
    return (None if off else hours), issues


def _check_sequence(
    hour: IntArray, place: ColumnPlace, *, plain: bool, zone: ZoneInfo
) -> list[Issue]:
    """Findings for hours that come twice, and for hours that are missing."""

    def name(value: int) -> str:
        if plain:
            return str(value)
        return f"{datetime.fromtimestamp(3600 * value, UTC).astimezone(zone):%Y-%m-%d %H:%M}"

    order = np.argsort(hour, kind="stable")
    steps = np.diff(hour[order])
    twice = order[1:][steps == 0].tolist()
    issues = _list_cells(
        twice, "the hour is there twice", place, [name(int(value)) for value in hour],
        accepted="each hour once",
    )  # fmt: skip
    first = int(hour.min())
    if plain and first not in {0, 1}:
        at = int(order[0])
        issues.append(
            place.issue("the first hour", at, value=str(first), accepted="hours from 0 or 1 on")
        )
    gaps = np.flatnonzero(steps > 1)
    for at in gaps[:SHOWN].tolist():
        after, missing = int(hour[order[at]]), int(steps[at]) - 1
        issues.append(
            place.issue(
                f"{missing} hour{'s are' if missing > 1 else ' is'} missing before it",
                int(order[at + 1]),
                value=name(int(hour[order[at + 1]])),
                hint=f"the hour before is {name(after)}",
            )
        )
    if len(gaps) > SHOWN:
        message = f"{len(gaps) - SHOWN} more gaps"
        issues.append(Issue(message=message, file=place.file, field=place.field))
    return issues
