"""The linear program that finds good multipliers for network and schedule.

Its columns are choices of the schedule (found as they are needed), and for each interval the
finished shares of the jobs and a copy of the network without whole numbers; its rows are crew
time, and what the priced network has proven of the load served. Whatever it returns gives a
valid bound: it only decides how good the bound is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import quiet_highs
from gridtool.restoration.bound.intervals import Intervals
from gridtool.restoration.bound.network_program import NetworkProgram
from gridtool.restoration.bound.schedule_side import Choice, ScheduleSide

__all__ = ["Master", "Multipliers"]

FloatArray = npt.NDArray[np.float64]

_DUAL, _PRIMAL = 1, 4
"""Strategies of the simplex in HiGHS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """Values ``cost`` (n, K) of finished jobs, MW, ``prices`` of crew time by group (slots,), and
    the program's own solution: ``served_mw`` (K,) and finished shares ``done`` (n, K)."""

    cost: FloatArray
    prices: tuple[FloatArray, ...]
    served_mw: FloatArray
    done: FloatArray
    objective: float


class Master:
    """The program in HiGHS, solved warm after every addition.

    ``networks`` has for each interval the program, its price (N,), and what mobile units add to
    the load served at most, MW.
    """

    def __init__(
        self,
        side: ScheduleSide,
        networks: list[tuple[NetworkProgram, FloatArray, float]],
    ) -> None:
        self.side = side
        self.intervals: Intervals = side.intervals
        self.scale = float(self.intervals.edge_h[-1])
        self._highs = quiet_highs(solver="simplex")
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._known: set[tuple[int, int, int]] = set()
        self._is_cut = True
        n, count = side.jobs, self.intervals.count
        self._first = np.empty(count, dtype=np.int64)
        self._served = np.empty(count, dtype=np.int64)
        for k, (program, price, more) in enumerate(networks):
            self._add_network(k, program, price, more)
        self._chain = np.array([[self._add_chain(j, k) for k in range(count)] for j in range(n)])
        self._job_rows = self._add_rows(np.ones(n))
        self._slot_rows = [
            self._add_rows(len(group.crews) * np.diff(edges))
            for group, edges in zip(side.groups, side.slot_edges, strict=True)
        ]

    def _add_network(self, k: int, program: NetworkProgram, price: FloatArray, more: float) -> None:
        highs = self._highs
        block = replace(program.block, integer=np.zeros(program.block.columns, dtype=np.bool_))
        first = block.add_to(highs, price=np.zeros(block.columns))
        column = int(highs.getNumCol())
        highs.addVar(0.0, program.ceiling(price) + more)
        highs.changeColCost(column, float(self.intervals.length_h[k]) / self.scale)
        terms = np.flatnonzero(price)
        highs.addRow(
            -np.inf,
            more,
            len(terms) + 1,
            np.concatenate([[column], first + terms]).astype(np.int32),
            np.concatenate([[1.0], -price[terms]]),
        )
        self._first[k], self._served[k] = first, column

    def _add_chain(self, j: int, k: int) -> int:
        """Finished share of j in interval k is no more than before and what is finished since."""
        place = int(self._highs.getNumRow())
        columns, values = [self._first[k] + j], [1.0]
        if k:
            columns.append(self._first[k - 1] + j)
            values.append(-1.0)
        array = np.array(columns, dtype=np.int32)
        self._highs.addRow(-np.inf, 0.0, len(array), array, np.array(values))
        return place

    def _add_rows(self, upper: FloatArray) -> npt.NDArray[np.int64]:
        first = int(self._highs.getNumRow())
        empty = np.zeros(0)
        starts = np.zeros(len(upper), dtype=np.int32)
        lower = np.full(len(upper), -np.inf)
        self._highs.addRows(len(upper), lower, upper, 0, starts, empty.astype(np.int32), empty)
        return np.arange(first, first + len(upper))

    def add_choices(self, choices: list[Choice]) -> int:
        """Add what is not there yet; how many that were."""
        added = 0
        for choice in choices:
            key = (choice.group, choice.job, round(choice.worked_h * 1000))
            if key in self._known:
                continue
            self._known.add(key)
            used, left = self.side.column(choice)
            share = np.diff(left / self.intervals.length_h, prepend=0.0)
            steps = np.flatnonzero(share > 1e-9)
            slots = np.flatnonzero(used > 1e-9)
            rows = [
                np.array([self._job_rows[choice.job]]),
                self._chain[choice.job, steps],
                self._slot_rows[choice.group][slots],
            ]
            terms = [np.ones(1), -share[steps], used[slots]]
            index = np.concatenate(rows).astype(np.int32)
            self._highs.addCol(0.0, 0.0, np.inf, len(index), index, np.concatenate(terms))
            added += 1
        return added

    def add_cut(self, k: int, cost: FloatArray, most: float) -> None:
        """Load served in interval ``k`` is at most ``most`` plus the cost (n,) of its jobs."""
        jobs = np.flatnonzero(cost > 1e-9)
        columns = np.concatenate([[self._served[k]], self._first[k] + jobs]).astype(np.int32)
        terms = np.concatenate([[1.0], -cost[jobs]])
        self._highs.addRow(-np.inf, most, len(columns), columns, terms)
        self._is_cut = True

    def solve(self) -> Multipliers:
        """The multipliers of an optimal basis.

        After new choices the last basis is feasible still, which the primal simplex goes on from.
        """
        highs = self._highs
        highs.setOptionValue("simplex_strategy", _DUAL if self._is_cut else _PRIMAL)
        self._is_cut = False
        highs.run()
        solution = highs.getSolution()
        dual, value = np.array(solution.row_dual), np.array(solution.col_value)
        chain = np.maximum(dual[self._chain], 0.0)
        step = chain - np.concatenate([chain[:, 1:], np.zeros((len(chain), 1))], axis=1)
        cost = np.maximum(step, 0.0) * self.scale / self.intervals.length_h
        columns = self._first[None, :] + np.arange(len(chain))[:, None]
        return Multipliers(
            cost=cost,
            prices=tuple(np.maximum(dual[rows], 0.0) * self.scale for rows in self._slot_rows),
            served_mw=value[self._served],
            done=value[columns],
            objective=float(highs.getInfo().objective_function_value) * self.scale,
        )
