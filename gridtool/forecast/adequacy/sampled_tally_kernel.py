"""Sums over samples of simulated shortages, from the short hours of each sample alone."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "DEPTHS",
    "LONGEST_H",
    "MEASURES",
    "PER_CELL",
    "TOLERANCE_MW",
    "Calendar",
    "Sums",
    "open_sums",
    "tally_sample",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TOLERANCE_MW = 1e-6
"""Load equal to capacity is no shortage: less than this unserved counts as none."""
MEASURES = ("eue_mwh", "lole_hours", "short_days", "lole_days", "events")
"""Of a sample: unserved energy, short hours, days with any, days whose peak hour is short, runs
of short hours."""
PER_CELL = ("eue_mwh", "lole_hours", "short_days", "lole_days")
LONGEST_H = 168
"""Runs of short hours that are longer count as this long in their distribution."""
DEPTHS = 100
"""Classes of the depth of a run, of 1 % of the peak load each."""


class Calendar(NamedTuple):
    """What an hour belongs to.

    Attributes
    ----------
    day : (H,) int
    day_first : (D + 1,) int
        First hour of each day, and the number of hours.
    is_peak : (H,) bool
        Whether it is the hour of its day's highest load.
    cell : (P, H) int
        Cell of the hour in each of P partitions of the hours (months, weeks, hours of day);
        the cells of all partitions are numbered through.
    area_cell : (A, Q, H) int
        Cells of an area's own shortage; Q is 0 for one area.
    peak_mw
        Highest load, the measure of depths.
    """

    day: IntArray
    day_first: IntArray
    is_peak: npt.NDArray[np.bool_]
    cell: IntArray
    area_cell: IntArray
    peak_mw: float


class Sums(NamedTuple):
    """Of n samples, over K cells and A areas.

    Attributes
    ----------
    samples : (n, measures)
    cells, cell_squares : (K, measures per cell)
        Sums over samples, and sums of squares.
    hour_count, hour_mwh, hour_squares : (A + 1, H)
        Samples in which the hour is short, and sums of its unserved energy and of its square;
        the last row is of all areas together.
    durations : (LONGEST_H + 1,)
        Runs of short hours by their length.
    depths : (DEPTHS,)
        Runs by the highest shortage, in classes of the peak load.
    """

    samples: FloatArray
    cells: FloatArray
    cell_squares: FloatArray
    hour_count: FloatArray
    hour_mwh: FloatArray
    hour_squares: FloatArray
    durations: FloatArray
    depths: FloatArray


def open_sums(n: int, *, cells: int, areas: int, hours: int) -> Sums:
    """Sums of ``n`` samples, all zero."""
    return Sums(
        samples=np.zeros((n, len(MEASURES))),
        cells=np.zeros((cells, len(PER_CELL))),
        cell_squares=np.zeros((cells, len(PER_CELL))),
        hour_count=np.zeros((areas + 1, hours)),
        hour_mwh=np.zeros((areas + 1, hours)),
        hour_squares=np.zeros((areas + 1, hours)),
        durations=np.zeros(LONGEST_H + 1),
        depths=np.zeros(DEPTHS),
    )


@numba.njit(cache=True)
def _add_to_cell(
    scratch: FloatArray, last_day: IntArray, cell: int, day: int, lacking: float, peak: np.bool_
) -> None:
    scratch[cell, 0] += lacking
    scratch[cell, 1] += 1.0
    if last_day[cell] != day:
        last_day[cell] = day
        scratch[cell, 2] += 1.0
    if peak:
        scratch[cell, 3] += 1.0


@numba.njit(cache=True)
def _add_to_hour(sums: Sums, row: int, hour: int, lacking: float) -> None:
    sums.hour_count[row, hour] += 1.0
    sums.hour_mwh[row, hour] += lacking
    sums.hour_squares[row, hour] += lacking * lacking


@numba.njit(cache=True)
def _close_run(sums: Sums, length: int, deepest: float, peak_mw: float) -> None:
    if length == 0:
        return
    sums.durations[min(length, LONGEST_H)] += 1.0
    share = deepest / peak_mw if peak_mw > 0 else 1.0
    sums.depths[min(int(share * DEPTHS), DEPTHS - 1)] += 1.0


@numba.njit(cache=True)
def tally_sample(
    short_hour: IntArray,
    short_mw: FloatArray,
    found: int,
    calendar: Calendar,
    sample: int,
    sums: Sums,
) -> None:
    """Add one sample, the row ``sample`` of ``sums.samples``.

    Parameters
    ----------
    short_hour, short_mw : (H,) int, (H, A)
        The first ``found`` entries are the hours with a shortage, rising, and what lacks in
        each area.
    """
    if found == 0:
        return
    areas = short_mw.shape[1]
    scratch = np.zeros(sums.cells.shape)
    last_day = np.full(sums.cells.shape[0], -1, np.int64)
    row = sums.samples[sample]
    before, length, deepest, day_before = -2, 0, 0.0, -1
    for k in range(found):
        hour = short_hour[k]
        day, peak = calendar.day[hour], calendar.is_peak[hour]
        lacking = _add_areas(short_mw[k], hour, calendar, scratch, last_day, sums)
        _add_to_hour(sums, areas, hour, lacking)
        for part in range(calendar.cell.shape[0]):
            _add_to_cell(scratch, last_day, calendar.cell[part, hour], day, lacking, peak)
        row[0] += lacking
        row[1] += 1.0
        row[2] += np.float64(day != day_before)
        row[3] += np.float64(peak)
        day_before = day
        if hour != before + 1:
            _close_run(sums, length, deepest, calendar.peak_mw)
            row[4] += 1.0
            length, deepest = 0, 0.0
        before, length, deepest = hour, length + 1, max(deepest, lacking)
    _close_run(sums, length, deepest, calendar.peak_mw)
    _add_cells(scratch, sums)


@numba.njit(cache=True)
def _add_areas(
    short_mw: FloatArray,
    hour: int,
    calendar: Calendar,
    scratch: FloatArray,
    last_day: IntArray,
    sums: Sums,
) -> float:
    """Add an hour to the cells of the areas that are short; gives what lacks in all of them."""
    day, peak = calendar.day[hour], calendar.is_peak[hour]
    lacking = 0.0
    for area in range(short_mw.shape[0]):
        own = short_mw[area]
        lacking += own
        if own > TOLERANCE_MW:
            _add_to_hour(sums, area, hour, own)
            for part in range(calendar.area_cell.shape[1]):
                cell = calendar.area_cell[area, part, hour]
                _add_to_cell(scratch, last_day, cell, day, own, peak)
    return lacking


@numba.njit(cache=True)
def _add_cells(scratch: FloatArray, sums: Sums) -> None:
    for cell in range(scratch.shape[0]):
        if scratch[cell, 1] > 0:
            for measure in range(scratch.shape[1]):
                value = scratch[cell, measure]
                sums.cells[cell, measure] += value
                sums.cell_squares[cell, measure] += value * value
