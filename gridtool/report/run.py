"""The result of a job as verdict, tables and charts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.model import Assessment
from gridtool.forecast.model import ShortageForecast
from gridtool.report.damage import damage_table
from gridtool.report.forecast import headline_shortage, tables_shortage
from gridtool.report.restore import tables_restoration
from gridtool.report.tables import NamedTable
from gridtool.restoration.model import CompletionSamples, RestorationPlan

__all__ = ["headline_run", "table_districts_now", "table_shortage", "tables_run"]

CITY = "*"


def tables_run(
    state: GridState,
    assessment: Assessment,
    *,
    plan: RestorationPlan | None = None,
    completions: CompletionSamples | None = None,
    forecast: ShortageForecast | None = None,
) -> tuple[NamedTable, ...]:
    """Every table of a run: those a duty officer reads first, the rest for files only."""
    tables = [table_districts_now(assessment), *_file_only(_assessment_details(assessment))]
    if state.damage:
        tables.append(damage_table(state))
    if plan is not None and plan.jobs:
        jobs, curve, etr, comparison = tables_restoration(plan, completions, compare=True)
        districts = int((etr.frame["level"] == "district").sum())
        etr = replace(etr, terminal_rows=districts or None)
        tables += [jobs, *_file_only([curve]), etr, *_file_only([comparison])]
    if forecast is not None:
        by_district, city, *rest = tables_shortage(forecast)
        tables += [table_shortage(forecast), city, *_file_only([by_district, *rest])]
    return tuple(tables)


def _file_only(tables: Iterable[NamedTable]) -> list[NamedTable]:
    """For files and JSON, left out on the terminal (unless all rows are wanted)."""
    return [replace(table, terminal_rows=0) for table in tables]


def _assessment_details(assessment: Assessment) -> list[NamedTable]:
    titles = {
        "substations": "Substations now",
        "islands": "Islands now",
        "limits": "What holds supply back now",
        "contingencies": "What the next single outage would cost",
    }
    return [
        NamedTable(name=f"{name}_now", title=title, frame=getattr(assessment, name))
        for name, title in titles.items()
    ]


def table_districts_now(assessment: Assessment) -> NamedTable:
    """What is out now, by district, the whole city last."""
    districts = assessment.districts
    city = {
        "district": CITY,
        "name": "Whole city",
        "demand_mw": assessment.demand_mw,
        "served_mw": assessment.served_mw,
        "unserved_mw": assessment.unserved_mw,
        "unserved_pct": 100 * assessment.unserved_mw / max(assessment.demand_mw, 1e-9),
        "customers_out": assessment.customers_out,
        "critical_out": assessment.critical_out,
    }
    frame = pd.concat([districts, pd.DataFrame([city])], ignore_index=True)
    return NamedTable(
        name="out_now",
        title="Out now, at the reference peak",
        frame=frame[list(city)],
        decimals={"demand_mw": 0, "served_mw": 0, "unserved_mw": 1},
        headings={"critical_out": "critical customers out"},
    )


def table_shortage(forecast: ShortageForecast) -> NamedTable:
    """Hours a day without supply for an ordinary customer: districts down, months across."""
    monthly = forecast.monthly
    months = list(dict.fromkeys(monthly["month"]))
    rows = [
        _spread(group, "hours_off_p50", place=str(group["name"].iloc[0]), quantile="P50")
        for district, group in monthly.groupby("district", sort=False)
        if district != CITY
    ]
    city = monthly[monthly["district"] == CITY]
    rows += [
        _spread(city, f"hours_off_p{level}", place="Whole city", quantile=f"P{level}")
        for level in (10, 50, 90)
    ]
    return NamedTable(
        name="shortage_hours",
        title="Shortage: hours a day without supply for an ordinary customer, by month",
        frame=pd.DataFrame(rows, columns=["district", "quantile", *months]),
        decimals=dict.fromkeys(months, 1),
        note=f"Median, P10 and P90 of the month's mean over {forecast.samples} simulated futures.",
    )


def _spread(group: pd.DataFrame, column: str, *, place: str, quantile: str) -> dict[str, object]:
    by_month = zip(group["month"], group[column], strict=True)
    return {"district": place, "quantile": quantile, **dict(by_month)}


def headline_run(
    assessment: Assessment, *, ens_mwh: float | None, forecast: ShortageForecast | None
) -> dict[str, float]:
    """The numbers that ``--fail-on`` is asked about most."""
    headline = {
        "unserved_mw": assessment.unserved_mw,
        "customers_out": float(assessment.customers_out),
        "critical_out": float(assessment.critical_out),
    }
    if ens_mwh is not None:
        headline["ens_mwh"] = ens_mwh
    if forecast is not None:
        headline |= headline_shortage(forecast)
    return headline
