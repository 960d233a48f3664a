"""The states of a plan under alternating current: losses, voltages and loadings at their peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from gridtool.flow.ac_model import AcModel, build_ac_model
from gridtool.flow.ac_verify import check_repaired
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.model import PlanConfig, RestorationPlan
from gridtool.restoration.outcome.plan_states import PlanStates, TimedState, find_plan_states
from gridtool.restoration.outcome.stages import dispatch_shares

__all__ = ["REFERENCE_STAGES", "peak_level", "verify_stages"]

REFERENCE_STAGES = 100
"""Stages that pandapower solves once more, in about a tenth of a second each for a city of sixty
substations. Plans with more have so many of them chosen evenly; the rest rely on the fast engine
and the nodal balance recomputed from its flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """A distinct state at its peak: when it first begins and how long it lasts in all."""

    shares: Mapping[str, float]
    level: float
    begins: datetime
    hours: float


def verify_stages(
    plan: RestorationPlan,
    *,
    dispatcher: Dispatcher | None = None,
    reference_stages: int = REFERENCE_STAGES,
) -> pd.DataFrame:
    """Every distinct stage of ``plan`` by AC power flow at its peak demand.

    Where ratings or supply do not hold under AC, more load is shed until they do
    (:func:`gridtool.flow.ac_verify.check_repaired`); what shedding cannot mend is listed. States
    that leave the same share of every part are one stage (making safe changes nothing), as long
    as their peak is the same. Mobile units are part of the network while they are placed.

    Parameters
    ----------
    dispatcher
        A dispatcher of the network, where there is one already.
    reference_stages
        How many stages pandapower solves once more; see :data:`REFERENCE_STAGES`.

    Returns
    -------
    Frame with a row per stage, by its beginning: time (UTC), hours (how long it lasts, infinite
    for the last), demand_factor (the highest demand in that time over the reference peak),
    dc_served_mw, ac_served_mw, shed_added_mw (DC less AC), min_voltage_pu, max_loading_pct,
    violations and actions (text, "; " between them), energy_difference_mwh (shed_added_mw for all
    hours of the stage, an upper figure where its demand is not always at the peak; NaN for the
    last stage, which has no end), residual_mva (the largest nodal mismatch, recomputed from the
    flows), converged, and reference (whether pandapower confirmed it).
    What AC would give is NaN in a stage without a power flow: it says so in ``violations``.
    """
    given = find_plan_states(plan, dispatcher=dispatcher)
    stages = _distinct_stages(plan, given)
    base = build_ac_model(given.network, given.dispatcher.case)
    chosen = np.unique(np.linspace(0, len(stages) - 1, min(reference_stages, len(stages))).round())
    rows = [
        _verify(stage, given, base, config=plan.config, reference=k in chosen)
        for k, stage in enumerate(stages)
    ]
    return pd.DataFrame(rows).assign(
        time=lambda frame: pd.to_datetime(frame["time"], utc=True),
    )


def peak_level(plan: RestorationPlan, state: TimedState) -> float:
    """The highest demand while ``state`` lasts, over the reference peak.

    A deadline or horizon that energy is not counted beyond does not lower it; where the blocks
    themselves say nothing of that time, it is the highest of all.
    """
    blocks = plan.config.demand
    if blocks is None:
        return plan.config.demand_factor
    begins_h = (state.begins - plan.state.as_of) / timedelta(hours=1)
    period_ends = np.append(blocks.begins_h[1:], np.inf)
    met = (period_ends > begins_h) & (blocks.begins_h < begins_h + state.hours)
    used = (blocks.weight[met] > 0.0).any(axis=0)
    return float(blocks.level[used].max() if used.any() else blocks.level.max())


def _distinct_stages(plan: RestorationPlan, given: PlanStates) -> list[_Stage]:
    found: dict[tuple[frozenset[tuple[str, float]], float], _Stage] = {}
    for state in given.states:
        shares = given.effects.shares(state.mask)
        level = peak_level(plan, state)
        key = (frozenset(shares.items()), level)
        if key in found:
            found[key] = replace(found[key], hours=found[key].hours + state.hours)
        else:
            found[key] = _Stage(shares=shares, level=level, begins=state.begins, hours=state.hours)
    return list(found.values())


def _verify(
    stage: _Stage, given: PlanStates, base: AcModel, *, config: PlanConfig, reference: bool
) -> dict[str, object]:
    config = replace(config, demand_factor=stage.level)
    dispatch = dispatch_shares(given.dispatcher, stage.shares, config)
    check, _ = check_repaired(
        given.network,
        dispatch,
        dispatcher=given.dispatcher,
        import_limit_mw=config.import_limit_mw,
        model=_without_damaged_shunts(base, stage.shares),
        reference=reference,
    )
    shed = check.shed_added_mw if check.converged else np.nan
    return {
        "time": stage.begins,
        "hours": stage.hours,
        "demand_factor": stage.level,
        "dc_served_mw": dispatch.total_served_mw,
        "ac_served_mw": check.served_mw if check.converged else np.nan,
        "shed_added_mw": shed,
        "min_voltage_pu": check.min_voltage_pu,
        "max_loading_pct": check.max_loading_pct,
        "violations": "; ".join(check.violations),
        "actions": "; ".join(check.actions),
        "energy_difference_mwh": shed * stage.hours if np.isfinite(stage.hours) else np.nan,
        "residual_mva": check.residual_mva,
        "converged": check.converged,
        "reference": reference and check.converged,
    }


def _without_damaged_shunts(base: AcModel, shares: Mapping[str, float]) -> AcModel:
    left = np.array([shares.get(shunt, 1.0) > 0.0 for shunt in base.shunt_ids], dtype=np.bool_)
    return base if left.all() else replace(base, shunt_on=base.shunt_on & left)
