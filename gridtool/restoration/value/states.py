"""What a set of finished repairs is worth: the load it serves, cached by bitmask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import DemandBlocks
from gridtool.restoration.schedule.problem import Timetable
from gridtool.restoration.value.blocks import level_hours
from gridtool.restoration.value.effects import RepairEffects
from gridtool.restoration.value.served import DispatchedLoad, ServedLoad, ShareVectors

__all__ = ["ServedLoad", "StateValues", "Switching", "timeline"]

FloatArray = npt.NDArray[np.float64]

PROGRAM_COST = 3
"""What a linear program counts beside the dispatch that needs it: it takes that much longer."""

Switching = tuple[float, int, int]
"""Hour, bits set and bits cleared: a mobile unit that comes or goes."""


def timeline(
    finish_h: FloatArray, *, switchings: Iterable[Switching] = ()
) -> list[tuple[float, int]]:
    """The states a timetable passes through: hour each begins, and its mask; the first at 0.

    Job i sets bit i when it is finished. Jobs that are never finished set none.
    """
    events: list[Switching] = [
        (float(finish_h[j]), 1 << j, 0)
        for j in np.argsort(finish_h, kind="stable").tolist()
        if finish_h[j] < np.inf
    ]
    events = sorted([*events, *switchings], key=lambda event: event[0])
    mask, states = 0, [(0.0, 0)]
    for hour, on, off in events:
        mask = (mask & ~off) | on
        if hour <= states[-1][0]:
            states[-1] = (states[-1][0], mask)
        else:
            states.append((hour, mask))
    return states


def _first_mix(blocks: DemandBlocks) -> FloatArray:
    """How the levels are mixed in the first period that counts; evenly if none does."""
    counted = blocks.weight[blocks.weight.sum(axis=1) > 0.0]
    if len(counted):
        mix: FloatArray = counted[0]
        return mix
    return np.full(len(blocks.level), 1.0 / len(blocks.level))


class StateValues:
    """Served load by bitmask of finished jobs, each state dispatched once.

    ``evaluations`` counts the states dispatched, the unit of the search's budget; a dispatch that
    needs a linear program counts :data:`PROGRAM_COST` more. The bits are those of
    :class:`gridtool.restoration.value.effects.RepairEffects`.
    """

    def __init__(self, effects: RepairEffects, *, served: ServedLoad, blocks: DemandBlocks) -> None:
        self.effects = effects
        self.blocks = blocks
        self.all_done = effects.all_done
        self.evaluations = 0
        self._cost = 1
        self._served = served
        self._cache: dict[int, FloatArray] = {}
        self._vectors: ShareVectors | None = None
        if isinstance(served, DispatchedLoad):
            self._vectors = ShareVectors(effects, served.dispatcher)
        self._now = _first_mix(blocks)
        self.full_levels_mw = self.levels_mw(self.all_done)
        self.full_mw = self.served_mw(self.all_done)

    def levels_mw(self, mask: int) -> FloatArray:
        """Load served at each demand level (L,), MW."""
        known = self._cache.get(mask)
        if known is None:
            known = self._serve(mask)
            self._cache[mask] = known
            self.evaluations += self._cost
        return known

    def _serve(self, mask: int) -> FloatArray:
        self._cost = 1
        if self._vectors is not None and isinstance(self._served, DispatchedLoad):
            dispatcher = self._served.dispatcher
            before = dispatcher.programs
            found = self._served.serve(self._vectors.at(mask))
            self._cost += PROGRAM_COST * (dispatcher.programs - before)
            return found
        return np.asarray(self._served(self.effects.shares(mask)), dtype=np.float64)

    def served_mw(self, mask: int) -> float:
        """Mean load served over the levels as they are mixed in the first period, MW."""
        return float(self._now @ self.levels_mw(mask))

    def energy_not_served(
        self,
        timetable: Timetable,
        *,
        limit: float = np.inf,
        switchings: Sequence[Switching] = (),
    ) -> float:
        """Energy not served because of the damage until the last repair, MWh.

        The load the repaired network serves less the load served, over time: what stays unserved
        after the last repair does not count, so that timetables of different length compare.
        Stops early, with what was counted so far, above ``limit``; infinite if a job is never
        finished.
        """
        finish = timetable.finish_h
        if len(finish) and not np.isfinite(finish).all():
            return float("inf")
        states = timeline(finish, switchings=switchings)
        hours = level_hours(self.blocks, np.array([hour for hour, _ in states]))
        total = 0.0
        for k in range(len(states) - 1):
            short = self.full_levels_mw - self.levels_mw(states[k][1])
            total += float(short @ (hours[k + 1] - hours[k]))
            if total > limit:
                return total
        return total
