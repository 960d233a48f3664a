"""The dispatch as a linear program: its columns, and rows made when they are needed.

Columns (MW): generation of each source; *uniform* sheds ``U``, one per tier and island, spread
over the island's terminals by fixed shares (their part of the island's connectable demand); and
*local* sheds ``s``, one per terminal and tier. A terminal sheds ``x = s + share * U``.

Prices per MW: 1 for ordinary and 100 for protected load, raised by a hair (``TIE_STEP``) from
level to level (uniform over islands that share an import limit, over an island, over a zone
behind a bottleneck, see :mod:`gridtool.flow.zones`, local)
and, for local sheds, from busbar to busbar. So the shortage is shared in proportion and shed
locally only where that serves more, and the split is unique: without the hair, load behind one
bottleneck could be exchanged at no cost. Price steps grow along the busbar table, or load in the
middle of a corridor could still be exchanged for load at both its ends. The hair can cost at
most three times ``TIE_STEP`` of the load shed.

Every bound and right-hand side is ``constant + slope * f`` in the demand factor f.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import sensitivities
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.screen import CoreFlow

__all__ = ["TIER_PRICE", "TIE_STEP", "Rows", "ShedProgram", "local_rank", "stack_rows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TIER_PRICE = (1.0, 100.0)
"""Price of a MW not served, by tier."""
TIE_STEP = 1e-4
"""Relative price step from a uniform shed to a more local one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """R rows ``lower <= matrix @ columns <= upper``, bounds (R, 2) as constant and slope."""

    matrix: FloatArray
    lower: FloatArray
    upper: FloatArray

    def with_upper(self, row: int, bound: float) -> Rows:
        """The same rows, one with another constant upper bound."""
        upper = self.upper.copy()
        upper[row] = bound, 0.0
        return Rows(matrix=self.matrix, lower=self.lower, upper=upper)


def stack_rows(blocks: list[Rows]) -> Rows:
    """All rows of ``blocks``, in order."""
    return Rows(
        matrix=np.concatenate([block.matrix for block in blocks]),
        lower=np.concatenate([block.lower for block in blocks]),
        upper=np.concatenate([block.upper for block in blocks]),
    )


def local_rank(reduced: ReducedGrid, *, busbars: int) -> FloatArray:
    """Place of each terminal among the local sheds (T,), 0 to 1: the cheaper the lower.

    Those farthest from a source come first: what is left then fills no line behind another one,
    and the duals show the limit that binds. Equally far ones follow the table. The places are
    made convex, so that none is the mean of others.
    """
    depth = _source_depth(reduced)
    deepest = int(depth.max(initial=0))
    order = (reduced.terminal_busbar + 1.0) / (busbars + 1.0)
    place = (deepest - depth + order) / (deepest + 1.0)
    rank: FloatArray = place * (1.0 + place) / 2.0
    return rank


def _source_depth(reduced: ReducedGrid) -> FloatArray:
    """Branches between each terminal and the nearest source (T,)."""
    far = float(len(reduced.core_island))
    depth = np.full(len(reduced.core_island), far)
    depth[reduced.source_core] = 0.0
    while True:
        nearer = depth.copy()
        np.minimum.at(nearer, reduced.core_from, depth[reduced.core_to] + 1.0)
        np.minimum.at(nearer, reduced.core_to, depth[reduced.core_from] + 1.0)
        if np.array_equal(nearer, depth):
            break
        depth = nearer
    found: FloatArray = depth[reduced.terminal_core] + (reduced.terminal_branch >= 0)
    return found


