"""Tables that only a run, or a run and an assessment, print."""

from __future__ import annotations

import pandas as pd

from gridtool.flow.model import Assessment
from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.report.tables import NamedTable

__all__ = ["table_districts_now", "table_shortage"]


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
        headings={"critical_out": "critical out"},
        terminal_columns=tuple(name for name in city if name != "served_mw"),
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
