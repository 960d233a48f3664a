"""How far a plan is from the least that any plan leaves unserved, at most."""

from __future__ import annotations

from gridtool.restoration.assemble import Found
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.model import PlanBound, RestorationPlan
from gridtool.restoration.value.weights import busbar_weights

__all__ = ["bound_plan"]


def bound_plan(plan: RestorationPlan, found: Found, *, interrupt: Interrupt) -> PlanBound:
    """The lower bound for plans with the resources of ``plan``, and its distance from it.

    Mobile units may stand anywhere they fit, not only where this plan has them.
    """
    from gridtool.flow.compile import compile_case
    from gridtool.restoration.bound import energy_bound, make_fleets

    network = plan.state.network
    case = found.dispatcher.case
    if found.plain.effects.candidates:
        case = compile_case(network)
    bound = energy_bound(
        found.problem,
        found.weighted,
        case=case,
        import_limit_mw=plan.config.import_limit_mw,
        weights=busbar_weights(network, case, plan.config),
        fleets=make_fleets(
            network, case, found.problem.resources.mobile_units, as_of=plan.state.as_of
        ),
        timetable=found.timetable,
        seed=plan.seed,
        interrupted=interrupt,
    )
    above = plan.weighted_mwh - bound.weighted_mwh
    return PlanBound(
        weighted_mwh=bound.weighted_mwh,
        gap_pct=100.0 * above / plan.weighted_mwh if plan.weighted_mwh > 0.0 else 0.0,
        method=bound.method,
    )
