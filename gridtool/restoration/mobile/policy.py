"""When mobile units go on in an execution: once the reason that the plan had for it is there.

A plan dates every stay of a unit by the expected times of the repairs. In an execution these come
sooner or later, and a unit does not leave a site whose repair is late. So each stay that ends has
a trigger, taken from the plan alone, and ends as long after the trigger's finish in the execution
as it does in the plan, but never before the unit is set up. What follows of the unit's tour
(tear-down, travel, set-up) shifts with it; only the first arrival keeps its date.

The trigger is a job whose finish is the very date of the end; otherwise the last job finished by
then at the unit's site; otherwise the last job finished by then anywhere. Among equals a job at
the site comes first, then the one that the plan calls later. A stay that no job comes before, or
that ends because the unit's availability does, keeps its date; and none lasts beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import MobileUnit, PlacedUnit, RestorationPlan, ScheduledJob
from gridtool.restoration.value.states import Switching

__all__ = ["PlannedStay", "Tour", "find_tours", "find_trigger", "follow_tours"]

FloatArray = npt.NDArray[np.float64]

SECOND = timedelta(seconds=1)
"""Dates of a plan are rounded to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStay:
    """A stay of a unit, in hours after the as-of time.

    ``bit`` is that of the unit's part. ``offline_h`` is infinite where the unit stays. It leaves
    ``lag_h`` after the finish of the job at position ``trigger`` (-1: on the planned date), at
    ``latest_h`` at the latest.
    """

    bit: int
    online_h: float
    offline_h: float
    trigger: int = -1
    lag_h: float = 0.0
    latest_h: float = np.inf


Tour = tuple[PlannedStay, ...]
"""The stays of one unit, by time."""


def find_tours(
    plan: RestorationPlan, *, job_ids: Sequence[str], parts: Sequence[str]
) -> tuple[Tour, ...]:
    """The tours of the plan's units with what ends each stay; triggers are positions in
    ``job_ids``, the part at position k of ``parts`` is the k-th bit after those of the jobs."""
    position = {job_id: k for k, job_id in enumerate(job_ids)}
    bits = {part: 1 << (len(job_ids) + k) for k, part in enumerate(parts)}
    units = {unit.id: unit for unit in plan.resources.mobile_units}
    tours: dict[str, list[PlannedStay]] = {}
    for placed in sorted(plan.placements, key=lambda placed: (placed.start, placed.unit)):
        tours.setdefault(placed.unit, []).append(
            _plan_stay(plan, placed, units[placed.unit], bit=bits[placed.part], position=position)
        )
    return tuple(tuple(stays) for stays in tours.values())


def find_trigger(plan: RestorationPlan, placed: PlacedUnit) -> ScheduledJob | None:
    """The job after whose finish the unit leaves; None if no job is finished by then."""
    offline = placed.offline
    if offline is None:
        return None
    called = {job_id: k for k, job_id in enumerate(plan.order)}

    def rank(entry: ScheduledJob) -> tuple[bool, bool, datetime, int]:
        here = entry.job.substation == placed.site
        return abs(entry.finish - offline) <= SECOND, here, entry.finish, called[entry.job.id]

    done = [entry for entry in plan.jobs if entry.finish <= offline + SECOND]
    return max(done, key=rank, default=None)


def _plan_stay(
    plan: RestorationPlan,
    placed: PlacedUnit,
    unit: MobileUnit,
    *,
    bit: int,
    position: Mapping[str, int],
) -> PlannedStay:
    as_of, trigger = plan.state.as_of, find_trigger(plan, placed)
    latest = None
    if unit.available_to is not None:
        latest = unit.available_to - timedelta(hours=unit.teardown_h)
    stay = PlannedStay(
        bit=bit,
        online_h=_hours(as_of, placed.online),
        offline_h=_hours(as_of, placed.offline),
        latest_h=_hours(as_of, latest) if placed.offline else np.inf,
    )
    if trigger is None or (latest and placed.offline and placed.offline >= latest - SECOND):
        return stay
    return replace(
        stay,
        trigger=position[trigger.job.id],
        lag_h=max(0.0, stay.offline_h - _hours(as_of, trigger.finish)),
    )


def follow_tours(tours: Sequence[Tour], finish_h: FloatArray) -> tuple[Switching, ...]:
    """When units come and go in the execution that finishes job j after ``finish_h[j]`` hours.

    A unit never leaves a stay whose trigger is never finished, and a stay that it would leave as
    it comes has no effect.
    """
    found: list[Switching] = []
    for tour in tours:
        shift = 0.0
        for stay in tour:
            online = stay.online_h + shift
            leaves = stay.offline_h
            if stay.trigger >= 0:
                leaves = float(finish_h[stay.trigger]) + stay.lag_h
            leaves = max(online, min(leaves, stay.latest_h))
            if leaves > online:
                found.append((online, stay.bit, 0))
                if leaves < np.inf:
                    found.append((leaves, 0, stay.bit))
            if leaves == np.inf:
                break
            shift = leaves - stay.offline_h
    return tuple(sorted(found))


def _hours(since: datetime, moment: datetime | None) -> float:
    """Hours from ``since`` to ``moment``, infinite where there is none."""
    return float("inf") if moment is None else (moment - since) / timedelta(hours=1)
