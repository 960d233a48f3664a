"""Compiled: the hours of one simulated future in which storages give or take.

Storages are used by time-to-go (:mod:`gridtool.forecast.adequacy.storage_kernel`), island by
island. Dropping the limits of the core network leaves a relaxation with a closed solution: the
least shed that all supply and all that can be discharged allow, as little discharge as that
takes, and as much charge as what is left over allows. Where some split of generation keeps the
limits with it, it is the dispatch; other hours are left to a linear program.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.parametric_kernel import supply_shortage
from gridtool.flow.served_kernel import CaseArrays, fit_generation
from gridtool.flow.stage_grid_kernel import CellPlaces, Grid, prepare_grid
from gridtool.flow.stage_share_kernel import share_load
from gridtool.forecast.adequacy.storage_kernel import Stores
from gridtool.forecast.simulate.storage_levels_kernel import (
    Fleet,
    FutureHours,
    age_stored,
    levels_to_discharge,
    powered_stores,
    stay_idle,
    store_energy,
    use_storages,
)

__all__ = ["Answers", "Fleet", "FutureStages", "run_future"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FutureStages = tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]
"""First hour, end, state of the parts (k,), source ratings (k, G), import limit (k,), MW."""
Answers = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""By district and tier (H, 2 D), by class (H, C), short of supply (H,), MW; stored (H, S), MWh."""
Supply = tuple[FloatArray, FloatArray, IntArray, IntArray]
"""Rating of each source, storages 0 (K,), and what the others give each island (I,), MW; island
(-1: none that is energised) and core node of each storage (S,)."""
Hour = tuple[float, float, float]
"""Demand factor, import limit, tolerance of flows, MW."""


@numba.njit(cache=True)
def _supply_of(fleet: Fleet, grid: Grid, stage: tuple[FloatArray, float]) -> Supply:
    """Supply of a stage, from the ratings of its sources (G,) and its import limit, MW."""
    position, most, island, infeed, node = grid[2]
    rating = np.empty(most.shape[0])
    units, infeeds = np.zeros(grid[0][3].shape[0]), np.zeros(grid[0][3].shape[0])
    found = np.full(fleet[1].shape[0], -1, np.int64)
    at = np.zeros(fleet[1].shape[0], np.int64)
    for k in range(most.shape[0]):
        rating[k] = min(most[k], stage[0][position[k]])
        for s in range(fleet[1].shape[0]):
            if fleet[1][s] == position[k]:
                rating[k] = 0.0
                found[s], at[s] = island[k], node[k]
        if infeed[k]:
            infeeds[island[k]] += rating[k]
        else:
            units[island[k]] += rating[k]
    return rating, units + np.minimum(infeeds, stage[1]), found, at


@numba.njit(cache=True)
def _take(
    factor: float, share: FloatArray, shed: FloatArray, grid: Grid
) -> tuple[FloatArray, FloatArray]:
    """Load served by island (I,) and by core node (C,), MW."""
    load, caps, _, _, core_island = grid
    need = np.zeros(share.shape[0])
    taken = np.zeros(core_island.shape[0])
    for tier in range(2):
        for node in range(core_island.shape[0]):
            taken[node] += load[2][node, tier] * (factor * (1.0 - share[core_island[node], tier]))
        for i in range(share.shape[0]):
            need[i] += load[0][i, tier] * (factor * (1.0 - share[i, tier]))
        for a in range(shed.shape[0]):
            given = caps[3][a, tier] * factor - shed[a, tier]
            taken[caps[1][a]] += given
            need[caps[0][a]] += given
    return need, taken


@numba.njit(cache=True)
def _count_hour(
    factor: float,
    share: FloatArray,
    shed: FloatArray,
    grid: Grid,
    out: tuple[FloatArray, FloatArray],
) -> None:
    """Write what is shed in an hour, and what no dispatch serves, by place."""
    load, caps, _, _, _ = grid
    places = load[4] * factor
    for tier in range(2):
        for i in range(share.shape[0]):
            places += load[1][i, tier] * (share[i, tier] * factor)
        for a in range(shed.shape[0]):
            if shed[a, tier] > 0.0:
                places += caps[4][a, tier] * (shed[a, tier] / caps[3][a, tier])
    out[0][:] = places[: out[0].shape[0]]
    out[1][:] = places[out[0].shape[0] :]


