"""Compiled: the hours of many stages that no closed form answers."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.served_kernel import CaseArrays
from gridtool.flow.stage_grid_kernel import CellPlaces, connect_demand
from gridtool.flow.stage_kernel import StageArrays
from gridtool.flow.stage_program_kernel import Program, build_program
from gridtool.flow.stage_solve_kernel import find_shed, keeps_limits, solve_program

__all__ = ["solve_left"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@numba.njit(cache=True)
def _write_unserved(
    factor: float,
    shed: FloatArray,
    program: Program,
    demand: tuple[FloatArray, CellPlaces],
    out: tuple[FloatArray, FloatArray],
) -> None:
    """Write unserved load by place. ``demand``: what can be connected (B, 2), and the places."""
    cells, leaves, _, _, _, _ = program
    connectable, (begin, place, weight, whole, _) = demand
    district, by_class = out
    cut = district.shape[0]
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
            for entry in range(begin[cell], begin[cell + 1]):
                if place[entry] < cut:
                    district[place[entry]] += unserved * weight[entry]
                else:
                    by_class[place[entry] - cut] += unserved * weight[entry]


@numba.njit(cache=True)
def _solve_stage(
    hours: IntArray,
    factor: FloatArray,
    supply: tuple[FloatArray, float],
    grid: tuple[Program, FloatArray, CellPlaces],
    out: tuple[FloatArray, FloatArray, BoolArray],
) -> int:
    """Answer hours of one stage, in the order of their factors; how many programs it took."""
    rating, import_mw = supply
    program, connectable, places = grid
    programs = 1
    passed, solved = solve_program(program, rating, import_mw, factor[hours[0]])
    for h in hours:
        f = factor[h]
        if not passed or not keeps_limits(solved, program, f, rating):
            passed, solved = solve_program(program, rating, import_mw, f)
            programs += 1
        if passed:
            shed, _ = find_shed(solved, program, f)
            district, by_class, left = out
            _write_unserved(f, shed, program, (connectable, places), (district[h], by_class[h]))
            left[h] = False
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
        if parts[k] != state:
            state = parts[k]
            program = build_program(case, part_shares[state])
            connectable, _ = connect_demand(case, part_shares[state], cells)
        n, sources = row[k], program[2]
        rating = np.minimum(sources[1], source_mw[k][sources[0]])
        programs += _solve_stage(
            hour[begin:at],
            factor[n],
            (rating, import_mw[k]),
            (program, connectable, cells),
            (out[0][n], out[1][n], out[2][n]),
        )
    return programs
