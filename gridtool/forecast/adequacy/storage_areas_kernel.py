"""Storages in areas joined by interfaces in one hour: levels of time-to-go, carried by flows.

As in one area the fullest gives first and the emptiest is charged first, as far as interfaces
let their power pass: the level of all is the first at which as much is served (or charged) as
with all of them at full power, and of what cannot pass no use is made.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.areas_sampled_kernel import (
    Flow,
    push_flow,
    set_flow,
    share_unserved,
)
from gridtool.forecast.adequacy.storage_kernel import (
    Levels,
    Stores,
    StoreState,
    bottom_level,
    set_amounts,
    set_charge,
    set_discharge,
    store_charge,
    take_discharge,
    top_level,
)

__all__ = ["Room", "dispatch_areas"]

FloatArray = npt.NDArray[np.float64]

_LEAST_MW = 1e-9
_HALVINGS = 50


class Room(NamedTuple):
    """Where an hour is worked out: two flows, levels, amounts (S,) by area (A,) what they add up to
    and what units have left."""

    start: Flow
    flow: Flow
    levels: Levels
    amounts: FloatArray
    by_area: FloatArray
    units_left: FloatArray


@numba.njit(cache=True)
def _push_with(stores: Stores, room: Room, charging: np.bool_) -> float:
    """Push from ``room.start`` on with the amounts as loads (charging) or supplies, and only them.

    ``room.flow`` is left as it is then, ``room.by_area`` what was offered.
    """
    start, flow = room.start, room.flow
    set_flow(flow, start.supply, start.load, start.link)
    for area in range(start.supply.shape[0]):
        room.by_area[area] = 0.0
    for k in range(room.amounts.shape[0]):
        room.by_area[stores.area[k]] += room.amounts[k]
    for area in range(start.supply.shape[0]):
        if charging:
            flow.load[area] = room.by_area[area]
        else:
            flow.supply[area] = room.by_area[area]
    return push_flow(flow)


@numba.njit(cache=True)
def _use_levels(stores: Stores, room: Room, charging: np.bool_) -> float:
    """Set ``room.amounts`` to what each storage gives or takes; gives their sum."""
    levels, amounts = room.levels, room.amounts
    high = top_level(levels)
    offered = set_amounts(levels, high, amounts)
    most = _push_with(stores, room, charging)
    if _LEAST_MW < most < offered - _LEAST_MW:
        low = bottom_level(levels)
        for _ in range(_HALVINGS):
            level = 0.5 * (low + high)
            set_amounts(levels, level, amounts)
            if _push_with(stores, room, charging) >= most - _LEAST_MW:
                high = level
            else:
                low = level
        set_amounts(levels, high, amounts)
        _push_with(stores, room, charging)
    total = 0.0
    for k in range(amounts.shape[0]):
        area = stores.area[k]
        left = room.flow.load[area] if charging else room.flow.supply[area]
        if room.by_area[area] > 0.0:
            amounts[k] *= max(room.by_area[area] - left, 0.0) / room.by_area[area]
        total += amounts[k]
    return total


@numba.njit(cache=True)
def dispatch_areas(
    supply_mw: FloatArray,
    load_mw: FloatArray,
    link_mw: FloatArray,
    stores: Stores,
    state: StoreState,
    room: Room,
    unserved_mw: FloatArray,
) -> float:
    """Dispatch one hour: units, then storages; gives what neither load nor storage uses, MW.

    That is of units, and of what storages could give at the beginning of the hour.

    Parameters
    ----------
    supply_mw, load_mw : (A,)
        ``supply_mw`` is changed.
    link_mw : (A, A)
        Most that flows from row to column.
    state
        What the storages hold, which is changed, and which are out.
    unserved_mw : (A,)
        The result.
    """
    start, areas = room.start, load_mw.shape[0]
    set_flow(start, supply_mw, load_mw, link_mw)
    push_flow(start)
    surplus, lacks = 0.0, 0.0
    for area in range(areas):
        unserved_mw[area] = 0.0
        room.units_left[area] = start.supply[area]
        surplus += start.supply[area]
        lacks += start.load[area]
    spare = set_discharge(stores, state, room.levels)
    if lacks > _LEAST_MW:
        if spare > 0.0:
            spare -= _use_levels(stores, room, np.bool_(False))  # noqa: FBT003
            take_discharge(stores, state.stored, room.amounts)
            for k in range(room.amounts.shape[0]):
                supply_mw[stores.area[k]] += room.amounts[k]
            set_flow(start, room.units_left, room.flow.load, room.flow.link)
        share_unserved(supply_mw, load_mw, link_mw, room.flow, unserved_mw)
    if surplus > _LEAST_MW and set_charge(stores, state, room.levels) > 0.0:
        for area in range(areas):
            start.load[area] = 0.0
        surplus -= _use_levels(stores, room, np.bool_(True))  # noqa: FBT003
        store_charge(stores, state.stored, room.amounts)
    return max(surplus, 0.0) + max(spare, 0.0)
