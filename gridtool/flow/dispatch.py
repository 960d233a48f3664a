"""Least-cost dispatch with load shedding: closed form where it is exact, else an LP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.certificate import (
    closed_form_bindings,
    closed_form_gap,
    dispatch_residual,
)
from gridtool.flow.lp import LpResult, LpSolver
from gridtool.flow.model import Binding, Certificate, Dispatch, Topology
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import ReducedGrid, reduce_topology, sum_by_terminal
from gridtool.flow.screen import CoreFlow, island_supply, screen
from gridtool.flow.served import ClosedForm
from gridtool.flow.topology import apply_shares, share_vector, topology_of
from gridtool.flow.zones import Zones, solve_with_zones

__all__ = ["Dispatcher"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_CACHE_LIMIT = 10_000
_PRICE_SHOWN = 1e-3
"""Prices below are the program's tie-breaking hair, not a limit that holds back load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solution:
    """By terminal and tier (T, 2), source (K,) and core branch (M,)."""

    shed_mw: FloatArray
    generation_mw: FloatArray
    flow_mw: FloatArray
    lp: LpResult | None
    program: ShedProgram | None


class Dispatcher:
    """Dispatches of one compiled case under any damage.

    The order of sheds: ordinary load before protected load; within a tier every terminal of an
    island sheds the same share of its demand, more only where the network binds. See
    :mod:`gridtool.flow.program` for the program and its ties. A call's result does not depend
    on earlier calls.

    Examples
    --------
    >>> dispatcher = Dispatcher(compile_case(network))  # doctest: +SKIP
    >>> dispatcher.solve({"L1": 0.0}).total_unserved_mw  # doctest: +SKIP
    """

    def __init__(self, case: CompiledCase) -> None:
        self.case = case
        self._lp = LpSolver()
        self._closed = ClosedForm(case)
        self.programs = 0
        """Dispatches so far that needed a linear program."""
        self._served: dict[tuple[frozenset[tuple[str, float]], float], float] = {}

    def solve(
        self,
        capacity_share: Mapping[str, float],
        *,
        demand_mw: FloatArray | None = None,
        source_max_mw: FloatArray | None = None,
        import_limit_mw: float | None = None,
        topology: Topology | None = None,
    ) -> Dispatch:
        """The certified dispatch of a damaged state.

        Parameters
        ----------
        capacity_share
            Share of rating left by part id, as in :func:`apply_shares`; not read when
            ``topology`` is given.
        demand_mw : (B, 2), optional
            Demand by busbar and tier; the reference peak if not given.
        source_max_mw : (G,), optional
            Most each source gives now; never more than what damage leaves of its rating.
        import_limit_mw
            Limit of all infeeds together.

        Raises
        ------
        AnalysisError
            If the LP solver fails twice.
        """
        if topology is None:
            topology = apply_shares(self.case, capacity_share)
        demand = self.case.demand_mw if demand_mw is None else np.asarray(demand_mw, np.float64)
        limit = np.inf if import_limit_mw is None else float(import_limit_mw)
        rating = topology.source_max_mw
        if source_max_mw is not None:
            rating = np.minimum(rating, source_max_mw)
        reduced = reduce_topology(self.case, topology)
        connectable = _connectable(self.case, topology, demand)
        wanted = sum_by_terminal(reduced, connectable)
        solution = self._decide(reduced, wanted, rating[reduced.source], limit, split=True)
        return self._dispatch(
            topology, reduced, solution, demand=demand, rating=rating, limit=limit
        )

    def served_mw(
        self, capacity_share: Mapping[str, float], *, demand_factor: float = 1.0
    ) -> float:
        """Load served (MW) at ``demand_factor`` times the reference peak; remembered by state."""
        key = (frozenset(capacity_share.items()), demand_factor)
        found = self._served.get(key)
        if found is None:
            shares = share_vector(self.case, capacity_share)
            found = float(self.served_levels(shares, np.array([demand_factor]))[0])
            if len(self._served) >= _CACHE_LIMIT:
                self._served.clear()
            self._served[key] = found
        return found

    def served_levels(
        self,
        shares: FloatArray,
        factors: FloatArray,
        *,
        weights: FloatArray | None = None,
        import_limit_mw: float | None = None,
    ) -> FloatArray:
        """Load served (L,), MW, at each of ``factors`` (L,) times the reference peak.

        The same least shed as :meth:`solve` finds, without what only a published dispatch needs.

        Parameters
        ----------
        shares
            Share of rating left by part, see :func:`gridtool.flow.topology.share_vector`.
        weights : (B, 2), optional
            What a served MW counts by busbar section and tier; 1 if not given. The dispatch is
            the same: ordinary load is shed first, in proportion.
        """
        limit = np.inf if import_limit_mw is None else float(import_limit_mw)
        served, closed = self._closed.serve(shares, factors, weights=weights, import_limit_mw=limit)
        if not closed.all():
            topology = topology_of(self.case, shares)
            reduced = reduce_topology(self.case, topology)
            for level in np.flatnonzero(~closed):
                served[level] = self._serve_level(
                    topology, reduced, float(factors[level]), weights=weights, limit=limit
                )
        return served

    def _serve_level(
        self,
        topology: Topology,
        reduced: ReducedGrid,
        factor: float,
        *,
        weights: FloatArray | None,
        limit: float,
    ) -> float:
        """Load served at a demand factor, where limits of the core network bind."""
        connectable = topology.connectable_mw * factor
        wanted = sum_by_terminal(reduced, connectable)
        rating = topology.source_max_mw[reduced.source]
        solution = self._decide(reduced, wanted, rating, limit, split=weights is not None)
        if weights is None:
            return float((wanted - solution.shed_mw).sum())
        return float((weights * _by_busbar(reduced, connectable, wanted, solution.shed_mw)).sum())

    def _decide(
        self,
        reduced: ReducedGrid,
        wanted: FloatArray,
        rating: FloatArray,
        limit: float,
        *,
        split: bool,
    ) -> _Solution:
        """The least shed; only with ``split`` is it shared out within zones."""
        core = CoreFlow(reduced)
        closed = screen(core, wanted, rating, import_limit_mw=limit)
        if closed.optimal:
            return _Solution(
                shed_mw=closed.shed_mw,
                generation_mw=closed.generation_mw,
                flow_mw=closed.flow_mw,
                lp=None,
                program=None,
            )

        self.programs += 1
        island_program = ShedProgram(
            reduced,
            wanted,
            busbars=len(self.case.busbar_ids),
            shared_import=bool(np.isfinite(limit)),
        )
        exceeded = np.flatnonzero(closed.exceeded)

        def solve(zones: Zones) -> tuple[ShedProgram, LpResult, BoolArray]:
            program = island_program.with_zones(zones) if zones else island_program
            result = self._lp.solve(
                program,
                rating,
                import_limit_mw=limit,
                branches=exceeded,
                again=bool(zones),
            )
            return program, result, self._lp.basis()[0]

        if split:
            _, program, result = solve_with_zones(solve)
        else:
            program, result, _ = solve(())
        by_cell = np.zeros(wanted.size)
        by_cell[program.cell] = np.clip(
            program.shed_by_cell(result.columns), 0.0, program.demand_mw
        )
        shed = by_cell.reshape(wanted.shape)
        generation = result.columns[: program.sources]
        flow = core.flows((wanted - shed).sum(axis=1), generation)
        return _Solution(
            shed_mw=shed, generation_mw=generation, flow_mw=flow, lp=result, program=program
        )

    def _dispatch(
        self,
        topology: Topology,
        reduced: ReducedGrid,
        solution: _Solution,
        *,
        demand: FloatArray,
        rating: FloatArray,
        limit: float,
    ) -> Dispatch:
        case = self.case
        connectable = _connectable(case, topology, demand)
        wanted = sum_by_terminal(reduced, connectable)
        served = _by_busbar(reduced, connectable, wanted, solution.shed_mw)
        generation = np.zeros(len(case.source_ids))
        generation[reduced.source] = solution.generation_mw
        flow = _all_flows(case, reduced, solution, (wanted - solution.shed_mw).sum(axis=1))
        gap, binding = _explain(case, reduced, solution, wanted=wanted, rating=rating, limit=limit)
        residual = dispatch_residual(
            case,
            topology,
            demand_mw=demand,
            served_mw=served,
            flow_mw=flow,
            generation_mw=generation,
            source_max_mw=rating,
        )
        return Dispatch(
            case=case,
            topology=topology,
            demand_mw=demand,
            served_mw=served,
            unserved_mw=demand - served,
            flow_mw=flow,
            generation_mw=generation,
            binding=binding,
            certificate=Certificate(
                method="closed form" if solution.lp is None else "LP",
                residual_mw=residual,
                gap_mw=gap,
            ),
        )


