"""Zones of equal worth: where a shortage behind a bottleneck is shared in proportion.

An island's uniform shed is no use once a limit binds inside the island: a share of it would fall
on load whose shedding relieves nothing. The duals say where the same MW is worth the same: cells
of one tier with the same nodal price have no binding limit between them (a leaf counts with the
node it hangs on). Each such zone that is
shed in part gets a uniform shed of its own, and the program is solved again. Its price lies
between the island's and the local ones, so what is shed in all stays the least.

Prices belong to a basis, not to an hour: two hours with the same optimal basis have the same
zones. Where several limits are met exactly at once, prices are not unique, and a zone may be
found smaller than it is; the total shed is the least all the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gridtool.flow.lp import LpResult
from gridtool.flow.program import TIER_PRICE, ShedProgram

__all__ = ["Zones", "find_zones", "solve_with_zones"]

BoolArray = npt.NDArray[np.bool_]
Zones = tuple[tuple[int, ...], ...]
"""Cells of each zone (positions in :attr:`ShedProgram.cell`), ascending."""

_SAME_PRICE = 1e-7
_MAX_ROUNDS = 6


def find_zones(program: ShedProgram, result: LpResult, basic_columns: BoolArray) -> Zones:
    """Zones that ``result`` sheds locally: two or more cells where one would do as well.

    Parameters
    ----------
    basic_columns : (columns,)
        Which columns are basic in the optimal basis of ``result``.
    """
    partial = np.flatnonzero(basic_columns[program.local])
    if not len(partial):
        return ()
    # A cell shed whole and a leaf at its cap have duals of their own, which are no part of what a
    # MW is worth at the node that feeds them: the leaf takes part, and sheds more if it must.
    shared = [k for k, (kind, _) in enumerate(result.names) if kind not in {"cell", "cap"}]
    worth = result.duals[shared] @ result.rows.matrix[shared, program.local]
    # Where shedding is not worth its price, only the leaf's own branch asks for it.
    partial = partial[worth[partial] >= np.array(TIER_PRICE)[program.tier[partial]]]
    scale = np.maximum(1.0, np.abs(worth))
    found = set()
    for cell in partial.tolist():
        alike = np.abs(worth - worth[cell]) <= _SAME_PRICE * scale[cell]
        members = np.flatnonzero(alike & (program.tier == program.tier[cell]))
        if len(members) > 1:
            found.add(tuple(members.tolist()))
    for zone in np.flatnonzero(basic_columns[program.local.stop :]).tolist():
        # Prices of an earlier round may have kept out cells that are worth as much as the zone.
        within = program.zone_share[:, zone] > 0.0
        cell = int(np.argmax(within))
        alike = np.abs(worth - worth[cell]) <= _SAME_PRICE * scale[cell]
        alike &= program.tier == program.tier[cell]
        if np.all(alike[within]):
            found.add(tuple(np.flatnonzero(alike).tolist()))
    return tuple(sorted(found))


def solve_with_zones(
    solve: Callable[[Zones], tuple[ShedProgram, LpResult, BoolArray]],
) -> tuple[Zones, ShedProgram, LpResult]:
    """Solve, find zones, and solve with them until none is shed locally any more.

    Parameters
    ----------
    solve
        Solves the program with the zones given: its program, result and basic columns.
    """
    zones: Zones = ()
    wanted = zones
    for _ in range(_MAX_ROUNDS):
        zones = wanted  # those that are returned have been solved with
        program, result, basic_columns = solve(zones)
        fresh = [z for z in find_zones(program, result, basic_columns) if z not in zones]
        if not fresh:
            break
        wanted = (*zones, *fresh)  # in this order: the solver adds the last ones to its model
    return zones, program, result
