"""What a set of finished repairs is worth: the load it serves, cached by bitmask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import GridState
from gridtool.restoration.model import RepairJob
from gridtool.restoration.schedule import Timetable

__all__ = ["ServedLoad", "StateValues", "remaining_shares"]


class ServedLoad(Protocol):
    """Anything that says how much load is served under given capacity shares, MW."""

    def __call__(self, capacity_share: Mapping[str, float], /) -> float:
        """Served load with the listed shares of rating left, MW."""
        ...


def remaining_shares(effects: Sequence[Mapping[str, float]], mask: int) -> dict[str, float]:
    """Shares of rating left when the jobs in ``mask`` (bit i: job i) are finished.

    ``effects`` holds what each job's damage does to the electrical parts. The smallest share
    wins where several act on one part, as in :func:`gridtool.damage.apply.spread_damage`.
    """
    shares: dict[str, float] = {}
    for position, effect in enumerate(effects):
        if not mask >> position & 1:
            for part, share in effect.items():
                shares[part] = min(shares.get(part, 1.0), share)
    return shares


class StateValues:
    """Served load by bitmask of finished jobs, each state dispatched once.

    ``evaluations`` counts the dispatches, the unit of the search's budget.
    """

    def __init__(self, state: GridState, jobs: Sequence[RepairJob], *, served: ServedLoad) -> None:
        self.effects = tuple(
            spread_damage(state.network, {job.asset: state.damage[job.asset].capacity_share})
            for job in jobs
        )
        self.all_done = (1 << len(jobs)) - 1
        self.evaluations = 0
        self._served = served
        self._cache: dict[int, float] = {}
        self.full_mw = self.served_mw(self.all_done)

    def served_mw(self, mask: int) -> float:
        """Load served when the jobs in ``mask`` are finished, MW."""
        known = self._cache.get(mask)
        if known is None:
            known = float(self._served(remaining_shares(self.effects, mask)))
            self._cache[mask] = known
            self.evaluations += 1
        return known

    def energy_not_served(self, timetable: Timetable, *, limit: float = np.inf) -> float:
        """Energy not served because of the damage until the last repair, MWh.

        The load the repaired network serves less the load served, over time: what stays unserved
        after the last repair does not count, so that timetables of different length compare.
        Stops early, with what was counted so far, above ``limit``; infinite if a job is never
        finished.
        """
        finish = timetable.finish_h
        sequence: list[int] = np.argsort(finish, kind="stable").tolist()
        hours: list[float] = finish.tolist()
        if sequence and hours[sequence[-1]] == np.inf:
            return float("inf")
        mask, before, total = 0, 0.0, 0.0
        for position in sequence:
            moment = hours[position]
            if moment > before:
                total += (self.full_mw - self.served_mw(mask)) * (moment - before)
                if total > limit:
                    return total
                before = moment
            mask |= 1 << position
        return total
