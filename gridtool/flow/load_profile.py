"""Unserved load of one topology as a function of the demand factor, for many sets of ratings.

All loads scale with one factor, so the unserved load of a state is a piecewise linear function
of it: a hinge where only the supply of islands binds, and elsewhere as many lines as optimal
bases are met on the way from the highest factor down. Sums over the hours of a load series then
need no loop over hours: counts and prefix sums of its sorted factors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.basis import LARGEST_FACTOR, AffineBasis, BasisMaker
from gridtool.flow.basis_table import BasisTable, grown
from gridtool.flow.case import CompiledCase
from gridtool.flow.dcflow_kernel import sensitivities
from gridtool.flow.load_profile_bases_kernel import integrate_bases
from gridtool.flow.load_profile_kernel import Grid, integrate_hinges
from gridtool.flow.lp import LpResult, LpSolver
from gridtool.flow.model import Topology
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.screen import CoreFlow
from gridtool.flow.shedding import Shedding, shed_program
from gridtool.flow.tally import tally
from gridtool.flow.zones import Zones, solve_with_zones

__all__ = ["FactorSeries", "LoadProfiles", "ProfileSums", "sort_factors"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_NO_SHIFT_MW = 1e-12
_NUDGES = (0.0, 1e-6, 1e-5)
"""How much below the probe an hour is solved, should its basis not be usable there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSeries:
    """A load series as demand factors, for sums without a loop over hours.

    Attributes
    ----------
    factor : (H,)
        Demand over the reference peak, rising.
    below : (H + 1,)
        Sums of the first 0, 1, 2, ... factors.
    peak : (d,)
        Highest factor of each day, rising.
    """

    factor: FloatArray
    below: FloatArray
    peak: FloatArray

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """For the kernels."""
        return self.factor, self.below, self.peak