def _explain(
    case: CompiledCase,
    reduced: ReducedGrid,
    solution: _Solution,
    *,
    wanted: FloatArray,
    rating: FloatArray,
    limit: float,
) -> tuple[float, tuple[Binding, ...]]:
    """Gap to the lower bound, and what binds."""
    supply = island_supply(reduced, rating[reduced.source], limit)
    if solution.lp is not None and solution.program is not None:
        gap = max(solution.lp.objective - solution.lp.bound, 0.0)
        return gap, _lp_bindings(case, solution.lp, solution.program, supply, limit)
    gap = closed_form_gap(reduced, wanted, supply, solution.shed_mw)
    return gap, closed_form_bindings(
        case, reduced, demand_mw=wanted, shed_mw=solution.shed_mw, supply_mw=supply
    )


def _connectable(case: CompiledCase, topology: Topology, demand: FloatArray) -> FloatArray:
    """Part of ``demand`` (B, 2) that feeders in service can take."""
    if demand is case.demand_mw:
        return topology.connectable_mw
    part = np.repeat(topology.node_of_busbar[:, None] >= 0, 2, axis=1).astype(np.float64)
    np.divide(topology.connectable_mw, case.demand_mw, out=part, where=case.demand_mw > 0.0)
    return demand * part


def _by_busbar(
    reduced: ReducedGrid, connectable: FloatArray, wanted: FloatArray, shed: FloatArray
) -> FloatArray:
    """Served load (B, 2): busbars of one terminal are served alike."""
    part = np.zeros((len(wanted) + 1, 2))  # the last row, also row -1, is for the dead
    np.divide(wanted - shed, wanted, out=part[:-1], where=wanted > 0.0)
    return connectable * part[reduced.terminal_of_busbar]


