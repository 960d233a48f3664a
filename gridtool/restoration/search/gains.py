"""What jobs bring, by which of the jobs that bear on it are finished before them.

In a network built for the loss of one element most repairs stand alone, and few pairs help only
together or stand in for each other. So what a job brings is remembered by the finished ones
among the jobs that bear on it: that says far more about states never met than what it brought
in one timetable.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.search.kernel import Walk, learn_gains
from gridtool.restoration.value.state_table import Table, enter, grow_table, make_table, to_words
from gridtool.restoration.value.states import StateValues

__all__ = ["Gains"]

IntArray = npt.NDArray[np.int64]

BEARS_MW = 0.01
"""A pair of jobs that brings this much more or less than each alone is taken note of."""


class Gains:
    """The gains met so far.

    Attributes
    ----------
    table
        What a job brought by level, MW, by the jobs before that bear on it, and the job.
    bears : (n, W)
        The set of jobs that bear on what each job brings.
    """

    def __init__(self, values: StateValues) -> None:
        self._values = values
        n = values.effects.jobs
        self._width = (n + 63) // 64 or 1
        self.bears = np.zeros((n, self._width), dtype=np.uint64)
        levels = len(values.full_levels_mw)
        self.table: Table = make_table(width=self._width + 1, levels=levels)
        self._count = 0

    def probe(self, near: IntArray, *, evaluations: int) -> None:
        """Find which jobs bear on each other, each with so many of those ``near`` as can be paid.

        Pairs are tried on their own and as the last two repairs.
        """
        n = self._values.effects.jobs
        reach = min(n - 1, evaluations // (2 * n) if n else 0)
        pairs = sorted({(min(i, j), max(i, j)) for i in range(n) for j in near[i, :reach].tolist()})
        contexts = (0, self._values.all_done)
        for i, j in pairs:
            both = 1 << i | 1 << j
            if any(self._departs(context & ~both, i, j) for context in contexts):
                self.bears[i, j >> 6] |= np.uint64(1 << (j & 63))
                self.bears[j, i >> 6] |= np.uint64(1 << (i & 63))
        for i, j in pairs:
            for context in contexts:
                before = context & ~(1 << i | 1 << j)
                self._enter(before, i)
                self._enter(before, j)
                self._enter(before | 1 << i, j)
                self._enter(before | 1 << j, i)

    def _departs(self, before: int, i: int, j: int) -> bool:
        """Whether two jobs bring another load together than each alone."""
        value = self._values.levels_mw
        one, other = value(before | 1 << i), value(before | 1 << j)
        both = value(before | 1 << i | 1 << j)
        return bool((np.abs(both - one - other + value(before)) > BEARS_MW).any())

    def _enter(self, before: int, j: int) -> None:
        self._make_room(1)
        gain = self._values.levels_mw(before | 1 << j) - self._values.levels_mw(before)
        key = np.append(to_words(before, self._width) & self.bears[j], np.uint64(j))
        self._count = enter(self.table, key, gain, self._count)

    def learn(self, steps: Walk, states: Table) -> None:
        """Take note of what the jobs of a timetable brought, as far as its states are known."""
        if len(steps[0]):
            self._make_room(len(steps[0]))
            self._count = learn_gains(steps, states, self.table, self.bears, self._count)

    def _make_room(self, more: int) -> None:
        while self._count + more > len(self.table[1]):
            self.table = grow_table(self.table, count=self._count)
