"""Maximum load delivery by AC power flow: what voltages and reactive power leave of it.

The AC objective of PowerModelsRestoration.jl (``run_mld`` with ACPPowerModel): with ``M`` ten times
the largest weighted load, the sum of ``10 M`` times the share of every bus kept, ``M`` times that
of every generator and shunt, and the weighted load served. The program is not convex: an answer is
the best of local optima from several starts, checked anew, and proven only where it reaches a
simple bound: everything kept, all supply used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.mld_ac_bound import delivery_bound
from gridtool.flow.mld_ac_case import AcCase
from gridtool.flow.mld_ac_check import AcResiduals, AcState, check_state
from gridtool.flow.mld_ac_islands import AcIsland, split_islands
from gridtool.flow.mld_ac_program import AcColumns, AcProgram, make_ac_program, unit_gain
from gridtool.flow.mld_ac_solve import AcSolution, solve_from

__all__ = ["RESIDUAL_PU", "AcDelivery", "maximise_ac_delivery", "redispatch_ac"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RESIDUAL_PU = 1e-6
"""An answer misses no balance and no limit by more, p.u."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """``whole``: all buses kept (or no voltage beyond its limits), which settles most of the
    objective where it is possible and leaves the solver far fewer dead ends. ``share`` is that
    of voltages and shares to start from."""

    whole: bool
    share: float
    damping: float


_STARTS = (
    _Start(whole=True, share=1.0, damping=1e-6),
    _Start(whole=True, share=0.5, damping=1e-6),
    _Start(whole=False, share=1.0, damping=1e-6),
    _Start(whole=False, share=0.5, damping=1e-6),
)
_RESCUES = (
    _Start(whole=False, share=0.5, damping=1e-4),
    _Start(whole=False, share=0.25, damping=1e-4),
    _Start(whole=False, share=0.9, damping=1e-3),
    _Start(whole=False, share=0.1, damping=1e-2),
)
"""Tried where no start of the first list ends within all limits."""


@dataclass(frozen=True, kw_only=True)
class AcDelivery:
    """The best local optimum found, island by island.

    Attributes
    ----------
    upper_bound
        What no delivery exceeds: everything kept, and the load that the supply of each island
        reaches without losses.
    stationary
        Whether the conditions of a local optimum hold within the tolerances.
    """

    case: AcCase
    objective: float
    served_pu: float
    state: AcState
    residuals: AcResiduals
    upper_bound: float
    stationary: bool
    islands: int
    starts: int

    @property
    def proven_optimal(self) -> bool:
        """It reaches what no delivery exceeds."""
        return _reaches(self.objective, self.upper_bound)


def maximise_ac_delivery(case: AcCase) -> AcDelivery:
    """The most that ``case`` delivers, shares of its buses, generators, loads and shunts free.

    Raises
    ------
    AnalysisError
        If in an island no start ends within all limits.
    """
    return _solve(case, soft=False)


def redispatch_ac(case: AcCase) -> AcDelivery:
    """The most weighted load that ``case`` serves with every element on and soft voltage limits.

    Each p.u. of voltage beyond a limit costs ten times the largest weight.

    Raises
    ------
    AnalysisError
        If in an island no start ends within all limits.
    """
    return _solve(case, soft=True)


def _solve(case: AcCase, *, soft: bool) -> AcDelivery:
    unit = unit_gain(case, soft=soft)
    program = make_ac_program(case, unit=unit, soft=soft)
    islands = split_islands(case)
    x, starts, stationary = np.zeros(program.columns.count), 0, True
    bound = 0.0
    for island in islands:
        part = make_ac_program(island.case, unit=unit, soft=soft)
        solution, tried = _best_of(part)
        _put(x, program.columns, island=island, found=solution.x, at=part.columns)
        starts += tried
        bound += delivery_bound(part)
        stationary = stationary and solution.converged
    state = _state_of(program, x)
    return AcDelivery(
        case=case,
        objective=_objective(program, state),
        served_pu=float(np.abs(case.load_pu.real) @ state.load_share),
        state=state,
        residuals=check_state(case, state, may_stand_still=soft),
        upper_bound=bound,
        stationary=stationary,
        islands=len(islands),
        starts=starts,
    )


def _put(
    x: FloatArray, columns: AcColumns, *, island: AcIsland, found: FloatArray, at: AcColumns
) -> None:
    """Write the columns of an island into those of the whole case."""
    places: Sequence[tuple[IntArray, IntArray, IntArray]] = (
        (columns.angle, island.buses, at.angle),
        (columns.magnitude, island.buses, at.magnitude),
        (columns.bus, island.buses, at.bus),
        (columns.active, island.gens, at.active),
        (columns.reactive, island.gens, at.reactive),
        (columns.gen, island.gens, at.gen),
        (columns.load, island.loads, at.load),
        (columns.shunt, island.shunts, at.shunt),
    )
    for target, positions, source in places:
        x[target[positions]] = found[source]


def _best_of(program: AcProgram) -> tuple[AcSolution, int]:
    """The best solution within all limits and the starts tried, a stationary one on a tie."""
    most = delivery_bound(program)
    found: list[AcSolution] = []
    tried = 0
    for starts in (_STARTS, _RESCUES):
        for start in starts:
            tried += 1
            chosen = _hold_buses(program) if start.whole else program
            solution = solve_from(chosen, _first(program, start.share), damping=start.damping)
            if _holds(program, solution):
                found.append(solution)
                if _reaches(solution.objective, most):
                    return solution, tried
        if found:
            best = max(found, key=lambda one: (round(one.objective, 6), one.converged))
            return best, tried
    raise AnalysisError(
        f"the AC load delivery found no state within all limits from {tried} starts in the island "
        f"of bus {program.case.bus_ids[0]} ({len(program.case.bus_ids)} buses)"
    )


def _hold_buses(program: AcProgram) -> AcProgram:
    """The program with all buses kept, or with no voltage beyond its limits."""
    lower, upper = program.lower.copy(), program.upper.copy()
    at = program.columns.bus
    lower[at] = upper[at] = 0.0 if program.soft else 1.0
    return replace(program, lower=lower, upper=upper)


def _first(program: AcProgram, share: float) -> FloatArray:
    """Flat angles, all shares and magnitudes alike, magnitudes within their limits at 1."""
    at, case = program.columns, program.case
    x = np.zeros(at.count)
    x[at.magnitude] = share * np.clip(1.0, case.v_low, case.v_high)
    x[at.bus] = 0.0 if program.soft else share
    x[at.gen] = 1.0 if program.soft else share
    x[at.load] = x[at.shunt] = share
    return x


def _reaches(objective: float, bound: float) -> bool:
    return objective >= bound - 1e-7 * max(1.0, abs(bound))


def _holds(program: AcProgram, solution: AcSolution) -> bool:
    if not np.isfinite(solution.x).all():
        return False
    state = _state_of(program, solution.x)
    residuals = check_state(program.case, state, may_stand_still=program.soft)
    return residuals.largest <= RESIDUAL_PU


def _objective(program: AcProgram, state: AcState) -> float:
    at, gain = program.columns, program.gain
    bus = state.violation_pu if program.soft else state.bus_share
    return float(
        gain[at.bus] @ bus
        + gain[at.gen] @ state.gen_share
        + gain[at.load] @ state.load_share
        + gain[at.shunt] @ state.shunt_share
    )


def _state_of(program: AcProgram, x: FloatArray) -> AcState:
    """The state that the columns mean, shares within 0 and 1: the check sees what that costs."""
    at = program.columns
    bus = x[at.bus]
    return AcState(
        angle_rad=x[at.angle],
        magnitude_pu=x[at.magnitude],
        gen_pu=x[at.active] + 1j * x[at.reactive],
        bus_share=np.ones(len(bus)) if program.soft else np.clip(bus, 0.0, 1.0),
        gen_share=np.ones(len(at.gen)) if program.soft else np.clip(x[at.gen], 0.0, 1.0),
        load_share=np.clip(x[at.load], 0.0, 1.0),
        shunt_share=np.clip(x[at.shunt], 0.0, 1.0),
        violation_pu=np.maximum(bus, 0.0) if program.soft else np.zeros(len(bus)),
    )
