"""A plan's policy executed with random durations: when repairs may really be finished."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gridtool.damage.hazus import lognormal_parameters
from gridtool.restoration.jobs import make_jobs
from gridtool.restoration.model import CompletionSamples, RepairJob, RestorationPlan
from gridtool.restoration.schedule import make_problem

__all__ = ["COMPLETIONS", "CompletionSamples", "sample_work", "simulate_completions"]

FloatArray = npt.NDArray[np.float64]

COMPLETIONS = 1000
"""Executions that finish dates are taken from where nothing else is asked for."""

_STREAM = 0xC0DE << 32


def simulate_completions(plan: RestorationPlan, *, n: int, seed: int) -> CompletionSamples:
    """Finish hours of every job in ``n`` executions of the plan's priority order.

    Crews take the jobs in the plan's order, each job by the crew expected to finish it first as
    things then stand; durations are lognormal. Spares come when they are announced.
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
    work = sample_work(jobs, n=n, seed=seed)
    return CompletionSamples(
        asset_ids=tuple(job.asset for job in jobs),
        job_ids=tuple(job.id for job in jobs),
        finish_h=problem.finish_samples(order, work_h=work),
    )


def sample_work(jobs: Sequence[RepairJob], *, n: int, seed: int) -> FloatArray:
    """Working hours (n, n_jobs), lognormal.

    Each asset has its own stream, so that sample i of a job depends on the seed, i and the asset
    only: not on ``n``, nor on what else is damaged. What-ifs share their random numbers by it.
    """
    work = np.empty((n, len(jobs)))
    for j, job in enumerate(jobs):
        key = [seed, _STREAM | zlib.crc32(job.asset.encode())]
        rng = np.random.Generator(np.random.Philox(key=key))
        mu, s = lognormal_parameters(job.duration.mean_h, job.duration.sigma_h)
        work[:, j] = np.exp(mu + s * rng.standard_normal(n))
    return work
