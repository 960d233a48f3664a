"""What the parts of the demand model pass to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "HOLIDAY",
    "Calibration",
    "DemandEvent",
    "LevelBreak",
    "SpecialDays",
    "SpecialPeriod",
    "Unconstrained",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
T = TypeVar("T")
HOLIDAY = "holiday"
"""Kind of the days of which nothing more is said."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialPeriod:
    """Local days ``first`` to ``last``, both included, of one kind: school holidays, a curfew."""

    kind: str
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class SpecialDays:
    """Local dates on which people live otherwise, past and ahead, by kind.

    Days of one kind share one effect by hour, on top of their weekday's. A day may lie in a
    period as well: a holiday within school holidays takes both effects.

    Attributes
    ----------
    kind_of
        Kind by date.
    periods
        Longer spells, each of a kind.
    like
        Weekday (Monday 0) that a date resembles instead of its own: a Saturday worked in exchange
        for a bridge day is like a Monday. A date like its own weekday is an ordinary day,
        whatever another list says of it.
    names
        For people, where they are known.
    notes
        What a reader must know of the list, in words.
    """

    kind_of: Mapping[date, str] = field(default_factory=dict)
    periods: tuple[SpecialPeriod, ...] = ()
    like: Mapping[date, int] = field(default_factory=dict)
    names: Mapping[date, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def holidays(cls, days: Iterable[date]) -> SpecialDays:
        """``days`` as one kind."""
        return cls(kind_of=dict.fromkeys(days, HOLIDAY))

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds, of days and of periods, sorted."""
        return tuple(sorted({*self.kind_of.values(), *(period.kind for period in self.periods)}))

    def numbers(self, kind: str) -> IntArray:
        """The days of ``kind`` as days since 1970-01-01, sorted."""
        days = [_number(day) for day, own in self.kind_of.items() if own == kind]
        for period in self.periods:
            if period.kind == kind:
                days += range(_number(period.first), _number(period.last) + 1)
        return np.unique(np.array(days, dtype=np.int64))

    def resembled(self, weekday: IntArray, *, day: IntArray) -> IntArray:
        """``weekday`` (n,), on days that resemble another one that one.

        Parameters
        ----------
        day : (n,) int
            Days since 1970-01-01.
        """
        if not self.like:
            return weekday
        named = np.array(sorted(_number(date_) for date_ in self.like), dtype=np.int64)
        taken = np.array([self.like[date_] for date_ in sorted(self.like)], dtype=np.int64)
        at = np.minimum(np.searchsorted(named, day), len(named) - 1)
        return np.where(named[at] == day, taken[at], weekday)

    def overruled_by(self, other: SpecialDays) -> SpecialDays:
        """These days, except where ``other`` says something of the same date; both's periods."""
        said = {*other.kind_of, *other.like}

        def kept(mine: Mapping[date, T]) -> dict[date, T]:
            return {day: what for day, what in mine.items() if day not in said}

        return SpecialDays(
            kind_of={**kept(self.kind_of), **other.kind_of},
            periods=(*self.periods, *other.periods),
            like={**kept(self.like), **other.like},
            names={**kept(self.names), **other.names},
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
        )


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandEvent:
    """What the planner states of demand, past or ahead, from ``start`` to ``end`` (aware UTC).

    - ``outage``: less was served than wanted; what was served says nothing of demand
    - ``level``: from ``start`` on demand lies at another level: people left, generators were
      bought; ``change`` is the share by which it changed, None to estimate it. ``end`` is None.
    - ``rebound``: after reconnection demand exceeds its usual course by ``change``, fading evenly
      to nothing at ``end``
    """

    kind: str
    start: datetime
    end: datetime | None = None
    change: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBreak:
    """A step of the level of log demand at ``at`` (aware UTC), stated or found."""

    at: datetime
    step: float
    step_se: float
    stated: bool


@dataclass(frozen=True, kw_only=True)
class Unconstrained:
    """Demand as it would have been, had all of it been served.

    Attributes
    ----------
    load_mw : (n,)
        Served load where nothing was short, served plus shed where that was measured, an
        estimate elsewhere; NaN where the history says nothing and nothing can be said.
    guessed : (n,) bool
        Hours whose ``load_mw`` is an estimate of the model; no model is fitted to them.
    measured : (n,) bool
        Hours whose ``load_mw`` is served plus measured shed.
    breaks
        Steps of the level within the history, in order.
    level_sd
        Standard deviation of the level of log demand at the history's end that comes from
        guessing, beyond what the level model knows of.
    guess_sd : (n,) or None
        Standard deviation of the logarithm of a guess, of one hour's and of a day's alike (a
        day's hours err together); zero where nothing is guessed.
    notes
        What was done and why, in words.
    """

    load_mw: FloatArray
    guessed: BoolArray
    measured: BoolArray
    breaks: tuple[LevelBreak, ...] = ()
    level_sd: float = 0.0
    guess_sd: FloatArray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """By how much the model's spread is to be scaled, as its own past origins ask for.

    Attributes
    ----------
    residual_scale
        Factor on the residual days, as deviations of log demand from the regression.
    level_scale
        Factor on the standard deviation of the level of log demand around its mean.
    origins
        How many origins of the backtest the two rest on.
    words
        What was found and done, for people.
    """

    residual_scale: float = 1.0
    level_scale: float = 1.0
    origins: int = 0
    words: str = ""
