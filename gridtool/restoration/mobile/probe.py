"""A closer look at many sites, to keep those at which a unit gives most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridtool.restoration.mobile.parts import Candidate
from gridtool.restoration.mobile.shortage import Shortage
from gridtool.restoration.mobile.sites import potential_of
from gridtool.restoration.model import MobileUnit
from gridtool.restoration.schedule.problem import Timetable
from gridtool.restoration.value.states import StateValues, timeline

__all__ = ["keep_best_sites"]


def keep_best_sites(
    values: StateValues,
    timetable: Timetable,
    *,
    candidates: Sequence[Candidate],
    units: Sequence[MobileUnit],
    shortage: Shortage,
    sites_per_unit: int,
) -> tuple[Candidate, ...]:
    """``candidates`` at the sites where each unit gives most, in their order.

    A site is judged by one dispatch for each of its sections: what the unit gives in the state
    half-way through the time in which it could help, times that time. Load that is unserved for
    want of supply or of lines looks as good as any other until then; at such a site a mobile
    substation gives nothing. Alike units are judged once.

    Parameters
    ----------
    values
        Of the network with ``candidates``.
    timetable
        The one that ``shortage`` is of.
    """
    states = timeline(timetable.finish_h)
    mix = values.blocks.weight.sum(axis=0)
    jobs = values.effects.jobs
    judged: dict[tuple[object, ...], float] = {}
    kept: set[str] = set()
    for unit in units:
        potential = potential_of(unit, shortage)
        worth: dict[str, float] = {}
        for place, candidate in enumerate(candidates):
            if candidate.unit != unit.id:
                continue
            site = shortage.case.substation_ids.index(candidate.site)
            hours = np.where(potential[:, site] > 0.0, shortage.hours, 0.0)
            half = int(np.searchsorted(np.cumsum(hours), hours.sum() / 2.0))
            key = (unit.kind, unit.capacity_mva, unit.fuel_mwh_per_day, candidate.busbar, half)
            if key not in judged:
                mask = states[half][1]
                gain = values.levels_mw(mask | 1 << (jobs + place)) - values.levels_mw(mask)
                judged[key] = float(mix @ gain) * float(hours.sum())
            worth[candidate.site] = max(worth.get(candidate.site, 0.0), judged[key])
        # The sort is stable: of equal sites those that promised more.
        best = sorted(worth, key=lambda site: -worth[site])[:sites_per_unit]
        kept |= {c.part for c in candidates if c.unit == unit.id and c.site in best}
    return tuple(candidate for candidate in candidates if candidate.part in kept)
