"""Compiled: whether a basis is the optimum of its program, and up to which demand factor."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.stage_program_kernel import ZONES, Program
from gridtool.flow.stage_rows_kernel import ROW_TOLERANCE_MW, Solved, find_shed, serve_cells
from gridtool.flow.stage_simplex_kernel import BASIC, LOWER, basic_values

__all__ = ["find_room", "prices_hold", "reach_of"]

FloatArray = npt.NDArray[np.float64]

_BALANCE_TOLERANCE_MW = 1e-7
_COST_TOLERANCE = 1e-9


@numba.njit(cache=True)
def prices_hold(solved: Solved, program: Program) -> bool:
    """Whether all reduced costs, recomputed from the rows, have the sign of an optimum."""
    tableau, _, zoned, _ = solved
    body, _, reduced_cost, upper, _, place, size, raw = tableau
    price = program[4].copy()
    price[price.shape[0] - ZONES :] = zoned[2]
    logical = body.shape[1] - body.shape[0]
    left = np.zeros(logical + size[0])
    left[:logical] = price
    for r in range(size[0]):
        dual = -reduced_cost[logical + r]
        if dual != 0.0:
            for j in range(left.shape[0]):
                left[j] -= dual * raw[r, j]
    for j in range(left.shape[0]):
        scale = _COST_TOLERANCE * max(1.0, price[j] if j < logical else 1.0)
        if place[j] == BASIC:
            if abs(left[j]) > scale:
                return False
        elif (upper[j, 0] > 0.0 or upper[j, 1] > 0.0) and (
            (left[j] if place[j] == LOWER else -left[j]) < -scale
        ):
            return False
    return True


@numba.njit(cache=True)
def find_room(solved: Solved, program: Program, factor: float, rating: FloatArray) -> FloatArray:
    """How far a basis is within each of its bounds and limits, tolerances included, MW.

    Each is affine in the demand factor; all are at least 0 where the basis keeps them.
    """
    tableau, _, _, still = solved
    _, _, _, upper, basis, _, size, _ = tableau
    cells, leaves, sources, core, _, _ = program
    value = basic_values(tableau, factor)
    shed, generation = find_shed(solved, program, factor)
    served, flow = serve_cells(program, shed, generation, factor)
    count = served.shape[0] + 2 * (size[0] + shed.shape[0] + generation.shape[0] + flow.shape[0])
    short = np.zeros(leaves[1].max() + 1)
    room = np.empty(count + 2 * short.shape[0])
    at = 0
    for r in range(value.shape[0]):
        bound = upper[basis[r], 0] + factor * upper[basis[r], 1]
        room[at] = value[r] + ROW_TOLERANCE_MW
        room[at + 1] = bound + ROW_TOLERANCE_MW - value[r]
        at += 2
    for s in range(shed.shape[0]):
        room[at] = shed[s] + ROW_TOLERANCE_MW
        room[at + 1] = cells[2][s] * factor + 2.0 * ROW_TOLERANCE_MW - shed[s]
        at += 2
    for k in range(generation.shape[0]):
        short[sources[2][k]] -= generation[k]
        room[at] = generation[k] + ROW_TOLERANCE_MW
        room[at + 1] = rating[k] + ROW_TOLERANCE_MW - generation[k]
        at += 2
    for m in range(flow.shape[0]):
        most = max(core[2][m], abs(still[m])) + 2.0 * ROW_TOLERANCE_MW
        room[at], room[at + 1] = most - flow[m], most + flow[m]
        at += 2
    for t in range(served.shape[0]):
        short[leaves[1][t]] += served[t]
        room[at] = leaves[3][t] + 2.0 * ROW_TOLERANCE_MW - served[t]
        at += 1
    for i in range(short.shape[0]):
        room[at], room[at + 1] = _BALANCE_TOLERANCE_MW - short[i], _BALANCE_TOLERANCE_MW + short[i]
        at += 2
    return room


@numba.njit(cache=True)
def reach_of(
    solved: Solved, program: Program, span: tuple[float, float], rating: FloatArray
) -> float:
    """The largest demand factor of ``span`` up to which a basis keeps its bounds and all limits.

    The basis keeps them at the beginning of ``span``.
    """
    low, high = span
    if high <= low:
        return low
    before = find_room(solved, program, low, rating)
    after = find_room(solved, program, high, rating)
    part = 1.0
    for k in range(after.shape[0]):
        if after[k] < 0.0:
            part = min(part, max(before[k], 0.0) / (before[k] - after[k]))
    return high if part == 1.0 else low + part * (high - low)
