"""Capacity tables hour by hour, compiled: for units whose chances to be up change all the time."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "TIE_MW",
    "SteadyUnits",
    "expect_by_hour",
    "fill_steady",
    "is_unchanged",
    "look_up",
    "sum_up",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TIE_MW = 1e-9
_SAME = 1e-13


class SteadyUnits(NamedTuple):
    """Units of constant capacity, counted in steps, each with its chance to be up by hour.

    Attributes
    ----------
    steps : (S,) int
    up : (S, H)
        Chance to be up; 0 in months in which the unit is not available.
    step_mw : float
    cells : int
        Steps of all units together, and one.
    """

    steps: IntArray
    up: FloatArray
    step_mw: float
    cells: int


@numba.njit(cache=True)
def fill_steady(hour: int, units: SteadyUnits, chance: FloatArray) -> None:
    """Chance of each number of steps up."""
    chance[:] = 0.0
    chance[0] = 1.0
    reach = 0
    for u in range(units.steps.shape[0]):
        up = units.up[u, hour]
        size = units.steps[u]
        if up <= 0.0 or size == 0:
            continue
        for cell in range(reach, -1, -1):
            chance[cell + size] += chance[cell] * up
            chance[cell] *= 1.0 - up
        reach += size


@numba.njit(cache=True)
def is_unchanged(hour: int, made: int, units: SteadyUnits) -> bool:
    """Whether a table made for the hour ``made`` (below 0: none was) still holds at ``hour``."""
    if made < 0:
        return False
    for u in range(units.steps.shape[0]):
        if abs(units.up[u, hour] - units.up[u, made]) > _SAME:
            return False
    return True


@numba.njit(cache=True)
def sum_up(chance: FloatArray, step_mw: float, at_most: FloatArray, lacking: FloatArray) -> None:
    """Chance of each capacity or less, and expected shortage of a load equal to it."""
    total, short = 0.0, 0.0
    for cell in range(chance.shape[0]):
        lacking[cell] = short
        total += chance[cell]
        at_most[cell] = total
        short += total * step_mw


@numba.njit(cache=True)
def look_up(
    need_mw: float, step_mw: float, at_most: FloatArray, lacking: FloatArray
) -> tuple[float, float]:
    """Chance that the capacity is below ``need_mw``, and the expected shortage."""
    if need_mw <= TIE_MW:
        return 0.0, 0.0
    last = at_most.shape[0] - 1
    cell = min(int(need_mw / step_mw), last)
    below = min(int(np.ceil((need_mw - TIE_MW) / step_mw)) - 1, last)
    short = lacking[cell] + at_most[cell] * (need_mw - cell * step_mw)
    return (at_most[below] if below >= 0 else 0.0), short


@numba.njit(cache=True)
def expect_by_hour(
    units: SteadyUnits, load_mw: FloatArray, capacity_mw: FloatArray, chance: FloatArray
) -> FloatArray:
    """Chance of a shortage and expected shortage by hour (2, H).

    Parameters
    ----------
    capacity_mw, chance : (K, H)
        What other units give beside, and with which chance.
    """
    hours = load_mw.shape[0]
    found = np.zeros((2, hours))
    table = np.zeros(units.cells)
    at_most, lacking = np.zeros(units.cells), np.zeros(units.cells)
    made = -1
    for hour in range(hours):
        if not is_unchanged(hour, made, units):
            made = hour
            fill_steady(hour, units, table)
            sum_up(table, units.step_mw, at_most, lacking)
        for k in range(capacity_mw.shape[0]):
            if chance[k, hour] > 0.0:
                need = load_mw[hour] - capacity_mw[k, hour]
                short, missing = look_up(need, units.step_mw, at_most, lacking)
                found[0, hour] += chance[k, hour] * short
                found[1, hour] += chance[k, hour] * missing
    return found
