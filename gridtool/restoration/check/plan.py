"""An independent check of a restoration plan: nothing here is shared with the search.

Crews are followed through their days with the calendar, not with the kernel's intervals; mobile
units along their ways; the load served in each state comes from the certified dispatch of the
damage that is left, not from the search's cached values.
"""

from __future__ import annotations

from gridtool.errors import Issue, ResourcesError
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.check.clock import worked_hours
from gridtool.restoration.check.crews import check_crews, check_spares
from gridtool.restoration.check.energy import check_bound, check_energy, check_gains
from gridtool.restoration.check.frames import check_comparison, check_frames
from gridtool.restoration.check.jobs import check_jobs, check_precedence
from gridtool.restoration.check.mobile import check_placements
from gridtool.restoration.check.view import StateViews, follow_plan
from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.work.jobs import make_jobs

__all__ = ["check_plan", "worked_hours"]


def check_plan(plan: RestorationPlan, *, dispatcher: Dispatcher | None = None) -> list[Issue]:
    """Rules that the plan breaks; empty for a sound plan.

    Jobs as the damage asks for, each once, after those they wait for; crews that exist, are able
    and enough, are at one place at a time, travel, and work in their shifts for as long as the
    job takes; spares and equipment in number and in time; started jobs with the crew that is at
    them; mobile units that stand where they may, one place at a time; then load gains, energy not
    served, bound, curve, ETR and comparison as recomputed. What comes later is looked at only if
    what comes before is sound.

    Parameters
    ----------
    dispatcher
        One of the plan's network, with the parts of its mobile units if it has placed any.
    """
    try:
        jobs = make_jobs(plan.state, plan.resources, durations=plan.config.durations)
    except ResourcesError as error:
        return list(error.issues)
    issues = check_jobs(plan, jobs)
    if issues:
        return issues
    issues = [
        *check_crews(plan),
        *check_spares(plan),
        *check_precedence(plan),
        *check_placements(plan),
        *check_bound(plan),
        *check_comparison(plan),
    ]
    if issues:
        return issues
    views = StateViews.of(plan, dispatcher)
    positions = {job.id: j for j, job in enumerate(jobs)}
    states = follow_plan(plan, positions=positions, placements=plan.placements)
    issues = [*check_gains(plan, states, views), *check_energy(plan, states, views)]
    return issues or check_frames(plan, states, views)
