"""What was done with hours that were short, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.censored.detect import ShortHours
from gridtool.forecast.demand.censored.known import KnownHours
from gridtool.forecast.demand.model import LevelBreak
from gridtool.forecast.history.model import History

__all__ = ["Widening", "describe_treatment"]

FloatArray = npt.NDArray[np.float64]
YEAR_H = 8766
ALMOST_ALWAYS = 0.8
MOST_STRETCHES = 6
TELLING_LEVEL = 0.005
GUESSED_WEEK = 0.02 / float(np.sqrt(30.4 / 7))
"""Standard deviation by which the level may have moved in each last week without a known hour:
two per cent a month, as in the level model where the history is too short to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widening:
    """What makes the level at the end of a history uncertain because hours were short.

    Attributes
    ----------
    between
        Distance of the level with short hours left out from that with them as censored.
    blind_weeks
        Weeks at the end without a known hour.
    late_drop
        By how much lower the last weeks were served where no log calls them short.
    """

    between: float
    blind_weeks: int
    late_drop: float

    @property
    def level_sd(self) -> float:
        """Standard deviation of the level: an unlogged drop may be half outage, half level."""
        parts = (self.between, GUESSED_WEEK * self.blind_weeks**0.5, 0.5 * self.late_drop)
        return float(np.linalg.norm(parts))


def describe_treatment(
    history: History,
    *,
    known: KnownHours,
    found: ShortHours,
    breaks: Sequence[LevelBreak],
    load_mw: FloatArray,
    calendar: LocalCalendar,
    widening: Widening,
) -> tuple[str, ...]:
    """Notes for a reader of the forecast; none for a clean history.

    Parameters
    ----------
    load_mw : (n,)
        Demand as it would have been.
    """
    notes = [*_tell_measured(history, known=known, load_mw=load_mw)]
    notes += _tell_guessed(history, known=known, found=found, load_mw=load_mw)
    notes += _tell_stretches(found, calendar=calendar)
    notes += _tell_blind(known, found=found, calendar=calendar)
    notes += [_tell_break(one, history=history) for one in breaks]
    return (*notes, *_tell_widening(widening))


def _tell_widening(widening: Widening) -> list[str]:
    notes = []
    if widening.between > TELLING_LEVEL:
        notes.append(
            f"the level at the end is {100 * widening.between:.1f} % apart with the short hours "
            "left out and with them taken as censored: the forecast is widened by it"
        )
    if widening.blind_weeks:
        notes.append(
            f"the last {widening.blind_weeks} weeks of the history were short throughout: the "
            "level there is that of the weeks before, and the forecast is widened"
        )
    if widening.late_drop > TELLING_LEVEL:
        notes.append(
            "the last weeks of the history lie low and nothing says whether the grid or the "
            "demand fell: taken for the grid, and the forecast is widened; state an outage or a "
            "level to settle it"
        )
    return notes


def _tell_measured(history: History, *, known: KnownHours, load_mw: FloatArray) -> tuple[str, ...]:
    if not known.measured.any():
        return ()
    added = np.nansum((load_mw - history.load_mw)[known.measured]) / 1e3
    text = (
        f"{int(known.measured.sum()):,} hours with measured shed load: {added:,.1f} GWh added to "
        "what was served; what reports leave out stays missing"
    )
    return (text,)


def _tell_guessed(
    history: History, *, known: KnownHours, found: ShortHours, load_mw: FloatArray
) -> tuple[str, ...]:
    guessed = known.silent | found.short
    if not guessed.any():
        return ()
    unserved = np.nansum((load_mw - history.load_mw)[guessed & ~known.rebound]) / 1e3
    parts = [
        (int(known.short.sum()), "known to be short"),
        (int(known.rebound.sum()), "of stated rebound"),
        (int(found.short.sum()), "found to be short"),
    ]
    words = ", ".join(f"{count:,} hours {what}" for count, what in parts if count)
    text = (
        f"{words}: left out of the fit and guessed, {unserved:,.1f} GWh beyond what was served "
        "(all that was not used, also what people went without of their own accord)"
    )
    return (text,)


def _tell_stretches(found: ShortHours, *, calendar: LocalCalendar) -> tuple[str, ...]:
    if not found.stretches:
        return ()
    first = int(calendar.day[0])

    def dates(stretch: tuple[int, int]) -> str:
        return " to ".join(str(np.datetime64(first + day, "D")) for day in stretch)

    named = "; ".join(dates(stretch) for stretch in found.stretches[:MOST_STRETCHES])
    more = len(found.stretches) - MOST_STRETCHES
    text = f"demand lies below anything usual from {named}"
    text += f" and in {more} more stretches" if more > 0 else ""
    return (text + ": taken as short; if it was not, name these days as special days",)


def _tell_blind(
    known: KnownHours, *, found: ShortHours, calendar: LocalCalendar
) -> tuple[str, ...]:
    notes = []
    if len(known.blind_hours):
        hours = ", ".join(f"{hour}:00" for hour in known.blind_hours)
        notes.append(
            f"the hours from {hours} were short on (almost) every day: nothing tells what was "
            "wanted then, and what was served is taken, which is the least it can have been"
        )
    recent = slice(-YEAR_H, None)
    guessed = (known.short | found.short)[recent]
    hour = calendar.hour[recent]
    part = np.bincount(hour, weights=guessed, minlength=24) / np.bincount(hour, minlength=24).clip(
        1
    )
    always = [h for h in np.flatnonzero(part > ALMOST_ALWAYS) if h not in known.blind_hours]
    if always:
        hours = ", ".join(f"{hour}:00" for hour in always)
        notes.append(
            f"in the last year the hours from {hours} were short on most days: their demand rests "
            "on other hours and years, and a habit that changed meanwhile is not seen"
        )
    return tuple(notes)


def _tell_break(one: LevelBreak, *, history: History) -> str:
    date = one.at.astimezone(history.zone).date()
    percent, error = 100 * np.expm1(one.step), 100 * one.step_se * np.exp(one.step)
    if one.stated and not one.step_se:
        return f"the level of demand moves by {percent:+.1f} % on {date}, as stated"
    how = "at the stated time, estimated" if one.stated else "found in the history"
    return f"the level of demand moves by {percent:+.1f} ± {error:.1f} % on {date}, {how}"
