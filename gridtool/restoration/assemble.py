"""The plan put together: jobs by date and crew, curve, ETR, and the rules it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.model import PlacedUnit, PlanConfig, RestorationPlan, ScheduledJob
from gridtool.restoration.outcome.stages import (
    Stage,
    dispatch_shares,
    make_curve,
    make_etr,
    view_stage,
)
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.value.states import StateValues, Switching

__all__ = ["PLAN_NAME", "Found", "assemble_plan", "compare_rules"]

IntArray = npt.NDArray[np.int64]

PLAN_NAME = "this plan"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the search found: an order, its timetable, and the mobile units that go with it.

    ``plain`` counts every MW 1, ``weighted`` as configured (the same object where that is
    alike); both by ``dispatcher``, which is that of the network with the parts of the mobile
    units where there are any. ``elsewhere`` counts dispatches of values that are not kept.
    """

    problem: ScheduleProblem
    dispatcher: Dispatcher
    plain: StateValues
    weighted: StateValues
    order: IntArray
    timetable: Timetable
    placements: tuple[PlacedUnit, ...] = ()
    switchings: Sequence[Switching] = ()
    elsewhere: int = 0

    @property
    def evaluations(self) -> int:
        """States dispatched in all."""
        other = 0 if self.weighted is self.plain else self.weighted.evaluations
        return self.plain.evaluations + other + self.elsewhere

    @property
    def weighted_mwh(self) -> float:
        """What the search made small."""
        return self.weighted.energy_not_served(self.timetable, switchings=self.switchings)


def assemble_plan(
    state: GridState,
    found: Found,
    *,
    config: PlanConfig,
    seed: int,
    comparison: pd.DataFrame,
    stopped: str,
) -> RestorationPlan:
    """The plan of ``found``, not yet bounded, verified or checked."""
    problem, timetable = found.problem, found.timetable
    stages, gains_mw = _follow(state, found, config=config)
    jobs = tuple(
        _scheduled_job(problem, timetable, j, gain_mw=gains_mw[j]) for j in found.order.tolist()
    )
    return RestorationPlan(
        state=state,
        resources=problem.resources,
        jobs=jobs,
        order=tuple(entry.job.id for entry in jobs),
        ens_mwh=found.plain.energy_not_served(timetable, switchings=found.switchings),
        weighted_mwh=found.weighted_mwh,
        curve=make_curve(stages),
        etr=make_etr(state.network, stages),
        comparison=comparison,
        evaluations=found.evaluations,
        seed=seed,
        config=config,
        placements=found.placements,
        stopped=stopped,
    )


def _follow(
    state: GridState, found: Found, *, config: PlanConfig
) -> tuple[list[Stage], dict[int, float]]:
    """The stages of the plan by date, and the load won by each job, MW.

    Jobs finished at the same second win one after the other, in the order of the jobs.
    """
    effects = found.plain.effects
    viewed: dict[int, Stage] = {}

    def view(mask: int) -> Stage:
        if mask not in viewed:
            dispatch = dispatch_shares(found.dispatcher, effects.shares(mask), config)
            viewed[mask] = view_stage(dispatch, begins=state.as_of)
        return viewed[mask]

    mask, gains_mw = 0, {}
    masks = {state.as_of: mask}
    for moment, j, on, off in _events(state.as_of, found):
        before = mask
        mask = (mask & ~off) | on
        masks[moment] = mask
        if j >= 0:
            gains_mw[j] = view(mask).served_mw - view(before).served_mw
    stages = [replace(view(mask), begins=moment) for moment, mask in masks.items()]
    return stages, gains_mw


def _events(as_of: datetime, found: Found) -> list[tuple[datetime, int, int, int]]:
    """Moment, job (-1: a mobile unit), bits set and bits cleared, by moment and job."""
    finished = [
        (_moment(as_of, hours), j, 1 << j, 0) for j, hours in enumerate(found.timetable.finish_h)
    ]
    switched = [(_moment(as_of, hours), -1, on, off) for hours, on, off in found.switchings]
    return sorted([*finished, *switched])


def _scheduled_job(
    problem: ScheduleProblem, timetable: Timetable, j: int, *, gain_mw: float
) -> ScheduledJob:
    job = problem.jobs[j]
    start = _moment(problem.as_of, timetable.start_h[j])
    return ScheduledJob(
        job=job,
        crew=problem.resources.crews[timetable.crew[j]].id,
        start=job.started.started_at if job.started else start,
        finish=_moment(problem.as_of, timetable.finish_h[j]),
        travel_h=float(timetable.travel_h[j]),
        served_gain_mw=float(gain_mw),
    )


def compare_rules(found: Found, rules: Mapping[str, IntArray]) -> pd.DataFrame:
    """The plan and what each rule's order would leave unserved: the table ``comparison``.

    A rule's order is dispatched to the crews as the plan's is; mobile units stay out of it but
    for the plan's own row.
    """
    names, energy, complete = [], [], []
    for name, order in {PLAN_NAME: found.order, **rules}.items():
        own = name == PLAN_NAME
        timetable = found.timetable if own else found.problem.schedule(order)
        names.append(name)
        energy.append(
            found.plain.energy_not_served(timetable, switchings=found.switchings if own else ())
        )
        last = float(timetable.finish_h.max(initial=0.0))
        complete.append(_moment(found.problem.as_of, last) if np.isfinite(last) else None)
    best = energy[0]
    excess = [
        0.0 if ens <= best else (100 * (ens / best - 1) if best > 0 else np.inf) for ens in energy
    ]
    return pd.DataFrame(
        {
            "rule": names,
            "ens_mwh": np.array(energy),
            "excess_pct": np.array(excess),
            "complete_at": pd.to_datetime(pd.Series(complete, dtype=object), utc=True),
        }
    )


def _moment(as_of: datetime, hours: float) -> datetime:
    """``hours`` after ``as_of`` to the second."""
    return as_of + timedelta(seconds=round(float(hours) * 3600))
