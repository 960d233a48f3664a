"""The demand model's months ahead in characters, for a terminal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.report.strip import draw_strip
from gridtool.report.tables import Chart
from gridtool.timegrid import TimeGrid
from gridtool.units import format_quantity

__all__ = ["draw_ahead", "draw_weeks"]

FloatArray = npt.NDArray[np.float64]
_WIDTH = 60
_LABEL = 9
_LEVELS = (10, 25, 50, 75, 90)
_WEEKS = 78


def draw_ahead(paths: FloatArray, *, grid: TimeGrid) -> Chart:
    """One line a month: where its mean demand and its highest hour lie in the paths (n, hours).

    ``-`` 8 of 10 futures, ``=`` 5 of 10, ``|`` the middle; the left group is the month's mean,
    the right its highest hour.
    """
    means, peaks = _by_month(paths, grid, peak=False), _by_month(paths, grid, peak=True)
    low = float(np.floor(means.min() / 10) * 10)
    high = float(np.ceil(peaks.max() / 10) * 10)
    lines = [
        f"{month:>{_LABEL - 1}} {_draw_line((mean, peak), low=low, high=high)}"
        for month, mean, peak in zip(grid.months, means, peaks, strict=True)
    ]
    marks = [format_quantity(value, decimals=0) for value in (low, high)]
    axis = f"{marks[0]}{marks[1]:>{max(1, _WIDTH - len(marks[0]))}} MW"
    lines += [" " * _LABEL + axis]
    return Chart(
        title="Months ahead: mean demand (left) and highest hour (right); "
        "- 8 of 10 futures, = 5 of 10, | the middle",
        text="\n".join(lines),
    )


def draw_weeks(frame: pd.DataFrame) -> Chart | None:
    """Weekly mean demand of the last year and a half as one line; None without a known week.

    Parameters
    ----------
    frame
        ``date`` and ``served_mw`` by day or week, of
        :func:`gridtool.report.plot_frames.frame_history`.
    """
    week = frame["date"] - pd.to_timedelta(frame["date"].dt.dayofweek, unit="D")
    weekly = frame.groupby(week)["served_mw"].mean().iloc[-_WEEKS:]
    known = weekly.dropna()
    if known.empty:
        return None
    least, most = float(known.min()), float(known.max())
    floor = least - 0.15 * max(most - least, 1e-9)
    return Chart(
        title=f"Weekly mean demand, {weekly.index[0]:%Y-%m-%d} to {weekly.index[-1]:%Y-%m-%d}: "
        f"{format_quantity(least, decimals=0)} to {format_quantity(most, decimals=0)} MW",
        text=draw_strip((weekly - floor).tolist()),
    )


def _by_month(paths: FloatArray, grid: TimeGrid, *, peak: bool) -> FloatArray:
    """Quantiles of the months' means or highest hours, shape (months, 5)."""
    rows = []
    for number in range(len(grid.months)):
        part = paths[:, grid.month_index == number]
        values = part.max(axis=1) if peak else part.mean(axis=1)
        rows.append(np.quantile(values, np.array(_LEVELS) / 100))
    return np.array(rows)


def _draw_line(groups: tuple[FloatArray, ...], *, low: float, high: float) -> str:
    cells = [" "] * _WIDTH
    for quantiles in groups:
        share = (quantiles - low) / max(high - low, 1e-9)
        first, left, middle, right, last = (
            np.clip(np.round(share * (_WIDTH - 1)), 0, _WIDTH - 1).astype(int).tolist()
        )
        cells[first : last + 1] = "-" * (last + 1 - first)
        cells[left : right + 1] = "=" * (right + 1 - left)
        cells[middle] = "|"
    return "".join(cells).rstrip()
