"""Executions of a plan's policy for the samples of a chunk, whatever the other samples are.

The law is that of :func:`gridtool.restoration.schedule.execute.simulate_completions`: the same
functions, fed with streams keyed by (seed, sample, what is drawn). Further damage joins the queue
by the rules of :mod:`gridtool.forecast.simulate.repairs_kernel`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from gridtool.forecast.simulate.further_damage import LEAST_SHARE, HitTimes
from gridtool.forecast.simulate.repairs_kernel import Executed, execute_queue
from gridtool.forecast.simulate.repairs_view_kernel import Draws, Queue
from gridtool.forecast.simulate.uniforms_kernel import draw_rows
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import component_number
from gridtool.restoration.model import Crew, RepairJob, RepairStage, RestorationPlan
from gridtool.restoration.schedule.arrays import DETOUR, MOST_DAYS, needed_days
from gridtool.restoration.schedule.execute_samples import (
    Normals,
    sample_release,
    sample_unit_times,
    sample_work,
)
from gridtool.restoration.schedule.missing import is_able
from gridtool.restoration.schedule.problem import ScheduleProblem, make_problem
from gridtool.restoration.work.jobs import make_jobs

__all__ = [
    "HitPlaces",
    "RepairQueue",
    "execute_repairs",
    "list_out_jobs",
    "prepare_queue",
    "prepare_repairs",
    "stream_normals",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
WordArray = npt.NDArray[np.uint64]

MARGIN_D = 400
"""Days of the crews' calendar beyond the last hour in which assets may be hit."""
MOST_UNITS = 256
"""Units of a spare beyond the plan's needs that further damage may use up."""


@dataclass(frozen=True, kw_only=True)
class RepairQueue:
    """A plan's jobs with the crews, the order in which they are called, and what may join them.

    Attributes
    ----------
    problem
        Of the plan's jobs.
    arrays
        The queue as compiled code takes it.
    more_units
        Units of each spare beyond the plan's needs.
    """

    problem: ScheduleProblem
    arrays: Queue
    more_units: int


@dataclass(frozen=True, kw_only=True)
class HitPlaces:
    """The exposed assets as the queue sees them: jobs by asset and state, what they wait for.

    Attributes
    ----------
    jobs : by asset and state
        None where the state leaves the asset whole.
    waits : by asset
        Positions of the assets whose repair comes before, if these are out altogether.
    """

    jobs: tuple[tuple[RepairJob | None, ...], ...] = ()
    waits: tuple[tuple[int, ...], ...] = ()


def prepare_repairs(
    plan: RestorationPlan, *, more: Sequence[RepairJob] = (), until_h: float = 0.0
) -> ScheduleProblem:
    """The jobs of ``plan`` as its executions call them.

    Parameters
    ----------
    more
        Jobs that may come: their spares are told of as well.
    until_h
        When the last of them may come, hours after the as-of time: the crews' calendar goes
        beyond it.
    """
    jobs = make_jobs(plan.state, plan.resources, durations=plan.config.durations)
    days = plan.config.horizon_days
    if more:
        days = days or needed_days(jobs, plan.resources, as_of=plan.state.as_of)
        days = min(max(days, int(until_h / 24) + MARGIN_D), MOST_DAYS)
    return make_problem(
        jobs,
        plan.resources,
        as_of=plan.state.as_of,
        zone=plan.state.network.manifest.zone,
        horizon_days=days,
        more_spares={spare for job in more for spare in job.spares},
    )


