"""Compiled: the program of :mod:`gridtool.flow.program` for one state of the parts.

The same columns and prices, built in one go from the shares. Columns: sources, uniform sheds of
islands (and of those that share an import limit), local sheds of cells (terminals and tiers with
demand), and room for the uniform sheds of zones.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.program import TIE_STEP, TIER_PRICE
from gridtool.flow.served_kernel import CaseArrays, Core, reduce_shares

__all__ = ["ZONES", "Cells", "Leaves", "Program", "build_program", "local_column"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ZONES = 16
"""Most zones of a program that is solved in compiled code."""
_ORDINARY, _PROTECTED = TIER_PRICE

Cells = tuple[IntArray, IntArray, FloatArray, IntArray, FloatArray]
"""Terminal, tier and demand (MW at factor 1) of each cell (S,), and the uniform sheds it takes
part in, counted from 0 (S, 2; -1: none), with its part of them (S, 2)."""
Leaves = tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]
"""Terminal of each busbar section (B,); island, core node, cap (MW, infinite for none) and demand
(MW at factor 1) of each terminal (T,)."""
Sources = tuple[IntArray, FloatArray, IntArray, BoolArray, IntArray]
"""Position in the case, rating, island, whether an infeed, and core node of each source (K,)."""
Program = tuple[Cells, Leaves, Sources, Core, FloatArray, FloatArray]
"""The last: price of each column, and the slope of the upper bound of each shed (n,)."""


@numba.njit(cache=True)
def local_column(program: Program) -> int:
    """The first column of local sheds."""
    return int(program[4].shape[0] - ZONES - program[0][0].shape[0])


@numba.njit(cache=True)
def _demand_by_terminal(
    case: CaseArrays, shares: FloatArray, terminal: IntArray, count: int
) -> FloatArray:
    busbar, tier, peak = case[4]
    first = shares.shape[0] - 1 - busbar.shape[0]
    wanted = np.zeros((count, 2))
    for f in range(busbar.shape[0]):
        t = terminal[busbar[f]]
        if t >= 0:
            wanted[t, tier[f]] += peak[f] * shares[first + f]
    return wanted


@numba.njit(cache=True)
def _rank(
    terminal: IntArray, core_of: IntArray, cap: FloatArray, at: IntArray, core: Core
) -> FloatArray:
    """As :func:`gridtool.flow.program.local_rank`."""
    start, end, _, _ = core[1]
    nodes = core[3].shape[0]
    depth = np.full(nodes, float(nodes))
    depth[at] = 0.0
    nearer = True
    while nearer:
        nearer = False
        for k in range(start.shape[0]):
            if depth[start[k]] > depth[end[k]] + 1.0:
                depth[start[k]] = depth[end[k]] + 1.0
                nearer = True
            elif depth[end[k]] > depth[start[k]] + 1.0:
                depth[end[k]] = depth[start[k]] + 1.0
                nearer = True
    place = depth[core_of] + np.isfinite(cap)
    deepest = float(int(place.max())) if place.shape[0] else 0.0
    for b in range(terminal.shape[0] - 1, -1, -1):
        t = terminal[b]
        if t >= 0:
            cap_depth = depth[core_of[t]] + (1.0 if np.isfinite(cap[t]) else 0.0)
            order = (b + 1.0) / (terminal.shape[0] + 1.0)
            place[t] = (deepest - cap_depth + order) / (deepest + 1.0)
    rank: FloatArray = place * (1.0 + place) / 2.0
    return rank


@numba.njit(cache=True)
def _number_uniform(
    wanted: FloatArray, island: IntArray, fed: BoolArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Uniform sheds: that of each island and tier (I, 2), that of the import's islands by tier
    (2,), -1 for none; and price and whole demand of each (Q,)."""
    islands = fed.shape[0]
    total, shared = np.zeros((islands, 2)), np.zeros(2)
    for t in range(island.shape[0]):
        for tier in range(2):
            total[island[t], tier] += wanted[t, tier]
            if fed[island[t]]:
                shared[tier] += wanted[t, tier]
    of_island, of_import = np.full((islands, 2), -1), np.full(2, -1)
    price, demand = np.zeros(2 * islands + 2), np.zeros(2 * islands + 2)
    count = 0
    for tier in range(2):
        tier_price = _ORDINARY if tier == 0 else _PROTECTED
        if fed.sum() > 1 and shared[tier] > 0.0:
            of_import[tier] = count
            price[count], demand[count] = tier_price, shared[tier]
            count += 1
        for i in range(islands):
            if total[i, tier] > 0.0:
                of_island[i, tier] = count
                price[count] = tier_price * (1.0 + TIE_STEP)
                demand[count] = total[i, tier]
                count += 1
    return of_island, of_import, price[:count], demand[:count]


@numba.njit(cache=True)
def build_program(case: CaseArrays, shares: FloatArray) -> Program:
    """The program of a state of the parts."""
    terminals, (core_of, cap, core), kinds, used, _ = reduce_shares(case, shares, np.inf)
    terminal, island, islands = terminals
    wanted = _demand_by_terminal(case, shares, terminal, island.shape[0])
    at = core_of[terminal[case[3][0][used]]]
    fed = np.zeros(islands, np.bool_)
    fed[kinds[1][kinds[2]]] = True
    of_island, of_import, uniform_price, uniform_demand = _number_uniform(wanted, island, fed)
    rank = _rank(terminal, core_of, cap, at, core)
    count = int(np.sum(wanted > 0.0))
    cell_terminal, cell_tier = np.empty(count, np.int64), np.empty(count, np.int64)
    demand, member, part = np.empty(count), np.full((count, 2), -1), np.zeros((count, 2))
    first = used.shape[0] + uniform_price.shape[0]
    price, upper = np.zeros(first + count + ZONES), np.zeros(first + count + ZONES)
    price[used.shape[0] : first] = uniform_price
    upper[used.shape[0] : first] = uniform_demand
    s = 0
    for t in range(island.shape[0]):
        for tier in range(2):
            if wanted[t, tier] > 0.0:
                cell_terminal[s], cell_tier[s], demand[s] = t, tier, wanted[t, tier]
                member[s, 0] = of_island[island[t], tier]
                member[s, 1] = of_import[tier] if fed[island[t]] else -1
                for q in range(2):
                    if member[s, q] >= 0:
                        part[s, q] = demand[s] / uniform_demand[member[s, q]]
                tier_price = _ORDINARY if tier == 0 else _PROTECTED
                price[first + s] = tier_price * (1.0 + TIE_STEP * (2.0 + rank[t]))
                upper[first + s] = demand[s]
                s += 1
    cells = (cell_terminal, cell_tier, demand, member, part)
    leaves = (terminal, island, core_of, cap, wanted.sum(axis=1))
    return cells, leaves, (used, kinds[0], kinds[1], kinds[2], at), core, price, upper
