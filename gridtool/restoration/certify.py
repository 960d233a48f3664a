"""How far a plan is from the least that any plan leaves unserved, at most."""

from __future__ import annotations

from gridtool.restoration.assemble import Found
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.model import PlanBound, RestorationPlan
from gridtool.restoration.weights import busbar_weights

__all__ = ["bound_plan"]


def bound_plan(plan: RestorationPlan, found: Found, *, interrupt: Interrupt) -> PlanBound:
    """The lower bound for ``plan`` and its distance from it.

    With mobile units it bounds the plans whose units stand where those of this plan do.
    """
    from gridtool.restoration.bound import energy_bound

    case = found.dispatcher.case
    parts = found.plain.effects.candidates
    units: dict[str, list[int]] = {placed.unit: [] for placed in found.placements}
    for placed in found.placements:
        position = parts.index(placed.part)
        if position not in units[placed.unit]:
            units[placed.unit].append(position)
    bound = energy_bound(
        found.problem,
        found.weighted,
        case=case,
        import_limit_mw=plan.config.import_limit_mw,
        weights=busbar_weights(plan.state.network, case, plan.config),
        units=tuple(units.values()),
        timetable=found.timetable,
        seed=plan.seed,
        interrupted=interrupt,
    )
    above = plan.weighted_mwh - bound.weighted_mwh
    method = bound.method
    if found.problem.resources.mobile_units:
        method += "; mobile units only where this plan places them"
    return PlanBound(
        weighted_mwh=bound.weighted_mwh,
        gap_pct=100.0 * above / plan.weighted_mwh if plan.weighted_mwh > 0.0 else 0.0,
        method=method,
    )
