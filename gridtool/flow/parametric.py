"""Exact dispatches of one topology for very many hours.

Only demand, ratings of sources and the import limit differ from hour to hour. The optimal bases
met so far are kept; each covers the hours in which its values keep their bounds, where the load
shed is an affine function of the hour's parameters. An LP is solved only for an hour that no
known basis covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.flow.basis import (
    CONSTANT,
    FACTOR,
    FIRST_SOURCE,
    IMPORT,
    LARGEST_FACTOR,
    VIOLATION_MW,
    AffineBasis,
    BasisMaker,
)
from gridtool.flow.basis_table import BasisTable, grown
from gridtool.flow.case import CompiledCase
from gridtool.flow.hour_screen import HourScreen
from gridtool.flow.lp import LpResult, LpSolver
from gridtool.flow.model import ParametricResult, Topology
from gridtool.flow.parametric_kernel import evaluate, match, supply_shortage
from gridtool.flow.parametric_places import busbar_places, find_places
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.tally import tally
from gridtool.flow.zones import Zones, solve_with_zones

__all__ = ["ParametricDispatch", "ParametricResult"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_HOURS_AT_ONCE = 1 << 16
_FIRST_CREDIT, _CREDIT = 250, 60
"""Hours to answer in closed form before the first LP, and before each further one."""
_SCREENED_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _ZoneSolver:
    program: ShedProgram
    maker: BasisMaker
    lp: LpSolver


class ParametricDispatch:
    """Unserved load of one topology, hour by hour, equal to :class:`Dispatcher`'s.

    The total and the split over districts and tiers are unique (see
    :mod:`gridtool.flow.program`), so an hour's answer does not depend on which of several
    covering bases gives it; in the last digits (1e-9 MW) it may. Bases are kept from call to
    call: use one object for all hours of a topology.

    Parameters
    ----------
    class_share : (B, 2, C), optional
        See :func:`gridtool.flow.class_shares.class_shares`: asks for unserved load by class too.

    Attributes
    ----------
    solved
        Number of LPs solved so far.
    """

    def __init__(
        self,
        case: CompiledCase,
        topology: Topology,
        *,
        class_share: FloatArray | None = None,
    ) -> None:
        self._reduced = reduced = reduce_topology(case, topology)
        self._wanted = sum_by_terminal(reduced, topology.connectable_mw)
        self._busbars = len(case.busbar_ids)
        self._solvers: dict[Zones, _ZoneSolver] = {}
        self._rating = topology.source_max_mw[reduced.source]
        self._parameters = FIRST_SOURCE + len(self._rating)
        self._import_max = float(self._rating[reduced.source_infeed].sum()) + 1.0
        self._island_demand = tally(
            reduced.terminal_island, self._wanted.sum(axis=1), reduced.islands
        )
        weight = busbar_places(case, class_share)
        self._places = places = find_places(case, topology, reduced, weight=weight)
        self._undeliverable = float((case.demand_mw - topology.connectable_mw).sum())
        self._screen = HourScreen(reduced, self._wanted, places=places)
        self._credit = _FIRST_CREDIT
        self._bases: list[AffineBasis] = []
        self._maps = np.zeros((0, len(places.lost_mw), self._parameters))
        self._hits = np.zeros(0, dtype=np.int64)
        self.solved = 0

    @cached_property
    def _weight_of_cell(self) -> FloatArray:
        """What a MW shed by each cell with demand counts (Z, S)."""
        cell = np.flatnonzero(self._wanted.reshape(-1) > 0.0)
        return np.ascontiguousarray(self._places.weight[cell].T)

    @cached_property
    def _program(self) -> ShedProgram:
        return ShedProgram(self._reduced, self._wanted, busbars=self._busbars, shared_import=True)

    def _solver_for(self, zones: Zones) -> _ZoneSolver:
        """The program with these zones, its solver warm from the last hour that had them."""
        found = self._solvers.get(zones)
        if found is None:
            program = self._program.with_zones(zones) if zones else self._program
            maker = BasisMaker(program, rating_mw=self._rating, import_max_mw=self._import_max)
            found = _ZoneSolver(program=program, maker=maker, lp=LpSolver())
            self._solvers[zones] = found
        return found

    def unserved(
        self,
        demand_factor: FloatArray,
        source_max_mw: FloatArray,
        import_limit_mw: FloatArray,
    ) -> ParametricResult:
        """Unserved load of H hours.

        Parameters
        ----------
        demand_factor : (H,)
            Demand of every feeder in parts of its reference peak.
        source_max_mw : (H, G)
            Most each source of the case gives; never more than what damage leaves of it.
        import_limit_mw : (H,)
            Limit of all infeeds together; infinite for none.

        Raises
        ------
        AnalysisError
            If the LP solver fails on an hour.
        ValueError
            If a demand factor is not within 0 to 10.
        """
        if not np.all((demand_factor >= 0.0) & (demand_factor <= LARGEST_FACTOR)):
            raise ValueError(f"demand factors must be within 0 to {LARGEST_FACTOR:g}")
        hours = len(demand_factor)
        unserved = np.empty((hours, len(self._places.lost_mw)))
        supply = np.empty(hours)
        box = self._box(demand_factor, source_max_mw, import_limit_mw)
        table = BasisTable(self._bases, box)
        for start in range(0, hours, _HOURS_AT_ONCE):
            part = slice(start, min(start + _HOURS_AT_ONCE, hours))
            theta = self._theta(demand_factor[part], source_max_mw[part], import_limit_mw[part])
            self._fill(theta, table, unserved[part])
            reduced = self._reduced
            supply[part] = supply_shortage(
                theta, self._island_demand, (reduced.source_island, reduced.source_infeed)
            )
        delivery = self._undeliverable * np.asarray(demand_factor, dtype=np.float64)
        cut = self._places.by_district
        total = unserved[:, :cut].sum(axis=1)
        return ParametricResult(
            unserved_mw=unserved[:, :cut].reshape(hours, cut // 2, 2),
            class_mw=unserved[:, cut:],
            supply_mw=supply,
            network_mw=np.maximum(total - supply - delivery, 0.0),
            delivery_mw=delivery,
        )

    def _theta(
        self, factor: FloatArray, source_max: FloatArray, import_limit: FloatArray
    ) -> FloatArray:
        theta = np.empty((len(factor), self._parameters))
        theta[:, CONSTANT] = 1.0
        theta[:, FACTOR] = factor
        theta[:, IMPORT] = np.minimum(import_limit, self._import_max)
        ratings = source_max[:, self._reduced.source]
        np.minimum(ratings, self._rating, out=theta[:, FIRST_SOURCE:])
        return theta

    def _box(
        self, factor: FloatArray, source_max: FloatArray, import_limit: FloatArray
    ) -> FloatArray:
        """Least and greatest value of each parameter (2, P)."""
        if not len(factor):
            return np.zeros((2, self._parameters))
        ends = (
            self._theta(
                np.array([pick(factor)]),
                pick(source_max, axis=0, keepdims=True),
                np.array([pick(import_limit)]),
            )
            for pick in (np.min, np.max)
        )
        return np.concatenate(list(ends))

    def _fill(self, theta: FloatArray, table: BasisTable, unserved: FloatArray) -> None:
        """Unserved load (H, places) of the hours ``theta``."""
        choice = np.full(len(theta), -1, dtype=np.int64)
        hour = 0
        while hour < len(theta):
            if self._bases:
                order = np.argsort(-self._hits, kind="stable")
                tried = (order, self._hits)
                hour = match(theta, hour, table.bases, tried, choice, VIOLATION_MW)
            answered = self._answer_in_closed_form(theta, hour, unserved)
            if answered == hour < len(theta):
                choice[hour] = self._add_basis(theta[hour], table, unserved[hour])
                answered += 1
            hour = answered
        evaluate(theta, self._maps, choice, unserved)

    def _answer_in_closed_form(self, theta: FloatArray, hour: int, unserved: FloatArray) -> int:
        """Answer some hours from ``hour`` on; the first that is left.

        A basis costs as much as some hundred hours in closed form, and pays where there are
        many hours: each LP is preceded by as much work in closed form as it costs itself, so
        the whole is never more than twice the cheaper way.
        """
        at_once = _SCREENED_AT_ONCE if self._bases else self._credit
        end = min(hour + min(at_once, self._credit), len(theta))
        if hour >= end:
            return hour
        answered = self._screen.answer(theta, (hour, end), unserved)
        self._credit -= answered - hour
        return answered

    def _add_basis(self, theta: FloatArray, table: BasisTable, unserved: FloatArray) -> int:
        """Solve an hour; the number of its new basis, or -1 with the hour answered."""
        shed, basis = self._solve(theta)
        self._credit = _CREDIT
        if basis is None:
            unserved[:] = self._weight_of_cell @ shed + self._places.lost_mw * theta[FACTOR]
            return -1
        self._remember(basis, table)
        return len(self._bases) - 1

    def _solve(self, theta: FloatArray) -> tuple[FloatArray, AffineBasis | None]:
        """Shed by cell of one hour, and its basis unless that does not reproduce it."""
        limit = float(theta[IMPORT]) if self._reduced.source_infeed.any() else np.inf

        def solve(zones: Zones) -> tuple[ShedProgram, LpResult, BoolArray]:
            solver = self._solver_for(zones)
            result = solver.lp.solve(
                solver.program,
                theta[FIRST_SOURCE:],
                factor=float(theta[FACTOR]),
                import_limit_mw=limit,
            )
            self.solved += 1
            return solver.program, result, solver.lp.basis()[0]

        zones, program, result = solve_with_zones(solve)
        solver = self._solver_for(zones)
        shed = program.shed_by_cell(result.columns)
        try:
            basis = solver.maker.make(result, solver.lp.basis(), theta)
        except np.linalg.LinAlgError:
            return shed, None
        agrees = np.abs(basis.shed @ theta - shed).max(initial=0.0) <= 10.0 * VIOLATION_MW
        return shed, basis if agrees else None

    def _remember(self, basis: AffineBasis, table: BasisTable) -> None:
        unserved = self._weight_of_cell @ basis.shed
        unserved[:, FACTOR] += self._places.lost_mw
        self._maps = grown(self._maps, len(self._bases) + 1)
        self._maps[len(self._bases)] = unserved
        self._hits = np.append(self._hits, 1)
        self._bases.append(basis)
        table.add(basis)
