"""What a demand model was fitted to, as tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel
from gridtool.report.tables import NamedTable

__all__ = ["describe_fit", "table_history"]

FloatArray = npt.NDArray[np.float64]


def describe_fit(model: FittedModel) -> str:
    """The model in words, its size, and how it was calibrated."""
    text = (
        f"The model: {model.description}. The highest hour of the last twelve months is "
        f"{model.reference_peak_mw:.0f} MW."
    )
    calibration = model.calibration if isinstance(model, FittedDemand) else None
    return text if calibration is None else f"{text} Calibration: {calibration.words}."


def table_history(history: History | PeriodHistory) -> NamedTable:
    """The history by local year: what is known of it, energy, peak, temperature."""
    rows = _period_rows(history) if isinstance(history, PeriodHistory) else _hour_rows(history)
    return NamedTable(
        name="history",
        title="History by local year",
        frame=pd.DataFrame(rows),
        decimals={"mean_mw": 0, "peak_mw": 0},
        note=f"Clock of the file: {history.clock}.",
    )


def _hour_rows(history: History) -> list[dict[str, object]]:
    starts = pd.date_range(history.start, periods=history.hours, freq="h")
    years = starts.tz_convert(history.zone).year
    rows: list[dict[str, object]] = []
    for year in sorted(set(years)):
        at = np.flatnonzero(years == year)
        load = history.load_mw[at]
        known = load[np.isfinite(load)]
        rows.append(
            {
                "year": str(year),
                "hours": len(at),
                "missing_hours": len(at) - len(known),
                "energy_mwh": float(known.sum()),
                "mean_mw": float(known.mean()) if len(known) else np.nan,
                "peak_mw": float(known.max()) if len(known) else np.nan,
                **_temperature(history.temp_c, at),
            }
        )
    return rows


def _period_rows(history: PeriodHistory) -> list[dict[str, object]]:
    """By the year in which a period begins."""
    starts = pd.DatetimeIndex(history.edges[:-1]).tz_localize("UTC").tz_convert(history.zone)
    rows: list[dict[str, object]] = []
    for year in sorted(set(starts.year)):
        at = np.flatnonzero(starts.year == year)
        energy = history.energy_mwh[at]
        known = energy[np.isfinite(energy)]
        rows.append(
            {
                "year": str(year),
                f"{history.step}s": len(at),
                f"missing_{history.step}s": len(at) - len(known),
                "energy_mwh": float(known.sum()),
                **_temperature(history.temp_c, at),
            }
        )
    return rows


def _temperature(temp_c: FloatArray | None, at: npt.NDArray[np.intp]) -> dict[str, float]:
    known = np.array([]) if temp_c is None else temp_c[at][np.isfinite(temp_c[at])]
    return {
        "mean_temp_c": float(known.mean()) if len(known) else np.nan,
        "lowest_temp_c": float(known.min()) if len(known) else np.nan,
    }
