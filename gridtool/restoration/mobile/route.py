"""The best tour of one mobile unit while all else stays as it is: exact, by dynamic programming.

While everything else is fixed, what a unit saves at a place grows piecewise linearly with time.
A tour saves the sum of what is saved at its stops. With the stops given, leaving a little later
changes only the ends of two neighbouring stops, so that some best tour leaves every stop when the
saving rate changes there, or so that it is set up at the next one when the rate changes there.
These dates are finitely many: the best tour from each of them follows from those after it.
(Exact unless a unit does harm at a place between two times at which it helps there.)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Saving", "Stop", "best_tour"]

FloatArray = npt.NDArray[np.float64]

_TINY_H = 1e-9
_TINY_MWH = 1e-9


@dataclass(frozen=True, kw_only=True)
class Saving:
    """Energy that a unit at one place saves until each of ``hours`` (G,), MWh: ``energy`` (G,).

    Linear between the hours, which ascend from 0.
    """

    hours: FloatArray
    energy: FloatArray

    def until(self, hour: float) -> float:
        """Energy saved from the start until ``hour``, MWh."""
        return float(np.interp(hour, self.hours, self.energy))

    @property
    def bends(self) -> list[float]:
        """Hours at which the rate of saving changes, the last hour included."""
        lengths = np.diff(self.hours)
        rate = np.diff(self.energy) / np.where(lengths > 0, lengths, 1.0)
        changed = np.abs(np.diff(rate)) > _TINY_MWH
        return [*self.hours[1:-1][changed].tolist(), float(self.hours[-1])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stay at place ``place`` (its position), connected from hour ``online`` to ``offline``."""

    place: int
    online: float
    offline: float


@dataclass
class _Place:
    """What is known of a place while the dates are gone through backwards.

    ``left`` are the departure dates met so far (negated, so that they ascend), with the most
    that can be saved by leaving then or later, the date that does so, and the place after it.
    ``joined`` are dates at which connecting later pays (negated), with what is then saved.
    """

    saving: Saving
    left: list[float] = field(default_factory=list)
    most: list[tuple[float, float, int]] = field(default_factory=list)
    joined: list[float] = field(default_factory=list)
    best_join: list[tuple[float, float]] = field(default_factory=list)

    def stay(self, hour: float) -> float:
        """Most that is saved when connected from ``hour`` on, MWh; -inf where none is left."""
        k = bisect_left(self.left, -hour + _TINY_H) - 1
        return self.most[k][0] - self.saving.until(hour) if k >= 0 else -np.inf

    def leave_at(self, hour: float) -> tuple[float, int]:
        """When a stay connected from ``hour`` best ends, and the place after it (-1: none)."""
        _, offline, after = self.most[bisect_left(self.left, -hour + _TINY_H) - 1]
        return offline, after

    def arrive(self, hour: float) -> tuple[float, float]:
        """Most that is saved when ready from ``hour`` on, MWh, and when to connect."""
        found = self.stay(hour), hour
        k = bisect_left(self.joined, -hour) - 1
        if k >= 0 and self.best_join[k][0] > found[0] + _TINY_MWH:
            found = self.best_join[k]
        return found

    def add(self, hour: float, saved: float, after: int) -> None:
        """Note that leaving at ``hour`` for ``after`` saves ``saved`` in all."""
        # Of equal dates the earliest: a unit that does nothing more is free.
        if not self.most or saved >= self.most[-1][0] - _TINY_MWH:
            entry = (saved, hour, after)
        else:
            entry = self.most[-1]
        self.left.append(-hour)
        self.most.append(entry)
        connected = self.stay(hour)
        join = (connected, hour)
        if self.best_join and self.best_join[-1][0] > connected:
            join = self.best_join[-1]
        self.joined.append(-hour)
        self.best_join.append(join)


def best_tour(
    savings: Sequence[Saving],
    *,
    first_h: FloatArray,
    move_h: FloatArray,
    end_h: float,
    visit_mwh: float,
) -> tuple[Stop, ...]:
    """The stops that save the most energy; none where no tour saves anything.

    Parameters
    ----------
    savings
        By place.
    first_h : (P,)
        Hour at which the unit is first ready to connect at each place; infinite: never.
    move_h : (P, P)
        Hours from disconnecting at one place to being ready at another; all positive, and never
        less by way of a third place.
    end_h
        Hour from which the unit gives nothing any more.
    visit_mwh
        What a stop must save to be worth it.
    """
    places = [_Place(saving=saving) for saving in savings]
    for hour, place in _departures(savings, move_h=move_h, first_h=first_h, end_h=end_h):
        saved, after = savings[place].until(hour), -1
        onward = 0.0
        for other, there in enumerate(places):
            ready = hour + move_h[place, other]
            if other == place or ready >= end_h:
                continue
            gained = there.arrive(ready)[0] - visit_mwh
            if gained > onward + _TINY_MWH:
                onward, after = gained, other
        places[place].add(hour, saved + onward, after)
    return _follow(places, first_h=first_h, move_h=move_h, visit_mwh=visit_mwh)


def _departures(
    savings: Sequence[Saving], *, move_h: FloatArray, first_h: FloatArray, end_h: float
) -> list[tuple[float, int]]:
    """Dates worth leaving each place at, the latest first."""
    bends = [[hour for hour in saving.bends if hour < end_h] + [end_h] for saving in savings]
    begins = float(np.min(first_h, initial=np.inf))
    dates = set()
    for place in range(len(savings)):
        own = list(bends[place])
        for other in range(len(savings)):
            if other != place:
                own += [hour - float(move_h[place, other]) for hour in bends[other]]
        dates |= {(hour, place) for hour in own if begins <= hour <= end_h}
    return sorted(dates, key=lambda date: (-date[0], date[1]))


def _follow(
    places: Sequence[_Place], *, first_h: FloatArray, move_h: FloatArray, visit_mwh: float
) -> tuple[Stop, ...]:
    """The tour that the places' tables describe."""
    place, ready, most = -1, 0.0, _TINY_MWH
    for first, there in enumerate(places):
        gained = there.arrive(float(first_h[first]))[0] - visit_mwh
        if gained > most:
            place, ready, most = first, float(first_h[first]), gained
    stops = []
    while place >= 0:
        online = places[place].arrive(ready)[1]
        offline, after = places[place].leave_at(online)
        stops.append(Stop(place=place, online=online, offline=offline))
        if after >= 0:
            ready = offline + float(move_h[place, after])
        place = after
    return tuple(stops)
