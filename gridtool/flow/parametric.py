"""Exact dispatches of one topology for very many hours.

Only demand, ratings of sources and the import limit differ from hour to hour. The optimal bases
met so far are kept; each covers the hours in which its values keep their bounds, where the load
shed is an affine function of the hour's parameters. An LP is solved only for an hour that no
known basis covers.
"""

from __future__ import annotations

from typing import Any

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
    violable,
)
from gridtool.flow.case import CompiledCase
from gridtool.flow.lp import LpSolver
from gridtool.flow.model import ParametricResult, Topology
from gridtool.flow.parametric_kernel import evaluate, match, supply_shortage
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.tally import tally

__all__ = ["ParametricDispatch", "ParametricResult"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_HOURS_AT_ONCE = 1 << 16


class ParametricDispatch:
    """Unserved load of one topology, hour by hour, equal to :class:`Dispatcher`'s.

    The total and the split over districts and tiers are unique (see
    :mod:`gridtool.flow.program`), so an hour's answer does not depend on which of several
    covering bases gives it; in the last digits (1e-9 MW) it may. Bases are kept from call to
    call: use one object for all hours of a topology.

    Attributes
    ----------
    solved
        Number of LPs solved so far.
    """

    def __init__(self, case: CompiledCase, topology: Topology) -> None:
        reduced = reduce_topology(case, topology)
        wanted = sum_by_terminal(reduced, topology.connectable_mw)
        self._program = ShedProgram(
            reduced, wanted, busbars=len(case.busbar_ids), shared_import=True
        )
        self._solver = LpSolver()
        self._rating = topology.source_max_mw[reduced.source]
        self._import_max = float(self._rating[reduced.source_infeed].sum()) + 1.0
        self._maker = BasisMaker(
            self._program, rating_mw=self._rating, import_max_mw=self._import_max
        )
        self._island_demand = tally(reduced.terminal_island, wanted.sum(axis=1), reduced.islands)
        self._places = 2 * len(case.district_ids)
        first = reduced.terminal_busbar[self._program.terminal]
        self._place_of_cell = 2 * case.busbar_district[first] + self._program.tier
        lost = case.demand_mw.copy()
        lit = reduced.terminal_of_busbar >= 0
        lost[lit] -= topology.connectable_mw[lit]
        cell = case.busbar_district[:, None] * 2 + np.arange(2)
        self._lost = tally(cell.ravel(), lost.ravel(), self._places)
        self._undeliverable = float((case.demand_mw - topology.connectable_mw).sum())
        self._bases: list[AffineBasis] = []
        self._maps = np.zeros((0, self._places, self._maker.parameters))
        self._hits = np.zeros(0, dtype=np.int64)
        self.solved = 0

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
        unserved = np.empty((hours, self._places))
        supply = np.empty(hours)
        box = self._box(demand_factor, source_max_mw, import_limit_mw)
        table = _BasisTable(self._bases, box)
        for start in range(0, hours, _HOURS_AT_ONCE):
            part = slice(start, min(start + _HOURS_AT_ONCE, hours))
            theta = self._theta(demand_factor[part], source_max_mw[part], import_limit_mw[part])
            self._fill(theta, table, unserved[part])
            reduced = self._program.reduced
            supply[part] = supply_shortage(
                theta, self._island_demand, (reduced.source_island, reduced.source_infeed)
            )
        delivery = self._undeliverable * np.asarray(demand_factor, dtype=np.float64)
        total = unserved.sum(axis=1)
        return ParametricResult(
            unserved_mw=unserved.reshape(hours, self._places // 2, 2),
            supply_mw=supply,
            network_mw=np.maximum(total - supply - delivery, 0.0),
            delivery_mw=delivery,
        )

    def _theta(
        self, factor: FloatArray, source_max: FloatArray, import_limit: FloatArray
    ) -> FloatArray:
        theta = np.empty((len(factor), self._maker.parameters))
        theta[:, CONSTANT] = 1.0
        theta[:, FACTOR] = factor
        theta[:, IMPORT] = np.minimum(import_limit, self._import_max)
        ratings = source_max[:, self._program.reduced.source]
        np.minimum(ratings, self._rating, out=theta[:, FIRST_SOURCE:])
        return theta

    def _box(
        self, factor: FloatArray, source_max: FloatArray, import_limit: FloatArray
    ) -> FloatArray:
        """Least and greatest value of each parameter (2, P)."""
        if not len(factor):
            return np.zeros((2, self._maker.parameters))
        ends = (
            self._theta(
                np.array([pick(factor)]),
                pick(source_max, axis=0, keepdims=True),
                np.array([pick(import_limit)]),
            )
            for pick in (np.min, np.max)
        )
        return np.concatenate(list(ends))

    def _fill(self, theta: FloatArray, table: _BasisTable, unserved: FloatArray) -> None:
        """Unserved load (H, places) of the hours ``theta``."""
        choice = np.full(len(theta), -1, dtype=np.int64)
        hour = 0
        while True:
            order = np.argsort(-self._hits, kind="stable")
            hour = match(theta, hour, table.bases, (order, self._hits), choice, VIOLATION_MW)
            if hour == len(theta):
                break
            shed, basis = self._solve(theta[hour])
            if basis is None:
                unserved[hour] = self._place(shed) + self._lost * theta[hour, FACTOR]
            else:
                self._remember(basis, table)
                choice[hour] = len(self._bases) - 1
            hour += 1
        evaluate(theta, self._maps, choice, unserved)

    def _solve(self, theta: FloatArray) -> tuple[FloatArray, AffineBasis | None]:
        """Shed by cell of one hour, and its basis unless that does not reproduce it."""
        program = self._program
        imports = bool(program.reduced.source_infeed.any())
        result = self._solver.solve(
            program,
            theta[FIRST_SOURCE:],
            factor=float(theta[FACTOR]),
            import_limit_mw=float(theta[IMPORT]) if imports else np.inf,
        )
        self.solved += 1
        shed = program.shed_by_cell(result.columns)
        try:
            basis = self._maker.make(result, self._solver.basis(), theta)
        except np.linalg.LinAlgError:
            return shed, None
        agrees = np.abs(basis.shed @ theta - shed).max(initial=0.0) <= 10.0 * VIOLATION_MW
        return shed, basis if agrees else None

    def _remember(self, basis: AffineBasis, table: _BasisTable) -> None:
        unserved = np.zeros((self._places, self._maker.parameters))
        np.add.at(unserved, self._place_of_cell, basis.shed)
        unserved[:, FACTOR] += self._lost
        self._maps = _grown(self._maps, len(self._bases) + 1)
        self._maps[len(self._bases)] = unserved
        self._hits = np.append(self._hits, 1)
        self._bases.append(basis)
        table.add(basis)

    def _place(self, shed: FloatArray) -> FloatArray:
        return tally(self._place_of_cell, shed, self._places)


class _BasisTable:
    """Rows of all bases that some hour within the box of parameters can violate."""

    def __init__(self, bases: list[AffineBasis], box: FloatArray) -> None:
        self._box = box
        self._rows = np.empty((0, box.shape[1]))
        self._first = np.empty(0, dtype=np.int64)
        self._count = np.empty(0, dtype=np.int64)
        self._size = self._used = 0
        for basis in bases:
            self.add(basis)

    @property
    def bases(self) -> tuple[IntArray, IntArray, FloatArray]:
        """First row and number of rows of each basis, and the rows (R, P)."""
        return self._first[: self._size], self._count[: self._size], self._rows

    def add(self, basis: AffineBasis) -> None:
        """Append ``basis``; the arrays grow by doubling."""
        kept = violable(basis.rows, self._box)
        self._rows = _grown(self._rows, self._used + len(kept))
        self._first = _grown(self._first, self._size + 1)
        self._count = _grown(self._count, self._size + 1)
        self._rows[self._used : self._used + len(kept)] = kept
        self._first[self._size], self._count[self._size] = self._used, len(kept)
        self._size += 1
        self._used += len(kept)


def _grown(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """``array`` itself if it is long enough, else a copy with room to spare."""
    if len(array) >= length:
        return array
    longer = np.zeros((max(2 * len(array), length, 64), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
