"""How a history was read, in words for people."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from gridtool.forecast.history.columns import LoadColumn
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.history.periods import name_step
from gridtool.forecast.history.readings import Readings
from gridtool.forecast.history.table import HistoryTable

__all__ = ["describe_columns", "describe_span", "describe_step"]

HOUR_S = 3600
_UNITS = {"kw": "kW", "mw": "MW", "gw": "GW", "kwh": "kWh", "mwh": "MWh", "gwh": "GWh"} | {
    "twh": "TWh"
}


def describe_columns(table: HistoryTable) -> list[tuple[str, str]]:
    """Which column is what, one line for each role."""
    match = table.match
    times = " and ".join(repr(name) for name in (match.time, match.hour or "") if name)
    found = [("rows", f"{len(table.text.rows)}"), ("time", times), ("demand", _name(match.load))]
    if match.temps:
        names = ", ".join(map(repr, match.temps[:3]))
        more = f" and {len(match.temps) - 3} more" if len(match.temps) > 3 else ""
        mean = f", mean of {len(match.temps)} stations" if len(match.temps) > 1 else ""
        unit = {True: " in degrees Fahrenheit", False: " in degrees Celsius", None: ""}
        found.append(("temperature", names + more + unit[match.fahrenheit] + mean))
    else:
        found.append(("temperature", "none"))
    if match.shed:
        found.append(("load shed", _name(match.shed)))
    return found


def _name(column: LoadColumn) -> str:
    return f"{column.name!r} in {_UNITS.get(column.unit, column.unit)}"


def describe_step(readings: Readings) -> tuple[str, str]:
    """How far the times are apart."""
    step = name_step(readings.step_s)
    if step is not None:
        return "step", step
    if readings.step_s < HOUR_S:
        return "step", f"{readings.step_s / 60:g} minutes, averaged to hours"
    hours = readings.step_s / HOUR_S
    return "step", "hour" if hours == 1 else f"{hours:g} hours"


def describe_span(history: History | PeriodHistory) -> tuple[str, str]:
    """First and last demand by the local clock, and the temperature before it."""
    if isinstance(history, PeriodHistory):
        first, last = history.start, history.end
    else:
        known = np.flatnonzero(np.isfinite(history.load_mw))
        begun = int(known[0]) if len(known) else 0
        first, last = history.start + timedelta(hours=begun), history.end
    days = (last - first).total_seconds() / 86400
    local = [moment.astimezone(history.zone) for moment in (first, last)]
    words = f"{local[0]:%Y-%m-%d %H:%M} to {local[1]:%Y-%m-%d %H:%M}, {days:.0f} days"
    if first > history.start:
        earlier = (first - history.start).total_seconds() / 86400
        words += f"; temperature {earlier:.0f} days earlier"
    return "demand from", words
