"""What the futures are drawn from, alike for all samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase
from gridtool.forecast.model import ForecastConfig, FurtherDamage
from gridtool.forecast.simulate.asset_levels import AssetLevels, list_levels
from gridtool.forecast.simulate.further_damage import (
    check_further_damage,
    list_hit_shares,
    prepare_statement,
)
from gridtool.forecast.simulate.further_damage_kernel import Statement
from gridtool.forecast.simulate.further_work import FurtherWork, find_hit_waits, prepare_work
from gridtool.forecast.simulate.import_limits import ImportAllocation, read_import_allocation
from gridtool.forecast.simulate.mobile import MobileStays, PlacedCase, place_units
from gridtool.forecast.simulate.outages import (
    ForcedOutages,
    read_forced_outages,
    season_by_month,
)
from gridtool.forecast.simulate.repairs import (
    HitPlaces,
    RepairQueue,
    list_out_jobs,
    prepare_queue,
    prepare_repairs,
)
from gridtool.restoration.model import RepairJob, RestorationPlan
from gridtool.restoration.schedule.problem import ScheduleProblem
from gridtool.timegrid import TimeGrid

__all__ = ["FurtherInputs", "FutureInputs", "prepare_futures"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class FurtherInputs:
    """Further damage of e exposed assets in s damage states.

    Attributes
    ----------
    asset : (e,) int
        Position among the assets of the levels.
    level : (e, s) int
        What a hit leaves at most.
    top : (e,) int
        The level of the asset intact.
    out : (e, s) bool
        The hit leaves nothing.
    """

    statement: Statement
    work: FurtherWork
    asset: IntArray
    level: IntArray
    top: IntArray
    out: BoolArray


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
    further
        None: nothing more is damaged.
    stays
        Of mobile units.
    stay_asset : (T,) int
        The part of each stay, a position among the assets of the levels.
    brought : (G,) bool
        Sources that mobile units bring.
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
    further: FurtherInputs | None
    stays: MobileStays
    stay_asset: IntArray
    brought: BoolArray
    later_h: float
    slip_h: float

    @property
    def hours(self) -> int:
        """Hours of a future."""
        return int(self.month_first[-1])


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
        Of the state's network, or already with the parts of the plan's mobile units
        (:func:`gridtool.forecast.simulate.mobile.place_units`). Dispatch that of the result,
        which has them.

    Raises
    ------
    InputError
        If the further damage cannot be drawn from.
    """
    later_h = (grid.start - state.as_of) / HOUR
    stated = config.further_damage
    if stated is not None:
        check_further_damage(stated, state.network)
        stated = stated if stated.rate_per_month > 0 else None
    shares = list_hit_shares(stated, state.network) if stated is not None else {}
    work = _prepare_work(stated, state, plan, shares=shares)
    problem = None
    if plan is not None:
        more = [job for row in work.jobs for job in row if job] if work else []
        problem = prepare_repairs(plan, more=more, until_h=later_h + grid.hours)
    jobs = problem.jobs if problem else ()
    placed = place_units(state, plan, case, job_ids=[job.id for job in jobs])
    outages, notes = read_forced_outages(placed.network, placed.case)
    levels = _list_levels(state, placed, problem, shares=shares)
    job_asset, job_level = _place_jobs(problem, levels)
    inputs = FutureInputs(
        case=placed.case,
        seed=seed,
        month_first=np.append(
            np.flatnonzero(np.diff(grid.month_index, prepend=-1)), grid.hours
        ).astype(np.int64),
        available=season_by_month(placed.network, placed.case, grid=grid),
        outages=outages,
        allocation=read_import_allocation(state.network, grid=grid),
        import_change_mw=config.import_change_mw,
        levels=levels,
        queue=_prepare_queue(state, plan, problem, levels, job_asset=job_asset, work=work),
        job_asset=job_asset,
        job_level=job_level,
        further=_prepare_further(stated, work, levels, shares=shares),
        stays=placed.stays,
        stay_asset=_find_positions(levels, placed.parts)[placed.stays.part],
        brought=np.array(
            [source in placed.parts for source in placed.case.source_ids], dtype=np.bool_
        ),
        later_h=later_h,
        slip_h=config.slip_h,
    )
    return inputs, (*notes, *_list_unrepaired(state, plan, inputs))


