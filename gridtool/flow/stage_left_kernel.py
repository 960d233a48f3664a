"""Compiled: the hours of many stages that no closed form answers."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.served_kernel import CaseArrays
from gridtool.flow.stage_check_kernel import reach_of
from gridtool.flow.stage_grid_kernel import CellPlaces, connect_demand
from gridtool.flow.stage_kernel import StageArrays
from gridtool.flow.stage_program_kernel import Program, build_program
from gridtool.flow.stage_rows_kernel import Solved, find_shed
from gridtool.flow.stage_solve_kernel import ROOMS, Supply, solve_program, start_program

__all__ = ["solve_left"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


Places = tuple[Program, FloatArray, CellPlaces]
"""Program of a state of the parts, demand that can be connected there (B, 2), and places."""


@numba.njit(cache=True)
def _find_unserved(factor: float, solved: Solved, grid: Places) -> FloatArray:
    """Unserved load by place (Z,) of a basis at a demand factor."""
    program, connectable, (begin, place, weight, whole, count) = grid
    cells, leaves, _, _, _, _ = program
    unserved_at = np.zeros(count)
    shed, _ = find_shed(solved, program, factor)
    share = np.zeros((leaves[1].shape[0], 2))
    for s in range(shed.shape[0]):
        if factor > 0.0:
            share[cells[0][s], cells[1][s]] = min(max(shed[s] / (cells[2][s] * factor), 0.0), 1.0)
    for b in range(connectable.shape[0]):
        t = leaves[0][b]
        for tier in range(2):
            cell = 2 * b + tier
            unserved = whole[cell] * factor
            if t >= 0:
                unserved -= connectable[b, tier] * factor * (1.0 - share[t, tier])
            if unserved != 0.0:
                for entry in range(begin[cell], begin[cell + 1]):
                    unserved_at[place[entry]] += unserved * weight[entry]
    return unserved_at


@numba.njit(cache=True)
def _solve_stage(
    hours: IntArray,
    factor: FloatArray,
    supply: Supply,
    grid: Places,
    out: tuple[FloatArray, FloatArray, BoolArray],
) -> int:
    """Answer hours of one stage, in the order of their factors; how many programs it took.

    What a basis leaves unserved is affine in the factor as far as the basis reaches: it is found
    at the first and at the last hour there, and in between by their mean.
    """
    program = grid[0]
    district, by_class, left = out
    cut = district.shape[1]
    programs, at, most = 0, 0, factor[hours[-1]]
    # Anew for each stage: its answers do not depend on what other stages asked.
    known = start_program(program, supply, factor[hours[0]], ROOMS[0])
    while at < hours.shape[0]:
        low = factor[hours[at]]
        passed, solved = solve_program(program, supply, low, known)
        programs += 1
        if not passed:
            at += 1
            continue
        reach = reach_of(solved, program, (low, most), supply[0])
        end = at + 1
        while end < hours.shape[0] and factor[hours[end]] <= reach:
            end += 1
        high = factor[hours[end - 1]]
        first = _find_unserved(low, solved, grid)
        last = _find_unserved(high, solved, grid) if high > low else first
        for h in hours[at:end]:
            part = (factor[h] - low) / (high - low) if high > low else 0.0
            for z in range(first.shape[0]):
                unserved = first[z] + part * (last[z] - first[z])
                if z < cut:
                    district[h, z] = unserved
                else:
                    by_class[h, z - cut] = unserved
            left[h] = False
        at = end
    return programs


@numba.njit(cache=True)
def solve_left(
    case: CaseArrays,
    part_shares: FloatArray,
    cells: CellPlaces,
    stages: tuple[StageArrays, IntArray, IntArray],
    factor: FloatArray,
    out: tuple[FloatArray, FloatArray, BoolArray],
) -> int:
    """Answer hours left open by a compiled program where it can; how many programs it took.

    Parameters
    ----------
    part_shares : (s, part_count)
    stages
        The stages' arrays; stage and hour of each hour left, (m,), ordered by state of the
        parts, stage and demand factor.
    factor : (n, H)
    out
        By district and tier (n, H, 2 D) and by class (n, H, C), zero in these hours; hours left
        open (n, H), cleared where they are answered.
    """
    (row, _, _, parts, source_mw, import_mw), stage, hour = stages
    programs, at, state = 0, 0, -1
    program = build_program(case, part_shares[0])
    connectable = np.zeros((0, 2))
    while at < stage.shape[0]:
        k, begin = stage[at], at
        while at < stage.shape[0] and stage[at] == k:
            at += 1
        n = row[k]
        if parts[k] != state:
            state = parts[k]
            program = build_program(case, part_shares[state])
            connectable, _ = connect_demand(case, part_shares[state], cells)
        rating = np.minimum(program[2][1], source_mw[k][program[2][0]])
        programs += _solve_stage(
            hour[begin:at],
            factor[n],
            (rating, import_mw[k]),
            (program, connectable, cells),
            (out[0][n], out[1][n], out[2][n]),
        )
    return programs
