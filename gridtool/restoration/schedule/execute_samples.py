"""What is random in the execution of a plan: work, lead times and arrivals of spares.

Each of them has its own stream, keyed by the seed and its own name, so that sample i depends on
nothing but these: not on how many samples are drawn, nor on what else is damaged or on its way.
What-ifs share their random numbers by it.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import RepairJob, SpareArrival
from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.restoration.work.durations import Z90, draw_remaining

__all__ = ["sample_arrival", "sample_release", "sample_unit_times", "sample_work"]

FloatArray = npt.NDArray[np.float64]

HOUR = timedelta(hours=1)
_WORK_STREAM = 0xC0DE << 32
_LEAD_STREAM = 0x1EAD << 32
_SPARE_STREAM = 0x5BA3 << 32


def sample_work(
    jobs: Sequence[RepairJob], *, n: int, seed: int, worked_h: FloatArray | None = None
) -> FloatArray:
    """Working hours (n, n_jobs), lognormal; what is left of them of a started job.

    Parameters
    ----------
    worked_h : (n_jobs,), optional
        Hours worked on started jobs until now, which the work is known to exceed.
    """
    work = np.empty((n, len(jobs)))
    for j, job in enumerate(jobs):
        normal = _stream(_WORK_STREAM, job.id, seed=seed).standard_normal(n)
        worked = 0.0 if worked_h is None else float(worked_h[j])
        work[:, j] = draw_remaining(job.duration, worked, normal=normal)
    return work


def sample_release(jobs: Sequence[RepairJob], *, n: int, seed: int) -> FloatArray:
    """Hours (n, n_jobs) after which the equipment made for each job is there; 0 for none."""
    release = np.zeros((n, len(jobs)))
    for j, job in enumerate(jobs):
        if job.lead is not None and job.started is None:
            normal = _stream(_LEAD_STREAM, job.id, seed=seed).standard_normal(n)
            release[:, j] = draw_remaining(job.lead, 0.0, normal=normal)
    return release


def sample_unit_times(problem: ScheduleProblem, *, n: int, seed: int) -> FloatArray:
    """Hours (n, S, U) at which each unit of a spare is there, sorted; infinite beyond them.

    All units of an arrival come together.
    """
    times = np.full((n, *problem.unit_times_h.shape), np.inf)
    for row, spare in enumerate(problem.spares):
        most = int(problem.need[:, row].sum())
        units = [np.zeros((n, min(problem.resources.stock.get(spare, 0), most)))]
        named: Counter[str] = Counter()
        for arrival in problem.resources.arrivals:
            if arrival.spare == spare:
                name = f"{spare}#{named[spare]}"
                named[spare] += 1
                normal = _stream(_SPARE_STREAM, name, seed=seed).standard_normal(n)
                hours = sample_arrival(arrival, as_of=problem.as_of, normal=normal)
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


def _stream(stream: int, name: str, *, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, stream | zlib.crc32(name.encode())]))
