"""Compiled loops of the topology: fusing sections, automatic transfer, islands."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["connect"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@numba.njit(cache=True)
def _find(parent: IntArray, item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@numba.njit(cache=True)
def _union(parent: IntArray, one: int, other: int) -> None:
    # The smaller root wins: sets are then numbered by their first busbar.
    one, other = _find(parent, one), _find(parent, other)
    if one < other:
        parent[other] = one
    else:
        parent[one] = other


@numba.njit(cache=True)
def _join(parent: IntArray, count: int, joins: tuple[IntArray, IntArray, BoolArray]) -> None:
    one, other, on = joins
    for item in range(count):
        parent[item] = item
    for k in range(one.shape[0]):
        if on[k]:
            _union(parent, one[k], other[k])


@numba.njit(cache=True)
def _light(live: BoolArray, parent: IntArray, sources: tuple[IntArray, BoolArray]) -> None:
    """Mark the islands (by root busbar) that have a source able to hold them."""
    busbar, holds = sources
    live[:] = False
    for g in range(busbar.shape[0]):
        if holds[g]:
            live[_find(parent, busbar[g])] = True


@numba.njit(cache=True)
def _transfer_pass(
    couplers: tuple[IntArray, IntArray, BoolArray],
    transfer: BoolArray,
    branches: tuple[IntArray, IntArray, BoolArray],
    transformer: BoolArray,
    sets: tuple[IntArray, IntArray, BoolArray],
) -> bool:
    """Close at most one transfer for each dead island; whether any closed."""
    a, b, closed = couplers
    _, end, branch_on = branches
    fused, joined, live = sets
    taken = np.zeros(live.shape[0], np.bool_)
    changed = False
    for c in range(a.shape[0]):
        if not transfer[c] or closed[c]:
            continue
        dead = b[c] if live[_find(joined, a[c])] else a[c]
        alive = a[c] if dead == b[c] else b[c]
        island = _find(joined, dead)
        if live[island] or not live[_find(joined, alive)] or taken[island]:
            continue
        taken[island] = True
        closed[c] = True
        changed = True
        node = _find(fused, dead)
        for k in range(end.shape[0]):
            if branch_on[k] and transformer[k] and _find(fused, end[k]) == node:
                branch_on[k] = False
    return changed


@numba.njit(cache=True)
def connect(
    n_busbars: int,
    couplers: tuple[IntArray, IntArray, BoolArray],
    transfer: BoolArray,
    branches: tuple[IntArray, IntArray, BoolArray],
    transformer: BoolArray,
    sources: tuple[IntArray, BoolArray, BoolArray],
) -> tuple[IntArray, IntArray, BoolArray]:
    """Close the automatic transfers and label what is connected.

    A transfer closes when exactly one of its sections is dead; the transformers that feed the
    dead section open first (as the automatics do), so that it is never fed backwards. Passes are
    repeated until nothing changes; couplers act in table order, and a dead island takes at most
    one transfer per pass. ``couplers`` and ``branches`` are (end, end, on) and are changed.
    ``sources`` are (busbar, able to hold an island, standby). What is on standby holds only what
    is dead once the automatics have done all they can without it: it never keeps a section from
    being transferred, and so takes no supply from anybody.

    Returns
    -------
    fused, joined : (B,) int
        First busbar of each busbar's node and of its island.
    live : (B,) bool
        By first busbar of an island: whether it is energised.
    """
    start, end, branch_on = branches
    fused = np.empty(n_busbars, np.int64)
    joined = np.empty(n_busbars, np.int64)
    live = np.zeros(n_busbars, np.bool_)
    busbar, holds, standby = sources
    waiting = bool(np.any(holds & standby))
    on = holds & ~standby
    changed = True
    while changed or waiting:
        if not changed:
            on, waiting = holds, False
        _join(fused, n_busbars, couplers)
        _join(joined, n_busbars, couplers)
        for k in range(start.shape[0]):
            if branch_on[k]:
                _union(joined, start[k], end[k])
        _light(live, joined, (busbar, on))
        changed = _transfer_pass(couplers, transfer, branches, transformer, (fused, joined, live))
    for item in range(n_busbars):
        fused[item] = _find(fused, item)
        joined[item] = _find(joined, item)
    return fused, joined, live
