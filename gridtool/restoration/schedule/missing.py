"""What no plan can provide: crews that are able, spares in number, an order without a cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gridtool.restoration.model import Crew, RepairJob, Resources
from gridtool.restoration.work.precedence import find_cycle

__all__ = ["find_missing", "is_able"]


def is_able(crew_skills: Sequence[str], size: int, *, job: RepairJob) -> bool:
    """Whether a crew with these skills and people can do ``job``."""
    return set(job.skills) <= set(crew_skills) and size >= job.crew_size


def find_missing(jobs: Sequence[RepairJob], resources: Resources) -> tuple[str, ...]:
    """What no plan can provide, in words that name jobs, skills, crews and spares."""
    missing = [
        reason for job in jobs for reason in [_missing_crew(job, resources)] if reason is not None
    ]
    missing += _missing_spares(jobs, resources)
    cycle = find_cycle({job.id: job.after for job in jobs if job.started is None})
    if cycle:
        missing.append("these wait for each other: " + ", ".join(cycle))
    return tuple(missing)


def _missing_crew(job: RepairJob, resources: Resources) -> str | None:
    crews = resources.crews
    if job.started is not None:
        if any(crew.id == job.started.crew for crew in crews):
            return None
        return f"{job.id}: the crew {job.started.crew} that has started it is not there"
    if any(is_able(crew.skills, crew.size, job=job) for crew in crews):
        return None
    return f"{job.id}: {_lacking_crew(job, crews)}"


def _lacking_crew(job: RepairJob, crews: Sequence[Crew]) -> str:
    """Why none of ``crews`` can do ``job``, in words."""
    if not crews:
        return "there is no crew"
    skilled = [crew for crew in crews if set(job.skills) <= set(crew.skills)]
    if skilled:
        largest = max(skilled, key=lambda crew: crew.size)
        able = f" with the skills {', '.join(job.skills)}" if job.skills else ""
        return (
            f"no crew{able} is large enough, it takes {job.crew_size} people and the "
            f"largest, {largest.id}, has {largest.size}"
        )
    held = {skill for crew in crews for skill in crew.skills}
    lacking = sorted(set(job.skills) - held)
    if lacking:
        return f"no crew has the skill {' or '.join(lacking)}"
    return f"no single crew has the skills {', '.join(job.skills)}"


def _missing_spares(jobs: Sequence[RepairJob], resources: Resources) -> list[str]:
    """Spares that do not come in number; a started job has its own already."""
    waiting = [job for job in jobs if job.started is None]
    needed = Counter(spare for job in waiting for spare in job.spares)
    missing = []
    for spare, quantity in sorted(needed.items()):
        stock = resources.stock.get(spare, 0)
        coming = sum(a.quantity for a in resources.arrivals if a.spare == spare)
        if quantity > stock + coming:
            users = ", ".join(job.id for job in waiting if spare in job.spares)
            missing.append(
                f"spare {spare}: {quantity} needed by {users}, "
                f"{stock} in stock and {coming} arriving"
            )
    return missing
