"""The load of a generating system, by area and hour, with its calendar."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.adequacy.model import LoadCalendar, LoadSeries
from gridtool.forecast.adequacy.read_columns import LARGEST_MW
from gridtool.forecast.adequacy.read_hours import HourlyColumns, read_hourly_columns
from gridtool.formats.findings import refuse_on_errors
from gridtool.timegrid import TimeGrid

__all__ = ["collect_load", "plain_calendar", "read_load", "zoned_calendar"]

FloatArray = npt.NDArray[np.float64]
_DAYS_OF_MONTHS = {
    364: (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 30),
    365: (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
    366: (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
}
_LONGEST_PLAIN = 8784
_SUM_MW = 1e-3
"""A total may differ by this from the sum of its areas (rounding of the file)."""


def read_load(path: Path, *, zone: ZoneInfo) -> tuple[LoadSeries, tuple[Issue, ...]]:
    """The load of ``path``, and warnings.

    Columns: ``hour`` or ``timestamp``; ``load_mw``, or a column for each area (its name, with or
    without ``_mw``), or both: ``load_mw`` is then the sum of the areas.

    Raises
    ------
    InputError
        With every finding.
    """
    load, _, issues = collect_load(path, zone=zone)
    refuse_on_errors(issues, subject=path.name)
    assert load is not None  # its absence is an error among the issues
    return load, tuple(issues)


def collect_load(
    path: Path, *, zone: ZoneInfo
) -> tuple[LoadSeries | None, datetime | None, list[Issue]]:
    """The load, its first hour where the file has timestamps, and every finding."""
    columns, issues = read_hourly_columns(path, zone=zone, minimum=0.0, maximum=LARGEST_MW)
    if columns is None:
        return None, None, issues
    hours = columns.values.shape[1]
    if columns.start is None:
        found = _check_plain_length(hours, file=columns.file)
        issues += found
        if found:
            return None, None, issues
        calendar = plain_calendar(hours)
    else:
        calendar = zoned_calendar(TimeGrid(columns.start, hours, zone))
    areas, values, found = _split_areas(columns)
    issues += found
    if found:
        return None, columns.start, issues
    return LoadSeries(load_mw=values, calendar=calendar, areas=areas), columns.start, issues


def _split_areas(columns: HourlyColumns) -> tuple[tuple[str, ...], FloatArray, list[Issue]]:
    folded = [name.casefold() for name in columns.names]
    total = folded.index("load_mw") if "load_mw" in folded else None
    if total is not None and len(folded) == 1:
        return ("",), columns.values, []
    at = [position for position in range(len(folded)) if position != total]
    areas = tuple(_area_name(columns.names[position]) for position in at)
    issues = [
        Issue(message="two columns name the same area", file=columns.file, row=1, value=area)
        for area in sorted({area for area in areas if areas.count(area) > 1})
    ]
    values = columns.values[at]
    if total is not None:
        wrong = np.flatnonzero(np.abs(values.sum(axis=0) - columns.values[total]) > _SUM_MW)
        if len(wrong):
            first = int(wrong[0])
            issues.append(
                Issue(
                    message=f"load_mw is not the sum of its areas in {len(wrong)} hours",
                    file=columns.file,
                    row=int(columns.rows[first]),
                    field=columns.names[total],
                    value=f"{columns.values[total, first]:g}",
                    accepted=f"{values[:, first].sum():g}, the sum of {', '.join(areas)}",
                    hint="every column beside the time and load_mw is the load of an area",
                )
            )
    return areas, values, issues


def _area_name(column: str) -> str:
    name = column.strip()
    return name[: -len("_mw")] if name.casefold().endswith("_mw") and len(name) > 3 else name


def _check_plain_length(hours: int, *, file: str) -> list[Issue]:
    if hours > _LONGEST_PLAIN:
        return [
            Issue(
                message=f"{hours} plain hours are more than a year: no calendar fits them",
                file=file,
                field="hour",
                accepted=f"up to {_LONGEST_PLAIN}; 8736 are 52 weeks from Monday",
                hint="give timestamps",
            )
        ]
    if hours > 24 and hours % 24:
        return [
            Issue(
                message=f"{hours} plain hours are not whole days",
                file=file,
                field="hour",
                accepted="a multiple of 24; 8736 are 52 weeks from Monday",
                hint="give whole days, or timestamps",
            )
        ]
    return []


def plain_calendar(hours: int) -> LoadCalendar:
    """Days of 24 h, weeks of 168 h from the first hour, months of a year from its first day.

    364 days are 52 weeks from Monday with a December of 30 days; 366 days have a leap February.
    """
    hour = np.arange(hours)
    day, week = hour // 24, hour // 168
    lengths = _DAYS_OF_MONTHS.get(-(-hours // 24), _DAYS_OF_MONTHS[365])
    month = np.searchsorted(np.cumsum(lengths), day, side="right")
    return LoadCalendar(
        day=day,
        week=week,
        month=month,
        days=_count_names(int(day.max()) + 1),
        weeks=_count_names(int(week.max()) + 1),
        months=_count_names(int(month.max()) + 1),
    )


def zoned_calendar(grid: TimeGrid) -> LoadCalendar:
    """Local days, ISO weeks and months of timed hours."""
    iso = [day.isocalendar() for day in grid.days]
    names = [f"{when.year}-W{when.week:02d}" for when in iso]
    week_of_day = np.cumsum([0, *(a != b for a, b in pairwise(names))])
    return LoadCalendar(
        day=grid.day_index,
        week=np.asarray(week_of_day[grid.day_index], dtype=np.int64),
        month=grid.month_index,
        days=tuple(day.isoformat() for day in grid.days),
        weeks=tuple(dict.fromkeys(names)),
        months=grid.months,
    )


def _count_names(n: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, n + 1))