def sort_factors(factor: FloatArray, *, daily_peak: FloatArray) -> FactorSeries:
    """The series of hourly factors (H,) with the highest of each day (d,).

    Raises
    ------
    ValueError
        If there are none, or one is not within 0 to 10.
    """
    if not len(factor) or not np.all((factor >= 0.0) & (factor <= LARGEST_FACTOR)):
        raise ValueError(f"demand factors must be within 0 to {LARGEST_FACTOR:g}, at least one")
    rising = np.sort(factor)
    return FactorSeries(
        factor=rising,
        below=np.concatenate([[0.0], np.cumsum(rising)]),
        peak=np.sort(daily_peak),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSums:
    """Sums over a load series, for n states.

    Attributes
    ----------
    hours : (n, 1 + Z)
        Hours in which load is unserved: anywhere, then by place.
    energy_mwh : (n, 1 + Z)
        Unserved energy: all, then by place.
    days : (n,)
        Days with a short hour.
    supply_mwh : (n,)
        The part of the energy that energised islands would lack if no branch had a limit.
    """

    hours: FloatArray
    energy_mwh: FloatArray
    days: FloatArray
    supply_mwh: FloatArray


class LoadProfiles:
    """Unserved load of one topology under one policy; bases are kept from call to call.

    Places are busbars, then districts; under ``total``, which claims no split, there are none.

    Attributes
    ----------
    solved
        Number of LPs solved so far.
    hinges
        Number of states answered in closed form so far.
    """

    def __init__(self, case: CompiledCase, topology: Topology, *, shedding: Shedding) -> None:
        self._case = case
        self._shedding: Shedding = shedding
        self._reduced = reduced = reduce_topology(case, topology)
        self._wanted = sum_by_terminal(reduced, topology.connectable_mw)
        self._split = shedding != "total"
        self._rating = topology.source_max_mw[reduced.source]
        self._import_max = float(self._rating[reduced.source_infeed].sum()) + 1.0
        self._connectable = np.where(
            (reduced.terminal_of_busbar >= 0)[:, None], topology.connectable_mw, 0.0
        )
        lost = (case.demand_mw - self._connectable).sum(axis=1)
        self._busbars = len(lost) if self._split else 0
        self._lost = self._sum_places(lost)
        self._grid = self._describe_grid()
        self._solvers: dict[Zones, tuple[ShedProgram, BasisMaker, LpSolver]] = {}
        self._bases: list[AffineBasis] = []
        self._maps = np.zeros((0, len(self._lost), 3 + len(self._rating)))
        self._table: BasisTable | None = None
        self.solved = 0
        self.hinges = 0

    def _sum_places(self, by_busbar: FloatArray) -> FloatArray:
        """Sums (1 + Z, ...) of amounts by busbar (B, ...): all, busbars, districts."""
        total: FloatArray = by_busbar.sum(axis=0, keepdims=True)
        if not self._split:
            return total
        districts = np.zeros((len(self._case.district_ids), *by_busbar.shape[1:]))
        np.add.at(districts, self._case.busbar_district, by_busbar)
        return np.concatenate([total, by_busbar, districts])

    def integrate(self, source_mw: FloatArray, series: FactorSeries) -> ProfileSums:
        """Sums over ``series`` for n sets of ratings.

        Parameters
        ----------
        source_mw : (n, G)
            Most each source of the case gives; never more than its rating.

        Raises
        ------
        AnalysisError
            If the LP solver finds no usable basis.
        """
        rating = np.ascontiguousarray(np.minimum(source_mw[:, self._reduced.source], self._rating))
        n = len(rating)
        sums = (np.zeros((n, len(self._lost))), np.zeros((n, len(self._lost))), np.zeros(n))
        supply = np.zeros(n)
        done = integrate_hinges(rating, self._grid, series.arrays, sums, supply)
        self._join_districts(sums, done)
        self.hinges += int(done.sum())
        left = np.flatnonzero(~done)
        if len(left):
            found = self._integrate_bases(rating[left], series)
            for whole, part in zip(sums, found, strict=True):
                whole[left] = part
        hours, energy, days = sums
        return ProfileSums(hours=hours, energy_mwh=energy, days=days, supply_mwh=supply)

    def _join_districts(
        self, sums: tuple[FloatArray, FloatArray, FloatArray], done: BoolArray
    ) -> None:
        """Fill the districts of states in closed form.

        Each busbar is short above a factor of its own, so a district is short in the hours of
        the busbar that is short most often.
        """
        first = 1 + self._busbars
        for district in range(len(self._lost) - first):
            members = 1 + np.flatnonzero(self._case.busbar_district == district)
            if len(members):
                rows = np.ix_(done, members)
                sums[0][done, first + district] = sums[0][rows].max(axis=1)
                sums[1][done, first + district] = sums[1][rows].sum(axis=1)

    def _integrate_bases(
        self, rating: FloatArray, series: FactorSeries
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        n = len(rating)
        sums = (np.zeros((n, len(self._lost))), np.zeros((n, len(self._lost))), np.zeros(n))
        table = self._basis_table()
        state = 0
        while True:
            bases = (*table.bases, self._maps[: max(len(self._bases), 1)])
            known = (self._import_max, bases, self._lost, self._grid[-1])
            state, probe = integrate_bases(rating, known, series.arrays, state, sums)
            if state == n:
                return sums
            self._add_basis(rating[state], probe)

    def _basis_table(self) -> BasisTable:
        if self._table is None:
            most = np.concatenate([[1.0, LARGEST_FACTOR, self._import_max], self._rating])
            least = np.zeros(len(most))
            least[[0, 2]] = most[[0, 2]]
            self._table = BasisTable(self._bases, np.stack([least, most]))
            self._maps = grown(self._maps, 1)
        return self._table

    def _describe_grid(self) -> Grid:
        """What the closed form needs."""
        reduced, wanted = self._reduced, self._wanted
        islands = reduced.islands
        cell = reduced.terminal_island[:, None] * 2 + np.arange(2)
        demand = tally(cell.ravel(), wanted.ravel(), 2 * islands).reshape(islands, 2)
        ptdf = sensitivities(
            reduced.factor,
            (reduced.core_from, reduced.core_to),
            reduced.susceptance_mw,
            CoreFlow(reduced).reference,
        )
        taken = np.zeros((islands, 2, len(reduced.branch)))
        by_terminal = ptdf[:, reduced.terminal_core]
        for tier in (0, 1):
            np.add.at(taken[:, tier], reduced.terminal_island, (by_terminal * wanted[:, tier]).T)
        capped = np.flatnonzero(np.isfinite(reduced.terminal_cap_mw) & (wanted.sum(axis=1) > 0))
        leaves = (
            reduced.terminal_island[capped],
            wanted[capped],
            reduced.terminal_cap_mw[capped],
        )
        cap = np.full(islands, np.inf)
        np.minimum.at(cap, leaves[0], leaves[2] / leaves[1].sum(axis=1))
        sources = (reduced.source_island, np.ascontiguousarray(ptdf[:, reduced.source_core].T))
        return (
            (demand, cap, taken, reduced.limit_mw),
            leaves,
            sources,
            self._describe_places(demand),
            bool(np.all(np.abs(reduced.offset_mw) < _NO_SHIFT_MW)),
        )

    def _describe_places(self, demand: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Island of each place, its share of the island's demand by tier, demand lost."""
        terminal = self._reduced.terminal_of_busbar
        island = np.append(self._reduced.terminal_island, -1)[terminal]
        if not self._split:
            return np.zeros(0, np.int64), np.zeros((0, 2)), self._lost.copy()
        whole = demand[island]  # of busbars without an island it is not read
        share = np.zeros_like(self._connectable)
        np.divide(self._connectable, whole, out=share, where=self._connectable > 0.0)
        return island, share, self._lost[1 : 1 + self._busbars].copy()

    def _solver_for(self, zones: Zones) -> tuple[ShedProgram, BasisMaker, LpSolver]:
        found = self._solvers.get(zones)
        if found is None:
            if zones:
                program = self._solver_for(())[0].with_zones(zones)
            else:
                program = shed_program(
                    self._reduced,
                    self._wanted,
                    busbars=len(self._case.busbar_ids),
                    shedding=self._shedding,
                )
            maker = BasisMaker(program, rating_mw=self._rating, import_max_mw=self._import_max)
            found = (program, maker, LpSolver())
            self._solvers[zones] = found
        return found

    def _add_basis(self, rating: FloatArray, probe: float) -> None:
        """Solve a state at a factor and keep its basis."""
        table = self._basis_table()
        for nudge in _NUDGES:
            factor = max(probe - nudge, 0.0)
            program, basis = self._solve(rating, factor)
            if basis is None:
                continue
            theta = np.concatenate([[1.0, probe, self._import_max], rating])
            if np.all(basis.rows @ theta >= -1e-8):
                break
        else:
            raise AnalysisError(
                f"no optimal basis was found for a state at {probe:.6f} of the peak demand"
            )
        place = len(self._bases)
        self._maps = grown(self._maps, place + 1)
        self._maps[place] = self._by_place(program, basis)
        self._bases.append(basis)
        table.add(basis)

    def _solve(self, rating: FloatArray, factor: float) -> tuple[ShedProgram, AffineBasis | None]:
        def solve(zones: Zones) -> tuple[ShedProgram, LpResult, BoolArray]:
            program, _, lp = self._solver_for(zones)
            result = lp.solve(program, rating, factor=factor)
            self.solved += 1
            return program, result, lp.basis()[0]

        if self._split:
            zones, program, result = solve_with_zones(solve)
        else:
            zones = ()
            program, result, _ = solve(zones)
        _, maker, lp = self._solver_for(zones)
        theta = np.concatenate([[1.0, factor, self._import_max], rating])
        try:
            return program, maker.make(result, lp.basis(), theta)
        except np.linalg.LinAlgError:
            return program, None

    def _by_place(self, program: ShedProgram, basis: AffineBasis) -> FloatArray:
        """Unserved load (1 + Z, P) of a basis."""
        if not self._split:
            total: FloatArray = basis.shed.sum(axis=0, keepdims=True)
            return total
        by_cell = np.zeros((self._wanted.size, basis.shed.shape[1]))
        by_cell[program.cell] = basis.shed
        part = np.zeros_like(self._connectable)
        terminal = self._reduced.terminal_of_busbar
        wanted = self._wanted[terminal]  # of busbars without a terminal it is not read
        np.divide(self._connectable, wanted, out=part, where=self._connectable > 0.0)
        by_tier = by_cell.reshape(*self._wanted.shape, -1)[terminal]
        return self._sum_places((part[:, :, None] * by_tier).sum(axis=1))
