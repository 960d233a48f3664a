"""The independent check of what is planned: the right jobs, each once, each after the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from gridtool.errors import Issue
from gridtool.restoration.check.clock import NEAR
from gridtool.restoration.model import RepairJob, RestorationPlan, ScheduledJob

__all__ = ["check_jobs", "check_precedence"]


def check_jobs(plan: RestorationPlan, expected: Sequence[RepairJob]) -> list[Issue]:
    """Whether the plan is made of the ``expected`` jobs, each once, and listed in its order."""
    wanted = {job.id: job for job in expected}
    found = Counter(entry.job.id for entry in plan.jobs)
    issues = []
    for job_id in sorted(set(wanted) | set(found)):
        if found[job_id] != (job_id in wanted):
            times = "once" if job_id in wanted else "not at all"
            issues.append(f"{job_id} is planned {found[job_id]} times, not {times}")
    issues += [
        f"{entry.job.id} is not the job that the damage asks for"
        for entry in plan.jobs
        if entry.job.id in wanted and entry.job != wanted[entry.job.id]
    ]
    if sorted(plan.order) != sorted(wanted):
        issues.append("the priority order is not made of the jobs, each once")
    elif [entry.job.id for entry in plan.jobs] != list(plan.order):
        issues.append("the jobs are not listed in the priority order")
    for name, owned in (
        ("crews", [crew.id for crew in plan.resources.crews]),
        ("mobile units", [unit.id for unit in plan.resources.mobile_units]),
    ):
        if len(set(owned)) < len(owned):
            issues.append(f"two {name} have the same id")
    return [Issue(message=message) for message in issues]


def check_precedence(plan: RestorationPlan) -> list[Issue]:
    """Whether every job starts after those it waits for, and when its equipment is there.

    The stages of one asset follow each other and leave more capacity each, whatever they say
    they wait for. Work that has started waits for nothing any more.
    """
    entries = {entry.job.id: entry for entry in plan.jobs}
    issues = []
    for entry in plan.jobs:
        job = entry.job
        if job.started is not None:
            continue
        issues += [
            f"{job.id} starts before {other} is finished"
            for other in job.after
            if other in entries and entry.start < entries[other].finish - NEAR
        ]
        if job.lead is not None:
            there = plan.state.as_of + timedelta(hours=job.lead.mean_h)
            if entry.start < there - NEAR:
                issues.append(f"{job.id} starts before its equipment is there ({there:%F %H:%M})")
    return [Issue(message=message) for message in [*issues, *_stage_breaks(plan)]]


def _stage_breaks(plan: RestorationPlan) -> list[str]:
    by_asset: dict[str, list[ScheduledJob]] = {}
    for entry in plan.jobs:
        by_asset.setdefault(entry.job.asset, []).append(entry)
    issues = []
    for asset, entries in by_asset.items():
        entries.sort(key=lambda entry: entry.job.stage.rank)
        share = plan.state.damage[asset].capacity_share
        for k, entry in enumerate(entries):
            job = entry.job
            if not 0.0 <= job.capacity_after <= 1.0 or job.capacity_after < share:
                issues.append(f"{job.id} leaves less capacity than there was")
            share = max(share, job.capacity_after)
            if k and entry.start < entries[k - 1].finish - NEAR:
                issues.append(f"{job.id} starts before {entries[k - 1].job.id} is finished")
    return issues