def _prepare_work(
    stated: FurtherDamage | None,
    state: GridState,
    plan: RestorationPlan | None,
    *,
    shares: Mapping[str, tuple[float, ...]],
) -> FurtherWork | None:
    if stated is None:
        return None
    return prepare_work(
        stated,
        state,
        shares=shares,
        declared=plan.resources.repairs if plan else (),
        durations=plan.config.durations if plan else "hazus",
    )


def _list_levels(
    state: GridState,
    placed: PlacedCase,
    problem: ScheduleProblem | None,
    *,
    shares: Mapping[str, tuple[float, ...]],
) -> AssetLevels:
    """Levels of what is damaged, of what may be hit, and of what mobile units bring."""
    now = {asset: damage.capacity_share for asset, damage in state.damage.items()}

    def others() -> Iterator[tuple[str, float]]:
        for job in problem.jobs if problem else ():
            if job.asset in now:
                yield job.asset, job.capacity_after
        for asset, found in shares.items():
            for share in found:
                yield asset, share

    return list_levels(state.network, placed.case, now=now, others=others(), brought=placed.parts)


def _find_positions(levels: AssetLevels, assets: Iterable[str]) -> IntArray:
    position = levels.position()
    return np.array([position[asset] for asset in assets], dtype=np.int64)


def _place_jobs(problem: ScheduleProblem | None, levels: AssetLevels) -> tuple[IntArray, IntArray]:
    """Asset (-1: none that is damaged or exposed) and level after each job."""
    jobs = problem.jobs if problem else ()
    position = levels.position()
    asset = np.array([position.get(job.asset, -1) for job in jobs], dtype=np.int64)
    for j, job in enumerate(jobs):
        if asset[j] >= 0 and min(job.capacity_after, 1.0) not in levels.shares[asset[j]]:
            asset[j] = -1  # a repair of what is not damaged by this state
    level = [
        levels.level(at, job.capacity_after) if at >= 0 else 0
        for at, job in zip(asset.tolist(), jobs, strict=True)
    ]
    return asset, np.array(level, dtype=np.int64)


def _prepare_queue(
    state: GridState,
    plan: RestorationPlan | None,
    problem: ScheduleProblem | None,
    levels: AssetLevels,
    *,
    job_asset: IntArray,
    work: FurtherWork | None,
) -> RepairQueue | None:
    if plan is None or problem is None:
        return None
    places = HitPlaces()
    if work is not None:
        assets = state.network.assets
        known = {asset: at for asset, at in levels.position().items() if asset in assets}
        waits = find_hit_waits(state, work.assets, known=known)
        places = HitPlaces(jobs=work.jobs, waits=waits)
    out = frozenset(asset for asset, damage in state.damage.items() if damage.capacity_share <= 0.0)
    return prepare_queue(
        problem,
        plan.order,
        job_asset=job_asset,
        out_jobs=list_out_jobs(problem.jobs, out=out),
        places=places,
    )


def _prepare_further(
    stated: FurtherDamage | None,
    work: FurtherWork | None,
    levels: AssetLevels,
    *,
    shares: Mapping[str, tuple[float, ...]],
) -> FurtherInputs | None:
    if stated is None or work is None:
        return None
    at = _find_positions(levels, shares)
    level = [
        [levels.level(place, share) for share in found]
        for place, found in zip(at.tolist(), shares.values(), strict=True)
    ]
    return FurtherInputs(
        statement=prepare_statement(stated, shares),
        work=work,
        asset=at,
        level=np.array(level, dtype=np.int64),
        top=np.array([len(levels.shares[place]) - 1 for place in at.tolist()], dtype=np.int64),
        out=np.array(list(shares.values()), dtype=np.float64) <= 0.0,
    )


def _list_unrepaired(
    state: GridState, plan: RestorationPlan | None, inputs: FutureInputs
) -> list[str]:
    """What is never repaired, in words."""
    notes = []
    if plan is None and state.damage:
        notes.append("no restoration plan: what is damaged stays so")
    if inputs.further is None:
        return notes
    if plan is None or inputs.queue is None:
        return [*notes, "no restoration plan: further damage is not repaired"]
    able = np.asarray(inputs.queue.arrays.able.any(axis=0), dtype=np.bool_)
    jobs: list[RepairJob] = [
        job
        for row, can in zip(inputs.further.work.jobs, list(able), strict=True)
        for job in row
        if job is not None and not can
    ]
    if jobs:
        skills = sorted({", ".join(job.skills) for job in jobs})
        notes.append(
            "further damage that no crew can repair stays so: it takes the skills "
            + "; ".join(skills)
        )
    return notes
