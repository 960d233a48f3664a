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

from gridtool.flow.basis import LARGEST_FACTOR
from gridtool.flow.case import CompiledCase
from gridtool.flow.dcflow_kernel import sensitivities
from gridtool.flow.load_profile_bases import LoadBases
from gridtool.flow.load_profile_kernel import Grid, Places, integrate_hinges
from gridtool.flow.model import Topology
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.screen import CoreFlow
from gridtool.flow.shedding import Shedding
from gridtool.flow.tally import tally

__all__ = ["FactorSeries", "LoadProfiles", "ProfileSums", "sort_factors"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NO_SHIFT_MW = 1e-12


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
    hinges
        Number of states answered in closed form so far.
    """

    def __init__(self, case: CompiledCase, topology: Topology, *, shedding: Shedding) -> None:
        self._case = case
        self._reduced = reduced = reduce_topology(case, topology)
        self._wanted = sum_by_terminal(reduced, topology.connectable_mw)
        self._split = shedding != "total"
        self._rating = topology.source_max_mw[reduced.source]
        self._connectable = np.where(
            (reduced.terminal_of_busbar >= 0)[:, None], topology.connectable_mw, 0.0
        )
        lost = (case.demand_mw - self._connectable).sum(axis=1)
        self._busbars = len(lost) if self._split else 0
        self._lost = self._sum_places(lost)
        self._grid = self._describe_grid()
        self._bases = LoadBases(
            reduced,
            self._wanted,
            busbars=len(lost),
            rating_mw=self._rating,
            shedding=shedding,
            by_place=self._by_place,
        )
        self.hinges = 0

    @property
    def solved(self) -> int:
        """Number of LPs solved so far."""
        return self._bases.solved

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
        self.hinges += int(done.sum())
        left = np.flatnonzero(~done)
        if len(left):
            lost = (self._lost, self._grid[-1])
            found = self._bases.integrate(rating[left], series.arrays, lost)
            for whole, part in zip(sums, found, strict=True):
                whole[left] = part
        hours, energy, days = sums
        return ProfileSums(hours=hours, energy_mwh=energy, days=days, supply_mwh=supply)

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
        column = 2 * reduced.terminal_island[:, None] + np.arange(2)
        place = reduced.terminal_core[:, None] * (2 * islands) + column
        by_core = tally(place.ravel(), wanted.ravel(), ptdf.shape[1] * 2 * islands)
        taken = (ptdf @ by_core.reshape(ptdf.shape[1], 2 * islands)).T
        taken = np.ascontiguousarray(taken).reshape(islands, 2, -1)
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

    def _describe_places(self, demand: FloatArray) -> Places:
        """What the closed form needs of busbars; none of them where no split is claimed."""
        terminal = self._reduced.terminal_of_busbar
        island = np.append(self._reduced.terminal_island, -1)[terminal]
        if not self._split:
            none = np.zeros(0, np.int64)
            return none, np.zeros((0, 2)), self._lost.copy(), none
        whole = demand[island]  # of busbars without an island it is not read
        share = np.zeros_like(self._connectable)
        np.divide(self._connectable, whole, out=share, where=self._connectable > 0.0)
        lost = self._lost[1 : 1 + self._busbars].copy()
        return island, share, lost, self._case.busbar_district.copy()

    def _by_place(self, shed: FloatArray, cell: IntArray) -> FloatArray:
        """Affine functions (1 + Z, P) of the places from those of cells (S, P)."""
        if not self._split:
            total: FloatArray = shed.sum(axis=0, keepdims=True)
            return total
        by_cell = np.zeros((self._wanted.size, shed.shape[1]))
        by_cell[cell] = shed
        part = np.zeros_like(self._connectable)
        terminal = self._reduced.terminal_of_busbar
        wanted = self._wanted[terminal]  # of busbars without a terminal it is not read
        np.divide(self._connectable, wanted, out=part, where=self._connectable > 0.0)
        by_tier = by_cell.reshape(*self._wanted.shape, -1)[terminal]
        return self._sum_places((part[:, :, None] * by_tier).sum(axis=1))
