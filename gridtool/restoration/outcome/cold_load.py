"""Cold-load pickup: load that was out for long takes more than its demand when it comes back.

Heating and cooling run all at once after a long interruption (loss of diversity, see Ucak and
Pahwa 1995 on step-by-step restoration). While that lasts, the network serves fewer customers
than it would: the energy they miss is counted here, apart from the energy that the damage itself
leaves unserved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Dispatch
from gridtool.restoration.model import ColdLoad, PlanConfig, RestorationPlan
from gridtool.restoration.outcome.plan_states import PlanStates, find_plan_states
from gridtool.restoration.value.blocks import level_hours, plan_blocks

__all__ = ["cold_load_energy"]

FloatArray = npt.NDArray[np.float64]

_LEAST_MW = 1e-6


@dataclass(frozen=True, kw_only=True)
class _Times:
    """Hours after the as-of time at which each state begins and ends (K,); ``out_since_h`` is
    when the first one really began."""

    begin: FloatArray
    end: FloatArray
    out_since_h: float


@dataclass(frozen=True, kw_only=True)
class _Pickup:
    """What the pickup costs between two moments: index of the stage, hours, and MW of normal
    demand unserved for it by busbar section (B,)."""

    stage: int
    begin_h: float
    end_h: float
    extra_mw: FloatArray


def cold_load_energy(
    plan: RestorationPlan, cold_load: ColdLoad, *, dispatcher: Dispatcher | None = None
) -> pd.DataFrame:
    """Energy that customers miss beyond the plan's, because cold load takes it.

    At each stage of the plan the load of a busbar section and tier that comes back after it was
    unserved for the whole of the last ``after_h`` hours takes ``factor`` times its demand for
    ``lasts_h`` hours, also into the next stages. The network is dispatched at the raised demand.
    What a section is served is shared by its cold and its other customers in proportion to what
    they take, so it serves its normal demand in that share; what it would have served without
    pickup less that is the extra energy.

    Load that is out at the as-of time counts as out since the first damage occurred. Whoever
    misses supply for the pickup is not counted as cold again. Energy counts over time as in the
    plan, by its demand blocks, to the deadline or horizon.

    Returns
    -------
    Frame with a row per stage and district that picks up cold load or misses energy for it: time
    (UTC, the stage's beginning), district (id), picked_up_mw (normal demand that comes back cold
    then, at the demand level where it is most), extra_unserved_mwh. The energy's sum is the
    plan's ``cold_load_mwh``; it is not part of its energy not served. A district's energy can be
    negative where another's shedding leaves more for it.
    """
    given = find_plan_states(plan, dispatcher=dispatcher)
    blocks = plan_blocks(plan.config, as_of=plan.state.as_of)
    times = _find_times(plan, given)
    districts = given.dispatcher.case.district_ids
    shape = (len(given.states), len(districts))
    energy, picked = np.zeros(shape), np.zeros(shape)
    for level, factor in enumerate(blocks.level.tolist()):
        demand_mw = given.dispatcher.case.demand_mw * factor
        normal = [
            _dispatch(given, state.mask, config=plan.config, demand_mw=demand_mw)
            for state in given.states
        ]
        cold = _find_cold(normal, times, cold_load)
        picked = np.maximum(picked, [_by_district(given, part.sum(axis=1)) for part in cold])
        for pickup in _follow(plan, given, normal, cold, times=times, cold_load=cold_load):
            spent = level_hours(blocks, np.array([pickup.begin_h, pickup.end_h]))[:, level]
            energy[pickup.stage] += _by_district(given, pickup.extra_mw) * (spent[1] - spent[0])
    stage, district = np.nonzero((picked > _LEAST_MW) | (np.abs(energy) > _LEAST_MW))
    begins = [given.states[k].begins for k in stage]
    return pd.DataFrame(
        {
            "time": pd.to_datetime(pd.Series(begins, dtype=object), utc=True),
            "district": pd.Series([districts[d] for d in district], dtype=object),
            "picked_up_mw": picked[stage, district],
            "extra_unserved_mwh": energy[stage, district],
        }
    )


def _find_times(plan: RestorationPlan, given: PlanStates) -> _Times:
    as_of = plan.state.as_of
    begin = np.array([(state.begins - as_of) / timedelta(hours=1) for state in given.states])
    first = min((entry.occurred_at for entry in plan.state.damage.values()), default=as_of)
    return _Times(
        begin=begin,
        end=np.append(begin[1:], np.inf),
        out_since_h=min(0.0, (first - as_of) / timedelta(hours=1)),
    )


def _dispatch(
    given: PlanStates,
    mask: int,
    *,
    config: PlanConfig,
    demand_mw: FloatArray,
) -> Dispatch:
    return given.dispatcher.solve(
        given.effects.shares(mask), demand_mw=demand_mw, import_limit_mw=config.import_limit_mw
    )


def _find_cold(normal: list[Dispatch], times: _Times, cold_load: ColdLoad) -> list[FloatArray]:
    """Load (B, 2) that comes back cold when each state begins, MW of normal demand.

    Of a section that is short all the time the same customers are taken to be out: the least
    that was unserved in the last hours has been out for all of them.
    """
    cold = [np.zeros_like(normal[0].demand_mw)]
    for k in range(1, len(normal)):
        since = times.begin[k] - cold_load.after_h
        if times.out_since_h > since:
            cold.append(np.zeros_like(cold[0]))
            continue
        window = [j for j in range(k) if times.end[j] > since or j == k - 1]
        out = np.min([normal[j].unserved_mw for j in window], axis=0)
        cold.append(np.maximum(out - normal[k].unserved_mw, 0.0))
    return cold


def _follow(
    plan: RestorationPlan,
    given: PlanStates,
    normal: list[Dispatch],
    cold: list[FloatArray],
    *,
    times: _Times,
    cold_load: ColdLoad,
) -> list[_Pickup]:
    """The time after the as-of time in which cold load is picked up, in pieces."""
    ends = times.begin + cold_load.lasts_h
    cuts = np.unique(np.concatenate([times.begin, ends]))
    found = []
    for begin, end in pairwise(cuts.tolist()):
        stage = int(np.searchsorted(times.begin, begin, side="right")) - 1
        active = np.flatnonzero((times.begin <= begin) & (begin < ends))
        picked = np.minimum(np.sum([cold[k] for k in active], axis=0), normal[stage].served_mw)
        if picked.sum() <= _LEAST_MW:
            continue
        added = (cold_load.factor - 1.0) * picked
        extra = _extra_unserved(plan, given, normal[stage], added, stage=stage)
        found.append(_Pickup(stage=stage, begin_h=begin, end_h=end, extra_mw=extra))
    return found


def _extra_unserved(
    plan: RestorationPlan,
    given: PlanStates,
    normal: Dispatch,
    added: FloatArray,
    *,
    stage: int,
) -> FloatArray:
    """Normal demand (B,) that is unserved because ``added`` (B, 2) is drawn on top of it, MW."""
    case = given.dispatcher.case
    # Feeders that are out take no part: what is connected is a share of the demand.
    connected = np.divide(
        normal.topology.connectable_mw,
        case.demand_mw,
        out=np.ones_like(added),
        where=case.demand_mw > 0.0,
    )
    further = np.divide(added, connected, out=np.zeros_like(added), where=added > 0.0)
    raised = _dispatch(
        given,
        given.states[stage].mask,
        config=plan.config,
        demand_mw=normal.demand_mw + further,
    )
    wanted = normal.demand_mw * connected
    share = np.divide(wanted, wanted + added, out=np.ones_like(added), where=added > 0.0)
    extra: FloatArray = (normal.served_mw - raised.served_mw * share).sum(axis=1)
    return extra


def _by_district(given: PlanStates, values: FloatArray) -> FloatArray:
    case = given.dispatcher.case
    return np.bincount(
        case.busbar_district, weights=values, minlength=len(case.district_ids)
    ).astype(np.float64)
