"""What an hourly history can carry: which of the hourly models, or none for its gaps."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.fit import FULL_DAYS, LEAST_DAYS, LEAST_DAYS_WITHOUT_WEATHER
from gridtool.forecast.demand.periods.fit import LEAST_PROFILE_D
from gridtool.forecast.demand.residual_days import BLOCK_DAYS, LEAST_HOURS
from gridtool.forecast.history.model import History

__all__ = ["as_short", "check_hours", "find_flaw"]

BoolArray = npt.NDArray[np.bool_]
LEAST_WEEKS = 8
"""Whole weeks from which residual days by the hour can be drawn."""
LEAST_BY_HOUR = 40
"""Known values of each local hour of the day."""
LEAST_TEMP = 0.5
_LEAST = {"full": FULL_DAYS, "short": LEAST_DAYS, "no-weather": LEAST_DAYS_WITHOUT_WEATHER}


def find_flaw(history: History, *, zone: ZoneInfo) -> str | None:
    """Why the hours of a history cannot be fitted though its days can, in words; None if they can.

    What is too short for its days too is left to be refused with the hours.
    """
    calendar = make_calendar(history.start, history.hours, zone=zone)
    known = np.isfinite(history.load_mw)
    if history.short is not None:
        known = known & ~history.short
    if not known.any():
        return None
    by_hour = np.bincount(calendar.hour[known], minlength=24)
    if by_hour.max() >= LEAST_BY_HOUR and by_hour.min() < LEAST_BY_HOUR:
        missing = int((by_hour < LEAST_BY_HOUR).sum())
        return f"{missing} of the 24 hours of the day are hardly ever known"
    by_day = np.bincount(calendar.day[known] - calendar.day[0])
    run = np.convolve(by_day >= LEAST_HOURS, np.ones(BLOCK_DAYS), mode="valid")
    whole = int((run > BLOCK_DAYS - 0.5).sum())
    if whole < LEAST_WEEKS * BLOCK_DAYS and by_day.astype(bool).sum() >= LEAST_DAYS:
        return f"the gaps of the hours leave fewer than {LEAST_WEEKS} weeks whole"
    days = _length_d(history)
    blind = not _has_temperature(history)
    if blind and LEAST_PROFILE_D <= days < LEAST_DAYS_WITHOUT_WEATHER:
        return f"{days:.0f} days of hours without temperature tell of no seasons"
    return None


def check_hours(history: History, *, model: str, zone: ZoneInfo) -> None:
    """Refuse an hourly model that the history cannot carry.

    Raises
    ------
    HistoryError
        If it is too short, has no temperature, or its hours cannot be used.
    """
    days = _length_d(history)
    reasons = []
    if days < _LEAST[model]:
        reasons.append(f"{days:.0f} days of demand, {_LEAST[model]} are needed")
    if model != "no-weather" and not _has_temperature(history):
        reasons.append("no temperature in half of the hours")
    flaw = find_flaw(history, zone=zone)
    if flaw is not None:
        reasons.append(flaw)
    if reasons:
        raise HistoryError(
            Issue(
                message=f"the history cannot carry the model {model!r}: {'; '.join(reasons)}",
                file=history.origin or None,
                hint="leave the model to be chosen, or ask for one that needs less",
            )
        )


def as_short(history: History) -> History:
    """The demand of so few last days that the small model is fitted; temperatures stay."""
    keep = (FULL_DAYS - 1) * 24
    known = np.flatnonzero(np.isfinite(history.load_mw))
    load = history.load_mw.copy()
    load[: max(int(known[-1]) + 1 - keep, 0)] = np.nan
    return replace(history, load_mw=load)


def _length_d(history: History) -> float:
    """Days from the first known hour to the last."""
    known = np.flatnonzero(np.isfinite(history.load_mw))
    return (int(known[-1]) - int(known[0]) + 1) / 24 if len(known) else 0.0


def _has_temperature(history: History) -> bool:
    known = np.isfinite(history.load_mw)
    return (
        history.temp_c is not None
        and bool(known.any())
        and bool(np.isfinite(history.temp_c[known]).mean() > LEAST_TEMP)
    )
