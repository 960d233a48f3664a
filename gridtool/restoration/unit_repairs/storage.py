"""Unit repairs beside storage: what a storage holds ties all periods into one program."""

from __future__ import annotations

from gridtool.errors import AnalysisError
from gridtool.flow.milp import Solution
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.unit_repairs.model import Periods, RepairCase, UnitRepairPlan, bits_of
from gridtool.restoration.unit_repairs.order import order_of_chain
from gridtool.restoration.unit_repairs.program import OrderProgram, make_order_program
from gridtool.restoration.unit_repairs.seeds import utilization_order
from gridtool.restoration.unit_repairs.values import DIGITS

__all__ = ["PROGRAM_COMPONENTS", "plan_with_storage"]

PROGRAM_COMPONENTS = 24
"""Up to so many components the program over all periods is solved as a whole."""

_NODES = 200_000
_METHOD = "program over all periods"


def plan_with_storage(
    repair_case: RepairCase, periods: Periods, *, seed: int, interrupt: Interrupt
) -> UnitRepairPlan:
    """The best of the program over all periods, in which no load falls again.

    If ``interrupt`` ends it before there is any order, that of the utilization heuristic.

    Raises
    ------
    AnalysisError
        With more components than the program can order, or if storage cannot cover its losses.
    """
    n = len(repair_case.components)
    if n > PROGRAM_COMPONENTS:
        raise AnalysisError(
            f"{n} repairs beside storage: only up to {PROGRAM_COMPONENTS} can be ordered, because "
            "what a storage holds ties all periods together"
        )
    program = make_order_program(repair_case, periods, growing_loads=True)
    most = sum(periods.elapsed) * repair_case.case.demand_pu
    try:
        solution = program.program.solve(node_limit=_NODES, stop=interrupt)
        most = min(solution.bound, most)
    except AnalysisError:
        if not interrupt():
            raise
        solution = _follow(program, repair_case, periods)
    proven = solution.optimal and not interrupt.reason
    chain = tuple(bits_of(sorted(found)) for found in program.sets_of(solution))
    return UnitRepairPlan(
        repair_case=repair_case,
        periods=periods,
        order=order_of_chain(repair_case, chain, range(n)),
        in_service=chain,
        served_pu=tuple(round(load, DIGITS) for load in program.served_of(repair_case, solution)),
        objective=solution.objective,
        upper_bound=solution.objective if proven else max(most, solution.objective),
        bound_method=_METHOD,
        method=_METHOD,
        evaluations=0,
        seed=seed,
        proven_optimal=proven,
        stopped="" if proven else interrupt.reason,
    )


def _follow(program: OrderProgram, repair_case: RepairCase, periods: Periods) -> Solution:
    """The best of the program along the order of the utilization heuristic."""
    order, columns = utilization_order(repair_case), program.program
    for done, bits in zip(periods.repaired, program.repaired, strict=True):
        for rank, bit in enumerate(order):
            columns.block.lower[bits[bit]] = columns.block.upper[bits[bit]] = float(rank < done)
    return columns.solve(node_limit=_NODES)
