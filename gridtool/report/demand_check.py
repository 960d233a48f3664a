"""An examined demand history as tables: how it was understood, what was found, what is usable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.history.quality import QualityFinding
from gridtool.forecast.history.read import Examination
from gridtool.report.tables import NamedTable

__all__ = ["describe_check", "headline_check", "tables_check"]

FloatArray = npt.NDArray[np.float64]
SHOWN_PLACES = 12


def tables_check(examined: Examination) -> tuple[NamedTable, ...]:
    """Findings by kind first, then by place, the years, and how the file was read."""
    years = (_table_years(examined.history),) if examined.history is not None else ()
    return (
        _table_kinds(examined.findings),
        _table_places(examined.findings),
        *years,
        NamedTable(
            name="understood",
            title="How the file was read",
            frame=pd.DataFrame(examined.understood, columns=["subject", "words"]),
            headings={"words": "as"},
        ),
    )


def headline_check(examined: Examination) -> dict[str, float]:
    """Hours from the first to the last demand, usable ones in percent, places and hours found.

    Usable is a demand that is known, not left out, and of an hour not known to be short.
    """
    masked = sum(finding.hours for finding in examined.findings if finding.masked)
    found = {"findings": float(len(examined.findings)), "masked_hours": float(masked)}
    if examined.history is None:
        return found | {"usable_pct": 0.0}
    usable, hours = _judge_hours(examined.history)
    return found | {
        "hours": float(hours.sum()),
        "usable_pct": 100.0 * float((hours * usable).sum()) / max(float(hours.sum()), 1.0),
    }


def describe_check(examined: Examination) -> str:
    """The verdict in words."""
    kinds = dict.fromkeys(finding.kind for finding in examined.findings)
    named = f"found: {', '.join(kinds)}" if kinds else "nothing wrong was found"
    if examined.history is None:
        errors = sum(issue.severity == "error" for issue in examined.issues)
        why = "1 finding refuses it" if errors == 1 else f"{errors} findings refuse it"
        return f"This history cannot be used: {why}, listed at the end; {named}."
    headline = headline_check(examined)
    return (
        f"{headline['usable_pct']:.1f} % of {headline['hours']:,.0f} hours of demand are "
        f"usable; {named}."
    ).replace(",", " ", 1 if headline["hours"] >= 1000 else 0)


def _judge_hours(history: History | PeriodHistory) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Which hours or periods from the first to the last demand are usable, and their lengths."""
    if isinstance(history, PeriodHistory):
        hours = np.diff(history.edges).astype("timedelta64[s]").astype(np.int64) / 3600
        return np.isfinite(history.energy_mwh), hours
    known = np.isfinite(history.load_mw)
    span = slice(0, 0)
    if known.any():
        at = np.flatnonzero(known)
        span = slice(int(at[0]), int(at[-1]) + 1)
    usable = known if history.short is None else known & ~history.short
    return usable[span], np.ones(span.stop - span.start)


def _table_kinds(findings: Sequence[QualityFinding]) -> NamedTable:
    kinds: dict[tuple[str, str, bool], list[QualityFinding]] = {}
    for finding in findings:
        kinds.setdefault((finding.kind, finding.rule, finding.masked), []).append(finding)
    rows = [
        {
            "kind": kind,
            "places": len(found),
            "hours": sum(finding.hours for finding in found),
            "left_out": masked,
            "first": found[0].first,
            "rule": rule,
        }
        for (kind, rule, masked), found in kinds.items()
    ]
    columns = ["kind", "places", "hours", "left_out", "first", "rule"]
    return NamedTable(
        name="findings",
        title="What was found",
        frame=pd.DataFrame(rows, columns=columns),
    )


def _table_places(findings: Sequence[QualityFinding]) -> NamedTable:
    rows = [
        {
            "kind": finding.kind,
            "first": finding.first,
            "end": finding.end,
            "hours": finding.hours,
            "left_out": finding.masked,
        }
        for finding in sorted(findings, key=lambda finding: (-finding.hours, finding.first))
    ]
    columns = ["kind", "first", "end", "hours", "left_out"]
    return NamedTable(
        name="places",
        title="Where, the longest first",
        frame=pd.DataFrame(rows, columns=columns),
        terminal_rows=SHOWN_PLACES,
    )


def _table_years(history: History | PeriodHistory) -> NamedTable:
    """By local year: hours, usable and short ones, mean and highest demand, temperature."""
    if isinstance(history, PeriodHistory):
        begins = pd.DatetimeIndex(history.edges[:-1]).tz_localize("UTC").tz_convert(history.zone)
        hours = np.diff(history.edges).astype("timedelta64[s]").astype(np.int64) / 3600
        load, short = history.energy_mwh / hours, np.zeros(len(hours), dtype=np.bool_)
    else:
        begins = pd.date_range(history.start, periods=history.hours, freq="h")
        begins = begins.tz_convert(history.zone)
        hours, load = np.ones(history.hours), history.load_mw
        short = history.short if history.short is not None else np.zeros(len(load), dtype=np.bool_)
    temp = history.temp_c if history.temp_c is not None else np.full(len(load), np.nan)
    rows = []
    for year in sorted(set(begins.year)):
        at = np.flatnonzero(begins.year == year)
        own = _describe_year(load[at], temp[at], hours=hours[at], short=short[at])
        rows.append({"year": str(year)} | own)
    note = "Usable: known, not left out, and not known to be short."
    if isinstance(history, PeriodHistory):
        note += f" The highest demand is that of a whole {history.step}."
    return NamedTable(
        name="years",
        title="By local year",
        frame=pd.DataFrame(rows),
        decimals=dict.fromkeys(("hours", "usable_hours", "short_hours", "temp_hours"), 0),
        note=note,
    )


def _describe_year(
    load: FloatArray, temp: FloatArray, *, hours: FloatArray, short: npt.NDArray[np.bool_]
) -> dict[str, float]:
    known, weather = np.isfinite(load), np.isfinite(temp)
    some = bool(known.any())
    return {
        "hours": float(hours.sum()),
        "usable_hours": float(hours[known & ~short].sum()),
        "short_hours": float(hours[short].sum()),
        "mean_mw": float(np.average(load[known], weights=hours[known])) if some else np.nan,
        "highest_mw": float(load[known].max()) if some else np.nan,
        "temp_hours": float(hours[weather].sum()),
        "mean_temp_c": float(temp[weather].mean()) if weather.any() else np.nan,
    }
