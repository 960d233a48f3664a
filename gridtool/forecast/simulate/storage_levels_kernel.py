"""Compiled: storages of one simulated future in an hour, whatever the network."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

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
)

__all__ = [
    "LEAST_MW",
    "Fleet",
    "FutureHours",
    "age_stored",
    "levels_to_charge",
    "levels_to_discharge",
    "powered_stores",
    "stay_idle",
    "store_energy",
    "use_storages",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Fleet = tuple[Stores, IntArray, FloatArray]
"""The storages; their positions among the case's sources and ratings there (S,), MW."""
FutureHours = tuple[FloatArray, BoolArray, BoolArray]
"""Demand factor (H,), whether storages could serve more load (H,), and which would serve more load
on their own (H, S)."""

LEAST_MW = 1e-9
"""Less is neither given nor taken."""


@numba.njit(cache=True)
def levels_to_discharge(stores: Stores, stored: FloatArray, off: BoolArray) -> Levels:
    """What storages can give in an hour, by time-to-go."""
    levels = open_levels(stored.shape[0])
    set_discharge(stores, StoreState(stored, off), levels)
    return levels


@numba.njit(cache=True)
def levels_to_charge(stores: Stores, stored: FloatArray, off: BoolArray) -> Levels:
    """What storages can take in an hour, by time-to-go."""
    levels = open_levels(stored.shape[0])
    set_charge(stores, StoreState(stored, off), levels)
    return levels


@numba.njit(cache=True)
def store_energy(
    stores: Stores, stored: FloatArray, charged: FloatArray, given: FloatArray
) -> None:
    """Change what is ``stored`` (MWh) by an hour's charge and discharge (MW)."""
    store_charge(stores, stored, charged)
    take_discharge(stores, stored, given)


@numba.njit(cache=True)
def powered_stores(fleet: Fleet, source_mw: FloatArray) -> tuple[Stores, BoolArray]:
    """The storages with the power that their sources have left, and which have none."""
    stores, position, rating = fleet
    charge, discharge = np.zeros(position.shape[0]), np.ones(position.shape[0])
    dead = np.ones(position.shape[0], np.bool_)
    for s in range(position.shape[0]):
        left = min(source_mw[position[s]], rating[s])
        if left > 0.0:
            charge[s] = stores.charge_mw[s] * left / rating[s]
            discharge[s] = stores.discharge_mw[s] * left / rating[s]
            dead[s] = False
    return (
        Stores(
            stores.area,
            charge,
            discharge,
            stores.energy_mwh,
            stores.charge_efficiency,
            stores.discharge_efficiency,
            stores.loss_per_hour,
            stores.initial_mwh,
        ),
        dead,
    )


@numba.njit(cache=True)
def age_stored(stores: Stores, stored: FloatArray, hour: int) -> FloatArray:
    """What is stored at the beginning of an hour; hour 0 begins with what there is."""
    if hour == 0:
        return stored.copy()
    aged: FloatArray = stored * (1.0 - stores.loss_per_hour)
    return aged


@numba.njit(cache=True)
def stay_idle(
    powered: tuple[Stores, BoolArray],
    span: tuple[int, int],
    hours: FutureHours,
    stored: FloatArray,
    out: FloatArray,
) -> int:
    """Pass the hours in which no storage can help and none can be charged; the first other one.

    A storage that would serve more load on its own cannot be charged: unserved load is convex in
    what it gives, so what it would take would be unserved besides.
    """
    stores, dead = powered
    _, useful, wanted = hours
    for h in range(span[0], span[1]):
        aged = age_stored(stores, stored, h)
        if levels_to_charge(stores, aged, dead | wanted[h]).most.sum() > LEAST_MW:
            return h
        if useful[h] and levels_to_discharge(stores, aged, dead).most.sum() > LEAST_MW:
            return h
        stored[:] = aged
        out[h] = aged
    return span[1]


@numba.njit(cache=True)
def use_storages(
    powered: tuple[Stores, BoolArray], stored: FloatArray, lacking: FloatArray, island: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Charge and discharge of each storage (S,), MW, for what each island lacks (I,)."""
    stores, off = powered
    charged, given = np.zeros(island.shape[0]), np.zeros(island.shape[0])
    amounts = np.zeros(island.shape[0])
    for i in range(lacking.shape[0]):
        elsewhere = off | (island != i)
        if np.all(elsewhere):
            continue
        if lacking[i] > 0.0:
            level_amounts(levels_to_discharge(stores, stored, elsewhere), lacking[i], amounts)
            given += amounts
        else:
            level_amounts(levels_to_charge(stores, stored, elsewhere), -lacking[i], amounts)
            charged += amounts
    return charged, given
