"""What is known of each hour before any model: served in full, shed by so much, or short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import DemandEvent
from gridtool.forecast.history.model import History

__all__ = ["KnownHours", "take_known"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LEAST_FREE_DAYS = 28
"""Days' worth of hours served in full, below which nothing tells what was wanted."""
LEAST_SAME_HOUR = 20
"""Days on which an hour of the day was served in full, for a model to speak of that hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHours:
    """What is known of n hours.

    Attributes
    ----------
    load_mw : (n,)
        Served, plus what was measured as shed; NaN where missing.
    measured, short, rebound : (n,) bool
        Shed load was measured; short by an unknown amount; within a stated rebound.
    stated : (n,) bool
        Of ``short``: by an event, whose times are those of the whole outage, not of each hour.
    blind_hours : (k,) int
        Local hours of the day that were short (almost) whenever they were known: left as served.
    """

    load_mw: FloatArray
    measured: BoolArray
    short: BoolArray
    stated: BoolArray
    rebound: BoolArray
    blind_hours: IntArray

    @property
    def silent(self) -> BoolArray:
        """Hours that tell nothing of the usual demand, (n,)."""
        return np.asarray(self.short | self.rebound)


def take_known(
    history: History, *, calendar: LocalCalendar, events: Sequence[DemandEvent]
) -> KnownHours:
    """Join the shed column, the outage log and the stated events.

    Raises
    ------
    HistoryError
        If hardly any hour was served in full.
    """
    load = history.load_mw.copy()
    measured = np.zeros(history.hours, dtype=np.bool_)
    if history.shed_mw is not None:
        measured = np.isfinite(load) & np.isfinite(history.shed_mw) & (history.shed_mw > 0)
        load[measured] += history.shed_mw[measured]
    logged = np.zeros(history.hours, dtype=np.bool_) if history.short is None else history.short
    stated = _inside(events, kind="outage", history=history)
    short = (logged | stated) & ~measured
    rebound = _inside(events, kind="rebound", history=history) & ~short & ~measured
    load[load <= 0] = np.nan  # no demand has no logarithm; a dead hour is short if a log says so
    free = np.isfinite(load) & ~short & ~rebound
    if short.any() and free.sum() < 24 * LEAST_FREE_DAYS:
        raise HistoryError(
            Issue(
                message=f"only {int(free.sum())} hours of the history were served in full: "
                "nothing tells what was wanted",
                file=history.origin or None,
                accepted=f"at least {24 * LEAST_FREE_DAYS} hours in which nothing was shed, or "
                "the load shed in the others",
                hint="give a column shed_mw, or a longer history",
            )
        )
    seen = np.bincount(calendar.hour[free], minlength=24)
    ever = np.bincount(calendar.hour[np.isfinite(load)], minlength=24)
    blind = np.flatnonzero((seen < LEAST_SAME_HOUR) & (ever > 0))
    return KnownHours(
        load_mw=load,
        measured=measured,
        short=short & ~np.isin(calendar.hour, blind),
        stated=stated & ~logged,
        rebound=rebound,
        blind_hours=blind,
    )


def _inside(events: Sequence[DemandEvent], *, kind: str, history: History) -> BoolArray:
    """Hours that the events of ``kind`` touch."""
    first = history.start.timestamp() + 3600.0 * np.arange(history.hours)
    inside = np.zeros(history.hours, dtype=np.bool_)
    for event in events:
        if event.kind == kind and event.end is not None:
            inside |= (first + 3600.0 > event.start.timestamp()) & (first < event.end.timestamp())
    return inside
