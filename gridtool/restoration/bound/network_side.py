"""The network priced: the most a state can serve beyond what its finished jobs cost.

For every set S of jobs that can be finished by a moment, the load served is at most
``most + sum(cost of S's jobs)``, where ``most`` is the optimum (or the solver's proven bound) of
the network program with the costs as prices of the binaries.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import quiet_highs
from gridtool.restoration.bound.network_program import NetworkProgram
from gridtool.restoration.bound.reach import Reach

__all__ = ["NetworkSide", "PricedState"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_PRESOLVE = "off"
"""Presolve of HiGHS 1.14.0 loses optima of mixed-integer programs (its issues 2957 and 3094, mended
in 1.15): what it then calls proven is not."""

_SAFETY = 1e-7
"""Relative allowance for the solver's tolerances, added to what it proves."""


@dataclass(frozen=True, slots=True)
class PricedState:
    """A proven bound ``most``, MW, and the best set of finished jobs found (n,) bool."""

    most: float
    done: BoolArray
    served_mw: float


class NetworkSide:
    """One network program in one HiGHS model, priced and limited anew for each question."""

    def __init__(
        self,
        program: NetworkProgram,
        reach: Reach,
        *,
        level_weight: FloatArray,
        nodes: int,
        seed: int,
    ) -> None:
        self.program = program
        self.reach = reach
        self.jobs = len(reach.work_h)
        self.price = program.price(level_weight)
        self._highs = quiet_highs(
            presolve=_PRESOLVE,
            mip_rel_gap=1e-6,
            mip_abs_gap=1e-3,
            mip_max_nodes=nodes,
            random_seed=seed,
        )
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        program.block.add_to(self._highs, price=self.price)
        self._columns = np.arange(self.jobs, dtype=np.int32)
        for before, after in reach.pairs:
            self._row(0.0, {before: 1.0, after: -1.0}, lower=True)
        self._rooms = np.array([room.column for room in program.rooms], dtype=np.int32)
        self._team_rows = [
            self._row(np.inf, {int(j): float(reach.work_h[j]) for j in jobs})
            for jobs, _ in reach.teams
        ]
        self._spare_rows = [
            self._row(
                np.inf, {int(j): float(reach.need[j, s]) for j in np.flatnonzero(reach.need[:, s])}
            )
            for s in range(reach.need.shape[1])
        ]

    def _row(self, bound: float, terms: dict[int, float], *, lower: bool = False) -> int:
        place = int(self._highs.getNumRow())
        low, high = (bound, np.inf) if lower else (-np.inf, bound)
        columns = np.array(list(terms), dtype=np.int32)
        self._highs.addRow(low, high, len(columns), columns, np.array(list(terms.values())))
        return place

    def solve(
        self, cost: FloatArray, *, begins_h: float = 0.0, moment_h: float = np.inf
    ) -> PricedState:
        """The best state at ``cost`` (n,) of those that can be reached by a moment.

        Mobile units are those that can be there between ``begins_h`` and then.
        """
        n, highs = self.jobs, self._highs
        highs.changeColsCost(n, self._columns, self.price[:n] - cost)
        reachable = self.reach.earliest.finish_h <= moment_h + 1e-6
        highs.changeColsBounds(n, self._columns, np.zeros(n), reachable.astype(np.float64))
        if len(self._rooms):
            mobile = np.array([room.most_mw(begins_h, moment_h) for room in self.program.rooms])
            highs.changeColsBounds(len(mobile), self._rooms, np.zeros(len(mobile)), mobile)
        hours, units = np.inf * np.ones(len(self._team_rows)), self.reach.units(moment_h)
        if np.isfinite(moment_h):
            hours = self.reach.crew_hours(moment_h) + 1e-6
        for row, most in zip([*self._team_rows, *self._spare_rows], [*hours, *units], strict=True):
            highs.changeRowBounds(row, -np.inf, float(most))
        highs.run()
        found = highs.getInfo()
        whole = bool(self.program.block.integer.any())
        most = found.mip_dual_bound if whole else found.objective_function_value
        values = np.array(highs.getSolution().col_value[: self.program.block.columns])
        if not np.isfinite(most) or not len(values):
            most = self.program.ceiling(self.price)
            return PricedState(most, np.zeros(n, dtype=np.bool_), 0.0)
        return PricedState(
            float(most) + _SAFETY * max(1.0, abs(float(most))),
            values[:n] > 0.5,
            float(self.price @ values),
        )
