"""Demand as it would have been where less was served than wanted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import DemandEvent, SpecialDays, Unconstrained
from gridtool.forecast.demand.regression import Terms
from gridtool.forecast.history.model import History

__all__ = ["unconstrain"]


def unconstrain(
    history: History,
    *,
    calendar: LocalCalendar,
    terms: Terms,
    special_days: SpecialDays,
    events: Sequence[DemandEvent] = (),
) -> Unconstrained:
    """The demand behind what was served.

    Where the shed load was measured it is added. Hours known to be short without a measure are
    left to the model.
    """
    load = history.load_mw.copy()
    measured = np.zeros(history.hours, dtype=np.bool_)
    if history.shed_mw is not None:
        measured = np.isfinite(history.shed_mw) & (history.shed_mw > 0)
        load[measured] += history.shed_mw[measured]
    short = np.zeros(history.hours, dtype=np.bool_) if history.short is None else history.short
    hours = history.start.timestamp() + 3600.0 * np.arange(history.hours)
    for event in events:
        if event.kind == "outage" and event.end is not None:
            inside = (hours >= event.start.timestamp()) & (hours < event.end.timestamp())
            short = short | inside
    guessed = short & ~measured
    load[guessed] = np.nan
    return Unconstrained(load_mw=load, guessed=guessed, measured=measured)
