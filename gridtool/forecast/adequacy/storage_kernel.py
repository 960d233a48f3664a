"""Storages in one hour, by time-to-go: what each could give at full power for how long.

The fullest in this sense gives first, down to the level of the next, and so on together; the
emptiest is charged first. While storages of one area only give, and lose nothing with time, this
leaves the least unserved energy there can be, whatever the hours to come (Evans, Tindemans and
Angeli, "Minimizing unserved energy using heterogeneous storage units", IEEE Trans. Power Syst. 34
(2019) 3647-3656). Where they are charged in between it is a rule without foresight, not an
optimum.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "Levels",
    "StoreState",
    "Stores",
    "bottom_level",
    "level_amounts",
    "open_levels",
    "set_amounts",
    "set_charge",
    "set_discharge",
    "store_charge",
    "take_discharge",
    "top_level",
    "total_stored",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Stores(NamedTuple):
    """S storages, each (S,); powers are at the grid's side."""

    area: IntArray
    charge_mw: FloatArray
    discharge_mw: FloatArray
    energy_mwh: FloatArray
    charge_efficiency: FloatArray
    discharge_efficiency: FloatArray
    loss_per_hour: FloatArray
    initial_mwh: FloatArray


class StoreState(NamedTuple):
    """Energy in each storage, MWh (S,), and whether it is forced out (S,)."""

    stored: FloatArray
    out: BoolArray


class Levels(NamedTuple):
    """What storages give or take as a level rises: (level - begin) x slope, from 0 to most."""

    begin: FloatArray
    slope: FloatArray
    most: FloatArray


@numba.njit(cache=True)
def open_levels(storages: int) -> Levels:
    """Room for the levels of so many storages."""
    return Levels(np.zeros(storages), np.zeros(storages), np.zeros(storages))


@numba.njit(cache=True)
def set_discharge(stores: Stores, state: StoreState, levels: Levels) -> float:
    """Set the levels of an hour's discharge: minus the time-to-go at its end, h.

    Gives what all can give together, MW.
    """
    total = 0.0
    for k in range(state.stored.shape[0]):
        give = 0.0 if state.out[k] else state.stored[k] * stores.discharge_efficiency[k]
        levels.begin[k] = -give / stores.discharge_mw[k]
        levels.slope[k] = stores.discharge_mw[k]
        levels.most[k] = min(give, stores.discharge_mw[k])
        total += levels.most[k]
    return total


@numba.njit(cache=True)
def set_charge(stores: Stores, state: StoreState, levels: Levels) -> float:
    """Set the levels of an hour's charge: the time-to-go at its end, h.

    Gives what all can take together, MW.
    """
    total = 0.0
    for k in range(state.stored.shape[0]):
        room = max(stores.energy_mwh[k] - state.stored[k], 0.0) / stores.charge_efficiency[k]
        per_hour = stores.discharge_mw[k] / stores.discharge_efficiency[k]
        levels.begin[k] = state.stored[k] / per_hour
        levels.slope[k] = per_hour / stores.charge_efficiency[k]
        levels.most[k] = 0.0 if state.out[k] else min(room, stores.charge_mw[k])
        total += levels.most[k]
    return total


@numba.njit(cache=True)
def set_amounts(levels: Levels, level: float, amounts: FloatArray) -> float:
    """Write what each gives or takes at a level; gives their sum."""
    total = 0.0
    for k in range(amounts.shape[0]):
        wanted = (level - levels.begin[k]) * levels.slope[k]
        amounts[k] = min(max(wanted, 0.0), levels.most[k])
        total += amounts[k]
    return total


@numba.njit(cache=True)
def top_level(levels: Levels) -> float:
    """The lowest level at which all give or take the most they can."""
    top = -np.inf
    for k in range(levels.begin.shape[0]):
        top = max(top, levels.begin[k] + levels.most[k] / levels.slope[k])
    return top


@numba.njit(cache=True)
def bottom_level(levels: Levels) -> float:
    """The highest level at which none gives or takes anything."""
    bottom = np.inf
    for k in range(levels.begin.shape[0]):
        bottom = min(bottom, levels.begin[k])
    return bottom


@numba.njit(cache=True)
def level_amounts(levels: Levels, total: float, amounts: FloatArray) -> float:
    """Write amounts at the level at which they add up to ``total``, or all there is.

    Gives their sum. Between corners, levels at which one begins or ends, the sum is linear.
    """
    low, low_sum = -np.inf, 0.0  # the highest corner with no more than the total
    high, high_sum = top_level(levels), np.inf
    given = set_amounts(levels, high, amounts)
    if given <= total:
        return given
    high_sum = given
    for k in range(amounts.shape[0]):
        for end in range(2):
            corner = levels.begin[k] + end * levels.most[k] / levels.slope[k]
            if low < corner < high:
                given = set_amounts(levels, corner, amounts)
                if given <= total:
                    low, low_sum = corner, given
                else:
                    high, high_sum = corner, given
    level = low + (high - low) * (total - low_sum) / (high_sum - low_sum)
    return set_amounts(levels, level, amounts)


@numba.njit(cache=True)
def store_charge(stores: Stores, stored: FloatArray, charged: FloatArray) -> None:
    """Add an hour's charge (MW) to what is ``stored`` (MWh)."""
    for k in range(stored.shape[0]):
        more = charged[k] * stores.charge_efficiency[k]
        stored[k] = min(stored[k] + more, stores.energy_mwh[k])


@numba.njit(cache=True)
def take_discharge(stores: Stores, stored: FloatArray, given: FloatArray) -> None:
    """Take an hour's discharge (MW) from what is ``stored`` (MWh)."""
    for k in range(stored.shape[0]):
        stored[k] = max(stored[k] - given[k] / stores.discharge_efficiency[k], 0.0)


@numba.njit(cache=True)
def total_stored(stored: FloatArray) -> float:
    """Energy in all storages together."""
    total = 0.0
    for k in range(stored.shape[0]):
        total += stored[k]
    return total