@numba.njit(cache=True)
def _short_of_supply(
    hour: Hour, grid: Grid, rating: FloatArray, storage: tuple[FloatArray, IntArray]
) -> float:
    """Load that no network could serve, storages giving all they can now, MW."""
    _, _, island, infeed, _ = grid[2]
    most, at = storage
    count = island.shape[0]
    theta = np.empty((1, 3 + count + at.shape[0]))
    theta[0, 0], theta[0, 1], theta[0, 2] = 1.0, hour[0], hour[1]
    theta[0, 3 : 3 + count] = rating
    theta[0, 3 + count :] = np.where(at >= 0, most, 0.0)
    islands = np.concatenate((island, np.maximum(at, 0)))
    infeeds = np.concatenate((infeed, np.zeros(at.shape[0], np.bool_)))
    short: float = supply_shortage(theta, grid[0][3], (islands, infeeds))[0]
    return short


@numba.njit(cache=True)
def _answer_hour(
    hour: Hour,
    sources: Supply,
    powered: tuple[Stores, BoolArray],
    grid: Grid,
    stored: FloatArray,
    out: tuple[FloatArray, FloatArray, FloatArray],
) -> bool:
    """Answer an hour and change what is stored, if the closed form keeps the limits."""
    stores, off = powered
    load, caps, (_, _, source_island, infeed, at), core, _ = grid
    rating, plain, island, node = sources
    off = off | (island < 0)
    able = levels_to_discharge(stores, stored, off).most
    supply = plain.copy()
    for s in range(island.shape[0]):
        if island[s] >= 0:
            supply[island[s]] += able[s]
    share, shed = share_load(hour[0], supply, load, caps)
    need, taken = _take(hour[0], share, shed, grid)
    need = np.minimum(need, supply)
    charged, given = use_storages((stores, off), stored, need - plain, island)
    for s in range(island.shape[0]):
        if island[s] >= 0:
            need[island[s]] += charged[s] - given[s]
            taken[node[s]] += charged[s] - given[s]
    kinds = (rating, source_island, infeed)
    no_pattern = np.zeros((0, rating.shape[0]))
    most = np.array([hour[1], hour[2]])
    if fit_generation(core, (kinds, at, no_pattern), (need, taken), most) < 0:
        return False
    _count_hour(hour[0], share, shed, grid, (out[0], out[1]))
    out[2][0] = _short_of_supply(hour, grid, rating, (able, island))
    store_energy(stores, stored, charged, given)
    return True


@numba.njit(cache=True)
def run_future(
    network: tuple[CaseArrays, CellPlaces, FloatArray],
    stages: FutureStages,
    fleet: Fleet,
    hours: FutureHours,
    state: tuple[int, FloatArray],
    out: Answers,
    tolerance: float,
) -> tuple[int, int]:
    """Answer hours from the first on, until one has no closed form.

    Parameters
    ----------
    network
        The case, where its cells count, and the states of the parts.
    state
        The first hour, and what is stored before it (S,), which is changed: to what is stored
        at the end, or at the beginning of the hour returned.
    out
        Answers, which hold those without storages; hours that storages change are overwritten.

    Returns
    -------
    hour, stage
        The hour without a closed form and its stage, or the number of hours and -1.
    """
    case, cells, part_shares = network
    first, end, parts, source_mw, import_mw = stages
    begin, stored = state
    factor = hours[0]
    top = factor.max() if factor.size else 0.0
    for k in range(first.shape[0]):
        if end[k] <= begin:
            continue
        stores, dead = powered_stores(fleet, source_mw[k])
        h = stay_idle((stores, dead), (max(first[k], begin), end[k]), hours, stored, out[3])
        if h >= end[k]:
            continue
        grid = prepare_grid(case, part_shares[parts[k]], cells, top)
        sources = _supply_of(fleet, grid, (source_mw[k], import_mw[k]))
        while h < end[k]:
            stored[:] = age_stored(stores, stored, h)
            hour = (factor[h], import_mw[k], tolerance)
            answers = (out[0][h], out[1][h], out[2][h : h + 1])
            if not _answer_hour(hour, sources, (stores, dead), grid, stored, answers):
                return h, k
            out[3][h] = stored
            h = stay_idle((stores, dead), (h + 1, end[k]), hours, stored, out[3])
    return factor.shape[0], -1
