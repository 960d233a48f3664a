"""Simulated shortages hour by hour: areas, interfaces, storages and capacities by hour."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.areas_sampled_kernel import open_flow
from gridtool.forecast.adequacy.chains_kernel import Chains, Outages, draw_outages
from gridtool.forecast.adequacy.sampled_tally_kernel import (
    TOLERANCE_MW,
    Calendar,
    Sums,
    tally_sample,
)
from gridtool.forecast.adequacy.storage_areas_kernel import Room, dispatch_areas
from gridtool.forecast.adequacy.storage_kernel import (
    Levels,
    Stores,
    StoreState,
    level_amounts,
    open_levels,
    set_charge,
    set_discharge,
    store_charge,
    take_discharge,
    total_stored,
)

__all__ = ["Model", "Network", "StoreSums", "open_store_sums", "simulate_network"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_NOTHING_MW = 1e-9


class Network(NamedTuple):
    """Areas; the components of the chains are units, then links, then storages.

    Attributes
    ----------
    load_mw, fixed_mw : (A, H)
        Load, and what units that are never out give.
    unit_area : (U,) int
    capacity_first : (U + 1,) int
        Where the capacities of each unit begin in ``capacity_mw``: one, or one for each hour.
    link_from, link_to : (L,) int
    forward_mw, backward_mw : (L, H)
    """

    load_mw: FloatArray
    fixed_mw: FloatArray
    unit_area: IntArray
    capacity_first: IntArray
    capacity_mw: FloatArray
    link_from: IntArray
    link_to: IntArray
    forward_mw: FloatArray
    backward_mw: FloatArray


class Model(NamedTuple):
    """Everything that is alike in all samples."""

    network: Network
    stores: Stores
    chains: Chains
    calendar: Calendar


class _Margins(NamedTuple):
    """Supply less load by hour (H,), least of the areas and sum; whether a storage is out."""

    least: FloatArray
    total: FloatArray
    store_out: BoolArray


class _HourRoom(NamedTuple):
    """Where an hour is worked out: supply and load by area (2, A), links (A, A), unserved (A,)."""

    area_mw: FloatArray
    link_mw: FloatArray
    unserved: FloatArray
    search: Room
    margins: _Margins


class StoreSums(NamedTuple):
    """Of samples, by hour (H,): energy stored at its end, power nobody uses, their squares."""

    stored_mwh: FloatArray
    stored_squares: FloatArray
    surplus_mwh: FloatArray
    surplus_squares: FloatArray


def open_store_sums(hours: int) -> StoreSums:
    """Sums over the hours, all zero."""
    return StoreSums(np.zeros(hours), np.zeros(hours), np.zeros(hours), np.zeros(hours))


@numba.njit(cache=True)
def _open_room(areas: int, storages: int, hours: int) -> _HourRoom:
    margins = _Margins(np.zeros(hours), np.zeros(hours), np.zeros(hours, np.bool_))
    search = Room(
        open_flow(areas),
        open_flow(areas),
        open_levels(storages),
        np.zeros(storages),
        np.zeros(areas),
        np.zeros(areas),
    )
    return _HourRoom(
        np.zeros((2, areas)), np.zeros((areas, areas)), np.zeros(areas), search, margins
    )


@numba.njit(cache=True)
def _add_capacity(
    network: Network, supply: FloatArray, unit: int, begin: int, end: int, sign: float
) -> None:
    first = network.capacity_first[unit]
    area = network.unit_area[unit]
    if network.capacity_first[unit + 1] - first == 1:
        change = sign * network.capacity_mw[first]
        for hour in range(begin, end):
            supply[area, hour] += change
    else:
        for hour in range(begin, end):
            supply[area, hour] += sign * network.capacity_mw[first + hour]


@numba.njit(cache=True)
def _all_up(network: Network) -> FloatArray:
    """Supply (A, H) with all units up."""
    supply = network.fixed_mw.copy()
    for unit in range(network.unit_area.shape[0]):
        _add_capacity(network, supply, unit, 0, supply.shape[1], 1.0)
    return supply


@numba.njit(cache=True)
def _apply_outages(
    network: Network, outages: Outages, count: int, supply: FloatArray, out: BoolArray
) -> None:
    """Take units that are out from ``supply`` and mark links and storages in ``out``."""
    units = network.unit_area.shape[0]
    for k in range(count):
        unit, begin, end = outages.unit[k], outages.begin[k], outages.end[k]
        if unit < units:
            _add_capacity(network, supply, unit, begin, end, -1.0)
        else:
            out[unit - units, begin:end] = True


@numba.njit(cache=True)
def _limit_links(network: Network, hour: int, out: BoolArray, link_mw: FloatArray) -> None:
    link_mw[:] = 0.0
    for link in range(network.link_from.shape[0]):
        if not out[link, hour]:
            one, other = network.link_from[link], network.link_to[link]
            link_mw[one, other] += network.forward_mw[link, hour]
            link_mw[other, one] += network.backward_mw[link, hour]


@numba.njit(cache=True)
def _dispatch_alone(
    margin: float, stores: Stores, state: StoreState, levels: Levels, amounts: FloatArray
) -> tuple[float, float]:
    """One area in an hour: what lacks, and what neither load nor storage uses, MW."""
    spare = set_discharge(stores, state, levels)
    if margin < 0.0:
        given = 0.0
        if spare > 0.0:
            given = level_amounts(levels, -margin, amounts)
            take_discharge(stores, state.stored, amounts)
        return max(-margin - given, 0.0), max(spare - given, 0.0)
    if set_charge(stores, state, levels) > 0.0:
        margin -= level_amounts(levels, margin, amounts)
        store_charge(stores, state.stored, amounts)
    return 0.0, max(margin, 0.0) + spare


@numba.njit(cache=True)
def _begin_hour(stores: Stores, stored: FloatArray, hour: int) -> bool:
    """Lose what an hour costs; whether a storage has room."""
    open_stores = 0
    for k in range(stored.shape[0]):
        if hour > 0:
            stored[k] *= 1.0 - stores.loss_per_hour[k]
        open_stores += stored[k] < stores.energy_mwh[k]
    return open_stores > 0


@numba.njit(cache=True)
def _sum_margins(network: Network, supply: FloatArray, margins: _Margins) -> None:
    """Supply less load in all hours, in loops that become vector instructions."""
    hours = supply.shape[1]
    for hour in range(hours):
        margins.least[hour] = np.inf
        margins.total[hour] = 0.0
    for area in range(supply.shape[0]):
        for hour in range(hours):
            margin = supply[area, hour] - network.load_mw[area, hour]
            margins.least[hour] = min(margins.least[hour], margin)
            margins.total[hour] += margin


@numba.njit(cache=True)
def _mark_outages(out: BoolArray, links: int, anything_out: BoolArray) -> None:
    """Mark the hours in which a storage is out."""
    anything_out[:] = False
    for row in range(links, out.shape[0]):
        for hour in range(out.shape[1]):
            anything_out[hour] |= out[row, hour]


@numba.njit(cache=True)
def _when_full(stores: Stores) -> tuple[float, float, bool]:
    """Energy and power of storages that are all full and up; whether they stay so."""
    energy, power, lossless = 0.0, 0.0, True
    for k in range(stores.area.shape[0]):
        energy += stores.energy_mwh[k]
        give = stores.energy_mwh[k] * stores.discharge_efficiency[k]
        power += min(give, stores.discharge_mw[k])
        lossless = lossless and stores.loss_per_hour[k] == 0.0
    return energy, power, lossless


@numba.njit(cache=True)
def _note_shortage(unserved: FloatArray, noted: FloatArray) -> float:
    total = 0.0
    for area in range(unserved.shape[0]):
        noted[area] = unserved[area]
        total += unserved[area]
    return total


@numba.njit(cache=True)
def _copy_rows(source: FloatArray, target: FloatArray) -> None:
    for row in range(source.shape[0]):
        for column in range(source.shape[1]):
            target[row, column] = source[row, column]


@numba.njit(cache=True)
def _dispatch_hour(
    network: Network,
    stores: Stores,
    state: StoreState,
    supply: FloatArray,
    out: BoolArray,
    hour: int,
    room: _HourRoom,
) -> float:
    """Set ``room.unserved``; gives what neither load nor storage uses, MW."""
    areas = supply.shape[0]
    if areas == 1:
        lacks, surplus = _dispatch_alone(
            room.margins.total[hour], stores, state, room.search.levels, room.search.amounts
        )
        room.unserved[0] = lacks
        return surplus
    _limit_links(network, hour, out, room.link_mw)
    for area in range(areas):
        room.area_mw[0, area] = supply[area, hour]
        room.area_mw[1, area] = network.load_mw[area, hour]
    return dispatch_areas(
        room.area_mw[0], room.area_mw[1], room.link_mw, stores, state, room.search, room.unserved
    )


@numba.njit(cache=True)
def _run_sample(
    model: Model,
    supply: FloatArray,
    out: BoolArray,
    room: _HourRoom,
    short_hour: IntArray,
    short_mw: FloatArray,
    store_sums: StoreSums,
) -> int:
    """Follow one sample through its hours; gives the number of those that are short."""
    network, stores, margins = model.network, model.stores, room.margins
    links = network.link_from.shape[0]
    _sum_margins(network, supply, margins)
    _mark_outages(out, links, margins.store_out)
    full_mwh, full_mw, lossless = _when_full(stores)
    stored = stores.initial_mwh.copy()
    storing = stored.shape[0] > 0
    full, found = not storing, 0
    for hour in range(supply.shape[1]):
        enough = margins.least[hour] >= -_NOTHING_MW
        if not (full and lossless):
            full = not _begin_hour(stores, stored, hour)
        if enough and full and not margins.store_out[hour]:  # nothing to decide
            if storing:
                _add_store_hour(store_sums, hour, full_mwh, margins.total[hour] + full_mw)
            continue
        state = StoreState(stored, out[links:, hour])
        surplus = _dispatch_hour(network, stores, state, supply, out, hour, room)
        if _note_shortage(room.unserved, short_mw[found]) > TOLERANCE_MW:
            short_hour[found] = hour
            found += 1
        if storing:
            full = False
            _add_store_hour(store_sums, hour, total_stored(stored), surplus)
    return found


@numba.njit(cache=True)
def _add_store_hour(sums: StoreSums, hour: int, stored: float, surplus: float) -> None:
    sums.stored_mwh[hour] += stored
    sums.stored_squares[hour] += stored * stored
    sums.surplus_mwh[hour] += surplus
    sums.surplus_squares[hour] += surplus * surplus


@numba.njit(cache=True)
def simulate_network(
    model: Model, outages: Outages, seed: np.uint64, first: int, sums: Sums, store_sums: StoreSums
) -> None:
    """Simulate samples ``first`` and on, one for each row of ``sums.samples``, and add them."""
    network, stores = model.network, model.stores
    areas, hours = network.load_mw.shape
    all_up = _all_up(network)
    supply = all_up.copy()
    things = network.link_from.shape[0] + stores.area.shape[0]
    out = np.zeros((things, hours), np.bool_)
    room = _open_room(areas, stores.area.shape[0], hours)
    short_hour = np.empty(hours, np.int64)
    short_mw = np.empty((hours + 1, areas))
    for at in range(sums.samples.shape[0]):
        count = draw_outages(model.chains, seed, np.uint64(first + at), hours, outages)
        _copy_rows(all_up, supply)
        out[:] = False
        _apply_outages(network, outages, count, supply, out)
        found = _run_sample(model, supply, out, room, short_hour, short_mw, store_sums)
        tally_sample(short_hour, short_mw, found, model.calendar, at, sums)
