"""Executions of a plan's policy for the samples of a chunk, whatever the other samples are.

The law is that of :func:`gridtool.restoration.schedule.execute.simulate_completions`: the same
functions, fed with streams keyed by (seed, sample, what is drawn).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from gridtool.forecast.simulate.uniforms_kernel import draw_rows
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import component_number
from gridtool.restoration.model import RestorationPlan
from gridtool.restoration.schedule.execute_samples import (
    Normals,
    sample_release,
    sample_unit_times,
    sample_work,
)
from gridtool.restoration.schedule.problem import ScheduleProblem, make_problem
from gridtool.restoration.work.jobs import make_jobs

__all__ = ["RepairQueue", "execute_repairs", "prepare_repairs", "stream_normals"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class RepairQueue:
    """A plan's jobs with the crews, and the order in which they are called.

    Attributes
    ----------
    order : (J,) int
        Job positions of ``problem``.
    """

    problem: ScheduleProblem
    order: IntArray


def prepare_repairs(plan: RestorationPlan) -> RepairQueue:
    """The jobs of ``plan``, as its executions call them."""
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
    return RepairQueue(problem=problem, order=order)


def execute_repairs(queue: RepairQueue, samples: WordArray, *, seed: int) -> FloatArray:
    """Finish hours (n, J) of the executions of ``samples``."""
    problem, n = queue.problem, len(samples)
    normals = stream_normals(samples, seed=seed)
    return problem.finish_samples(
        queue.order,
        work_h=sample_work(
            problem.jobs, n=n, seed=seed, worked_h=problem.worked_h, normals=normals
        ),
        release_h=sample_release(problem.jobs, n=n, seed=seed, normals=normals),
        unit_times_h=sample_unit_times(problem, n=n, seed=seed, normals=normals),
    )


def stream_normals(samples: WordArray, *, seed: int) -> Normals:
    """Standard normals by what is drawn and its name, one for each of ``samples``."""

    def draw(what: str, name: str) -> FloatArray:
        component = np.array([component_number(f"repair {what}: {name}")], dtype=np.uint64)
        return np.asarray(ndtri(draw_rows(as_word(seed), samples, component, 1)[:, 0, 0]))

    return draw
