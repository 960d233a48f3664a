"""Simulated demand as tables: quantiles of months, days and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.timegrid import TimeGrid

__all__ = [
    "LEVELS",
    "name_level",
    "table_days_ahead",
    "table_hours_ahead",
    "table_months_ahead",
    "table_paths",
    "tabulate_spans",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LEVELS = (0.1, 0.5, 0.9)
"""Quantiles that are shown unless others are asked for."""


def name_level(level: float) -> str:
    """``p10`` for 0.1, ``p2.5`` for 0.025."""
    return f"p{100 * level:.6g}"


def table_months_ahead(
    paths: FloatArray, *, grid: TimeGrid, levels: Sequence[float] = LEVELS
) -> NamedTable:
    """Energy and peak of each local month: quantiles of the paths (n, hours)."""
    frame = tabulate_spans(paths, grid.month_index, levels=levels)
    frame.insert(0, "month", list(grid.months))
    return NamedTable(
        name="demand",
        title="Demand expected, by month",
        frame=frame,
        decimals=dict.fromkeys(_peaks(frame), 0),
        note=f"Quantiles over {len(paths)} paths: in {_share(levels)} of the futures less.",
    )


def table_days_ahead(
    paths: FloatArray, *, grid: TimeGrid, levels: Sequence[float] = LEVELS
) -> NamedTable:
    """Energy and peak of each local day: quantiles of the paths (n, hours)."""
    frame = tabulate_spans(paths, grid.day_index, levels=levels)
    frame.insert(0, "day", list(grid.days))
    return NamedTable(
        name="demand_days",
        title="Demand expected, by local day",
        frame=frame,
        decimals=dict.fromkeys(_peaks(frame), 0),
        terminal_rows=62,
    )


def table_hours_ahead(
    paths: FloatArray, *, grid: TimeGrid, levels: Sequence[float] = LEVELS
) -> NamedTable:
    """Demand of each hour: quantiles of the paths (n, hours)."""
    found = np.quantile(paths, levels, axis=0)
    frame = pd.DataFrame({"time": [moment.astimezone(UTC) for moment in grid.local]})
    for level, values in zip(levels, found, strict=True):
        frame[f"load_{name_level(level)}_mw"] = values
    return NamedTable(
        name="demand_hours",
        title="Demand expected, by hour",
        frame=frame,
        terminal_rows=48,
        note="Quantiles of each hour alone: those of days and months are in their own tables, and "
        "no path follows one quantile through all hours.",
    )


def table_paths(paths: FloatArray, *, grid: TimeGrid) -> pd.DataFrame:
    """One row for each hour (``time``, UTC), one column for each path (``path_0``, ...), MW."""
    times: list[datetime] = [moment.astimezone(UTC) for moment in grid.local]
    columns = {f"path_{k}": path for k, path in enumerate(paths)}
    return pd.DataFrame({"time": times, **columns})


def tabulate_spans(paths: FloatArray, span: IntArray, *, levels: Sequence[float]) -> pd.DataFrame:
    """Quantiles of energy and peak of each span of hours, numbered from 0 on in ``span``."""
    first = np.flatnonzero(np.diff(span, prepend=-1))
    energy = np.quantile(np.add.reduceat(paths, first, axis=1), levels, axis=0)
    peak = np.quantile(np.maximum.reduceat(paths, first, axis=1), levels, axis=0)
    names = [name_level(level) for level in levels]
    return pd.DataFrame(
        {f"energy_{name}_mwh": values for name, values in zip(names, energy, strict=True)}
        | {f"peak_{name}_mw": values for name, values in zip(names, peak, strict=True)}
    )


def _peaks(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith("peak_")]


def _share(levels: Sequence[float]) -> str:
    *others, last = [f"{100 * level:.6g}" for level in levels]
    return f"{', '.join(others)} and {last} %" if others else f"{last} %"
