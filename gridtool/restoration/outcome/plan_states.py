"""The states that a plan passes through, and what every job and mobile unit does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.policy import Tour, find_tours
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.value.effects import RepairEffects, make_effects
from gridtool.restoration.value.states import Switching, timeline

__all__ = ["PlanStates", "TimedState", "find_plan_states"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedState:
    """One state of the network with the mask that names it, ``[begins, ends)``.

    ``ends`` is None for the last state: it stays.
    """

    begins: datetime
    ends: datetime | None
    mask: int

    @property
    def hours(self) -> float:
        """How long it lasts, hours; infinite for the last state."""
        return float("inf") if self.ends is None else (self.ends - self.begins) / timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class PlanStates:
    """What is needed to dispatch the states of a plan.

    Attributes
    ----------
    network, dispatcher
        With the parts that mobile units are, where the plan places any.
    effects
        Bits of ``job_ids``, then of the candidates of the mobile units.
    switchings
        When the plan's mobile units come and go, hours after the as-of time.
    tours
        What ends the stays of each unit in an execution.
    states
        By the plan's own dates; those that begin at the same second are one.
    """

    network: CityNetwork
    dispatcher: Dispatcher
    job_ids: tuple[str, ...]
    effects: RepairEffects
    switchings: tuple[Switching, ...]
    states: tuple[TimedState, ...]
    tours: tuple[Tour, ...] = ()

    @property
    def final_mask(self) -> int:
        """The state with all jobs finished and the mobile units that stay."""
        mask = self.effects.all_done
        for _, on, off in sorted(self.switchings, key=lambda event: event[0]):
            mask = (mask & ~off) | on
        return mask


def find_plan_states(
    plan: RestorationPlan,
    *,
    job_ids: Sequence[str] | None = None,
    dispatcher: Dispatcher | None = None,
) -> PlanStates:
    """The states of ``plan``; ``job_ids`` gives the bits of the masks (default: the plan's order).

    Parameters
    ----------
    dispatcher
        A dispatcher of the plan's network, where there is one already. A plan that places mobile
        units gets one of its own: their parts are not in that network.
    """
    ids = tuple(plan.order if job_ids is None else job_ids)
    entries = {entry.job.id: entry for entry in plan.jobs}
    placed = view_placements(
        plan.state, plan.placements, plan.resources.mobile_units, jobs=len(ids)
    )
    network = placed.state.network
    if dispatcher is None or placed.parts:
        dispatcher = Dispatcher(compile_case(network))
    finish = np.array([_hours(plan, entries[key].finish) for key in ids], dtype=np.float64)
    return PlanStates(
        network=network,
        dispatcher=dispatcher,
        job_ids=ids,
        effects=make_effects(
            plan.state, [entries[key].job for key in ids], candidates=placed.parts
        ),
        switchings=placed.switchings,
        tours=find_tours(plan, job_ids=ids, parts=placed.parts),
        states=_timed(plan, timeline(finish, switchings=placed.switchings)),
    )


def _hours(plan: RestorationPlan, moment: datetime) -> float:
    return (moment - plan.state.as_of) / timedelta(hours=1)


def _timed(plan: RestorationPlan, states: list[tuple[float, int]]) -> tuple[TimedState, ...]:
    begins = [plan.state.as_of + timedelta(seconds=round(hour * 3600)) for hour, _ in states]
    ends: list[datetime | None] = [*begins[1:], None]
    return tuple(
        TimedState(begins=begin, ends=end, mask=mask)
        for begin, end, (_, mask) in zip(begins, ends, states, strict=True)
    )
