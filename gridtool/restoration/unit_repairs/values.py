"""What a set of repaired components serves, cached by bitmask."""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.milp import ProgramBuilder
from gridtool.flow.mld_program import NetworkColumns, Switches, add_network
from gridtool.restoration.unit_repairs.bound_kernel import SupplyBound
from gridtool.restoration.unit_repairs.model import RepairCase, flags_of

__all__ = ["LoadProgram", "RepairValues"]

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]

DIGITS = 8
"""Served loads are rounded to so many digits, p.u., so that equal states tie exactly."""


class RepairValues:
    """Weighted load served (p.u.) by mask of repaired components, each set computed once.

    ``evaluations`` counts the networks solved; sets that leave the same elements in service are
    one network.
    """

    def __init__(self, repair_case: RepairCase) -> None:
        self.repair_case = repair_case
        self.evaluations = 0
        self._by_mask: dict[int, float] = {}
        self._by_network: dict[int, float] = {}
        components = repair_case.components
        self._idle = sum(1 << bit for bit, part in enumerate(components) if part.place < 0)
        self._behind: list[tuple[int, int]] = []
        for bus, part in enumerate(components):
            behind = sum(1 << bit for bit, other in enumerate(components) if bus in other.buses)
            if part.kind == "bus" and behind:
                self._behind.append((1 << bus, ~behind))
        self.bound = SupplyBound(repair_case)
        self._program = LoadProgram(repair_case)
        self.full = self.served(repair_case.all_done)

    def in_service(self, mask: int) -> int:
        """The components of ``mask`` that can give something: those whose buses are repaired."""
        found = mask & ~self._idle
        for bus, others in self._behind:
            if not mask & bus:
                found &= others
        return found

    def known(self, mask: int) -> float | None:
        """What :meth:`served` has found for ``mask``, None if it was not asked."""
        return self._by_mask.get(mask)

    def served(self, mask: int) -> float:
        """Weighted load served when the components of ``mask`` are repaired, p.u."""
        known = self._by_mask.get(mask)
        if known is None:
            network = self.bound.live(self.in_service(mask))
            known = self._by_network.get(network)
            if known is None:
                self.evaluations += 1
                known = round(self._program.served(network), DIGITS)
                self._by_network[network] = known
            self._by_mask[mask] = known
        return known


class LoadProgram:
    """The load delivery of any state as one linear program, re-solved warm with other bounds.

    What is out has its columns held at 0, and the row that ties a branch's flow to its angles is
    let go.
    """

    def __init__(self, repair_case: RepairCase) -> None:
        case = repair_case.case
        if case.storages:
            raise AnalysisError("with storage, a state has no value of its own")
        program = ProgramBuilder()
        columns = add_network(
            program,
            case,
            switches=Switches(),
            load_gain=case.load_weight * np.abs(case.load_pu),
        )
        self._count = len(repair_case.components)
        lower, upper = np.array(program.block.lower), np.array(program.block.upper)
        lower[columns.flow] = np.minimum(lower[columns.flow], 0.0)
        held, freed = _elements(repair_case, columns)
        self._columns, self._holder = _by_position(held)
        self._rows, self._freer = _by_position(freed)
        self._lower, self._upper = lower[self._columns], upper[self._columns]
        self._highs = program.model({"solver": "simplex"})

    def served(self, network: int) -> float:
        """Weighted load served with only ``network`` of the components in service, p.u.

        Raises
        ------
        AnalysisError
            If HiGHS finds no optimum, cold start included.
        """
        on = flags_of(network, self._count)
        held = on[self._holder] == 0
        lower, upper = np.where(held, 0.0, self._lower), np.where(held, 0.0, self._upper)
        self._highs.changeColsBounds(len(lower), self._columns, lower, upper)
        slack = np.where(on[self._freer] == 0, np.inf, 0.0)
        self._highs.changeRowsBounds(len(slack), self._rows, -slack, slack)
        for _ in range(2):
            self._highs.run()
            if self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                return float(self._highs.getInfo().objective_function_value)
            self._highs.clearSolver()
        raise AnalysisError("the load that a state serves could not be computed")


def _elements(
    repair_case: RepairCase, columns: NetworkColumns
) -> tuple[list[list[int]], list[list[int]]]:
    """By component, the columns held at 0 and the rows let go while it is out."""
    case = repair_case.case
    held: list[list[int]] = []
    freed: list[list[int]] = []
    for part in repair_case.components:
        place, mine, rows = part.place, [], []
        if place >= 0 and part.kind == "gen":
            mine = [int(columns.gen[place])]
        elif place >= 0 and part.kind == "branch":
            mine, rows = [int(columns.flow[place])], [int(columns.flow_rows[place])]
        elif place >= 0 and part.kind == "bus":
            mine = columns.load[case.load_bus == place].tolist()
            mine += columns.shunt[case.shunt_bus == place].tolist()
        held.append(mine)
        freed.append(rows)
    return held, freed


def _by_position(owned: Sequence[Sequence[int]]) -> tuple[IndexArray, IntArray]:
    """Columns or rows in ascending order, and the component that owns each."""
    pairs = sorted((position, bit) for bit, mine in enumerate(owned) for position in mine)
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0].astype(np.int32), found[:, 1]
