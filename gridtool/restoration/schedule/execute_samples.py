"""What is random in the execution of a plan: work, lead times and arrivals of spares.

Each of them has its own stream, keyed by the seed and its own name, so that sample i depends on
nothing but these: not on how many samples are drawn, nor on what else is damaged or on its way.
What-ifs share their random numbers by it. Who has streams of his own gives them as ``normals``.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import RepairJob, SpareArrival
from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.restoration.work.durations import Z90, draw_remaining

__all__ = ["Normals", "sample_arrival", "sample_release", "sample_unit_times", "sample_work"]

FloatArray = npt.NDArray[np.float64]

Normals = Callable[[str, str], FloatArray]
"""Standard normals (n,) by what is drawn ("work", "lead", "spare") and the name of its stream."""

HOUR = timedelta(hours=1)
_STREAMS = {"work": 0xC0DE << 32, "lead": 0x1EAD << 32, "spare": 0x5BA3 << 32}


def sample_work(
    jobs: Sequence[RepairJob],
    *,
    n: int,
    seed: int,
    worked_h: FloatArray | None = None,
    normals: Normals | None = None,
) -> FloatArray:
    """Working hours (n, n_jobs), lognormal; what is left of them of a started job.

    Parameters
    ----------
    worked_h : (n_jobs,), optional
        Hours worked on started jobs until now, which the work is known to exceed.
    normals
        Instead of the streams of ``seed``.
    """
    normals = normals or _make_normals(n, seed=seed)
    work = np.empty((n, len(jobs)))
    for j, job in enumerate(jobs):
        normal = normals("work", job.id)
        worked = 0.0 if worked_h is None else float(worked_h[j])
        work[:, j] = draw_remaining(job.duration, worked, normal=normal)
    return work


def sample_release(
    jobs: Sequence[RepairJob], *, n: int, seed: int, normals: Normals | None = None
) -> FloatArray:
    """Hours (n, n_jobs) after which the equipment made for each job is there; 0 for none."""
    normals = normals or _make_normals(n, seed=seed)
    release = np.zeros((n, len(jobs)))
    for j, job in enumerate(jobs):
        if job.lead is not None and job.started is None:
            release[:, j] = draw_remaining(job.lead, 0.0, normal=normals("lead", job.id))
    return release


def sample_unit_times(
    problem: ScheduleProblem,
    *,
    n: int,
    seed: int,
    normals: Normals | None = None,
    beyond: int = 0,
) -> FloatArray:
    """Hours (n, S, U) at which each unit of a spare is there, sorted; infinite beyond them.

    All units of an arrival come together.

    Parameters
    ----------
    beyond
        Units of each spare to tell of beyond those that the jobs need.
    """
    normals = normals or _make_normals(n, seed=seed)
    spares, width = problem.unit_times_h.shape
    times = np.full((n, spares, width + beyond), np.inf)
    for row, spare in enumerate(problem.spares):
        most = int(problem.need[:, row].sum()) + beyond
        units = [np.zeros((n, min(problem.resources.stock.get(spare, 0), most)))]
        named: Counter[str] = Counter()
        for arrival in problem.resources.arrivals:
            if arrival.spare == spare:
                name = f"{spare}#{named[spare]}"
                named[spare] += 1
                hours = sample_arrival(arrival, as_of=problem.as_of, normal=normals("spare", name))
                units.append(np.repeat(hours[:, None], min(arrival.quantity, most), axis=1))
        found = np.sort(np.concatenate(units, axis=1), axis=1)[:, :most]
        times[:, row, : found.shape[1]] = found
    return times


def sample_arrival(arrival: SpareArrival, *, as_of: datetime, normal: FloatArray) -> FloatArray:
    """Hours after ``as_of`` at which spares arrive, from standard normal draws; later for larger.

    Lognormal with the announced date as the median and ``latest_at`` as P90. Where they should
    have been there already: exponential with ``latest_at`` as P90.
    """
    announced_h = (arrival.arrives_at - as_of) / HOUR
    latest_h = announced_h if arrival.latest_at is None else (arrival.latest_at - as_of) / HOUR
    if latest_h <= max(announced_h, 0.0):
        return np.full(normal.shape, max(announced_h, 0.0))
    if announced_h <= 0.0:
        from scipy.special import log_ndtr

        return np.asarray(-log_ndtr(-normal) * latest_h / math.log(10.0))
    return np.asarray(announced_h * np.exp(math.log(latest_h / announced_h) / Z90 * normal))


def _make_normals(n: int, *, seed: int) -> Normals:
    """The first ``n`` numbers of each stream of ``seed``."""

    def draw(what: str, name: str) -> FloatArray:
        key = [seed, _STREAMS[what] | zlib.crc32(name.encode())]
        stream = np.random.Generator(np.random.Philox(key=key))
        return stream.standard_normal(n)

    return draw
