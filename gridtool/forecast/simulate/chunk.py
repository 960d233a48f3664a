"""A chunk of simulated futures: demand, outages, imports, repairs and the dispatch of each hour.

Hours of all samples of the chunk are gathered by topology, so that each topology is prepared
once. A chunk's numbers depend on the seed and its samples only, never on other chunks: the same
bytes come out for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import ORDINARY, CompiledCase
from gridtool.flow.parametric import ParametricDispatch, ParametricResult
from gridtool.flow.topology import apply_shares
from gridtool.forecast.model import DemandModel
from gridtool.forecast.simulate.repair_stages import DamageEffects, find_stages, unit_returns
from gridtool.forecast.simulate.supply import (
    ImportAllocation,
    UnitOutages,
    draw_import_limits,
    draw_units_up,
)
from gridtool.timegrid import TimeGrid

__all__ = ["OVER_H", "ChunkSums", "SimulationInputs", "daily_hours_off", "simulate_chunk"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TOLERANCE_MW = 1e-6
"""Load equal to capacity is no shortage: less than this unserved counts as none."""
OVER_H = (4.0, 8.0, 12.0)
"""Hours off a day that a planner asks about."""
BLOCK_HOURS = 100_000
CAUSES = 3


@dataclass(frozen=True, kw_only=True)
class SimulationInputs:
    """Everything a worker needs, alike for all chunks.

    Attributes
    ----------
    district_peak_mw : (D, 2)
        Demand at the reference peak by district and tier.
    repaired_at : (samples, a) int
        First hour of the grid in which each step of the damage is repaired.
    outages
        Of the case's units, in the order of ``unit_at``.
    unit_at : (g,) int
        Position of each unit among the case's sources.
    in_season : (hours, g) bool
    """

    case: CompiledCase
    grid: TimeGrid
    demand: DemandModel
    peak_mw: float
    district_peak_mw: FloatArray
    effects: DamageEffects
    repaired_at: IntArray
    outages: UnitOutages
    unit_at: IntArray
    in_season: BoolArray
    allocation: ImportAllocation
    seed: int


@dataclass(frozen=True, kw_only=True)
class ChunkSums:
    """Sums of a chunk of n samples over M months, D districts and the city (last of D + 1).

    Attributes
    ----------
    unserved_mwh : (n, M, D + 1, 2)
        By tier.
    factor_h : (n, M)
        Sum of the demand factor over the hours of the month.
    short_h, short_d : (n, M, D + 1)
        Hours and days with a shortage.
    over_d : (M, D + 1, 3)
        Days with more than each of ``OVER_H`` hours off, summed over samples.
    cause_mwh : (n, M, 3)
        Supply, network, delivery.
    city_hours_off : (n, days)
        Hours off of an ordinary customer of the city by day.
    city_factor : (n, days)
        Mean demand factor of the day.
    city_unserved_mwh : (n, days)
    """

    unserved_mwh: FloatArray
    factor_h: FloatArray
    short_h: FloatArray
    short_d: FloatArray
    over_d: FloatArray
    cause_mwh: FloatArray
    city_hours_off: FloatArray
    city_factor: FloatArray
    city_unserved_mwh: FloatArray


@dataclass(frozen=True, kw_only=True)
class _DaySums:
    """Sums by sample and local day, filled block by block: (n, days, ...)."""

    unserved_mwh: FloatArray
    short_h: FloatArray
    cause_mwh: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """Hours that share a topology: sample within the chunk and hour of the grid, (h,) each.

    ``source_share`` (h, G) is left of the sources by damage.
    """

    sample: IntArray
    hour: IntArray
    source_share: FloatArray


def simulate_chunk(inputs: SimulationInputs, *, first: int, n: int) -> ChunkSums:
    """Simulate samples ``first`` to ``first + n - 1``."""
    grid, seed = inputs.grid, inputs.seed
    paths = inputs.demand.simulate(n, grid=grid, seed=seed, first=first)
    factor = paths / inputs.peak_mw
    repaired_at = inputs.repaired_at[first : first + n]
    returns = unit_returns(inputs.effects, repaired_at)[:, inputs.unit_at]
    up = draw_units_up(inputs.outages, hours=grid.hours, returns_h=returns, seed=seed, first=first)
    up &= inputs.in_season
    imports = draw_import_limits(inputs.allocation, n=n, seed=seed, first=first)
    rating = inputs.case.source_max_mw
    unlimited = float(rating[inputs.case.source_infeed].sum())
    days = len(grid.days)
    districts = len(inputs.district_peak_mw)
    sums = _DaySums(
        unserved_mwh=np.zeros((n, days, districts, 2)),
        short_h=np.zeros((n, days, districts + 1)),
        cause_mwh=np.zeros((n, days, CAUSES)),
    )
    for shares, groups in _gather_topologies(inputs, repaired_at).items():
        solver = ParametricDispatch(inputs.case, apply_shares(inputs.case, dict(shares)))
        for hours in _take_blocks(groups, inputs.effects):
            source_mw = rating * hours.source_share
            source_mw[:, inputs.unit_at] *= up[hours.sample, hours.hour]
            limit = imports[hours.sample, grid.month_index[hours.hour]]
            found = solver.unserved(
                factor[hours.sample, hours.hour],
                source_max_mw=source_mw,
                import_limit_mw=np.minimum(limit, unlimited),
            )
            _add_hours(sums, found, hours=hours, day=grid.day_index[hours.hour])
    return _sum_months(sums, factor=factor, inputs=inputs)


_Group = list[tuple[int, int, int, int]]


def _gather_topologies(
    inputs: SimulationInputs, repaired_at: IntArray
) -> dict[tuple[tuple[str, float], ...], _Group]:
    """(sample, first, end, damaged) of every stage, by the parts that are damaged in it."""
    parts_of: dict[int, tuple[tuple[str, float], ...]] = {}
    groups: dict[tuple[tuple[str, float], ...], _Group] = {}
    for sample in range(len(repaired_at)):
        for stage in find_stages(repaired_at[sample], hours=inputs.grid.hours):
            parts = parts_of.get(stage.damaged)
            if parts is None:
                parts = tuple(sorted(inputs.effects.parts_left(stage.damaged).items()))
                parts_of[stage.damaged] = parts
            groups.setdefault(parts, []).append((sample, stage.first, stage.end, stage.damaged))
    return groups


def _take_blocks(group: _Group, effects: DamageEffects) -> Iterator[_Hours]:
    """The hours of a topology, at most about ``BLOCK_HOURS`` at a time, ordered by sample."""
    block: _Group = []
    size = 0
    for stage in group:
        block.append(stage)
        size += stage[2] - stage[1]
        if size >= BLOCK_HOURS:
            yield _lay_out(block, effects)
            block, size = [], 0
    if block:
        yield _lay_out(block, effects)


def _lay_out(block: _Group, effects: DamageEffects) -> _Hours:
    lengths = [end - first for _, first, end, _ in block]
    shares = np.stack([effects.sources_left(damaged) for *_, damaged in block])
    return _Hours(
        sample=np.repeat([sample for sample, *_ in block], lengths),
        hour=np.concatenate([np.arange(first, end) for _, first, end, _ in block]),
        source_share=np.repeat(shares, lengths, axis=0),
    )


def _add_hours(sums: _DaySums, found: ParametricResult, *, hours: _Hours, day: IntArray) -> None:
    """Add the hours of a block to the sums of their sample and day."""
    days = sums.short_h.shape[1]
    key = hours.sample * days + day
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    at = np.divmod(key[starts], days)
    unserved = found.unserved_mw
    np.add.at(sums.unserved_mwh, at, np.add.reduceat(unserved, starts, axis=0))
    by_district = unserved.sum(axis=2)
    short = np.column_stack([by_district, by_district.sum(axis=1)]) > TOLERANCE_MW
    np.add.at(sums.short_h, at, np.add.reduceat(short.astype(np.float64), starts, axis=0))
    causes = np.column_stack([found.supply_mw, found.network_mw, found.delivery_mw])
    np.add.at(sums.cause_mwh, at, np.add.reduceat(causes, starts, axis=0))


def _sum_months(sums: _DaySums, *, factor: FloatArray, inputs: SimulationInputs) -> ChunkSums:
    grid = inputs.grid
    day_starts = np.flatnonzero(np.diff(grid.day_index, prepend=-1))
    month_of_day = grid.month_index[day_starts]
    months = np.flatnonzero(np.diff(month_of_day, prepend=-1))
    factor_d = np.add.reduceat(factor, day_starts, axis=1)
    city = sums.unserved_mwh.sum(axis=2, keepdims=True)
    unserved = np.concatenate([sums.unserved_mwh, city], axis=2)
    ordinary = inputs.district_peak_mw[:, ORDINARY]
    ordinary = np.append(ordinary, ordinary.sum())
    off = daily_hours_off(unserved[..., ORDINARY], factor_h=factor_d, ordinary_mw=ordinary)
    over = np.stack([(off > limit).sum(axis=0) for limit in OVER_H], axis=-1)
    return ChunkSums(
        unserved_mwh=np.add.reduceat(unserved, months, axis=1),
        factor_h=np.add.reduceat(factor_d, months, axis=1),
        short_h=np.add.reduceat(sums.short_h, months, axis=1),
        short_d=np.add.reduceat((sums.short_h > 0).astype(np.float64), months, axis=1),
        over_d=np.add.reduceat(over.astype(np.float64), months, axis=0),
        cause_mwh=np.add.reduceat(sums.cause_mwh, months, axis=1),
        city_hours_off=off[:, :, -1],
        city_factor=factor_d / np.bincount(grid.day_index),
        city_unserved_mwh=city.sum(axis=(2, 3)),
    )


def daily_hours_off(
    ordinary_mwh: FloatArray, *, factor_h: FloatArray, ordinary_mw: FloatArray
) -> FloatArray:
    """24 x unserved ordinary energy / ordinary demand; NaN where there is no ordinary demand.

    Parameters
    ----------
    ordinary_mwh : (n, t, d)
    factor_h : (n, t)
        Sum of the demand factor over the hours of each period.
    ordinary_mw : (d,)
        Ordinary demand at the reference peak.
    """
    demand = factor_h[:, :, None] * ordinary_mw
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(demand > 0, 24.0 * ordinary_mwh / demand, np.nan)
