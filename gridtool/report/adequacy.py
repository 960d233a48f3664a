"""The adequacy of a generating system for people: tables, and a sentence in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.adequacy.model import AdequacyResult, GeneratingSystem
from gridtool.report.tables import NamedTable
from gridtool.units import format_quantity

__all__ = ["PERIOD_DECIMALS", "PERIOD_HEADINGS", "AdequacyAnswer", "answer_exactly"]

PERIOD_HEADINGS = {
    "lolp": "LOLP",
    "lole_hours": "LOLE [h]",
    "lole_days": "LOLE [d]",
    "eue_mwh": "EUE [MWh]",
    "edns_mw": "EDNS [MW]",
    "neue_ppm": "NEUE [ppm]",
}
"""Headings of the tables by period, whoever fills them."""
PERIOD_DECIMALS = {
    "peak_mw": 1,
    "energy_mwh": 0,
    "lolp": 6,
    "lole_hours": 4,
    "lole_days": 4,
    "eue_mwh": 3,
    "edns_mw": 4,
    "neue_ppm": 2,
}
_CALENDAR_NOTE = (
    "Load equal to capacity is no shortage; loads are not rounded. LOLE in days counts days whose "
    "hour of the highest load is short."
)


@dataclass(frozen=True, kw_only=True)
class AdequacyAnswer:
    """What ``gridtool adequacy`` prints; the first table is the main one.

    ``headline`` holds at least lole_hours, lole_days, eue_mwh, lolp, edns_mw; a simulation adds
    their standard errors as ``..._se``.
    """

    tables: tuple[NamedTable, ...]
    verdict: str
    headline: Mapping[str, float]
    warnings: tuple[Issue | str, ...] = field(default_factory=tuple)
    simulated: bool = False


def answer_exactly(
    system: GeneratingSystem, result: AdequacyResult, *, warnings: tuple[Issue | str, ...] = ()
) -> AdequacyAnswer:
    """The exact result of ``system`` as tables and words."""
    load = result.load
    peak = float(load.total_mw.max())
    headline = {
        "lolp": result.lolp,
        "lole_hours": result.lole_hours,
        "lole_days": result.lole_days,
        "eue_mwh": result.eue_mwh,
        "edns_mw": result.edns_mw,
        "neue_ppm": result.neue_ppm,
        "hours": float(load.hours),
        "peak_mw": peak,
        "installed_mw": system.installed_mw,
        "units": float(sum(group.count for group in system.groups)),
    }
    tables = [_table_total(headline), *(_table_period(result, name) for name in _PERIODS)]
    if len(load.areas) > 1:
        tables.append(_table_areas(result))
    return AdequacyAnswer(
        tables=tuple(tables),
        verdict=_describe(headline, result),
        headline=headline,
        warnings=(*warnings, *result.notes),
    )


_PERIODS = {"month": "monthly", "week": "weekly"}


def _table_total(headline: Mapping[str, float]) -> NamedTable:
    measures = ("lolp", "lole_hours", "lole_days", "eue_mwh", "edns_mw", "neue_ppm")
    return NamedTable(
        name="total",
        title="Adequacy, exact",
        frame=pd.DataFrame([{name: headline[name] for name in measures}]),
        headings=PERIOD_HEADINGS,
        decimals=PERIOD_DECIMALS | {"lolp": 10, "lole_hours": 6, "lole_days": 6, "eue_mwh": 4},
        note=_CALENDAR_NOTE,
    )


def _table_period(result: AdequacyResult, period: str) -> NamedTable:
    name = _PERIODS[period]
    frame = result.tabulate("month" if period == "month" else "week")
    return NamedTable(
        name=name,
        title=f"By {period}",
        frame=frame,
        headings=PERIOD_HEADINGS,
        decimals=PERIOD_DECIMALS,
        terminal_columns=(period, "hours", "peak_mw", "lole_hours", "lole_days", "eue_mwh"),
    )


def _table_areas(result: AdequacyResult) -> NamedTable:
    load = result.load
    energy = load.load_mw.sum(axis=1)
    lole, eue = result.area_lolp_h.sum(axis=1), result.area_eue_h_mwh.sum(axis=1)
    frame = pd.DataFrame(
        {
            "area": list(load.areas),
            "peak_mw": load.load_mw.max(axis=1),
            "energy_mwh": energy,
            "lolp": lole / load.hours,
            "lole_hours": lole,
            "eue_mwh": eue,
            "edns_mw": eue / load.hours,
            "neue_ppm": 1e6 * eue / np.where(energy > 0, energy, np.inf),
        }
    )
    return NamedTable(
        name="areas",
        title="By area",
        frame=frame,
        headings=PERIOD_HEADINGS,
        decimals=PERIOD_DECIMALS,
        note="The total is unique; it is shared so that the largest share of an area's load that "
        "goes unserved is as small as the interfaces allow, then the next largest.",
    )


def _describe(headline: Mapping[str, float], result: AdequacyResult) -> str:
    margin = headline["installed_mw"] - headline["peak_mw"]
    compared = "above" if margin >= 0 else "below"
    sentence = (
        f"{_count(headline['units'], 'unit')} of {_number(headline['installed_mw'])} MW together, "
        f"{_number(abs(margin))} MW {compared} the peak of {_number(headline['peak_mw'])} MW: in "
        f"{_count(headline['hours'], 'hour')} a shortage is expected for "
        f"{_number(headline['lole_hours'])} hours and on {_number(headline['lole_days'])} days, "
        f"with {_number(headline['eue_mwh'])} MWh unserved."
    )
    if result.load.areas == ("*",):
        sentence += " All areas are taken as one: no interfaces are given."
    months = result.tabulate("month")
    if headline["eue_mwh"] > 0 and len(months) > 1:
        worst = months.sort_values("eue_mwh", kind="stable").iloc[-1]
        share = 100.0 * float(worst["eue_mwh"]) / headline["eue_mwh"]
        sentence += f" Month {worst['month']} holds {share:.0f} % of it."
    return sentence


def _count(number: float, word: str) -> str:
    return f"{format_quantity(number, decimals=0)} {word}{'' if number == 1 else 's'}"


def _number(value: float) -> str:
    """Four significant digits, but no fewer than the whole number has."""
    if value == 0:
        return "0"
    digits = 3 - int(np.floor(np.log10(abs(value))))
    return format_quantity(value, decimals=min(max(digits, 0), 9))
