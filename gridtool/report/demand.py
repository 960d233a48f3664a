"""What a demand model was fitted to, as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridtool.forecast.history.model import History
from gridtool.report.tables import NamedTable

__all__ = ["table_history"]


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
