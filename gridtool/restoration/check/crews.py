"""The independent check of who works when: crews followed through their days, spares counted."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from math import hypot, isfinite

from gridtool.errors import Issue
from gridtool.restoration.check.clock import CLOCK_H, NEAR, mean_hours_left, worked_hours
from gridtool.restoration.model import Crew, RestorationPlan, ScheduledJob

__all__ = ["ROAD_DETOUR", "check_crews", "check_spares"]

ROAD_DETOUR = 1.3
"""Length of the way by road over the straight line."""


def check_crews(plan: RestorationPlan) -> list[Issue]:
    """Crews that exist, are able and enough, are at one place at a time, travel, and work in
    their shifts for as long as a job takes; the one that has started a job stays with it."""
    crews = {crew.id: crew for crew in plan.resources.crews}
    issues = [
        f"{entry.job.id}: there is no crew {entry.crew}"
        for entry in plan.jobs
        if entry.crew not in crews
    ]
    for crew in plan.resources.crews:
        entries = [entry for entry in plan.jobs if entry.crew == crew.id]
        entries.sort(key=lambda entry: (entry.job.started is None, entry.start))
        x_km, y_km, free = crew.x_km, crew.y_km, plan.state.as_of
        for entry in entries:
            if entry.job.started is not None:
                found = _check_started(plan, entry, crew=crew, free=free)
            else:
                way_h = hypot(entry.job.x_km - x_km, entry.job.y_km - y_km) / crew.speed_kmh
                found = _check_entry(plan, entry, crew=crew, way_h=ROAD_DETOUR * way_h, free=free)
            issues += [f"{entry.job.id}: {problem}" for problem in found]
            x_km, y_km, free = entry.job.x_km, entry.job.y_km, entry.finish
    return [Issue(message=message) for message in issues]


def _check_started(
    plan: RestorationPlan, entry: ScheduledJob, *, crew: Crew, free: datetime
) -> list[str]:
    started, zone = entry.job.started, plan.state.network.manifest.zone
    if started is None or started.crew != crew.id:
        return [f"it was started by another crew than {crew.id}"]
    problems = []
    if entry.start != started.started_at or entry.travel_h != 0.0:
        problems.append(f"it was started at {started.started_at:%F %H:%M}, without a way now")
    done_h = worked_hours(crew, started.started_at, plan.state.as_of, zone=zone)
    left_h = mean_hours_left(entry.job.duration, done_h)
    return [*problems, *_check_work(plan, entry, crew=crew, begin=free, work_h=left_h)]


def _check_entry(
    plan: RestorationPlan, entry: ScheduledJob, *, crew: Crew, way_h: float, free: datetime
) -> list[str]:
    zone = plan.state.network.manifest.zone
    job, problems = entry.job, []
    lacking = set(job.skills) - set(crew.skills)
    if lacking:
        problems.append(f"{crew.id} lacks {', '.join(sorted(lacking))}")
    if crew.size < job.crew_size:
        problems.append(f"{crew.id} has {crew.size} people, it takes {job.crew_size}")
    if not isfinite(way_h):
        way_h = 0.0
    if not abs(entry.travel_h - way_h) <= CLOCK_H:
        problems.append(f"the way takes {way_h:.2f} h, not {entry.travel_h:.2f} h")
    if entry.start < free:
        return [f"{crew.id} is still busy elsewhere at {entry.start:%F %H:%M}"]
    if worked_hours(crew, free, entry.start, zone=zone) < way_h - CLOCK_H:
        problems.append(f"{crew.id} has no time to come before {entry.start:%F %H:%M}")
    if _is_off(crew, entry.start, plan):
        problems.append(f"{crew.id} is off at {entry.start:%F %H:%M}")
    mean_h = job.duration.mean_h
    return [*problems, *_check_work(plan, entry, crew=crew, begin=entry.start, work_h=mean_h)]


def _check_work(
    plan: RestorationPlan, entry: ScheduledJob, *, crew: Crew, begin: datetime, work_h: float
) -> list[str]:
    """Whether ``crew`` works for ``work_h`` hours from ``begin`` until the entry's finish."""
    if entry.finish < begin:
        return ["it ends before it starts"]
    problems = []
    found_h = worked_hours(crew, begin, entry.finish, zone=plan.state.network.manifest.zone)
    if abs(found_h - work_h) > CLOCK_H:
        problems.append(f"{crew.id} works {found_h:.2f} h on it, it takes {work_h:.2f} h")
    if _is_off(crew, entry.finish, plan):
        problems.append(f"{crew.id} is off at {entry.finish:%F %H:%M}")
    return problems


def _is_off(crew: Crew, moment: datetime, plan: RestorationPlan) -> bool:
    around = moment - 2 * NEAR, moment + 2 * NEAR
    return worked_hours(crew, *around, zone=plan.state.network.manifest.zone) <= 0


def check_spares(plan: RestorationPlan) -> list[Issue]:
    """Spares in number and in time; a started job has its own already."""
    issues = []
    used: Counter[str] = Counter()
    entries = [entry for entry in plan.jobs if entry.job.started is None]
    for entry in sorted(entries, key=lambda entry: entry.start):
        for spare in entry.job.spares:
            used[spare] += 1
            there = plan.resources.stock.get(spare, 0) + sum(
                arrival.quantity
                for arrival in plan.resources.arrivals
                if arrival.spare == spare and arrival.arrives_at <= entry.start + NEAR
            )
            if used[spare] > there:
                message = f"{entry.job.id}: no {spare} is left at {entry.start:%F %H:%M}"
                issues.append(Issue(message=message))
    return issues
