"""Compiled: numbers by set of jobs, for inner loops. A hash table with open addressing."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["FREE", "Table", "WordArray", "enter", "grow_table", "look_up", "make_table", "to_words"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]

FREE = -1

Table = tuple[IntArray, WordArray, FloatArray]
"""Place by slot, :data:`FREE` where empty; words (K, W) and values (K, L) by place. A set is W
words of 64 bits, job i in bit i."""


def to_words(mask: int, width: int) -> WordArray:
    """A bitmask as ``width`` words."""
    return np.frombuffer(mask.to_bytes(8 * width, "little"), dtype=np.uint64)


def make_table(*, width: int, levels: int, room: int = 1024) -> Table:
    """An empty table with room for ``room`` sets of ``width`` words."""
    slots = 1
    while slots < 2 * room:
        slots *= 2
    return (
        np.full(slots, FREE, dtype=np.int64),
        np.zeros((room, width), dtype=np.uint64),
        np.zeros((room, levels)),
    )


def grow_table(table: Table, *, count: int) -> Table:
    """A table with twice the room and the first ``count`` sets of ``table``."""
    _, words, values = table
    grown = make_table(width=words.shape[1], levels=values.shape[1], room=2 * len(words))
    for place in range(count):
        enter(grown, words[place], values[place], place)
    return grown


@numba.njit(cache=True)
def _hash(words: WordArray) -> int:
    """A number that every bit of ``words`` bears on (FNV-1a by words, with a final mix)."""
    found = np.uint64(0xCBF29CE484222325)
    for w in range(words.shape[0]):
        found = (found ^ words[w]) * np.uint64(0x100000001B3)
        found ^= found >> np.uint64(29)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(32)
    return int(np.int64(found >> np.uint64(1)))


@numba.njit(cache=True)
def _slot(table: Table, words: WordArray) -> int:
    """Slot of a set: its own, or the empty one where it belongs."""
    slots, known, _ = table
    last = slots.shape[0] - 1
    slot = _hash(words) & last
    while slots[slot] >= 0:
        same = True
        for w in range(words.shape[0]):
            same &= known[slots[slot], w] == words[w]
        if same:
            break
        slot = (slot + 1) & last
    return int(slot)


@numba.njit(cache=True)
def look_up(table: Table, words: WordArray) -> int:
    """Place of a set, :data:`FREE` if it is not known."""
    return int(table[0][_slot(table, words)])


@numba.njit(cache=True)
def enter(table: Table, words: WordArray, value: FloatArray, count: int) -> int:
    """Enter or replace the value of a set in a table of ``count`` sets that has room; the sets
    it has then."""
    slots, known, values = table
    slot = _slot(table, words)
    if slots[slot] < 0:
        slots[slot] = count
        known[count] = words
        count += 1
    values[slots[slot]] = value
    return count
