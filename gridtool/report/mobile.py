"""Mobile units of a restoration plan as a table and a sentence."""

from __future__ import annotations

import pandas as pd

from gridtool.report.tables import NamedTable
from gridtool.restoration.mobile.view import saved_mwh
from gridtool.restoration.model import MobileUnit, RestorationPlan
from gridtool.units import format_quantity

__all__ = ["describe_placements", "table_placements"]

_COLUMNS = (
    "unit",
    "kind",
    "site",
    "section",
    "start",
    "online",
    "offline",
    "travel_h",
    "served_gain_mw",
    "saved_mwh",
)


def table_placements(plan: RestorationPlan) -> NamedTable:
    """Where each mobile unit stands from when to when, and what it gives there."""
    known = {unit.id: unit for unit in plan.resources.mobile_units}
    rows = [
        {
            "unit": placed.unit,
            "kind": known[placed.unit].kind,
            "site": placed.site,
            "section": placed.part.removeprefix(f"{placed.unit}@"),
            "start": placed.start,
            "online": placed.online,
            "offline": placed.offline,
            "travel_h": placed.travel_h,
            "served_gain_mw": placed.served_gain_mw,
            "saved_mwh": saved_mwh(plan, placed),
        }
        for placed in plan.placements
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for column in ("start", "online", "offline"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    shown = [column for column in _COLUMNS if column not in {"travel_h", "section"}]
    return NamedTable(
        name="mobile_units",
        title=f"Mobile units: {_count(len(rows), 'placement')}",
        frame=frame,
        headings={
            "start": "set up from",
            "offline": "until",
            "served_gain_mw": "gain [MW]",
            "saved_mwh": "saves [MWh]",
        },
        decimals={"travel_h": 1, "served_gain_mw": 1, "saved_mwh": 0},
        terminal_columns=tuple(shown),
        note=_note(plan),
    )


def describe_placements(plan: RestorationPlan) -> str:
    """What the mobile units do, in a sentence; empty where there are none."""
    units = plan.resources.mobile_units
    if not units:
        return ""
    if not plan.placements:
        if not plan.jobs:
            return ""
        return (
            f"{_list_units(units)} would serve no more load at any site before the last repair: "
            f"{'it is' if len(units) == 1 else 'they are'} not placed."
        )
    placed = {stay.unit for stay in plan.placements}
    idle = [unit for unit in units if unit.id not in placed]
    total = sum(saved_mwh(plan, stay) for stay in plan.placements)
    text = (
        f"{_count(len(placed), 'mobile unit')} at {_count(_sites(plan), 'site')}: "
        f"{format_quantity(total, decimals=0)} MWh more are served"
        f"{', counted stay by stay' if len(plan.placements) > 1 else ''}."
    )
    if idle:
        text += f" {_list_units(idle)} {'stays' if len(idle) == 1 else 'stay'} unplaced: nowhere "
        text += "would more be served."
    return text


def _note(plan: RestorationPlan) -> str:
    if not plan.placements:
        return describe_placements(plan)
    return (
        "The gain is the mean load served more while the unit stands there and energy is counted, "
        "all others being where they are; '-': it stays."
    )


def _sites(plan: RestorationPlan) -> int:
    return len({stay.site for stay in plan.placements})


def _list_units(units: tuple[MobileUnit, ...] | list[MobileUnit]) -> str:
    return ", ".join(unit.id for unit in units)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
