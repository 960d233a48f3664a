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
from gridtool.flow.program import TIE_STEP, TIER_PRICE
from gridtool.flow.stage_program_kernel import ZONES, Program, local_column
from gridtool.flow.stage_simplex_kernel import (
    BASIC,
    LOWER,
    UPPER,
    Tableau,
    add_column,
    add_row,
    basic_values,
    column_values,
    copy_tableau,
    dual_steps,
    empty_tableau,
    primal_steps,
    turn_columns,
)

__all__ = ["ROOMS", "Solved", "Supply", "find_shed", "reach_of", "solve_program", "start_program"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Zoned = tuple[FloatArray, IntArray, FloatArray]
"""Part that each cell has of the uniform shed of each zone (Z, S), zones used (1,), prices (Z,)."""
Supply = tuple[FloatArray, float]
"""Rating of each source (K,) and import limit, MW."""
Solved = tuple[Tableau, IntArray, Zoned, FloatArray]
"""Tableau, kind and place of each row (R, 2), zones, and flows with nothing given or taken (M,)."""

_ORDINARY, _PROTECTED = TIER_PRICE
ROOMS = (10, 72)
"""Most rows that are added to a program: few are quick to work on, and enough for almost all."""
_BALANCE, _IMPORT, _CAP, _CELL, _BRANCH = 0, 1, 2, 3, 4
_ROW_TOLERANCE_MW = 1e-8
_BALANCE_TOLERANCE_MW = 1e-7
_COST_TOLERANCE = 1e-9
_SAME_PRICE = 1e-7
_ROUNDS = 6


@numba.njit(cache=True)
def _coefficients(
    program: Program, zoned: Zoned, generation: FloatArray, shed: FloatArray
) -> FloatArray:
    """A row over all columns, from those of sources (K,) and of what cells shed (S,)."""
    cells, _, _, _, price, _ = program
    _, _, _, member, part = cells
    row = np.zeros(price.shape[0])
    row[: generation.shape[0]] = generation
    first, local = generation.shape[0], local_column(program)
    for s in range(shed.shape[0]):
        if shed[s] != 0.0:
            row[local + s] = shed[s]
            for q in range(2):
                if member[s, q] >= 0:
                    row[first + member[s, q]] += part[s, q] * shed[s]
            for z in range(zoned[1][0]):
                row[local + shed.shape[0] + z] += zoned[0][z, s] * shed[s]
    return row


@numba.njit(cache=True)
def find_shed(solved: Solved, program: Program, factor: float) -> tuple[FloatArray, FloatArray]:
    """Shed of each cell (S,) and generation (K,) of a basis at a demand factor, MW."""
    cells, _, sources, _, _, _ = program
    _, _, demand, member, part = cells
    zoned = solved[2]
    value = column_values(solved[0], factor)
    first, local = sources[0].shape[0], local_column(program)
    shed = value[local : local + demand.shape[0]].copy()
    for s in range(shed.shape[0]):
        for q in range(2):
            if member[s, q] >= 0:
                shed[s] += part[s, q] * value[first + member[s, q]]
        for z in range(zoned[1][0]):
            shed[s] += zoned[0][z, s] * value[local + shed.shape[0] + z]
    return shed, value[:first]


@numba.njit(cache=True)
def _serve(
    program: Program, shed: FloatArray, generation: FloatArray, factor: float
) -> tuple[FloatArray, FloatArray]:
    """Load served by terminal (T,) and flows on core branches (M,), MW."""
    cells, leaves, sources, core, _, _ = program
    served = leaves[4] * factor
    for s in range(shed.shape[0]):
        served[cells[0][s]] -= shed[s]
    injection = np.zeros(core[3].shape[0])
    for t in range(served.shape[0]):
        injection[leaves[2][t]] -= served[t]
    for k in range(generation.shape[0]):
        injection[sources[4][k]] += generation[k]
    return served, branch_flows(core[0], core[1], injection, core[3])


@numba.njit(cache=True)
def _add(
    solved: Solved,
    program: Program,
    name: tuple[int, int],
    terms: tuple[FloatArray, FloatArray],
    bounds: tuple[float, float, float],
) -> bool:
    """Add a row: coefficients of sources and of what cells shed; constant and slope of its
    right-hand side, and upper bound of its logical column."""
    tableau, names, zoned, _ = solved
    if tableau[6][0] == names.shape[0]:
        return False
    names[tableau[6][0], 0], names[tableau[6][0], 1] = name
    row = _coefficients(program, zoned, terms[0], terms[1])
    return add_row(tableau, row, np.array([bounds[0], bounds[1]]), bounds[2])


@numba.njit(cache=True)
def _is_known(solved: Solved, kind: int, place: int) -> bool:
    names = solved[1]
    for r in range(solved[0][6][0]):  # noqa: SIM110 - plain loops are what is compiled best
        if names[r, 0] == kind and names[r, 1] == place:
            return True
    return False


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
        _add(solved, program, (_BALANCE, i), (generation, shed), (0.0, wanted, 0.0))
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
        _add(solved, program, (_IMPORT, 0), (generation, nothing), (import_mw, 0.0, np.inf))
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
    return _add(solved, program, (_BRANCH, k), (by_node[sources[4]], by_cell), bounds)


@numba.njit(cache=True)
def _worst_branch(solved: Solved, program: Program, flow: FloatArray) -> int:
    limit = program[3][2]
    worst, found = _ROW_TOLERANCE_MW, -1
    for k in range(flow.shape[0]):
        over = abs(flow[k]) - max(limit[k], abs(solved[3][k]))
        if over > worst and not _is_known(solved, _BRANCH, k):
            worst, found = over, k
    return found


@numba.njit(cache=True)
def _add_violated(solved: Solved, program: Program, factor: float) -> int:
    """Add rows that the basis violates, of the branches the worst: how many, -1 for no room."""
    cells, leaves, sources, _, _, _ = program
    shed, generation = find_shed(solved, program, factor)
    served, flow = _serve(program, shed, generation, factor)
    nothing = np.zeros(sources[0].shape[0])
    added = 0
    for t in range(served.shape[0]):
        if served[t] > leaves[3][t] + _ROW_TOLERANCE_MW and not _is_known(solved, _CAP, t):
            member = -(cells[0] == t).astype(np.float64)
            bounds = (leaves[3][t], -leaves[4][t], np.inf)
            if not _add(solved, program, (_CAP, t), (nothing, member), bounds):
                return -1
            added += 1
    for s in range(shed.shape[0]):
        beyond = shed[s] - factor * cells[2][s]
        if beyond > _ROW_TOLERANCE_MW and not _is_known(solved, _CELL, s):
            member = np.zeros(shed.shape[0])
            member[s] = 1.0
            bounds = (0.0, cells[2][s], np.inf)
            if not _add(solved, program, (_CELL, s), (nothing, member), bounds):
                return -1
            added += 1
    worst = _worst_branch(solved, program, flow)
    if worst >= 0:
        if not _branch_row(solved, program, worst):
            return -1
        added += 1
    return added


@numba.njit(cache=True)
def _worth(solved: Solved, program: Program) -> FloatArray:
    """What a MW is worth at each cell (S,), as in :func:`gridtool.flow.zones.find_zones`."""
    tableau, names, _, _ = solved
    body, _, reduced_cost, _, _, _, size, _ = tableau
    local, count = local_column(program), program[0][0].shape[0]
    worth = program[4][local : local + count] - reduced_cost[local : local + count]
    logical = body.shape[1] - body.shape[0]
    cells = program[0]
    for r in range(size[0]):
        if names[r, 0] == _CELL:
            worth[names[r, 1]] += reduced_cost[logical + r]
        elif names[r, 0] == _CAP:
            for s in range(count):
                if cells[0][s] == names[r, 1]:
                    worth[s] -= reduced_cost[logical + r]
    return worth


@numba.njit(cache=True)
def _seeds(solved: Solved, program: Program, worth: FloatArray) -> IntArray:
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
def _add_zones(solved: Solved, program: Program) -> int:
    """Add the zones that are shed locally: how many, -1 for no room."""
    tableau, _, (weight, used, zone_price), _ = solved
    cells, _, _, _, price, _ = program
    local, count = local_column(program), cells[0].shape[0]
    worth = _worth(solved, program)
    whole = cells[2].sum()
    seeds = _seeds(solved, program, worth)
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
def _prices_hold(solved: Solved, program: Program) -> bool:
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
def _room(solved: Solved, program: Program, factor: float, rating: FloatArray) -> FloatArray:
    """How far a basis is within each of its bounds and limits, tolerances included, MW.

    Each is affine in the demand factor; all are at least 0 where the basis keeps them.
    """
    tableau, _, _, still = solved
    _, _, _, upper, basis, _, size, _ = tableau
    cells, leaves, sources, core, _, _ = program
    value = basic_values(tableau, factor)
    shed, generation = find_shed(solved, program, factor)
    served, flow = _serve(program, shed, generation, factor)
    count = served.shape[0] + 2 * (size[0] + shed.shape[0] + generation.shape[0] + flow.shape[0])
    short = np.zeros(leaves[1].max() + 1)
    room = np.empty(count + 2 * short.shape[0])
    at = 0
    for r in range(value.shape[0]):
        bound = upper[basis[r], 0] + factor * upper[basis[r], 1]
        room[at] = value[r] + _ROW_TOLERANCE_MW
        room[at + 1] = bound + _ROW_TOLERANCE_MW - value[r]
        at += 2
    for s in range(shed.shape[0]):
        room[at] = shed[s] + _ROW_TOLERANCE_MW
        room[at + 1] = cells[2][s] * factor + 2.0 * _ROW_TOLERANCE_MW - shed[s]
        at += 2
    for k in range(generation.shape[0]):
        short[sources[2][k]] -= generation[k]
        room[at] = generation[k] + _ROW_TOLERANCE_MW
        room[at + 1] = rating[k] + _ROW_TOLERANCE_MW - generation[k]
        at += 2
    for m in range(flow.shape[0]):
        most = max(core[2][m], abs(still[m])) + 2.0 * _ROW_TOLERANCE_MW
        room[at], room[at + 1] = most - flow[m], most + flow[m]
        at += 2
    for t in range(served.shape[0]):
        short[leaves[1][t]] += served[t]
        room[at] = leaves[3][t] + 2.0 * _ROW_TOLERANCE_MW - served[t]
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
    before, after = _room(solved, program, low, rating), _room(solved, program, high, rating)
    part = 1.0
    for k in range(after.shape[0]):
        if after[k] < 0.0:
            part = min(part, max(before[k], 0.0) / (before[k] - after[k]))
    return high if part == 1.0 else low + part * (high - low)


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
        if turn < _ROUNDS - 1 and _seeds(solved, program, _worth(solved, program)).shape[0]:
            if turn == 0:
                tableau, names, (weight, used, price), still = plain
                zoned = (weight.copy(), used.copy(), price.copy())
                solved = (copy_tableau(tableau), names.copy(), zoned, still)
            fresh = _add_zones(solved, program)
        if fresh == 0:
            passed = bool(np.all(_room(solved, program, factor, supply[0]) >= 0.0))
            return passed and _prices_hold(solved, program), solved
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
