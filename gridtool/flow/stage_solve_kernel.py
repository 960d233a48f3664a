"""Compiled: hours in which a limit of the network binds, by the program of their topology.

The same program as :mod:`gridtool.flow.lp` solves, with rows and zones added in the same way, by
the small simplex of :mod:`gridtool.flow.stage_simplex_kernel`. A basis that is optimal at one
demand factor is optimal wherever its columns keep their bounds, so that it serves further hours
of its stage. Before an answer is given its basis is checked against the program itself: balance,
bounds, all limits, and the sign of every reduced cost. What does not pass is left to the caller.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import branch_flows, sensitivities
from gridtool.flow.stage_check_kernel import find_room, prices_hold
from gridtool.flow.stage_program_kernel import ZONES, Program
from gridtool.flow.stage_rows_kernel import (
    BALANCE,
    BRANCH,
    CAP,
    CELL,
    IMPORT,
    ROW_TOLERANCE_MW,
    Solved,
    add_terms,
    find_shed,
    is_known,
    serve_cells,
)
from gridtool.flow.stage_simplex_kernel import (
    UPPER,
    copy_tableau,
    dual_steps,
    empty_tableau,
    primal_steps,
    turn_columns,
)
from gridtool.flow.stage_zones_kernel import add_zones, find_seeds, find_worth

__all__ = ["ROOMS", "Supply", "solve_program", "start_program"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Supply = tuple[FloatArray, float]
"""Rating of each source (K,) and import limit, MW."""

ROOMS = (10, 72)
"""Most rows that are added to a program: few are quick to work on, and enough for almost all."""
_ROUNDS = 6


@numba.njit(cache=True)
def start_program(program: Program, supply: Supply, factor: float, room: int) -> Solved:
    """The program with the balance of each island and the import limit as its rows.

    There is room for ``room`` rows more.
    """
    rating, import_mw = supply
    cells, leaves, sources, core, price, slope = program
    upper = np.zeros((price.shape[0], 2))
    upper[:, 1] = slope
    upper[: rating.shape[0], 0] = rating
    islands = leaves[1].max() + 1 if leaves[1].shape[0] else 0
    room += islands + 1
    still = branch_flows(core[0], core[1], np.zeros(core[3].shape[0]), core[3])
    zoned = (np.zeros((ZONES, cells[0].shape[0])), np.zeros(1, np.int64), np.zeros(ZONES))
    names = np.zeros((room, 2), np.int64)
    solved = (empty_tableau(price, upper, room), names, zoned, still)
    left = np.zeros(islands)
    for i in range(islands):
        generation = (sources[2] == i).astype(np.float64)
        shed = (leaves[1][cells[0]] == i).astype(np.float64)
        wanted = (shed * cells[2]).sum()
        left[i] = wanted * factor
        add_terms(solved, program, (BALANCE, i), (generation, shed), (0.0, wanted, 0.0))
    # Generation costs nothing: the first steps would give it in this order.
    import_left = import_mw
    for k in range(rating.shape[0]):
        fits = rating[k] <= left[sources[2][k]]
        if fits and (not sources[3][k] or rating[k] <= import_left):
            solved[0][5][k] = UPPER
            left[sources[2][k]] -= rating[k]
            import_left -= rating[k] if sources[3][k] else 0.0
        else:
            left[sources[2][k]] = 0.0
    if np.any(sources[3]) and import_mw < np.inf:
        generation = sources[3].astype(np.float64)
        nothing = np.zeros(cells[0].shape[0])
        add_terms(solved, program, (IMPORT, 0), (generation, nothing), (import_mw, 0.0, np.inf))
    return solved


@numba.njit(cache=True)
def _branch_row(solved: Solved, program: Program, k: int) -> bool:
    """Add the limits of core branch ``k``."""
    cells, leaves, sources, core, _, _ = program
    factor, flows, limit, reference = core
    ends = (flows[0][k : k + 1], flows[1][k : k + 1])
    by_node = sensitivities(factor, ends, flows[2][k : k + 1], reference)[0]
    by_cell = by_node[leaves[2][cells[0]]]
    still = solved[3][k]
    # As in program.branch_rows: what phase shifters drive on their own cannot be kept by shedding.
    most = max(limit[k], abs(still))
    bounds = (most - still, (by_cell * cells[2]).sum(), 2.0 * most)
    return add_terms(solved, program, (BRANCH, k), (by_node[sources[4]], by_cell), bounds)


@numba.njit(cache=True)
def _worst_branch(solved: Solved, program: Program, flow: FloatArray) -> int:
    limit = program[3][2]
    worst, found = ROW_TOLERANCE_MW, -1
    for k in range(flow.shape[0]):
        over = abs(flow[k]) - max(limit[k], abs(solved[3][k]))
        if over > worst and not is_known(solved, BRANCH, k):
            worst, found = over, k
    return found


@numba.njit(cache=True)
def _add_violated(solved: Solved, program: Program, factor: float) -> int:
    """Add rows that the basis violates, of the branches the worst: how many, -1 for no room."""
    cells, leaves, sources, _, _, _ = program
    shed, generation = find_shed(solved, program, factor)
    served, flow = serve_cells(program, shed, generation, factor)
    nothing = np.zeros(sources[0].shape[0])
    added = 0
    for t in range(served.shape[0]):
        if served[t] > leaves[3][t] + ROW_TOLERANCE_MW and not is_known(solved, CAP, t):
            member = -(cells[0] == t).astype(np.float64)
            bounds = (leaves[3][t], -leaves[4][t], np.inf)
            if not add_terms(solved, program, (CAP, t), (nothing, member), bounds):
                return -1
            added += 1
    for s in range(shed.shape[0]):
        beyond = shed[s] - factor * cells[2][s]
        if beyond > ROW_TOLERANCE_MW and not is_known(solved, CELL, s):
            member = np.zeros(shed.shape[0])
            member[s] = 1.0
            bounds = (0.0, cells[2][s], np.inf)
            if not add_terms(solved, program, (CELL, s), (nothing, member), bounds):
                return -1
            added += 1
    worst = _worst_branch(solved, program, flow)
    if worst >= 0:
        if not _branch_row(solved, program, worst):
            return -1
        added += 1
    return added


@numba.njit(cache=True)
def _settle(solved: Solved, program: Program, factor: float) -> bool:
    """Bring the basis within all limits at ``factor``, adding rows as they are violated."""
    for _ in range(4 * solved[1].shape[0]):
        if not dual_steps(solved[0], factor):
            return False
        added = _add_violated(solved, program, factor)
        if added <= 0:
            return added == 0
    return False


@numba.njit(cache=True)
def _share_zones(
    plain: Solved, program: Program, supply: Supply, factor: float
) -> tuple[bool, Solved]:
    """The basis with its zones, and whether it passed all checks; ``plain`` is the basis of the
    program without zones, which stays as it is."""
    solved = plain
    for turn in range(_ROUNDS):
        # Zones that the last round would add are left out, as in zones.solve_with_zones.
        fresh = 0
        if turn < _ROUNDS - 1 and find_seeds(solved, program, find_worth(solved, program)).shape[0]:
            if turn == 0:
                tableau, names, (weight, used, price), still = plain
                zoned = (weight.copy(), used.copy(), price.copy())
                solved = (copy_tableau(tableau), names.copy(), zoned, still)
            fresh = add_zones(solved, program)
        if fresh == 0:
            passed = bool(np.all(find_room(solved, program, factor, supply[0]) >= 0.0))
            return passed and prices_hold(solved, program), solved
        if fresh < 0 or not primal_steps(solved[0], factor):
            return False, solved
        if not _settle(solved, program, factor):
            return False, solved
    return False, solved


@numba.njit(cache=True)
def solve_program(
    program: Program, supply: Supply, factor: float, known: Solved
) -> tuple[bool, Solved]:
    """The basis of the least-cost dispatch of one hour, and whether it passed all checks.

    ``known`` is the same program without zones, in the state in which the last call left it, for
    whatever factor: it is moved to this one, which takes fewer steps than a new one.
    """
    turn_columns(known[0], factor)
    passed, solved = False, known
    if _settle(known, program, factor):
        passed, solved = _share_zones(known, program, supply, factor)
    for room in ROOMS:
        if not passed:
            solved = start_program(program, supply, factor, room)
            if _settle(solved, program, factor):
                passed, solved = _share_zones(solved, program, supply, factor)
    return passed, solved
