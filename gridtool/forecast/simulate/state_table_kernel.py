"""Stages as they are found, and the distinct states of the parts in them, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["StateTable", "add_stage", "fill_shares", "find_parts", "make_table"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

_FIRST_SIZE = 256
_ROW, _FIRST, _END, _PARTS = 0, 1, 2, 3


class StateTable(NamedTuple):
    """Stages and states found so far; arrays grow by doubling.

    Attributes
    ----------
    sizes : (3,) int
        Stages, states, and parts below 1 in all states.
    stage : (4, K) int
        Row, first hour, end and state of each stage.
    source_mw : (K, G)
    import_mw : (K,)
    state_first : (S + 1,) int
        Where the parts below 1 of each state begin.
    part, share : int
        Parts below 1 and the number of their share.
    words : (2, S) uint64
        By which a state is known.
    slot : (T,) int
        Hash table: states by their first word, open addressing; -1: empty.
    """

    sizes: IntArray
    stage: IntArray
    source_mw: FloatArray
    import_mw: FloatArray
    state_first: IntArray
    part: IntArray
    share: IntArray
    words: WordArray
    slot: IntArray


@numba.njit(cache=True)
def make_table(sources: int) -> StateTable:
    """An empty table for stages of ``sources`` sources."""
    size = _FIRST_SIZE
    return StateTable(
        np.zeros(3, dtype=np.int64),
        np.empty((4, size), dtype=np.int64),
        np.empty((size, sources)),
        np.empty(size),
        np.zeros(size + 1, dtype=np.int64),
        np.empty(16 * size, dtype=np.int64),
        np.empty(16 * size, dtype=np.int64),
        np.empty((2, size), dtype=np.uint64),
        np.full(4 * size, -1),
    )


@numba.njit(cache=True)
def add_stage(
    span: tuple[int, int, int],
    parts: int,
    source_mw: FloatArray,
    import_mw: float,
    table: StateTable,
) -> StateTable:
    """Add a ``span`` of a row (row, first hour, end); to the stage before if nothing changed."""
    row, first, end = span
    k = table.sizes[0]
    alike = k > 0 and table.stage[_ROW, k - 1] == row and table.stage[_PARTS, k - 1] == parts
    if alike and table.import_mw[k - 1] == import_mw:
        for g in range(source_mw.shape[0]):
            alike = alike and table.source_mw[k - 1, g] == source_mw[g]
        if alike:
            table.stage[_END, k - 1] = end
            return table
    if k == table.import_mw.shape[0]:
        table = _grow_stages(table)
    table.stage[_ROW, k], table.stage[_FIRST, k] = row, first
    table.stage[_END, k], table.stage[_PARTS, k] = end, parts
    for g in range(source_mw.shape[0]):
        table.source_mw[k, g] = source_mw[g]
    table.import_mw[k] = import_mw
    table.sizes[0] += 1
    return table


@numba.njit(cache=True)
def _grow_stages(table: StateTable) -> StateTable:
    k = table.import_mw.shape[0]
    stage = np.empty((4, 2 * k), dtype=np.int64)
    source_mw = np.empty((2 * k, table.source_mw.shape[1]))
    import_mw = np.empty(2 * k)
    for at in range(k):
        import_mw[at] = table.import_mw[at]
        for row in range(4):
            stage[row, at] = table.stage[row, at]
        for g in range(source_mw.shape[1]):
            source_mw[at, g] = table.source_mw[at, g]
    return StateTable(
        table.sizes,
        stage,
        source_mw,
        import_mw,
        table.state_first,
        table.part,
        table.share,
        table.words,
        table.slot,
    )


@numba.njit(cache=True)
def find_parts(
    words: WordArray,
    low: tuple[IntArray, int],
    share: IntArray,
    forced: BoolArray,
    table: StateTable,
) -> tuple[int, StateTable]:
    """The number of a state of the parts, added where it is new.

    Parameters
    ----------
    words : (2,)
        Exclusive or of two random words for each part below 1 and its share: states are taken
        for one with a probability of 2**-128 for each pair.
    low
        The parts below 1, and how many there are.
    share : (P,) int
        Number of the share left by damage.
    forced : (P,) bool
        Forced out: share 0, which is number 0.
    """
    mask = np.uint64(table.slot.shape[0] - 1)
    at = np.int64(words[0] & mask)
    while table.slot[at] >= 0:
        known = table.slot[at]
        if table.words[0, known] == words[0] and table.words[1, known] == words[1]:
            return known, table
        at = (at + 1) & np.int64(mask)
    parts, below = low
    table = _grow_states(below, table)
    known, size = table.sizes[1], table.sizes[2]
    for k in range(below):
        part = parts[k]
        table.part[size + k] = part
        table.share[size + k] = 0 if forced[part] else share[part]
    table.words[0, known], table.words[1, known] = words[0], words[1]
    table.state_first[known + 1] = size + below
    table.sizes[1], table.sizes[2] = known + 1, size + below
    _place(known, table.words, table.slot)
    return known, table


@numba.njit(cache=True)
def _place(state: int, words: WordArray, slot: IntArray) -> None:
    """Put ``state`` into the first free slot from that of its first word on."""
    mask = slot.shape[0] - 1
    at = np.int64(words[0, state] & np.uint64(mask))
    while slot[at] >= 0:
        at = (at + 1) & mask
    slot[at] = state


@numba.njit(cache=True)
def _grow_states(below: int, table: StateTable) -> StateTable:
    """A table with room for one more state with ``below`` parts below 1."""
    states, size = table.sizes[1], table.sizes[2]
    part, share = table.part, table.share
    if size + below > part.shape[0]:
        room = 2 * part.shape[0] + below
        part, share = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
        for k in range(size):
            part[k], share[k] = table.part[k], table.share[k]
    first, words, slot = table.state_first, table.words, table.slot
    if states == words.shape[1]:
        first = np.zeros(2 * states + 1, dtype=np.int64)
        words = np.empty((2, 2 * states), dtype=np.uint64)
        slot = np.full(8 * states, -1)
        for state in range(states):
            first[state + 1] = table.state_first[state + 1]
            words[0, state], words[1, state] = table.words[0, state], table.words[1, state]
            _place(state, words, slot)
    return StateTable(
        table.sizes,
        table.stage,
        table.source_mw,
        table.import_mw,
        first,
        part,
        share,
        words,
        slot,
    )


@numba.njit(cache=True)
def fill_shares(table: StateTable, values: FloatArray, parts: int) -> FloatArray:
    """The states as rows of shares (S, parts)."""
    shares = np.ones((table.sizes[1], parts))
    for state in range(table.sizes[1]):
        for k in range(table.state_first[state], table.state_first[state + 1]):
            shares[state, table.part[k]] = values[table.share[k]]
    return shares
