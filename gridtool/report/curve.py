"""The restoration curve as a small chart in characters.

A step curve needs no plotting library: one character column per slice of time, its height the
served load in eighths of a row.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.report.tables import Chart
from gridtool.units import format_quantity

__all__ = ["chart_restoration", "sample_steps"]

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_WIDTH = 72
_ROWS = 8
_AXIS = 9


def chart_restoration(curve: pd.DataFrame, *, zone: ZoneInfo, after: str = "") -> Chart:
    """Served load over time, from the state as found to the last step of the plan.

    Parameters
    ----------
    curve
        Columns ``time`` (UTC), ``served_mw`` and ``unserved_mw``; one row per step.
    zone
        Zone of the dates under the chart.
    after
        Name of the table that the chart is printed after.
    """
    demand_mw = float((curve["served_mw"] + curve["unserved_mw"]).max())
    served_mw = sample_steps(curve, columns=_WIDTH)
    top = max(demand_mw, 1e-9)
    heights = np.floor(served_mw / top * _ROWS * 8 + 1e-9).astype(int)
    lines = [_chart_row(heights, row, top) for row in reversed(range(_ROWS))]
    lines += [" " * _AXIS + "└" + "─" * _WIDTH, _time_axis(curve, zone)]
    title = f"Restoration curve: served load [MW] of {format_quantity(demand_mw, decimals=0)} MW"
    return Chart(title=title, text="\n".join(lines), after=after)


def sample_steps(curve: pd.DataFrame, *, columns: int) -> npt.NDArray[np.float64]:
    """Served load at the start of ``columns`` equal slices of the curve's time, MW."""
    start, span = _span(curve)
    elapsed = (curve["time"] - start) / pd.Timedelta(1, "h")
    moments = np.arange(columns) / columns * (span / timedelta(hours=1))
    last_step = np.searchsorted(elapsed.to_numpy(), moments + 1e-9, side="right") - 1
    return curve["served_mw"].to_numpy(dtype=np.float64)[last_step]


def _span(curve: pd.DataFrame) -> tuple[pd.Timestamp, timedelta]:
    """First time, and the length shown: past the last step, so that its level is seen."""
    start = curve["time"].iloc[0]
    length = (curve["time"].iloc[-1] - start) * (_WIDTH / (_WIDTH - 4))
    return start, max(length, timedelta(hours=1))


def _chart_row(heights: npt.NDArray[np.int64], row: int, top: float) -> str:
    filled = np.clip(heights - 8 * row, 0, 8)
    marked = row % 2 == 1
    label = format_quantity(top * (row + 1) / _ROWS, decimals=0) if marked else ""
    cells = "".join(_EIGHTHS[height] for height in filled).rstrip()
    return f"{label:>{_AXIS - 1}} {'┤' if marked else '│'}{cells}"


def _time_axis(curve: pd.DataFrame, zone: ZoneInfo) -> str:
    start, span = _span(curve)
    form = "%d %b %H:%M" if span < timedelta(days=3) else "%d %b"
    axis = " " * (_AXIS + 1)
    for place in range(0, _WIDTH - 10, _WIDTH // 4):
        moment = start + span * (place / _WIDTH)
        label = f"{moment.tz_convert(zone):{form}}"
        axis = axis.ljust(_AXIS + 1 + place) + label
    return axis