def prepare_queue(
    problem: ScheduleProblem,
    order: Sequence[str],
    *,
    job_asset: IntArray,
    out_jobs: BoolArray,
    places: HitPlaces,
) -> RepairQueue:
    """The queue of a plan whose jobs are called in ``order`` (job ids).

    Parameters
    ----------
    job_asset : (J,) int
        Position of what each job repairs among the assets, -1 for nothing that counts.
    out_jobs : (J,) bool
        See :func:`list_out_jobs`.
    """
    position = {job.id: j for j, job in enumerate(problem.jobs)}
    crews, spares = problem.resources.crews, problem.spares
    some = [next((job for job in row if job is not None), None) for row in places.jobs]
    need = [Counter(job.spares if job else ()) for job in some]
    mean = [[job.duration.mean_h if job else 0.0 for job in row] for row in places.jobs]
    states = len(places.jobs[0]) if places.jobs else 1
    arrays = Queue(
        order=np.array([position[job_id] for job_id in order], dtype=np.int64),
        farthest_h=problem.farthest_h,
        asset=job_asset,
        permanent=np.array([job.stage is RepairStage.PERMANENT for job in problem.jobs], np.bool_),
        out_job=out_jobs,
        spare_first=problem.need.sum(axis=0),
        job_km=_places(problem.jobs),
        depot_km=np.array([(crew.x_km, crew.y_km) for crew in crews], np.float64).reshape(-1, 2),
        entry_km=_places(some),
        hours_per_km=np.array([DETOUR / crew.speed_kmh for crew in crews], dtype=np.float64),
        able=_able_crews(some, crews),
        expected_h=np.array(mean, dtype=np.float64).reshape(len(some), states),
        need=np.array([[c[spare] for spare in spares] for c in need], dtype=np.int64).reshape(
            len(some), len(spares)
        ),
        wait_first=np.cumsum([0, *map(len, places.waits)], dtype=np.int64),
        wait=np.array([asset for found in places.waits for asset in found], dtype=np.int64),
    )
    return RepairQueue(
        problem=problem, arrays=arrays, more_units=MOST_UNITS if arrays.need.any() else 0
    )


def _able_crews(jobs: Sequence[RepairJob | None], crews: Sequence[Crew]) -> BoolArray:
    """Which crew can do which job (C, n)."""
    able = [
        [False if job is None else is_able(crew.skills, crew.size, job=job) for job in jobs]
        for crew in crews
    ]
    return np.array(able, dtype=np.bool_).reshape(len(crews), len(jobs))


def _places(jobs: Sequence[RepairJob | None]) -> FloatArray:
    places = [(job.x_km, job.y_km) if job else (0.0, 0.0) for job in jobs]
    return np.array(places, dtype=np.float64).reshape(-1, 2)


def list_out_jobs(jobs: Sequence[RepairJob], *, out: frozenset[str]) -> BoolArray:
    """Whether each job is the first to leave capacity to an asset of ``out``, which has none."""
    temporary = {job.asset for job in jobs if job.stage is RepairStage.TEMPORARY}
    return np.array(
        [
            job.asset in out
            and job.stage
            is (RepairStage.TEMPORARY if job.asset in temporary else RepairStage.PERMANENT)
            for job in jobs
        ],
        dtype=np.bool_,
    )


def execute_repairs(
    queue: RepairQueue,
    samples: WordArray,
    *,
    seed: int,
    times: HitTimes,
    hit_asset: IntArray,
    hit_out: BoolArray,
) -> Executed:
    """The executions of ``samples``, with the further damage of each.

    Parameters
    ----------
    hit_asset : (m,) int
        Position of what is hit among the assets.
    hit_out : (m,) bool
        The hit leaves it nothing.
    """
    problem, n = queue.problem, len(samples)
    normals = stream_normals(samples, seed=seed)
    hits = times.hits
    draws = Draws(
        work_h=sample_work(
            problem.jobs, n=n, seed=seed, worked_h=problem.worked_h, normals=normals
        ),
        release_h=sample_release(problem.jobs, n=n, seed=seed, normals=normals),
        unit_times_h=sample_unit_times(
            problem, n=n, seed=seed, normals=normals, beyond=queue.more_units
        ),
        first=hits.first,
        at_h=hits.at_h,
        ready_h=times.ready_h,
        hit_work_h=times.work_h,
        entry=hits.entry,
        state=hits.state,
        asset=hit_asset,
        out=hit_out,
    )
    return execute_queue(queue.arrays, draws, problem.given)


def stream_normals(samples: WordArray, *, seed: int) -> Normals:
    """Standard normals by what is drawn and its name, one for each of ``samples``."""

    def draw(what: str, name: str) -> FloatArray:
        component = np.array([component_number(f"repair {what}: {name}")], dtype=np.uint64)
        drawn = draw_rows(as_word(seed), samples, component, 1)[:, 0, 0]
        return np.asarray(ndtri(np.maximum(drawn, LEAST_SHARE)))

    return draw
