"""The problem behind a finished plan: its jobs as arrays, and what its states are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.values import StandingValues
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import Resources, RestorationPlan
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable, make_problem
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.plain_and_weighted import make_values
from gridtool.restoration.value.states import StateValues, Switching

__all__ = ["PlannedProblem", "rebuild_problem"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PlannedProblem:
    """What a plan was made from, its jobs in the crews' priority.

    ``plain`` counts plain MW, ``weighted`` as configured (the same object where every MW counts
    1). The mobile units of the plan come and go as it places them; ``dispatcher`` is of the
    network with the parts they are.
    """

    plan: RestorationPlan
    problem: ScheduleProblem
    plain: StateValues
    weighted: StateValues
    switchings: tuple[Switching, ...]
    dispatcher: Dispatcher

    @property
    def order(self) -> IntArray:
        """The plan's priority order: the positions as they are."""
        return np.arange(len(self.problem.jobs), dtype=np.int64)

    @property
    def timetable(self) -> Timetable:
        """The plan's timetable."""
        return self.problem.schedule(self.order)

    @property
    def searched(self) -> StateValues:
        """What a search for an order values: weighted, all mobile units of the plan standing."""
        standing = 0
        for _, on, _ in self.switchings:
            standing |= on
        return StandingValues(self.weighted, standing) if standing else self.weighted

    def weighted_mwh(self, timetable: Timetable, *, limit: float = np.inf) -> float:
        """Weighted energy not served, the mobile units coming and going as in the plan, MWh."""
        return self.weighted.energy_not_served(timetable, limit=limit, switchings=self.switchings)

    def change_resources(self, resources: Resources) -> ScheduleProblem:
        """The same jobs with other crews and spares."""
        return make_problem(
            self.problem.jobs,
            resources,
            as_of=self.problem.as_of,
            zone=self.problem.zone,
            horizon_days=self.plan.config.horizon_days,
        )


def rebuild_problem(
    plan: RestorationPlan, *, dispatcher: Dispatcher | None = None
) -> PlannedProblem:
    """The problem of ``plan``.

    Parameters
    ----------
    dispatcher
        A dispatcher of the network without mobile units, where one is built already.
    """
    entries = {entry.job.id: entry for entry in plan.jobs}
    jobs = tuple(entries[job_id].job for job_id in plan.order)
    placed = view_placements(
        plan.state, plan.placements, plan.resources.mobile_units, jobs=len(jobs)
    )
    if dispatcher is None or plan.placements:
        dispatcher = Dispatcher(compile_case(placed.state.network))
    effects = make_effects(placed.state, jobs, candidates=placed.parts)
    plain, weighted = make_values(dispatcher, effects, state=placed.state, config=plan.config)
    return PlannedProblem(
        plan=plan,
        problem=make_problem(
            jobs,
            plan.resources,
            as_of=plan.state.as_of,
            zone=plan.state.network.manifest.zone,
            horizon_days=plan.config.horizon_days,
        ),
        plain=plain,
        weighted=weighted,
        switchings=placed.switchings,
        dispatcher=dispatcher,
    )
