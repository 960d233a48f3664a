"""What was served beside the demand behind it, and the steps of the level, as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.demand.model import Unconstrained
from gridtool.forecast.history.model import History
from gridtool.report.tables import NamedTable

__all__ = ["headline_unconstrained", "tables_unconstrained"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
SHOWN_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """Served and estimated demand of the hours that were short, and when they were, (n,)."""

    local: pd.DatetimeIndex
    served_mw: FloatArray
    load_mw: FloatArray
    short: BoolArray
    guessed: BoolArray
    guess_sd: FloatArray


def tables_unconstrained(history: History, found: Unconstrained) -> tuple[NamedTable, ...]:
    """Months and days with hours that were short, and the steps of the level; none for neither."""
    tables = []
    hours = _take_hours(history, found)
    if hours.short.any():
        tables.append(
            NamedTable(
                name="unconstrained",
                title="Demand behind what was served, months with short hours",
                frame=_tabulate(hours, hours.local.strftime("%Y-%m"), name="month"),
                note="Short hours were served less than was wanted: what was shed is added where "
                "it was measured, else demand is guessed by the model and left out of its fit. "
                "Unserved is the difference where what was served is known.",
            )
        )
        days = _tabulate(hours, hours.local.strftime("%Y-%m-%d"), name="day")
        tables.append(
            NamedTable(
                name="unconstrained_days",
                title="Days with short hours",
                frame=days,
                terminal_rows=SHOWN_DAYS,
            )
        )
    if found.breaks:
        tables.append(_table_breaks(found))
    return tuple(tables)


def headline_unconstrained(history: History, found: Unconstrained) -> dict[str, float]:
    """Hours short, hours of them guessed, and the energy not served."""
    hours = _take_hours(history, found)
    return {
        "short_hours": float(hours.short.sum()),
        "guessed_hours": float(hours.guessed.sum()),
        "unserved_mwh": float(_unserved(hours).sum()),
    }


def _take_hours(history: History, found: Unconstrained) -> _Hours:
    starts = pd.date_range(history.start, periods=history.hours, freq="h")
    return _Hours(
        local=starts.tz_convert(history.zone),
        served_mw=history.load_mw,
        load_mw=found.load_mw,
        short=found.guessed | found.measured,
        guessed=found.guessed,
        guess_sd=np.zeros(history.hours) if found.guess_sd is None else found.guess_sd,
    )


def _unserved(hours: _Hours) -> FloatArray:
    gap = np.where(hours.short, hours.load_mw - hours.served_mw, 0.0)
    return np.where(np.isfinite(gap), np.maximum(gap, 0.0), 0.0)


def _tabulate(hours: _Hours, span: pd.Index, *, name: str) -> pd.DataFrame:
    """Spans of local time with short hours: energies of all their hours."""
    known = np.isfinite(hours.served_mw) & np.isfinite(hours.load_mw)
    table = pd.DataFrame(
        {
            name: span,
            "short_hours": hours.short.astype(np.int64),
            "guessed_hours": hours.guessed.astype(np.int64),
            "served_mwh": np.where(known, hours.served_mw, 0.0),
            "unconstrained_mwh": np.where(known, hours.load_mw, 0.0),
            "unserved_mwh": _unserved(hours),
            # Errors of hours near each other go together: their deviations add up.
            "guess_sd_mwh": np.where(hours.guessed & known, hours.guess_sd * hours.load_mw, 0.0),
        }
    )
    found = table.groupby(name, sort=False).sum().reset_index()
    share = found["unserved_mwh"] / found["unconstrained_mwh"].replace(0, np.nan)
    found.insert(6, "unserved_pct", 100 * share)
    return found[found["short_hours"] > 0].reset_index(drop=True)


def _table_breaks(found: Unconstrained) -> NamedTable:
    frame = pd.DataFrame(
        {
            "at": [one.at for one in found.breaks],
            "step_pct": [100 * float(np.expm1(one.step)) for one in found.breaks],
            "step_se_pct": [100 * one.step_se for one in found.breaks],
            "stated": [one.stated for one in found.breaks],
        }
    )
    return NamedTable(
        name="level_breaks",
        title="Steps of the level of demand",
        frame=frame,
        headings={"step_se_pct": "± [%]"},
        note="Found where the evidence outweighs chance, or stated among the events.",
    )
