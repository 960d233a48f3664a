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
_VISIBLE_MW = 0.05


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
    base = _axis_base(float(curve["served_mw"].min()), demand_mw)
    step_mw = max(demand_mw - base, 1e-9) / _ROWS
    served_mw = sample_steps(curve, columns=_WIDTH)
    heights = np.floor((served_mw - base) / step_mw * 8 + 1e-9).astype(int)
    lines = [_chart_row(heights, row, mark_mw=base + (row + 1) * step_mw) for row in range(_ROWS)][
        ::-1
    ]
    lines += [" " * _AXIS + "└" + "─" * _WIDTH, _time_axis(curve, zone)]
    title = f"Restoration curve: served load of {format_quantity(demand_mw, decimals=0)} MW [MW]"
    if base:
        title += f"; the axis begins at {format_quantity(base, decimals=0)}"
    return Chart(title=title, text="\n".join(lines), after=after)


def sample_steps(curve: pd.DataFrame, *, columns: int) -> npt.NDArray[np.float64]:
    """Served load at the start of ``columns`` equal slices of the curve's time, MW."""
    start, span = _span(curve)
    elapsed = (curve["time"] - start) / pd.Timedelta(1, "h")
    moments = np.arange(columns) / columns * (span / timedelta(hours=1))
    last_step = np.searchsorted(elapsed.to_numpy(), moments + 1e-9, side="right") - 1
    return curve["served_mw"].to_numpy(dtype=np.float64)[last_step]


def _axis_base(least_mw: float, demand_mw: float) -> float:
    """Where the axis begins: at zero, or higher where a small loss could not be seen else."""
    lost = demand_mw - least_mw
    return 0.0 if lost > demand_mw / 3 else max(0.0, 10 * ((demand_mw - 1.6 * lost) // 10))


def _span(curve: pd.DataFrame) -> tuple[pd.Timestamp, timedelta]:
    """First time, and the length shown: past the last change, so that its level is seen."""
    start = curve["time"].iloc[0]
    served = curve["served_mw"].to_numpy(dtype=np.float64)
    last = np.flatnonzero(np.abs(np.diff(served)) > _VISIBLE_MW)
    end = curve["time"].iloc[int(last[-1]) + 1 if len(last) else -1]
    length = (end - start) * (_WIDTH / (_WIDTH - 4))
    return start, max(length, timedelta(hours=1))


def _chart_row(heights: npt.NDArray[np.int64], row: int, *, mark_mw: float) -> str:
    filled = np.clip(heights - 8 * row, 0, 8)
    marked = row % 2 == 1
    label = format_quantity(mark_mw, decimals=0) if marked else ""
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
