"""What forecasts are held against: demand as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.days.special_days import settle_kinds
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.regression import Terms
from gridtool.forecast.history.model import History

__all__ = ["Truth", "find_truth"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
WITH_WEATHER = Terms(harmonics=3, knots=7, memories_h=(1, 24, 72))
WITHOUT_WEATHER = Terms(harmonics=4)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Demand as it came.

    Attributes
    ----------
    load_mw : (n,)
        Served load, plus shed load where that was measured; NaN where it is missing and where
        less was served than wanted by an unknown amount.
    guessed : (n,) bool
        The latter hours.
    measured : (n,) bool
        Hours with shed load added.
    served_mw : (n,)
        As ``load_mw``, but with what was served in those of the guessed hours of which no record
        says that anything was short: they only look so.
    """

    load_mw: FloatArray
    guessed: BoolArray
    measured: BoolArray
    served_mw: FloatArray

    @property
    def suspected(self) -> BoolArray:
        """Hours left out without a record, (n,)."""
        return self.guessed & np.isfinite(self.served_mw)

    def describe(self, hours: BoolArray) -> tuple[str, ...]:
        """What was done to the truth of ``hours`` (n,), in words; empty if nothing."""
        found = []
        guessed, suspected = (int((own & hours).sum()) for own in (self.guessed, self.suspected))
        if guessed:
            found.append(
                f"{guessed} of {int(hours.sum())} hours are left out of the scores, because less "
                "was served then than wanted and nobody knows by how much: a blackout is not held "
                "against the forecast"
                + (f" (of {suspected} no record says so: they look like it)" if suspected else "")
            )
        measured = int((self.measured & hours).sum())
        if measured:
            found.append(
                f"in {measured} hours the truth is served plus shed load, as the history has it"
            )
        return tuple(found)


def find_truth(
    history: History, *, special_days: SpecialDays, events: Sequence[DemandEvent] = ()
) -> Truth:
    """The demand of the whole history, seen from its end."""
    weather = history.temp_c is not None and bool(np.isfinite(history.temp_c).mean() > 0.5)
    calendar = make_calendar(history.start, history.hours, zone=history.zone)
    demand = unconstrain(
        history,
        calendar=calendar,
        terms=WITH_WEATHER if weather else WITHOUT_WEATHER,
        special_days=settle_kinds(special_days, known=calendar.day[np.isfinite(history.load_mw)]),
        events=events,
    )
    recorded = _recorded_short(history, events)
    guessed = (demand.guessed | recorded) & ~demand.measured
    load_mw = np.where(guessed, np.nan, demand.load_mw)
    return Truth(
        load_mw=load_mw,
        guessed=guessed,
        measured=demand.measured,
        served_mw=np.where(guessed & ~recorded, history.load_mw, load_mw),
    )


def _recorded_short(history: History, events: Sequence[DemandEvent]) -> BoolArray:
    """Hours short by the history or a stated outage, (n,)."""
    short = np.zeros(history.hours, dtype=np.bool_)
    if history.short is not None:
        short |= history.short
    hours = history.start.timestamp() + 3600.0 * np.arange(history.hours)
    for event in events:
        if event.kind == "outage" and event.end is not None:
            short |= (hours >= event.start.timestamp()) & (hours < event.end.timestamp())
    return short
