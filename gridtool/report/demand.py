"""A fitted demand model as tables: what it was fitted to, and the months it expects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.history.model import History
from gridtool.report.tables import NamedTable
from gridtool.timegrid import TimeGrid

__all__ = ["table_history", "table_months_ahead"]

FloatArray = npt.NDArray[np.float64]


def table_history(history: History) -> NamedTable:
    """The history by local year: hours known, energy, peak, temperature."""
    years = pd.date_range(history.start, periods=history.hours, freq="h").tz_convert(history.zone)
    rows = []
    for year in sorted(set(years.year)):
        at = np.flatnonzero(years.year == year)
        load = history.load_mw[at]
        known = np.isfinite(load)
        temp = np.full(len(at), np.nan) if history.temp_c is None else history.temp_c[at]
        measured = bool(np.isfinite(temp).any())
        rows.append(
            {
                "year": str(year),
                "hours": len(at),
                "missing_hours": int((~known).sum()),
                "energy_mwh": float(load[known].sum()),
                "mean_mw": float(load[known].mean()) if known.any() else np.nan,
                "peak_mw": float(load[known].max()) if known.any() else np.nan,
                "mean_temp_c": float(np.nanmean(temp)) if measured else np.nan,
                "lowest_temp_c": float(np.nanmin(temp)) if measured else np.nan,
            }
        )
    return NamedTable(
        name="history",
        title="History by local year",
        frame=pd.DataFrame(rows),
        decimals={"mean_mw": 0, "peak_mw": 0},
        note=f"Clock of the file: {history.clock}.",
    )


def table_months_ahead(paths: FloatArray, *, grid: TimeGrid) -> NamedTable:
    """Energy and peak of the months ahead: P10, P50 and P90 of the paths (n, hours)."""
    rows = []
    for number, month in enumerate(grid.months):
        part = paths[:, grid.month_index == number]
        energy = np.quantile(part.sum(axis=1), [0.1, 0.5, 0.9])
        peak = np.quantile(part.max(axis=1), [0.1, 0.5, 0.9])
        rows.append(
            {"month": month}
            | {f"energy_p{q}_mwh": float(v) for q, v in zip((10, 50, 90), energy, strict=True)}
            | {f"peak_p{q}_mw": float(v) for q, v in zip((10, 50, 90), peak, strict=True)}
        )
    decimals = {f"peak_p{q}_mw": 0 for q in (10, 50, 90)}
    return NamedTable(
        name="demand",
        title="Demand expected in the months after the history",
        frame=pd.DataFrame(rows),
        decimals=decimals,
    )
