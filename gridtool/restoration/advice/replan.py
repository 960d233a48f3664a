"""A plan made anew when something has changed, that changes as little as pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from gridtool.damage.model import GridState
from gridtool.errors import Issue
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.advice.explain_holds import HoldKind, find_holds
from gridtool.restoration.advice.explain_problem import PlannedProblem, rebuild_problem
from gridtool.restoration.advice.read_previous import PreviousPlan
from gridtool.restoration.advice.replan_carry import CarriedOver, carry_over
from gridtool.restoration.advice.replan_order import (
    Cost,
    Move,
    adopt_moves,
    find_moved,
    make_cost,
    place_best,
)
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.model import PlanConfig, Resources, RestorationPlan
from gridtool.restoration.plan import plan_restoration
from gridtool.restoration.search.order import search_order

__all__ = ["LATER_H", "THRESHOLD_PCT", "KeptOrder", "Replanned", "replan_restoration"]

THRESHOLD_PCT = 0.5
"""What every move must save to be made, percent of the energy of the plan without moves."""

LATER_H = 1.0
"""Starts that differ by no more than so many hours count as the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """The earlier order kept, then changed where that pays. Jobs by id.

    ``put_back`` are those whose spares or equipment come later than was planned, ``placed``
    the new ones; ``moves`` (job and MWh saved) those moved because it pays. ``kept_mwh`` is the
    weighted energy not served before these moves, ``mwh`` after them, ``free_mwh`` that of the
    best plan found without regard to the earlier one, which would move ``free_moves`` jobs more.
    """

    order: tuple[str, ...]
    put_back: tuple[str, ...]
    placed: tuple[str, ...]
    moves: tuple[tuple[str, float], ...]
    kept_mwh: float
    mwh: float
    free_mwh: float
    free_moves: int


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """The new plan, the earlier one, and how one became the other."""

    plan: RestorationPlan
    previous: PreviousPlan
    carried: CarriedOver
    kept: KeptOrder
    threshold_pct: float

    @property
    def notes(self) -> tuple[Issue, ...]:
        """Warnings."""
        return self.carried.notes


def replan_restoration(
    state: GridState,
    resources: Resources,
    previous: PreviousPlan,
    *,
    config: PlanConfig | None = None,
    seed: int = 1,
    threshold_pct: float = THRESHOLD_PCT,
    dispatcher: Dispatcher | None = None,
    stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
) -> Replanned:
    """Plan anew what is left of ``previous``, with as few changes as pay.

    Jobs that had started are kept with their crews, the others in their order. Jobs whose
    spares come later are put back where that helps, new ones placed where they fit best. A plan
    is searched freely beside that, and its moves are adopted one by one as far as each saves
    ``threshold_pct`` percent of the energy. Other parameters as in
    :func:`gridtool.restoration.plan.plan_restoration`.

    Raises
    ------
    InputError
        If the earlier plan is of a later time.
    Infeasible
        As :func:`plan_restoration` does.
    """
    config = config or PlanConfig()
    dispatcher = dispatcher or Dispatcher(compile_case(state.network))
    interrupt = Interrupt(stop=stop, clock=clock, limit_s=config.time_limit_s)
    carried = carry_over(state, resources, previous, config=config)
    free = plan_restoration(
        state,
        carried.resources,
        config=replace(config, bound=False, ac=False, time_limit_s=None),
        seed=seed,
        dispatcher=dispatcher,
        stop=interrupt,
    )
    planned = rebuild_problem(free, dispatcher=dispatcher)
    kept = _keep_order(
        planned,
        previous,
        threshold_pct=threshold_pct,
        seed=seed,
        interrupt=interrupt,
    )
    plan = plan_restoration(
        state,
        carried.resources,
        config=config,
        seed=seed,
        dispatcher=dispatcher,
        stop=stop,
        order=kept.order,
    )
    return Replanned(
        plan=replace(plan, stopped=interrupt.reason or plan.stopped),
        previous=previous,
        carried=carried,
        kept=kept,
        threshold_pct=threshold_pct,
    )


def _keep_order(
    planned: PlannedProblem,
    previous: PreviousPlan,
    *,
    threshold_pct: float,
    seed: int,
    interrupt: Interrupt,
) -> KeptOrder:
    """The earlier order with the changes that must be, and those that pay."""
    ids = planned.plan.order
    position = {job_id: j for j, job_id in enumerate(ids)}
    values, cost = planned.searched, make_cost(planned)
    order = tuple(position[entry.id] for entry in previous.jobs if entry.id in position)
    new = [j for j in range(len(ids)) if j not in set(order)]
    order, late = _put_back_late(planned, previous, (*order, *new), cost=cost)
    order = tuple(j for j in order if j not in set(new))
    for j in sorted(new, key=lambda j: (planned.problem.frozen[j] < 0, j)):
        order = place_best(order, j, cost)
    kept_mwh = cost(order)
    threshold_mwh = threshold_pct / 100 * (kept_mwh if np.isfinite(kept_mwh) else 0.0)
    near = search_order(
        planned.problem,
        values,
        starts=[np.array(order, dtype=np.int64)],
        evaluations=values.evaluations + planned.plan.config.evaluations // 2,
        seed=seed,
        interrupt=interrupt,
    ).order
    targets = [tuple(near.tolist()), tuple(range(len(ids)))]
    ways = [adopt_moves(order, target, cost, threshold_mwh=threshold_mwh) for target in targets]
    price = [cost(found) + threshold_mwh * len(moves) for found, moves in ways]
    final, moves = ways[int(np.argmin(price))]
    free_mwh = [cost(target) for target in targets]
    best = targets[int(np.argmin(free_mwh))]
    return KeptOrder(
        order=tuple(ids[j] for j in final),
        put_back=tuple(ids[j] for j in late),
        placed=tuple(ids[j] for j in new),
        moves=_name_moves(ids, moves),
        kept_mwh=kept_mwh,
        mwh=cost(final),
        free_mwh=min(free_mwh),
        free_moves=len(find_moved(best, final)),
    )


def _name_moves(ids: Sequence[str], moves: Sequence[Move]) -> tuple[tuple[str, float], ...]:
    return tuple((ids[move.job], move.saves_mwh) for move in moves)


def _put_back_late(
    planned: PlannedProblem, previous: PreviousPlan, order: tuple[int, ...], *, cost: Cost
) -> tuple[tuple[int, ...], list[int]]:
    """``order`` with jobs put back that would keep a crew waiting longer than was planned.

    Those that wait for a spare or made equipment and start later than in the earlier plan, as
    far as that leaves less energy unserved. Returned with the jobs put back.
    """
    problem, ids = planned.problem, planned.plan.order
    since = {
        entry.id: (entry.start - problem.as_of) / timedelta(hours=1) for entry in previous.jobs
    }
    looked_at: set[int] = set()
    moved: list[int] = []
    while True:
        numbered = np.array(order, dtype=np.int64)
        timetable = problem.schedule(numbered)
        holds = find_holds(problem, numbered, timetable)
        late = next(
            (
                j
                for j in order
                if j not in looked_at
                and holds[j].kind in {HoldKind.SPARE, HoldKind.EQUIPMENT}
                and timetable.start_h[j] > since.get(ids[j], np.inf) + LATER_H
            ),
            None,
        )
        if late is None:
            return order, moved
        looked_at.add(late)
        changed = place_best(order, late, cost)
        if changed != order and cost(changed) < cost(order):
            order = changed
            moved.append(late)
