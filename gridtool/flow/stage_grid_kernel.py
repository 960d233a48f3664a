"""Compiled: one state of the parts, prepared for all stages that have it.

Leaves that some hour may want more of than their branch carries are *capped* and kept one by
one; all other load of an island and tier is shed in one proportion, so that its sums by place
(see :mod:`gridtool.flow.parametric_places`) and by core node are all that is needed.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.served_kernel import CaseArrays, Core, reduce_shares

__all__ = ["Caps", "CellPlaces", "Grid", "Load", "Sources", "connect_demand", "prepare_grid"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CellPlaces = tuple[IntArray, IntArray, FloatArray, FloatArray, int]
"""Begin of each busbar section and tier, place and weight of its entries; its demand at the
reference peak (MW); number of places."""
Load = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""Uncapped demand at factor 1 by island and tier (I, 2), by those and place (I, 2, Z) and by core
node and tier (C, 2); all energised demand by island (I,); what no dispatch serves by place (Z,),
and of this (1,) what cannot be delivered, MW."""
Caps = tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]
"""Island, core node and cap (A,) of each capped leaf; its demand at factor 1 by tier (A, 2), and
by tier and place (A, 2, Z)."""
Sources = tuple[IntArray, FloatArray, IntArray, BoolArray, IntArray]
"""Position in the case, rating, island, whether an infeed, and core node of each source (K,)."""
Grid = tuple[Load, Caps, Sources, Core, IntArray]
"""The last: island of each core node (C,)."""


@numba.njit(cache=True)
def connect_demand(
    case: CaseArrays, shares: FloatArray, cells: CellPlaces
) -> tuple[FloatArray, float]:
    """Demand at factor 1 that feeders in service can take (B, 2), and what is beyond, MW."""
    (in_service, _), _, _, _, (busbar, tier, peak) = case
    connectable = np.zeros((in_service.shape[0], 2))
    first = shares.shape[0] - 1 - busbar.shape[0]
    for f in range(busbar.shape[0]):
        b = busbar[f]
        if in_service[b] and shares[b] > 0.0:
            connectable[b, tier[f]] += peak[f] * shares[first + f]
    return connectable, cells[3].sum() - connectable.sum()


@numba.njit(cache=True)
def _find_capped(wanted: FloatArray, cap: FloatArray, top: float) -> tuple[IntArray, IntArray]:
    """The terminals that want more than their cap at factor ``top``, and number of each or -1."""
    number = np.full(cap.shape[0], -1, np.int64)
    chosen = np.empty(cap.shape[0], np.int64)
    count = 0
    for t in range(cap.shape[0]):
        if (wanted[t, 0] + wanted[t, 1]) * top > cap[t]:
            number[t] = count
            chosen[count] = t
            count += 1
    return chosen[:count], number


@numba.njit(cache=True)
def _count_places(
    terminals: tuple[IntArray, IntArray, int],
    connectable: FloatArray,
    cells: CellPlaces,
    number: IntArray,
    out: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Fill demand by place: uncapped (I, 2, Z), capped (A, 2, Z), lost (Z,)."""
    terminal, island, _ = terminals
    begin, place, weight, demand, _ = cells
    uniform, capped, lost = out
    for b in range(terminal.shape[0]):
        t = terminal[b]
        for tier in range(2):
            cell = 2 * b + tier
            taken = connectable[b, tier] if t >= 0 else 0.0
            left = demand[cell] - taken
            for entry in range(begin[cell], begin[cell + 1]):
                z = place[entry]
                if t >= 0 and number[t] < 0:
                    uniform[island[t], tier, z] += taken * weight[entry]
                elif t >= 0:
                    capped[number[t], tier, z] += taken * weight[entry]
                if left != 0.0:
                    lost[z] += left * weight[entry]


@numba.njit(cache=True)
def prepare_grid(case: CaseArrays, shares: FloatArray, cells: CellPlaces, top: float) -> Grid:
    """The grid of a state of the parts, for demand factors up to ``top``."""
    terminals, (core_of, cap, core), kinds, used, _ = reduce_shares(case, shares, np.inf)
    terminal, island, islands = terminals
    connectable, undeliverable = connect_demand(case, shares, cells)
    wanted = np.zeros((island.shape[0], 2))
    for b in range(terminal.shape[0]):
        if terminal[b] >= 0:
            wanted[terminal[b], 0] += connectable[b, 0]
            wanted[terminal[b], 1] += connectable[b, 1]
    chosen, number = _find_capped(wanted, cap, top)
    uniform = np.zeros((islands, 2, cells[4]))
    capped = np.zeros((chosen.shape[0], 2, cells[4]))
    lost = np.zeros(cells[4] + 1)
    lost[cells[4]] = undeliverable
    _count_places(terminals, connectable, cells, number, (uniform, capped, lost))
    total, taken = np.zeros((islands, 2)), np.zeros((core[3].shape[0], 2))
    energised = np.zeros(islands)
    core_island = np.zeros(core[3].shape[0], np.int64)
    for t in range(island.shape[0]):
        core_island[core_of[t]] = island[t]
        energised[island[t]] += wanted[t, 0] + wanted[t, 1]
        if number[t] < 0:
            for tier in range(2):
                total[island[t], tier] += wanted[t, tier]
                taken[core_of[t], tier] += wanted[t, tier]
    load = (total, uniform, taken, energised, lost[: cells[4]], lost[cells[4] :])
    caps = (island[chosen], core_of[chosen], cap[chosen], wanted[chosen], capped)
    at = core_of[terminal[case[3][0][used]]]
    return load, caps, (used, kinds[0], kinds[1], kinds[2], at), core, core_island
