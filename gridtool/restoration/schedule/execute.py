"""A plan's policy executed with random durations and dates: when repairs may really be finished.

Jobs are called in the plan's order, predecessors before their successors; each goes to the able
crew that is expected to finish it first as things then stand: it is known when each crew will be
free and what has arrived or will. A job whose crew would stand waiting for spares or equipment
longer than in the plan is put back and the next one is called first, unless all of them wait.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.schedule.execute_samples import (
    sample_release,
    sample_unit_times,
    sample_work,
)
from gridtool.restoration.schedule.problem import ScheduleProblem, make_problem
from gridtool.restoration.work.jobs import make_jobs

__all__ = [
    "COMPLETIONS",
    "CompletionSamples",
    "execute_order",
    "sample_work",
    "simulate_completions",
]

FloatArray = npt.NDArray[np.float64]

COMPLETIONS = 4000
"""Executions that finish dates are taken from where nothing else is asked for: a P50 is then off
by 0.8 % of the executions (one standard error), a P90 by 0.5 %."""


def simulate_completions(plan: RestorationPlan, *, n: int, seed: int) -> CompletionSamples:
    """Finish hours of every job in ``n`` executions of the plan's policy.

    Work is lognormal, of started jobs given that it has lasted for as long as it has; spares
    arrive, and equipment is made, at random dates where their uncertainty is known.
    """
    jobs = make_jobs(plan.state, plan.resources, durations=plan.config.durations)
    problem = make_problem(
        jobs,
        plan.resources,
        as_of=plan.state.as_of,
        zone=plan.state.network.manifest.zone,
        horizon_days=plan.config.horizon_days,
    )
    position = {job.id: j for j, job in enumerate(jobs)}
    order = np.array([position[job_id] for job_id in plan.order], dtype=np.int64)
    return CompletionSamples(
        asset_ids=tuple(job.asset for job in jobs),
        job_ids=tuple(job.id for job in jobs),
        finish_h=execute_order(problem, order, n=n, seed=seed),
    )


def execute_order(
    problem: ScheduleProblem, order: npt.NDArray[np.int64], *, n: int, seed: int
) -> FloatArray:
    """Finish hours (n, n_jobs) of ``n`` executions of the priority ``order``."""
    return problem.finish_samples(
        order,
        work_h=sample_work(problem.jobs, n=n, seed=seed, worked_h=problem.worked_h),
        release_h=sample_release(problem.jobs, n=n, seed=seed),
        unit_times_h=sample_unit_times(problem, n=n, seed=seed),
    )
