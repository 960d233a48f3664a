"""The most load that any k repairs serve, as a mixed-integer program whose bound is tight early.

Beside what the order program has, it knows which sets need not be looked at: of two units at one
bus, or two circuits of one line, the one that can do more comes first; and a unit or a load
gets nowhere without a line. A known set gives the search something to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import ProgramBuilder
from gridtool.flow.mld_case import DcCase
from gridtool.restoration.unit_repairs.model import Component, Periods, RepairCase
from gridtool.restoration.unit_repairs.program import make_order_program

__all__ = ["NumberProgram", "Reach"]

FloatArray = npt.NDArray[np.float64]
INF = float("inf")

_MARGIN = 1e-6
"""Added to every proven bound, p.u.: more than the tolerances of HiGHS can take off it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a program proved: nothing above ``most``, p.u.; ``mask`` is the best set it met (None
    if it met none), ``iterations`` what it took."""

    most: float
    mask: int | None
    iterations: int


class NumberProgram:
    """Programs for the best sets of at most k repairs, for any k.

    May be used from several threads at once: every solve has a model of its own.
    """

    def __init__(self, repair_case: RepairCase) -> None:
        self.repair_case = repair_case
        self.count = len(repair_case.components)
        order = make_order_program(
            repair_case, Periods(repaired=(self.count,), elapsed=(1.0,)), finish=False
        )
        self._program = order.program
        self._number_row = 0  # the order program's first row limits the number of repairs
        self._bits = np.array([order.repaired[0][bit] for bit in range(self.count)], np.int32)
        self._ranked = _ranked_pairs(repair_case)
        for first, second in self._ranked:
            terms = [(int(self._bits[first]), 1.0), (int(self._bits[second]), -1.0)]
            self._program.add_row(0.0, INF, terms)
        _add_links(self._program, repair_case, self._bits.tolist(), order.networks[0].load)
        self.size = self._program.size

    def solve(
        self,
        number: int,
        *,
        known: int | None = None,
        gap_pu: float = 0.0,
        node_limit: int,
        heuristics: bool = False,
    ) -> Reach:
        """No ``number`` repairs serve more than this.

        Parameters
        ----------
        known
            A set of at most ``number`` repairs to begin with.
        gap_pu
            Close enough to the best set met, p.u.
        """
        highs = self._model(
            number,
            {
                "mip_max_nodes": node_limit,
                "mip_abs_gap": max(gap_pu, 1e-6),
                "mip_rel_gap": 0.0 if gap_pu else 1e-4,
                "mip_feasibility_tolerance": 1e-7,
                **({} if heuristics else {"mip_heuristic_effort": 0.0}),
            },
        )
        if known is not None:
            self._begin(highs, number, known)
        highs.run()
        found = highs.getInfo()
        if not found.valid or highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return Reach(most=self.repair_case.case.demand_pu, mask=None, iterations=0)
        most = min(float(found.mip_dual_bound) + _MARGIN, self.repair_case.case.demand_pu)
        mask = None
        if found.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            chosen = np.array(highs.getSolution().col_value)[self._bits] > 0.5
            mask = sum(1 << bit for bit in np.flatnonzero(chosen).tolist())
        return Reach(most=most, mask=mask, iterations=max(int(found.simplex_iteration_count), 0))

    def _model(self, number: int, options: dict[str, object]) -> highspy.Highs:
        highs = self._program.model(options)
        highs.changeRowBounds(self._number_row, -INF, float(number))
        return highs

    def _begin(self, highs: highspy.Highs, number: int, known: int) -> None:
        """Hand over the best use of the set ``known``, if the program accepts the set."""
        chosen = self._ranked_first(known)
        flags = np.array([float(chosen >> bit & 1) for bit in range(self.count)])
        fixed = self._model(number, {})
        fixed.changeColsBounds(self.count, self._bits, flags, flags)
        fixed.run()
        if fixed.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            solution = highspy.HighsSolution()
            solution.col_value = fixed.getSolution().col_value
            highs.setSolution(solution)

    def _ranked_first(self, mask: int) -> int:
        """``mask`` with units and circuits exchanged for those that can do more."""
        moved = True
        while moved:
            moved = False
            for first, second in self._ranked:
                if mask >> second & 1 and not mask >> first & 1:
                    mask ^= 1 << first | 1 << second
                    moved = True
        return mask


def _ranked_pairs(repair_case: RepairCase) -> list[tuple[int, int]]:
    """Pairs of components at the same buses of which the first can do all that the second can.

    Whatever order serves most, exchanging the two where the second comes first serves no less
    in any period.
    """
    case = repair_case.case
    groups: dict[tuple[object, ...], list[tuple[float, float, int]]] = {}
    for bit, part in enumerate(repair_case.components):
        if part.place >= 0 and part.kind in ("gen", "branch"):
            key, low, high = _abilities(case, part)
            groups.setdefault(key, []).append((-high, low, bit))
    pairs = []
    for members in groups.values():
        members.sort()
        pairs += [
            (first[2], second[2]) for first, second in pairwise(members) if first[1] <= second[1]
        ]
    return pairs


def _abilities(case: DcCase, part: Component) -> tuple[tuple[object, ...], float, float]:
    """What a unit or a branch must share with another to be exchanged for it, and its range."""
    k = part.place
    if part.kind == "gen":
        low, high = min(0.0, float(case.gen_min[k])), max(0.0, float(case.gen_max[k]))
        return ("gen", int(case.gen_bus[k])), low, high
    start, end = int(case.branch_from[k]), int(case.branch_to[k])
    low, high = float(case.flow_low[k]), float(case.flow_high[k])
    if start > end:
        start, end, low, high = end, start, -high, -low
    return ("branch", start, end, float(case.branch_b[k])), low, high


def _add_links(
    program: ProgramBuilder,
    repair_case: RepairCase,
    bits: Sequence[int],
    load: npt.NDArray[np.int64],
) -> None:
    """Rows for buses that only damaged branches and units feed.

    A load there is served by no more than the repaired ones among them, counted; a unit at a bus
    without load or shunt is of no use before the first of the bus's branches.
    """
    case = repair_case.case
    at = {(part.kind, part.place): bits[bit] for bit, part in enumerate(repair_case.components)}
    branches: list[list[int | None]] = [[] for _ in case.bus_ids]
    units: list[list[int | None]] = [[] for _ in case.bus_ids]
    for k, ends in enumerate(zip(case.branch_from.tolist(), case.branch_to.tolist(), strict=True)):
        for bus in ends:
            branches[bus].append(at.get(("branch", k)))
    for k, bus in enumerate(case.gen_bus.tolist()):
        units[bus].append(at.get(("gen", k)))
    gives = set(case.load_bus[case.load_pu < 0.0]) | set(case.shunt_bus[case.shunt_pu < 0.0])
    takes = set(case.load_bus) | set(case.shunt_bus) | set(case.gen_bus[case.gen_min < 0.0])
    for column, bus in zip(load.tolist(), case.load_bus.tolist(), strict=True):
        if bus not in gives:
            _add_link(program, column, branches[bus] + units[bus])
    for k, bus in enumerate(case.gen_bus.tolist()):
        if ("gen", k) in at and bus not in takes:
            _add_link(program, at["gen", k], branches[bus])


def _add_link(program: ProgramBuilder, column: int, feeders: Sequence[int | None]) -> None:
    """``column`` is at most the number of ``feeders`` repaired, if all of them are damaged."""
    repaired = [int(feeder) for feeder in feeders if feeder is not None]
    if len(repaired) == len(feeders):
        program.add_row(-INF, 0.0, [(column, 1.0), *((feeder, -1.0) for feeder in repaired)])
