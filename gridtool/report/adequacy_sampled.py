"""A simulated generating system for people: estimates with errors, beside exact values."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.adequacy.model import AdequacyResult
from gridtool.forecast.adequacy.sampled_result import SampledResult
from gridtool.report.adequacy import PERIOD_DECIMALS, PERIOD_HEADINGS, AdequacyAnswer
from gridtool.report.tables import NamedTable
from gridtool.units import format_quantity

__all__ = ["answer_sampled"]

_COMPARED = ("lolp", "lole_hours", "lole_days", "eue_mwh", "edns_mw", "neue_ppm")
_MEASURES = (*_COMPARED, "short_days", "events")
_WORDS = {
    "short_days": "Days with a short hour",
    "events": "Runs of short hours",
    "cvar95_eue_mwh": "EUE of the worst 5 % [MWh]",
}
_NOTE = (
    "Load equal to capacity is no shortage. Errors are standard errors of the mean over the "
    "samples; z is the distance to the exact value in errors. LOLE in days counts days whose "
    "hour of the highest load is short."
)
_HEADINGS = {
    **PERIOD_HEADINGS,
    "short_days": "Short days",
    "se": "±",
    "eue_mwh_se": "± [MWh]",
    "lole_hours_se": "± [h]",
    "exact_eue_mwh": "Exact [MWh]",
    "exact_lole_hours": "Exact [h]",
    "eue_mwh_z": "z",
    "lole_hours_z": "z (LOLE)",
}
_DECIMALS = {
    **PERIOD_DECIMALS,
    **{f"{name}_se": digits for name, digits in PERIOD_DECIMALS.items()},
    **{f"exact_{name}": digits for name, digits in PERIOD_DECIMALS.items()},
    "short_days": 4,
    "short_days_se": 4,
    "eue_mwh_z": 2,
    "lole_hours_z": 2,
    "z": 2,
    "per_sample": 4,
    "share": 4,
    "share_at_least": 4,
    "value": 2,
    "low": 2,
    "high": 2,
    "se": 2,
}


def answer_sampled(
    found: SampledResult,
    *,
    exact: AdequacyResult | None,
    until: float | None = None,
    warnings: tuple[Issue | str, ...] = (),
) -> AdequacyAnswer:
    """The simulated result as tables and words.

    Parameters
    ----------
    exact
        Of the same system; None where there is none (storages, too many states).
    until
        Share of the EUE at which the simulation was to stop; a warning says if it could not.
    """
    eue = found.estimate("eue_mwh")
    if until is not None and not (eue.value > 0 and eue.standard_error <= until * eue.value):
        more = (
            f"after {found.samples} samples the standard error is still over "
            f"{100 * until:g} % of the EUE; give more --samples"
        )
        warnings = (*warnings, more)
    tables = [
        _table_total(found, exact),
        _table_period(found, exact, "month"),
        _table_period(found, exact, "week"),
        _table_plain("hours_of_day", "By hour of the day", found.tabulate("hour"), rows=0),
    ]
    if len(found.areas) > 1:
        tables.append(_table_areas(found, exact))
        frame = found.tabulate_area_months()
        tables.append(_table_plain("area_months", "By area and month", frame, rows=0))
    tables += _table_distributions(found)
    if found.with_storage:
        tables.append(_table_storage(found))
    return AdequacyAnswer(
        tables=tuple(tables),
        verdict=_describe(found, exact),
        headline=_headline(found),
        warnings=warnings,
        simulated=True,
    )


def _headline(found: SampledResult) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name in _MEASURES:
        estimate = found.estimate(name)
        numbers[name], numbers[f"{name}_se"] = estimate.value, estimate.standard_error
    tail = found.cvar_eue_mwh
    return numbers | {
        "cvar95_eue_mwh": tail.value,
        "cvar95_eue_mwh_se": tail.standard_error,
        "samples": float(found.samples),
        "hours": float(found.load.hours),
        "peak_mw": float(found.load.total_mw.max()),
    }


def _scores(simulated: pd.Series, error: pd.Series, exact: pd.Series) -> pd.Series:
    """Distances in standard errors; empty where the simulation has no error to measure by."""
    return (simulated - exact) / error.where(error > 0)


def _table_total(found: SampledResult, exact: AdequacyResult | None) -> NamedTable:
    numbers = _headline(found)
    names = (*_MEASURES, "cvar95_eue_mwh")
    frame = pd.DataFrame(
        {
            "measure": [_WORDS.get(name, PERIOD_HEADINGS.get(name, name)) for name in names],
            "id": names,
            "simulated": [numbers[name] for name in names],
            "se": [numbers[f"{name}_se"] for name in names],
        }
    )
    if exact is not None:
        frame["exact"] = [
            float(getattr(exact, name)) if name in _COMPARED else np.nan for name in names
        ]
        frame["z"] = _scores(frame["simulated"], frame["se"], frame["exact"])
    shown = [str(name) for name in frame.columns if name != "id"]
    return NamedTable(
        name="total",
        title=f"Adequacy, {format_quantity(found.samples, decimals=0)} samples",
        frame=frame,
        headings={"se": "±"},
        decimals={"simulated": 5, "se": 5, "exact": 5, "z": 2},
        terminal_columns=tuple(shown),
        note=_NOTE,
    )


def _table_period(
    found: SampledResult, exact: AdequacyResult | None, period: Literal["month", "week"]
) -> NamedTable:
    frame = found.tabulate(period)
    if exact is not None:
        frame = _compare(frame, exact.tabulate(period))
    name = {"month": "monthly", "week": "weekly"}[period]
    rows = None if period == "month" else 0
    return _table_plain(name, f"By {period}", frame, first=period, rows=rows)


def _compare(frame: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    for name in ("lole_hours", "eue_mwh"):
        frame[f"exact_{name}"] = exact[name].to_numpy()
        frame[f"{name}_z"] = _scores(frame[name], frame[f"{name}_se"], frame[f"exact_{name}"])
    return frame


def _table_areas(found: SampledResult, exact: AdequacyResult | None) -> NamedTable:
    frame = found.tabulate_areas()
    if exact is not None and len(exact.area_eue_h_mwh) == len(frame):
        sums = {"lole_hours": exact.area_lolp_h, "eue_mwh": exact.area_eue_h_mwh}
        by_area = pd.DataFrame({name: rows.sum(axis=1) for name, rows in sums.items()})
        frame = _compare(frame, by_area)
    return _table_plain(
        "areas",
        "By area",
        frame,
        first="area",
        note="The total is unique; it is shared so that the largest share of an area's load that "
        "goes unserved is as small as the interfaces allow, then the next largest.",
    )


def _table_plain(
    name: str,
    title: str,
    frame: pd.DataFrame,
    *,
    first: str | None = None,
    rows: int | None = None,
    note: str = "",
) -> NamedTable:
    shown = (
        (first, "lole_hours", "lole_hours_se", "eue_mwh", "eue_mwh_se", "exact_eue_mwh")
        if first is not None
        else tuple(map(str, frame.columns))
    )
    shown = (*shown, "eue_mwh_z") if first is not None else shown
    return NamedTable(
        name=name,
        title=title,
        frame=frame,
        headings=_HEADINGS,
        decimals=_DECIMALS,
        terminal_columns=tuple(column for column in shown if column in frame),
        terminal_rows=rows,
        note=note,
    )


def _table_distributions(found: SampledResult) -> list[NamedTable]:
    spread = _table_plain(
        "spread",
        "Over the samples",
        found.tabulate_spread(),
        note="Quantiles with 95 % intervals by order statistics; CVaR95 is the mean of the worst "
        "5 % of the samples.",
    )
    runs = found.tabulate_events()
    lengths = _table_plain("durations", "Runs of short hours by length", runs, rows=24)
    depths = _table_plain(
        "depths",
        "Runs of short hours by their highest shortage, per cent of the peak load",
        found.tabulate_depths(),
        rows=0,
    )
    return [spread, lengths, depths]


def _table_storage(found: SampledResult) -> NamedTable:
    stored, surplus = found.tally.stored_mwh, found.tally.surplus_mwh
    frame = pd.DataFrame(
        {
            "hour": np.arange(found.load.hours),
            "stored_mwh": stored.mean,
            "stored_mwh_se": stored.standard_error,
            "surplus_mwh": surplus.mean,
            "surplus_mwh_se": surplus.standard_error,
        }
    )
    return _table_plain(
        "storage_hours",
        "Energy stored at the end of hours, and power that nobody uses",
        frame,
        rows=0,
    )


def _describe(found: SampledResult, exact: AdequacyResult | None) -> str:
    lole, days = found.estimate("lole_hours"), found.estimate("short_days")
    eue = found.estimate("eue_mwh")
    hours = format_quantity(found.load.hours, decimals=0)
    sentence = (
        f"In {hours} hours, simulated {format_quantity(found.samples, decimals=0)} times, a "
        f"shortage is expected for {lole} hours on {days} days, with {eue} MWh unserved."
    )
    if exact is None:
        return sentence
    if eue.standard_error > 0:
        score = (eue.value - exact.eue_mwh) / eue.standard_error
        return f"{sentence} The exact EUE is {exact.eue_mwh:.6g} MWh (z {score:+.1f})."
    return f"{sentence} The exact EUE is {exact.eue_mwh:.6g} MWh."
