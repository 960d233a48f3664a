"""How much a model of hours may contain, by how much the history tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.terms import Terms
from gridtool.forecast.history.model import History

__all__ = [
    "FULL",
    "FULL_DAYS",
    "LEAST_DAYS",
    "LEAST_DAYS_WITHOUT_WEATHER",
    "NO_WEATHER",
    "SHORT",
    "Rung",
    "choose_rung",
]

LEAST_DAYS = 90
LEAST_DAYS_WITHOUT_WEATHER = 360
FULL_DAYS = 360
LEAST_WITH_TEMPERATURE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What the regressions contain, and that in words; ``prior_level`` where weeks are few."""

    terms: Terms
    words: str
    prior_level: bool = False


FULL = Rung(
    terms=Terms(harmonics=3, knots=7, memories_h=(1, 24, 72)),
    words="24 hourly regressions on calendar and temperature, weather years",
)
SHORT = Rung(
    terms=Terms(harmonics=0, knots=5, memories_h=(24,)),
    words="short history: 24 small regressions on weekday and temperature",
    prior_level=True,
)
NO_WEATHER = Rung(
    terms=Terms(harmonics=4), words="no weather: 24 hourly regressions on the calendar alone"
)


def choose_rung(history: History) -> Rung:
    """A year or more with temperature: all; three months: little; without, a year at least.

    Raises
    ------
    HistoryError
        If the history is shorter.
    """
    known = np.flatnonzero(np.isfinite(history.load_mw))
    days = (known[-1] - known[0] + 1) / 24 if len(known) else 0.0
    temp = (
        history.temp_c is not None
        and len(known) > 0
        and bool(np.isfinite(history.temp_c[known]).mean() > LEAST_WITH_TEMPERATURE)
    )
    if temp and days >= FULL_DAYS:
        return FULL
    if temp and days >= LEAST_DAYS:
        return SHORT
    if days >= LEAST_DAYS_WITHOUT_WEATHER:
        return NO_WEATHER
    least = LEAST_DAYS if temp else LEAST_DAYS_WITHOUT_WEATHER
    raise HistoryError(
        Issue(
            message=f"the history holds {days:.0f} days of demand",
            file=history.origin or None,
            accepted=f"at least {least} days"
            + ("" if temp else f", or {LEAST_DAYS} with temperature"),
        )
    )
