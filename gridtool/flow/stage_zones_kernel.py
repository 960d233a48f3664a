"""Compiled: zones of equal worth in a stage's program, as in :mod:`gridtool.flow.zones`."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.program import TIE_STEP, TIER_PRICE
from gridtool.flow.stage_program_kernel import ZONES, Program, local_column
from gridtool.flow.stage_rows_kernel import CAP, CELL, Solved
from gridtool.flow.stage_simplex_kernel import BASIC, add_column

__all__ = ["add_zones", "find_seeds", "find_worth"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ORDINARY, _PROTECTED = TIER_PRICE
_SAME_PRICE = 1e-7


@numba.njit(cache=True)
def find_worth(solved: Solved, program: Program) -> FloatArray:
    """What a MW is worth at each cell (S,), as in :func:`gridtool.flow.zones.find_zones`."""
    tableau, names, _, _ = solved
    body, _, reduced_cost, _, _, _, size, _ = tableau
    local, count = local_column(program), program[0][0].shape[0]
    worth = program[4][local : local + count] - reduced_cost[local : local + count]
    logical = body.shape[1] - body.shape[0]
    cells = program[0]
    for r in range(size[0]):
        if names[r, 0] == CELL:
            worth[names[r, 1]] += reduced_cost[logical + r]
        elif names[r, 0] == CAP:
            for s in range(count):
                if cells[0][s] == names[r, 1]:
                    worth[s] -= reduced_cost[logical + r]
    return worth


@numba.njit(cache=True)
def find_seeds(solved: Solved, program: Program, worth: FloatArray) -> IntArray:
    """Cells shed locally in part, and one of each zone that is, if its cells are worth the same."""
    tableau, _, (weight, used, _), _ = solved
    local, count = local_column(program), worth.shape[0]
    found = np.empty(count + used[0], np.int64)
    size = 0
    for s in range(count):
        if tableau[5][local + s] == BASIC:
            found[size] = s
            size += 1
    for z in range(used[0]):
        if tableau[5][local + count + z] == BASIC:
            first = int(np.argmax(weight[z] > 0.0))
            same = True
            for s in range(count):
                apart = abs(worth[s] - worth[first])
                if weight[z, s] > 0.0 and apart > _SAME_PRICE * max(1.0, abs(worth[first])):
                    same = False
            if same:
                found[size] = first
                size += 1
    return found[:size]


@numba.njit(cache=True)
def add_zones(solved: Solved, program: Program) -> int:
    """Add the zones that are shed locally: how many, -1 for no room."""
    tableau, _, (weight, used, zone_price), _ = solved
    cells, _, _, _, price, _ = program
    local, count = local_column(program), cells[0].shape[0]
    worth = find_worth(solved, program)
    whole = cells[2].sum()
    seeds = find_seeds(solved, program, worth)
    before = used[0]
    for s in seeds:
        tier_price = _PROTECTED if cells[1][s] else _ORDINARY
        scale = _SAME_PRICE * max(1.0, abs(worth[s]))
        alike = (np.abs(worth - worth[s]) <= scale) & (cells[1] == cells[1][s])
        known = worth[s] < tier_price or alike.sum() < 2
        for z in range(used[0]):
            known |= bool(np.all((weight[z] > 0.0) == alike))
        if known:
            continue
        if used[0] == ZONES:
            return -1
        z = used[0]
        members = np.flatnonzero(alike)
        total = cells[2][members].sum()
        weight[z, members] = cells[2][members] / total
        zone_price[z] = tier_price * (1.0 + TIE_STEP * (2.0 - total / whole))
        parts = (local + members, weight[z, members], price[local + members])
        add_column(tableau, local + count + z, parts, np.array([zone_price[z], total]))
        used[0] = z + 1
    return int(used[0] - before)