def _all_flows(
    case: CompiledCase, reduced: ReducedGrid, solution: _Solution, served: FloatArray
) -> FloatArray:
    flow = np.zeros(len(case.branch_ids))
    flow[reduced.branch] = solution.flow_mw
    leaf = np.flatnonzero(reduced.terminal_branch >= 0)
    branch = reduced.terminal_branch[leaf]
    outwards = reduced.terminal_of_busbar[case.branch_to[branch]] == leaf
    flow[branch] = np.where(outwards, served[leaf], -served[leaf])
    return flow


def _lp_bindings(
    case: CompiledCase,
    result: LpResult,
    program: ShedProgram,
    supply: FloatArray,
    limit: float,
) -> tuple[Binding, ...]:
    reduced = program.reduced
    found = []
    capacity_price = np.maximum(
        np.array([_capacity_price(result, program, i) for i in range(reduced.islands)]), 0.0
    )
    for i in np.flatnonzero(capacity_price > _PRICE_SHOWN).tolist():
        first = int(reduced.terminal_busbar[reduced.terminal_island == i].min())
        found.append(
            Binding(
                kind="supply",
                id=case.busbar_ids[first],
                limit_mw=float(supply[i]),
                price=float(capacity_price[i]),
            )
        )
    for (kind, place), dual in zip(result.names, result.duals.tolist(), strict=True):
        if abs(dual) <= _PRICE_SHOWN or kind not in {"branch", "cap", "import"}:
            continue
        if kind == "import":
            found.append(Binding(kind="supply", id="import", limit_mw=limit, price=abs(dual)))
            continue
        position = reduced.branch[place] if kind == "branch" else reduced.terminal_branch[place]
        bound = reduced.limit_mw[place] if kind == "branch" else reduced.terminal_cap_mw[place]
        found.append(
            Binding(
                kind="branch",
                id=case.branch_ids[int(position)],
                limit_mw=float(bound),
                price=abs(dual),
            )
        )
    return tuple(found)


def _capacity_price(result: LpResult, program: ShedProgram, island: int) -> float:
    """Largest price of one more MW of rating among the sources of an island."""
    reduced_cost = program.price - result.duals @ result.rows.matrix
    members = program.reduced.source_island == island
    return float(-reduced_cost[: program.sources][members].min(initial=0.0))
