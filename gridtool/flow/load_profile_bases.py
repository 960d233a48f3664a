"""Optimal bases of one topology, as many as the states asked for so far have met."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.basis import LARGEST_FACTOR, AffineBasis, BasisMaker
from gridtool.flow.basis_table import BasisTable, grown
from gridtool.flow.load_profile_bases_kernel import integrate_bases
from gridtool.flow.load_profile_kernel import Series, Sums
from gridtool.flow.lp import LpResult, LpSolver
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.shedding import Shedding, shed_program
from gridtool.flow.zones import Zones, solve_with_zones

__all__ = ["LoadBases"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_NUDGES = (0.0, 1e-6, 1e-5)
"""How much below the factor asked for a state is solved, should its basis not be usable there."""
_ROW = 0.9e-8
"""A little below the tolerance of the kernel, which has to agree."""


class LoadBases:
    """Unserved load of states in which limits of the network bind.

    Parameters
    ----------
    wanted_mw : (T, 2)
        Demand at factor 1 by terminal and tier.
    by_place
        Gives the places' unserved load (1 + Z, P) from that of cells (S, P), and their positions.

    Attributes
    ----------
    solved
        Number of LPs solved so far.
    """

    def __init__(
        self,
        reduced: ReducedGrid,
        wanted_mw: FloatArray,
        *,
        busbars: int,
        rating_mw: FloatArray,
        shedding: Shedding,
        by_place: Callable[[FloatArray, IntArray], FloatArray],
    ) -> None:
        self._reduced = reduced
        self._wanted = wanted_mw
        self._busbars = busbars
        self._rating = rating_mw
        self._shedding: Shedding = shedding
        self._by_place = by_place
        self._import_max = float(rating_mw[reduced.source_infeed].sum()) + 1.0
        self._solvers: dict[Zones, tuple[ShedProgram, BasisMaker, LpSolver]] = {}
        self._table: BasisTable | None = None
        self._maps = np.zeros((0, 0, 0))
        self._count = 0
        self.solved = 0

    def integrate(self, rating: FloatArray, series: Series, lost: tuple[FloatArray, bool]) -> Sums:
        """Hours and energy by place (n, 1 + Z), and days (n,), of states (n, K).

        Parameters
        ----------
        lost
            Demand by place that nothing can serve (1 + Z,), the total first; whether flows scale
            with the demand.

        Raises
        ------
        AnalysisError
            If no usable basis is found.
        """
        n, places = len(rating), len(lost[0])
        sums = (np.zeros((n, places)), np.zeros((n, places)), np.zeros(n))
        table = self._open_table(places)
        before: tuple[int, float] | None = None
        state = 0
        while True:
            bases = (*table.bases, self._maps[: max(self._count, 1)])
            known = (self._import_max, bases, *lost)
            state, probe = integrate_bases(rating, known, series, state, sums)
            if state == n:
                self._solvers.clear()  # a solver is large, and warm only while it is in use
                return sums
            if (state, probe) == before:
                raise AnalysisError(_no_basis(probe))
            before = (state, probe)
            self._add_basis(rating[state], probe, table)

    def _open_table(self, places: int) -> BasisTable:
        if self._table is None:
            most = np.concatenate([[1.0, LARGEST_FACTOR, self._import_max], self._rating])
            least = np.zeros(len(most))
            least[[0, 2]] = most[[0, 2]]
            self._table = BasisTable([], np.stack([least, most]))
            self._maps = grown(np.zeros((0, places, len(most))), 1)
        return self._table

    def _add_basis(self, rating: FloatArray, probe: float, table: BasisTable) -> None:
        """Solve a state at a factor and keep its basis."""
        theta = np.concatenate([[1.0, probe, self._import_max], rating])
        for nudge in _NUDGES:
            program, basis = self._solve(rating, max(probe - nudge, 0.0))
            if basis is not None and np.all(basis.rows @ theta >= -_ROW):
                break
        else:
            raise AnalysisError(_no_basis(probe))
        assert basis is not None  # the loop ended with a break
        self._maps = grown(self._maps, self._count + 1)
        self._maps[self._count] = self._by_place(basis.shed, program.cell)
        self._count += 1
        table.add(basis)

    def _solve(self, rating: FloatArray, factor: float) -> tuple[ShedProgram, AffineBasis | None]:
        def solve(zones: Zones) -> tuple[ShedProgram, LpResult, BoolArray]:
            program, _, lp = self._solver_for(zones)
            result = lp.solve(program, rating, factor=factor)
            self.solved += 1
            return program, result, lp.basis()[0]

        if self._shedding == "total":
            zones: Zones = ()
            program, result, _ = solve(zones)
        else:
            zones, program, result = solve_with_zones(solve)
        _, maker, lp = self._solver_for(zones)
        theta = np.concatenate([[1.0, factor, self._import_max], rating])
        try:
            return program, maker.make(result, lp.basis(), theta)
        except np.linalg.LinAlgError:
            return program, None

    def _solver_for(self, zones: Zones) -> tuple[ShedProgram, BasisMaker, LpSolver]:
        found = self._solvers.get(zones)
        if found is None:
            if zones:
                program = self._solver_for(())[0].with_zones(zones)
            else:
                program = shed_program(
                    self._reduced, self._wanted, busbars=self._busbars, shedding=self._shedding
                )
            maker = BasisMaker(program, rating_mw=self._rating, import_max_mw=self._import_max)
            found = (program, maker, LpSolver())
            self._solvers[zones] = found
        return found


def _no_basis(factor: float) -> str:
    return f"no optimal basis was found for a state at {factor:.7f} of the peak demand"
