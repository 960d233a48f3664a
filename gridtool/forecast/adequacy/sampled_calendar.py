"""Calendar of a simulation: which cells of its tables an hour is counted in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.forecast.adequacy.sampled_tally_kernel import Calendar

__all__ = ["HOURS_OF_DAY", "Cells", "hours_of_day", "lay_out_calendar", "lay_out_cells"]

IntArray = npt.NDArray[np.int64]
HOURS_OF_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """First cell of each table (months come first), and the number of all.

    The areas' tables are empty where areas are not told apart.
    """

    week: int
    hour_of_day: int
    area: int
    area_month: int
    count: int


def lay_out_cells(load: LoadSeries, *, areas: int) -> Cells:
    """Cells of months, weeks, hours of day, areas and the months of each area, in this order."""
    months, weeks = len(load.calendar.months), len(load.calendar.weeks)
    area = months + weeks + HOURS_OF_DAY
    apart = areas if areas > 1 else 0
    return Cells(
        week=months,
        hour_of_day=months + weeks,
        area=area,
        area_month=area + apart,
        count=area + apart * (1 + months),
    )


def hours_of_day(load: LoadSeries) -> IntArray:
    """Hour of the day of each hour, 0 to 23; the 25th of a long day counts as its 24th."""
    day = load.calendar.day - load.calendar.day[0]
    first = np.flatnonzero(np.diff(day, prepend=-1))
    of_day = np.arange(load.hours) - first[day]
    if len(first) > 1:  # the first day may begin late: it ends at midnight
        of_day[: first[1]] += max(0, HOURS_OF_DAY - first[1])
    return np.asarray(np.minimum(of_day, HOURS_OF_DAY - 1), dtype=np.int64)


def lay_out_calendar(load: LoadSeries, *, areas: int) -> Calendar:
    """The calendar of a load whose areas, if there is more than one, are told apart."""
    given, hours = load.calendar, load.hours
    cells = lay_out_cells(load, areas=areas)
    day = given.day - given.day[0]
    own = np.zeros((areas, 0, hours), dtype=np.int64)
    if areas > 1:
        at = np.arange(areas)[:, None]
        total = np.broadcast_to(cells.area + at, (areas, hours))
        by_month = cells.area_month + at * len(given.months) + given.month
        own = np.stack([total, by_month], axis=1)
    is_peak = np.zeros(hours, dtype=np.bool_)
    is_peak[load.peak_hours] = True
    cell = [given.month, cells.week + given.week, cells.hour_of_day + hours_of_day(load)]
    return Calendar(
        day=np.asarray(day, dtype=np.int64),
        day_first=np.append(np.flatnonzero(np.diff(day, prepend=-1)), hours).astype(np.int64),
        is_peak=is_peak,
        cell=np.ascontiguousarray(cell, dtype=np.int64),
        area_cell=np.ascontiguousarray(own, dtype=np.int64),
        peak_mw=float(load.total_mw.max()),
    )