class ShedProgram:
    """Columns and rows of the dispatch of one reduced grid.

    Attributes
    ----------
    cell : (S,) int
        ``2 * terminal + tier`` of each local shed: the cells with demand.
    demand_mw : (S,)
        Demand of these cells at factor 1.
    share : (S, Q)
        Part of each island-wide uniform shed that a cell sheds.
    zone_share : (S, Z)
        The same for the uniform sheds of zones, whose columns come last.
    price : (K + Q + S + Z,)
    """

    def __init__(
        self,
        reduced: ReducedGrid,
        demand_mw: FloatArray,
        *,
        busbars: int,
        shared_import: bool,
    ) -> None:
        self.reduced = reduced
        self.core = CoreFlow(reduced)
        flat = demand_mw.reshape(-1)
        self.cell = np.flatnonzero(flat > 0.0)
        self.demand_mw = flat[self.cell]
        self.terminal = self.cell // 2
        self.tier = self.cell % 2
        self.island = reduced.terminal_island[self.terminal]
        self.sources = len(reduced.source)
        rank = local_rank(reduced, busbars=busbars)[self.terminal]
        local_price = np.array(TIER_PRICE)[self.tier] * (1.0 + TIE_STEP * (2.0 + rank))
        prices, self.share = self._spread(self._island_groups(shared_import=shared_import))
        self.uniform = len(prices)
        self.price = np.concatenate([np.zeros(self.sources), prices, local_price])
        self.zone_share = np.zeros((len(self.cell), 0))
        self.local = slice(self.sources + self.uniform, len(self.price))

    def with_zones(self, zones: Sequence[Sequence[int]]) -> ShedProgram:
        """The program with uniform sheds for zones of cells, as its last columns."""
        program = copy(self)
        members_of = [np.isin(np.arange(len(self.cell)), zone) for zone in zones]
        groups = [(self._zone_level(members), members) for members in members_of]
        prices, program.zone_share = self._spread(groups)
        program.price = np.concatenate([self.price[: self.local.stop], prices])
        return program

    def _island_groups(self, *, shared_import: bool) -> list[tuple[float, BoolArray]]:
        """Level and cells of the uniform sheds over islands."""
        reduced = self.reduced
        fed = np.zeros(reduced.islands, dtype=np.bool_)
        fed[reduced.source_island[reduced.source_infeed]] = True
        groups = [(1.0, self.island == i) for i in range(reduced.islands)]
        if shared_import and np.count_nonzero(fed) > 1:
            groups.insert(0, (0.0, fed[self.island]))
        return groups

    def _spread(self, groups: list[tuple[float, BoolArray]]) -> tuple[list[float], FloatArray]:
        """Prices of the uniform sheds of groups, by tier, and what each cell sheds of them."""
        prices, shares = [], []
        for level, members in groups:
            for tier, price in enumerate(TIER_PRICE):
                weight = np.where(members & (self.tier == tier), self.demand_mw, 0.0)
                total = weight.sum()
                if total > 0.0:
                    prices.append(price * (1.0 + TIE_STEP * level))
                    shares.append(weight / total)
        return prices, np.stack(shares, axis=1) if shares else np.zeros((len(self.cell), 0))

    def _zone_level(self, members: BoolArray) -> float:
        """Between 1 and 2: of two zones, one in the other, the larger is shed first."""
        demand = self.demand_mw.sum()
        return float(2.0 - self.demand_mw[members].sum() / demand)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.price)

    def uniform_bounds(self) -> tuple[FloatArray, FloatArray]:
        """Most that the island-wide (Q,) and zone-wide (Z,) sheds can be at factor 1, MW."""
        return tuple(
            (self.demand_mw[:, None] * (share > 0.0)).sum(axis=0)
            for share in (self.share, self.zone_share)
        )

    def upper_bounds(self, rating_mw: FloatArray, factor: float) -> FloatArray:
        """Upper bounds of the columns; the lower ones are 0."""
        uniform, zones = self.uniform_bounds()
        return np.concatenate(
            [rating_mw, factor * uniform, factor * self.demand_mw, factor * zones]
        )

    def shed_by_cell(self, columns: FloatArray) -> FloatArray:
        """Shed of each cell with demand (S,), or its affine functions (S, P), MW."""
        uniform = columns[self.sources : self.local.start]
        zones = columns[self.local.stop :]
        shed: FloatArray = columns[self.local] + self.share @ uniform + self.zone_share @ zones
        return shed

    def _row_matrix(self, generation: FloatArray, shed: FloatArray) -> FloatArray:
        """Rows from coefficients of generation (R, K) and of cell sheds (R, S)."""
        return np.concatenate([generation, shed @ self.share, shed, shed @ self.zone_share], axis=1)

    def balance_rows(self) -> Rows:
        """Generation plus shed equals demand, by island."""
        islands = np.arange(self.reduced.islands)
        generation = (self.reduced.source_island == islands[:, None]).astype(np.float64)
        shed = (self.island == islands[:, None]).astype(np.float64)
        bound = np.stack([np.zeros(len(islands)), shed @ self.demand_mw], axis=1)
        return Rows(matrix=self._row_matrix(generation, shed), lower=bound, upper=bound)

    def import_row(self, limit_mw: float) -> Rows:
        """All infeeds together within the import limit."""
        generation = self.reduced.source_infeed.astype(np.float64)[None, :]
        return Rows(
            matrix=self._row_matrix(generation, np.zeros((1, len(self.cell)))),
            lower=np.array([[-np.inf, 0.0]]),
            upper=np.array([[limit_mw, 0.0]]),
        )

    def cap_rows(self, terminals: IntArray) -> Rows:
        """Leaves take no more than their branch carries."""
        member = (self.terminal == terminals[:, None]).astype(np.float64)
        cap = self.reduced.terminal_cap_mw[terminals]
        count = len(terminals)
        return Rows(
            matrix=self._row_matrix(np.zeros((count, self.sources)), member),
            lower=np.stack([-cap, member @ self.demand_mw], axis=1),
            upper=np.stack([np.full(count, np.inf), np.zeros(count)], axis=1),
        )

    def cell_rows(self, cells: IntArray) -> Rows:
        """Cells shed no more than their demand; ``cells`` are positions in :attr:`cell`."""
        member = np.zeros((len(cells), len(self.cell)))
        member[np.arange(len(cells)), cells] = 1.0
        zeros = np.zeros(len(cells))
        return Rows(
            matrix=self._row_matrix(np.zeros((len(cells), self.sources)), member),
            lower=np.stack([np.full(len(cells), -np.inf), zeros], axis=1),
            upper=np.stack([zeros, self.demand_mw[cells]], axis=1),
        )

    def branch_rows(self, branches: IntArray) -> Rows:
        """Core branches (positions in the reduced grid) within their limits."""
        reduced = self.reduced
        ptdf = sensitivities(
            reduced.factor,
            (reduced.core_from[branches], reduced.core_to[branches]),
            reduced.susceptance_mw[branches],
            self.core.reference,
        )
        by_cell = ptdf[:, reduced.terminal_core[self.terminal]]
        limit = reduced.limit_mw[branches]
        still = self.core.flows_of(np.zeros(len(reduced.core_island)))[branches]
        # A limit below the flow that phase shifters drive on their own cannot be kept by
        # shedding: it is widened to that flow, and the certificate's residual shows it.
        limit = np.maximum(limit, np.abs(still))
        moved = by_cell @ self.demand_mw
        return Rows(
            matrix=self._row_matrix(ptdf[:, reduced.source_core], by_cell),
            lower=np.stack([-limit - still, moved], axis=1),
            upper=np.stack([limit - still, moved], axis=1),
        )
