"""What happens in each sampled future, everything but demand.

Parts fail and come back, repairs finish, mobile units come and go, and the import that is
allowed changes by month. Between two such events only demand changes: a stage. All numbers depend
on (seed, sample, component) only, so that a chunk of samples does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Stages
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.simulate.asset_levels import AssetLevels, list_levels
from gridtool.forecast.simulate.futures_kernel import Calendar, Chains, World, merge_stages
from gridtool.forecast.simulate.import_limits import (
    ImportAllocation,
    draw_import_limits,
    read_import_allocation,
)
from gridtool.forecast.simulate.levels_kernel import Hits, Works, find_level_events
from gridtool.forecast.simulate.outages import (
    ForcedOutages,
    read_forced_outages,
    season_by_month,
)
from gridtool.forecast.simulate.repairs import RepairQueue, execute_repairs, prepare_repairs
from gridtool.forecast.simulate.state_table_kernel import fill_shares
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import FRESH
from gridtool.restoration.model import RestorationPlan
from gridtool.timegrid import TimeGrid

__all__ = ["FutureInputs", "draw_futures", "prepare_futures"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class FutureInputs:
    """Everything that the futures are drawn from; its size does not depend on their number.

    Attributes
    ----------
    case
        The case to dispatch: with the parts that mobile units bring.
    month_first : (M + 1,) int
        Hour at which each month begins; the last is the number of hours.
    available : (M, G) bool
        Sources available in the month (heating season).
    queue
        None: nothing is repaired.
    job_asset, job_level : (J,) int
        Asset (-1: none that counts) and level that each job of the queue brings about.
    later_h
        Hours from the as-of time to the first hour.
    slip_h
        Hours by which every repair ends later.
    """

    case: CompiledCase
    seed: int
    month_first: IntArray
    available: BoolArray
    outages: ForcedOutages
    allocation: ImportAllocation
    import_change_mw: float
    levels: AssetLevels
    queue: RepairQueue | None
    job_asset: IntArray
    job_level: IntArray
    later_h: float
    slip_h: float


def prepare_futures(
    state: GridState,
    plan: RestorationPlan | None,
    case: CompiledCase,
    *,
    grid: TimeGrid,
    config: ForecastConfig,
    seed: int,
) -> tuple[FutureInputs, tuple[str, ...]]:
    """What the futures of ``state`` are drawn from, and what had to be assumed, in words.

    Parameters
    ----------
    plan
        The repairs; without a plan nothing is repaired.
    case
        Of the state's network. Dispatch that of the result, which may have more parts.
    """
    outages, notes = read_forced_outages(state.network, case)
    if plan is None and state.damage:
        notes = (*notes, "no restoration plan: what is damaged stays so")
    queue = prepare_repairs(plan) if plan is not None else None
    now = {asset: damage.capacity_share for asset, damage in state.damage.items()}
    levels = list_levels(
        state.network, case, now=now, others=list(_list_job_shares(queue, known=now))
    )
    job_asset, job_level = _place_jobs(queue, levels)
    inputs = FutureInputs(
        case=case,
        seed=seed,
        month_first=np.append(
            np.flatnonzero(np.diff(grid.month_index, prepend=-1)), grid.hours
        ).astype(np.int64),
        available=season_by_month(state.network, case, grid=grid),
        outages=outages,
        allocation=read_import_allocation(state.network, grid=grid),
        import_change_mw=config.import_change_mw,
        levels=levels,
        queue=queue,
        job_asset=job_asset,
        job_level=job_level,
        later_h=(grid.start - state.as_of) / HOUR,
        slip_h=config.slip_h,
    )
    return inputs, notes


def _list_job_shares(
    queue: RepairQueue | None, *, known: dict[str, float]
) -> Iterator[tuple[str, float]]:
    """Asset and share of rating after each job that repairs what is ``known`` to be damaged."""
    for job in queue.problem.jobs if queue else ():
        if job.asset in known:
            yield job.asset, job.capacity_after


def _place_jobs(queue: RepairQueue | None, levels: AssetLevels) -> tuple[IntArray, IntArray]:
    """Asset (-1: none that is damaged) and level after each job of the queue."""
    jobs = queue.problem.jobs if queue else ()
    position = levels.position()
    asset = np.array([position.get(job.asset, -1) for job in jobs], dtype=np.int64)
    level = [
        levels.level(at, job.capacity_after) if at >= 0 else 0
        for at, job in zip(asset.tolist(), jobs, strict=True)
    ]
    return asset, np.array(level, dtype=np.int64)


def draw_futures(
    inputs: FutureInputs, *, first: int, n: int, fresh: frozenset[str] = frozenset()
) -> Stages:
    """The stages of samples ``first`` to ``first + n - 1``.

    Parameters
    ----------
    fresh
        Groups of :data:`gridtool.forecast.streams.UNCERTAINTIES` that are drawn anew.
    """

    def numbers(group: str) -> WordArray:
        begin = first + (FRESH if group in fresh else 0)
        return np.arange(begin, begin + n, dtype=np.uint64)

    case, hours = inputs.case, int(inputs.month_first[-1])
    works = _execute(inputs, numbers("repairs"))
    events = find_level_events(
        works, _no_hits(n), inputs.levels.start, inputs.later_h, inputs.slip_h, hours
    )
    imports = draw_import_limits(
        inputs.allocation,
        numbers("imports"),
        seed=inputs.seed,
        change_mw=inputs.import_change_mw,
    )
    calendar = Calendar(
        first=inputs.month_first,
        rating_mw=case.source_max_mw * inputs.available,
        import_mw=imports,
        source_first=case.part_cuts[2],
    )
    arrays = inputs.levels.arrays
    world = World(
        levels=arrays,
        start=inputs.levels.start,
        chains=_lay_out_chains(inputs, numbers("outages")),
        calendar=calendar,
        codes=_draw_codes(case.part_count, len(arrays.values)),
    )
    table = merge_stages(events, world)
    stages = table.sizes[0]
    row, begin, end, parts = np.ascontiguousarray(table.stage[:, :stages])
    return Stages(
        row=row,
        first=begin,
        end=end,
        parts=parts,
        part_shares=fill_shares(table, arrays.values, case.part_count),
        source_mw=table.source_mw[:stages].copy(),
        import_mw=table.import_mw[:stages].copy(),
    )


def _execute(inputs: FutureInputs, samples: WordArray) -> Works:
    """The repairs of ``samples`` as they are carried out."""
    finish = np.empty((len(samples), 0))
    if inputs.queue is not None:
        finish = execute_repairs(inputs.queue, samples, seed=inputs.seed)
    none = np.empty((len(samples), 0))
    return Works(
        begin_h=np.zeros_like(finish),
        finish_h=finish,
        asset=inputs.job_asset,
        level=inputs.job_level,
        comes_h=none,
        goes_h=none,
        stay=np.empty(0, dtype=np.int64),
    )


def _no_hits(n: int) -> Hits:
    whole, real = np.empty(0, dtype=np.int64), np.empty(0)
    return Hits(
        first=np.zeros(n + 1, dtype=np.int64),
        at_h=real,
        asset=whole,
        level=whole,
        begin_h=real,
        finish_h=real,
        top=whole,
    )


def _lay_out_chains(inputs: FutureInputs, samples: WordArray) -> Chains:
    outages = inputs.outages
    of_part = np.full(inputs.case.part_count, -1, dtype=np.int64)
    of_part[outages.part] = np.arange(len(outages.part))
    return Chains(
        part=outages.part,
        p_fail=outages.p_fail,
        p_repair=outages.p_repair,
        stream=outages.stream,
        of_part=of_part,
        seed=as_word(inputs.seed),
        samples=samples,
    )


def _draw_codes(parts: int, values: int) -> WordArray:
    """Random words by part and share: names of states within a chunk, nothing else."""
    words, most = np.random.default_rng(0), np.iinfo(np.uint64).max
    return words.integers(most, size=(2, parts, values), dtype=np.uint64, endpoint=True)
