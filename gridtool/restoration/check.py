"""An independent check of a restoration plan: nothing here is shared with the search.

Crews are followed through their days with the calendar, not with the kernel's intervals; the
load served at each stage comes from the certified dispatch of the damage that is left, not from
the search's cached values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from math import hypot, isfinite
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.damage.apply import spread_damage
from gridtool.errors import Issue
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.jobs import make_jobs
from gridtool.restoration.model import Crew, RestorationPlan, ScheduledJob
from gridtool.restoration.stages import Stage, dispatch_shares, make_etr, view_stage

__all__ = ["check_plan", "worked_hours"]

_CLOCK_H = 3 / 3600  # three roundings to the second
_LOAD_MW = 1e-3
_ENERGY = 1e-4

StageView = Callable[[Mapping[str, float]], Stage]


def check_plan(plan: RestorationPlan, *, dispatcher: Dispatcher | None = None) -> list[Issue]:
    """Every rule the plan breaks; empty for a sound plan.

    Jobs as the damage asks for, each once; crews that exist, have the skills, are at one place
    at a time, travel, and work in their shifts for as long as the job takes; spares in number
    and in time; load gains, curve, energy and ETR as recomputed.
    """
    issues = _check_jobs(plan)
    if issues:
        return issues
    issues = _check_crews(plan) + _check_spares(plan)
    if issues:
        return issues
    dispatcher = dispatcher or Dispatcher(compile_case(plan.state.network))

    def view(shares: Mapping[str, float]) -> Stage:
        dispatch = dispatch_shares(dispatcher, shares, plan.config)
        return view_stage(dispatch, begins=plan.state.as_of)

    return _check_loads(plan, view)


def _check_jobs(plan: RestorationPlan) -> list[Issue]:
    found_jobs = make_jobs(plan.state, plan.resources, durations=plan.config.durations)
    expected = {job.id: job for job in found_jobs}
    issues = []
    found = Counter(entry.job.id for entry in plan.jobs)
    for job_id in sorted(set(expected) | set(found)):
        if found[job_id] != (job_id in expected):
            wanted = "once" if job_id in expected else "not at all"
            issues.append(_issue(f"{job_id} is planned {found[job_id]} times, not {wanted}"))
    issues += [
        _issue(f"{entry.job.id} is not the job that the damage asks for")
        for entry in plan.jobs
        if entry.job.id in expected and entry.job != expected[entry.job.id]
    ]
    if sorted(plan.order) != sorted(expected):
        issues.append(_issue("the priority order is not made of the jobs, each once"))
    elif [entry.job.id for entry in plan.jobs] != list(plan.order):
        issues.append(_issue("the jobs are not listed in the priority order"))
    if len({crew.id for crew in plan.resources.crews}) < len(plan.resources.crews):
        issues.append(_issue("two crews have the same id"))
    return issues


def _check_crews(plan: RestorationPlan) -> list[Issue]:
    crews = {crew.id: crew for crew in plan.resources.crews}
    issues = [
        _issue(f"{entry.job.id}: there is no crew {entry.crew}")
        for entry in plan.jobs
        if entry.crew not in crews
    ]
    for crew in plan.resources.crews:
        entries = sorted(
            (entry for entry in plan.jobs if entry.crew == crew.id), key=lambda e: e.start
        )
        x_km, y_km, free = crew.x_km, crew.y_km, plan.state.as_of
        for entry in entries:
            way_h = 1.3 * hypot(entry.job.x_km - x_km, entry.job.y_km - y_km) / crew.speed_kmh
            issues += _check_entry(plan, entry, crew=crew, way_h=way_h, free=free)
            x_km, y_km, free = entry.job.x_km, entry.job.y_km, entry.finish
    return issues


def _check_entry(
    plan: RestorationPlan, entry: ScheduledJob, *, crew: Crew, way_h: float, free: datetime
) -> list[Issue]:
    zone = plan.state.network.manifest.zone
    job, problems = entry.job, []
    lacking = set(job.skills) - set(crew.skills)
    if lacking:
        problems.append(f"{crew.id} lacks {', '.join(sorted(lacking))}")
    if not isfinite(way_h):
        way_h = 0.0
    if abs(entry.travel_h - way_h) > _CLOCK_H:
        problems.append(f"the way takes {way_h:.2f} h, not {entry.travel_h:.2f} h")
    if entry.start < free:
        return [_issue(f"{job.id}: {crew.id} is still busy elsewhere at {entry.start:%F %H:%M}")]
    if entry.finish < entry.start:
        return [_issue(f"{job.id}: ends before it starts")]
    if worked_hours(crew, free, entry.start, zone=zone) < way_h - _CLOCK_H:
        problems.append(f"{crew.id} has no time to come before {entry.start:%F %H:%M}")
    work_h = worked_hours(crew, entry.start, entry.finish, zone=zone)
    if abs(work_h - job.duration.mean_h) > _CLOCK_H:
        problems.append(
            f"{crew.id} works {work_h:.2f} h on it, it takes {job.duration.mean_h:.2f} h"
        )
    near = timedelta(seconds=2)
    problems += [
        f"{crew.id} is off at {moment:%F %H:%M}"
        for moment in (entry.start, entry.finish)
        if worked_hours(crew, moment - near, moment + near, zone=zone) <= 0
    ]
    return [_issue(f"{job.id}: {problem}") for problem in problems]


def worked_hours(crew: Crew, begin: datetime, end: datetime, *, zone: ZoneInfo) -> float:
    """Hours that ``crew`` works between two aware UTC times, shift by local shift."""
    begin = max(begin, crew.available_from or begin)
    end = min(end, crew.available_to or end)
    if begin >= end:
        return 0.0
    if crew.shift_h >= 24:
        return (end - begin).total_seconds() / 3600
    day = begin.astimezone(zone).date() - timedelta(days=2)
    total = 0.0
    while day <= end.astimezone(zone).date():
        opens = datetime.combine(day, time()) + timedelta(hours=crew.shift_start_h)
        closes = opens + timedelta(hours=crew.shift_h)
        first = max(begin, opens.replace(tzinfo=zone).astimezone(UTC))
        last = min(end, closes.replace(tzinfo=zone).astimezone(UTC))
        if last > first:
            total += (last - first).total_seconds() / 3600
            begin = last  # a long shift may run into the next one where the clock is put forward
        day += timedelta(days=1)
    return total


def _check_spares(plan: RestorationPlan) -> list[Issue]:
    issues = []
    used: Counter[str] = Counter()
    for entry in sorted(plan.jobs, key=lambda e: e.start):
        for spare in entry.job.spares:
            used[spare] += 1
            there = plan.resources.stock.get(spare, 0) + sum(
                arrival.quantity
                for arrival in plan.resources.arrivals
                if arrival.spare == spare
                and arrival.arrives_at <= entry.start + timedelta(seconds=1)
            )
            if used[spare] > there:
                issues.append(
                    _issue(f"{entry.job.id}: no {spare} is left at {entry.start:%F %H:%M}")
                )
    return issues


def _check_loads(plan: RestorationPlan, view: StageView) -> list[Issue]:
    damage = {
        asset: entry.capacity_share
        for asset, entry in plan.state.damage.items()
        if entry.capacity_share < 1.0
    }
    stages = [_stage_at(plan, damage, plan.state.as_of, view)]
    issues = []
    served, energy, loads = stages[0].served_mw, 0.0, [stages[0].served_mw]
    before = plan.state.as_of
    for entry in sorted(plan.jobs, key=_finish_key(plan)):
        del damage[entry.job.asset]
        stage = _stage_at(plan, damage, entry.finish, view)
        if abs(stage.served_mw - served - entry.served_gain_mw) > _LOAD_MW:
            gain = stage.served_mw - served
            issues.append(
                _issue(f"{entry.job.id} wins {gain:.3f} MW, not {entry.served_gain_mw:.3f} MW")
            )
        hours = (entry.finish - before).total_seconds() / 3600
        energy -= served * hours
        served, before = stage.served_mw, entry.finish
        loads.append(served)
        if stages[-1].begins == entry.finish:
            stages.pop()
        stages.append(stage)
    energy += served * (before - plan.state.as_of).total_seconds() / 3600
    if not abs(plan.ens_mwh - energy) <= _ENERGY * max(100.0, abs(energy)) + _swing(loads):
        issues.append(_issue(f"energy not served is {energy:.3f} MWh, not {plan.ens_mwh:.3f} MWh"))
    return issues + _check_frames(plan, stages)


def _swing(loads: list[float]) -> float:
    """Energy that finish times rounded to the second can shift, MWh."""
    return sum(abs(after - before) for before, after in pairwise(loads)) / 3600


def _finish_key(plan: RestorationPlan) -> Callable[[ScheduledJob], tuple[datetime, int]]:
    position = {asset: i for i, asset in enumerate(plan.state.network.assets)}
    return lambda entry: (entry.finish, position[entry.job.asset])


def _stage_at(
    plan: RestorationPlan, damage: Mapping[str, float], begins: datetime, view: StageView
) -> Stage:
    stage = view(spread_damage(plan.state.network, damage))
    return Stage(
        begins=begins,
        demand_mw=stage.demand_mw,
        unserved_mw=stage.unserved_mw,
        customers_out=stage.customers_out,
    )


def _check_frames(plan: RestorationPlan, stages: list[Stage]) -> list[Issue]:
    issues = []
    curve = plan.curve
    if list(curve["time"]) != [pd.Timestamp(stage.begins) for stage in stages]:
        issues.append(_issue("the restoration curve does not step where repairs are finished"))
    else:
        levels = curve[["served_mw", "unserved_mw", "customers_out"]].to_numpy(dtype=np.float64)
        for level, stage in zip(levels, stages, strict=True):
            customers = float(stage.customers_out.sum())
            right = np.array([stage.served_mw, float(stage.unserved_mw.sum()), customers])
            if (abs(level - right) > [_LOAD_MW, _LOAD_MW, 1.0 + 1e-6 * customers]).any():
                issues.append(_issue(f"the restoration curve is wrong at {stage.begins:%F %H:%M}"))
    etr = make_etr(plan.state.network, stages)
    same = len(etr) == len(plan.etr) and all(
        (etr[column] == plan.etr[column]).all() for column in ("level", "id")
    )
    if not same or not _times_agree(etr["etr"], plan.etr["etr"]):
        issues.append(_issue("the ETR are not what the timetable gives"))
    return issues + _check_comparison(plan)


def _times_agree(one: pd.Series, other: pd.Series) -> bool:
    return bool(((one == other) | (one.isna() & other.isna())).all())


def _check_comparison(plan: RestorationPlan) -> list[Issue]:
    energy = plan.comparison["ens_mwh"]
    slack = _ENERGY * max(100.0, abs(plan.ens_mwh))
    if abs(float(energy.iloc[0]) - plan.ens_mwh) > slack:
        return [_issue("the comparison has another energy not served for the plan")]
    if plan.config.protected_weight == 1.0 and float(energy.min()) < plan.ens_mwh - slack:
        rule = plan.comparison["rule"].iloc[int(energy.argmin())]
        return [_issue(f"the rule {rule!r} leaves less energy not served than the plan")]
    return []


def _issue(message: str) -> Issue:
    return Issue(message=message)
