"""Marginal values of a plan's resources, each by planning anew from the plan's own order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.advice.explain_problem import PlannedProblem
from gridtool.restoration.advice.value_of import MarginalValue, list_changes, value_changes
from gridtool.restoration.model import Resources
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.restoration.search.order import search_order

__all__ = ["SHARE_OF_BUDGET", "value_of_resources"]

SHARE_OF_BUDGET = 100
"""Every change is searched with the plan's budget over so much, twice."""


def value_of_resources(
    planned: PlannedProblem,
    *,
    seed: int,
    dispatcher: Dispatcher | None = None,
    advance: Callable[[int], None] = lambda _steps: None,
    interrupt: Callable[[], bool] = lambda: False,
) -> tuple[MarginalValue, ...]:
    """The value of one more crew of each type, spares sooner and more, and each mobile unit.

    Crews and spares are valued around the mobile units as the plan places them. Each search
    starts from the plan's order and from what was found without the change; the plan itself is
    among the candidates, so that more resources never look worse.

    Parameters
    ----------
    dispatcher
        A dispatcher of the network without mobile units, where one is built already.
    """
    plan = planned.plan
    search = _Search(planned, interrupt=interrupt)

    def replan(resources: Resources, other_seed: int) -> float:
        if resources.mobile_units == plan.resources.mobile_units:
            return search.least_mwh(resources, seed=other_seed)
        if other_seed != seed:
            return float("inf")  # one search is enough: placing the units takes longest
        return _without_units(planned, resources, seed=seed, dispatcher=dispatcher)

    changes = list_changes(plan.resources, [entry.job for entry in plan.jobs])
    return value_changes(plan.resources, changes, replan, seed=seed, advance=advance)


class _Search:
    """Searches from the plan's order with the same budget each time."""

    def __init__(self, planned: PlannedProblem, *, interrupt: Callable[[], bool]) -> None:
        self.planned = planned
        self.interrupt = interrupt
        self.values = planned.searched
        self.budget = max(1, planned.plan.config.evaluations // SHARE_OF_BUDGET)
        self.found: list[Sequence[int]] = [planned.order.tolist()]
        self.plan_mwh = planned.weighted_mwh(planned.timetable)

    def least_mwh(self, resources: Resources, *, seed: int) -> float:
        """The least weighted energy found with ``resources``, MWh; the plan's at most."""
        as_planned = resources == self.planned.plan.resources
        problem = self.planned.change_resources(resources)
        if not as_planned and self._is_same(problem):
            return self.plan_mwh
        self.planned.weighted.evaluations = 0
        self.values.evaluations = 0
        result = search_order(
            problem,
            self.values,
            starts=[np.array(order, dtype=np.int64) for order in self.found],
            evaluations=self.budget,
            seed=seed,
            interrupt=self.interrupt,
        )
        energy = min(
            self.planned.weighted_mwh(problem.schedule(np.array(order, dtype=np.int64)))
            for order in (result.order.tolist(), *self.found)
        )
        if as_planned:
            self.found.append(result.order.tolist())
            self.plan_mwh = min(self.plan_mwh, energy)
        return min(energy, self.plan_mwh)

    def _is_same(self, problem: ScheduleProblem) -> bool:
        """Whether the change leaves crews and the dates of all spares in use as they are."""
        own = self.planned.problem
        return problem.resources.crews == own.resources.crews and np.array_equal(
            problem.unit_times_h, own.unit_times_h
        )


def _without_units(
    planned: PlannedProblem, resources: Resources, *, seed: int, dispatcher: Dispatcher | None
) -> float:
    """The weighted energy with fewer mobile units, planned anew from the plan's order, MWh."""
    plan = planned.plan
    config = replace(
        plan.config,
        bound=False,
        ac=False,
        time_limit_s=None,
        evaluations=max(1, plan.config.evaluations // SHARE_OF_BUDGET),
    )
    return plan_restoration(
        plan.state,
        resources,
        config=config,
        seed=seed,
        dispatcher=dispatcher,
        starts=[plan.order],
    ).weighted_mwh
