"""Composite adequacy by month or week: the same states, integrated over the hours of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from gridtool.forecast.adequacy.composite_model import CompositeResult, CompositeSystem
from gridtool.forecast.adequacy.composite_system import restrict_hours
from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.network.model import CityNetwork

__all__ = ["Period", "part_load", "tabulate_periods"]

Period = Literal["week", "month"]


def part_load(load: LoadSeries, *, period: Period) -> Iterator[tuple[str, LoadSeries]]:
    """Name and hours of each week or month; both are made of whole days."""
    calendar = load.calendar
    position = getattr(calendar, period)
    names: tuple[str, ...] = getattr(calendar, f"{period}s")
    for place, name in enumerate(names):
        at = np.flatnonzero(position == place)
        if len(at):
            hours = replace(
                calendar,
                day=calendar.day[at],
                week=calendar.week[at],
                month=calendar.month[at],
            )
            yield name, replace(load, load_mw=load.load_mw[:, at], calendar=hours)


def tabulate_periods(
    network: CityNetwork,
    load: LoadSeries,
    *,
    system: CompositeSystem,
    period: Period,
    solve: Callable[[CompositeSystem], CompositeResult],
) -> pd.DataFrame:
    """One row per week or month.

    Columns: the period's name, hours, peak_mw, lolp, lole_hours, lole_hours_se, lole_days,
    eue_mwh, eue_mwh_se, edns_mw. The rows of enumerated states add up to those of the whole
    load; those of sampled states within their errors, since each row draws where it needs to.

    Parameters
    ----------
    system
        Of the whole load.
    solve
        Gives the result of a system that has the hours of the period only.
    """
    rows = []
    for name, part in part_load(load, period=period):
        found = solve(restrict_hours(system, network, part))
        rows.append(
            {
                period: name,
                "hours": part.hours,
                "peak_mw": float(part.total_mw.max()),
                "lolp": found.lolp.value,
                "lole_hours": found.lole_hours.value,
                "lole_hours_se": found.lole_hours.standard_error,
                "lole_days": found.lole_days.value,
                "eue_mwh": found.eue_mwh.value,
                "eue_mwh_se": found.eue_mwh.standard_error,
                "edns_mw": found.edns_mw.value,
            }
        )
    return pd.DataFrame(rows)
