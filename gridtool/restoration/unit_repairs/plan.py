"""Plan unit repairs: seeds, search, proof or bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gridtool.errors import AnalysisError
from gridtool.restoration.interrupt import Interrupt
from gridtool.restoration.unit_repairs.bound import (
    NumberBounds,
    bound_by_number,
    tighten_along,
)
from gridtool.restoration.unit_repairs.exact import best_chain
from gridtool.restoration.unit_repairs.model import (
    Periods,
    RepairCase,
    UnitRepairPlan,
    bits_of,
    make_periods,
)
from gridtool.restoration.unit_repairs.order import OrderCosts, neighbourhood, order_of_chain
from gridtool.restoration.unit_repairs.program import make_order_program
from gridtool.restoration.unit_repairs.rrr import refined_order
from gridtool.restoration.unit_repairs.search import Trail, anneal, polish_windows
from gridtool.restoration.unit_repairs.seeds import (
    backward_order,
    bundle_order,
    utilization_order,
)
from gridtool.restoration.unit_repairs.storage import plan_with_storage
from gridtool.restoration.unit_repairs.values import RepairValues

__all__ = ["plan_unit_repairs"]

PROOF_COMPONENTS = 24
"""Up to so many components the best order is proven over all subsets, if they are not too many."""

REFINED_COMPONENTS = 200
"""Up to so many components recursive refinement is one of the seeds."""

BUDGET, PROVEN_BUDGET, MOST_BUDGET = 400, 60, 20_000
"""Networks solved in the search for each component (where a proof follows, less will do), and
in all."""

WINDOW = 8
_BOUND_NODES = 300
"""Nodes of each program of the bound where a proof may follow."""
_SEED_NODES = 200
_PROGRAM_NODES = 200_000


def plan_unit_repairs(
    repair_case: RepairCase,
    *,
    count: int | None = None,
    evaluations: int | None = None,
    seed: int = 1,
    bound: bool = True,
    stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
    time_limit_s: float | None = None,
) -> UnitRepairPlan:
    """The best order found for one repair a period, or for ``count`` periods.

    Parameters
    ----------
    evaluations
        Networks solved in the search after the seeds; if not given, a number for each component
        that is smaller where a proof follows.
    bound
        Compute the certificate where no proof is at hand.
    stop, clock, time_limit_s
        Who may end it with the best plan found so far: ``stop``, or the limit on a clock that
        never goes back. Such a plan says so.

    Raises
    ------
    AnalysisError
        With storage and more components than the program over all periods can order.
    """
    n = len(repair_case.components)
    periods = make_periods(n, count=count, elapsed_h=repair_case.case.time_elapsed_h)
    interrupt = Interrupt(stop=stop, clock=clock, limit_s=time_limit_s)
    if repair_case.case.storages:
        return plan_with_storage(repair_case, periods, seed=seed, interrupt=interrupt)
    values = RepairValues(repair_case)
    costs = OrderCosts(values, periods)
    trail = Trail(costs, 0, stop=interrupt)
    if n:
        _search(trail, evaluations=evaluations, seed=seed)
    chain = _prefixes_of(trail.best, periods)
    proof = _certify(trail, chain, periods, bound=bound and not interrupt())
    served = tuple(values.served(mask) for mask in proof.chain)
    pairs = list(zip(periods.elapsed, served, strict=True))
    objective = sum(hours * load for hours, load in pairs)
    return UnitRepairPlan(
        repair_case=repair_case,
        periods=periods,
        order=order_of_chain(repair_case, proof.chain, trail.best),
        in_service=proof.chain,
        served_pu=served,
        objective=objective,
        upper_bound=objective if proof.proven else max(proof.most, objective),
        bound_method=proof.method,
        method="search",
        evaluations=values.evaluations,
        seed=seed,
        proven_optimal=proof.proven,
        stopped="" if proof.proven else interrupt.reason,
    )


def _search(trail: Trail, *, evaluations: int | None, seed: int) -> None:
    values = trail.costs.values
    repair_case = values.repair_case
    n = len(repair_case.components)
    near = neighbourhood(repair_case)
    trail.offer(utilization_order(repair_case))
    stop = trail.stop
    trail.offer(backward_order(values, width=max(8, 3000 // n), stop=stop))
    trail.offer(bundle_order(trail.costs, near=near, stop=stop))
    if n <= REFINED_COMPONENTS:
        trail.offer(refined_order(repair_case, node_limit=_SEED_NODES, stop=stop))
    usual = min(n * (BUDGET if n > PROOF_COMPONENTS else PROVEN_BUDGET), MOST_BUDGET)
    budget = evaluations or usual
    trail.evaluations = values.evaluations + budget
    polish_windows(trail, width=WINDOW, until=1.0 - 0.7 * budget / trail.evaluations)
    anneal(trail, seed=seed, until=1.0 - 0.2 * budget / trail.evaluations, near=near)
    polish_windows(trail, width=WINDOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """What is in service in each period, the most any plan serves, and how that is known."""

    chain: tuple[int, ...]
    most: float
    method: str
    proven: bool


def _certify(trail: Trail, chain: tuple[int, ...], periods: Periods, *, bound: bool) -> _Proof:
    """The best chain found, now also with repairs held back, and its certificate."""
    costs, values = trail.costs, trail.costs.values
    n = len(values.repair_case.components)
    hours = sum(periods.elapsed)
    ideal = values.served(0) * periods.elapsed[0] + costs.most * (hours - periods.elapsed[0])
    if trail.best_cost <= costs.cost_of(0, 0) + 1e-9 or n == 0:
        return _Proof(chain=chain, most=ideal, method="all that supply allows", proven=True)
    if not bound:
        return _Proof(chain=chain, most=ideal, method="all that supply allows", proven=False)
    if n <= PROOF_COMPONENTS and len(periods.repaired) <= n:
        return _prove_by_program(trail, chain, periods)
    most = _most_by_number(trail)
    least = [h * max(costs.most - top, 0.0) for h, top in zip(costs.hours, most, strict=True)]
    method, reach = "best repairs of each number", hours * costs.most - sum(least)
    if trail.best_cost <= sum(least) + 1e-6:
        return _Proof(chain=chain, most=reach, method=method, proven=True)
    if n <= PROOF_COMPONENTS:
        found = best_chain(costs, limit=trail.best_cost, least=least, stop=trail.stop)
        if found is None or found.complete:
            method = "all sets that could be on a better way"
            chain = chain if found is None else found.masks
            return _Proof(chain=chain, most=reach, method=method, proven=True)
    return _Proof(chain=chain, most=reach, method=method, proven=False)


def _prove_by_program(trail: Trail, chain: tuple[int, ...], periods: Periods) -> _Proof:
    """Several repairs a period: few periods, which a program over all of them can afford."""
    costs = trail.costs
    repair_case = costs.values.repair_case
    program = make_order_program(repair_case, periods)
    try:
        solution = program.program.solve(node_limit=_PROGRAM_NODES, stop=trail.stop)
    except AnalysisError:
        if not trail.stop():
            raise
        most = sum(periods.elapsed) * costs.most
        return _Proof(chain=chain, most=most, method="all that supply allows", proven=False)
    masks = tuple(bits_of(found) for found in program.sets_of(solution))
    value = sum(h * costs.values.served(m) for h, m in zip(periods.elapsed, masks, strict=True))
    ours = sum(periods.elapsed) * costs.most - trail.best_cost
    return _Proof(
        chain=masks if value > ours + 1e-6 else chain,
        most=max(solution.bound, value, ours),
        method="program over all periods",
        proven=solution.optimal or solution.bound <= max(value, ours) + 1e-6,
    )


def _most_by_number(trail: Trail) -> list[float]:
    """What no set of at most k repairs exceeds, by k, p.u."""
    costs = trail.costs
    n = len(costs.values.repair_case.components)
    if n <= PROOF_COMPONENTS:
        numbers = [k for k in range(1, n) if costs.hours[k]]
        most = bound_by_number(costs.values, numbers, node_limit=_BOUND_NODES)
        return [float(top) for top in most]
    bounds = NumberBounds(costs, costs.masks_of(trail.best))
    tighten_along(bounds, costs, trail.best, stop=trail.stop)
    return [float(top) for top in bounds.most]


def _prefixes_of(order: Sequence[int], periods: Periods) -> tuple[int, ...]:
    return tuple(bits_of(order[:done]) for done in periods.repaired)
