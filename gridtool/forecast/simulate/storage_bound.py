"""Hours whose limits bind: the load served, and what storages may do without a new program.

The parametric dispatch says what is served. What storages give and take without limits of the
network is the best they can do; where some known way of sharing generation keeps the limits with
it, it is done. Else a program decides, and its generation is one more way to try.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Stages, Topology
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.reduction import ReducedGrid, reduce_topology, sum_by_terminal
from gridtool.flow.screen import FLOW_TOLERANCE_MW, CoreFlow
from gridtool.flow.served_kernel import fit_generation
from gridtool.flow.tally import tally
from gridtool.flow.topology import topology_of

__all__ = ["BoundGrid", "BoundGrids"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_KEPT_GRIDS, _KEPT_PATTERNS = 64, 8
_HOURS_AT_ONCE = 64


class BoundGrid:
    """One state of the parts: its grid, the load served without storages, known generation.

    Attributes
    ----------
    island, node : (S,) int
        Island (-1: dead) and core node of each storage.
    """

    def __init__(self, case: CompiledCase, shares: FloatArray, storages: IntArray) -> None:
        self.topology: Topology = topology_of(case, shares)
        self.reduced: ReducedGrid = reduce_topology(case, self.topology)
        self._case = case
        self._storages = storages
        place = {int(source): k for k, source in enumerate(self.reduced.source)}
        at = np.array([place.get(int(source), -1) for source in storages], dtype=np.int64)
        # Position -1, of the dead, is the -1 that is appended.
        self.island = np.append(self.reduced.source_island, -1)[at]
        self.node = np.append(self.reduced.source_core, -1)[at]
        self._core = CoreFlow(self.reduced)
        self._solver: ParametricDispatch | None = None
        self._patterns = np.zeros((0, len(self.reduced.source)))
        self._served: tuple[int, int, FloatArray] = (-1, 0, np.zeros((0, 0)))

    def rating_mw(self, source_mw: FloatArray) -> FloatArray:
        """Most each source of the grid but the storages gives (K,), MW."""
        rating = np.minimum(source_mw, self.topology.source_max_mw)
        rating[self._storages] = 0.0
        left: FloatArray = rating[self.reduced.source]
        return left

    def served_mw(self, stages: Stages, stage: int, hour: int, factor: FloatArray) -> FloatArray:
        """Load served by terminal (T,) without storages in an hour of a stage, MW."""
        known, first, served = self._served
        if known != stage or not first <= hour < first + len(served):
            ahead = factor[hour : min(int(stages.end[stage]), hour + _HOURS_AT_ONCE)]
            source_mw = stages.source_mw[stage].copy()
            source_mw[self._storages] = 0.0
            limit = float(stages.import_mw[stage])
            unserved = self.unserved_mw(ahead, source_mw, limit)
            served = np.array(
                [self.taken_mw(f, mw) for f, mw in zip(ahead.tolist(), unserved, strict=True)]
            )
            first = hour
            self._served = (stage, first, served)
        found: FloatArray = served[hour - first]
        return found

    def unserved_mw(self, factor: FloatArray, source_mw: FloatArray, limit: float) -> FloatArray:
        """Least unserved load by busbar section and tier (h, B, 2) at demand factors (h,), MW."""
        cells = 2 * len(self._case.busbar_ids)
        if self._solver is None:
            # Each busbar section and tier is a class of its own: the answer says where.
            self._solver = ParametricDispatch(
                self._case, self.topology, class_share=np.eye(cells).reshape(-1, 2, cells)
            )
        answer = self._solver.unserved(
            factor,
            source_max_mw=np.tile(source_mw, (len(factor), 1)),
            import_limit_mw=np.full(len(factor), limit),
        )
        return answer.class_mw.reshape(len(factor), -1, 2)

    def taken_mw(self, factor: float, unserved: FloatArray) -> FloatArray:
        """Load served by terminal (T,), from what is unserved by section and tier (B, 2), MW."""
        served = self._case.demand_mw * factor - unserved
        found: FloatArray = sum_by_terminal(self.reduced, served).sum(axis=1)
        return found

    def lacking_mw(self, served: FloatArray, rating: FloatArray, limit: float) -> FloatArray:
        """What the sources of each island lack for the load served (I,), MW; left over below 0."""
        reduced = self.reduced
        units, infeeds = (
            tally(reduced.source_island, np.where(kind, rating, 0.0), reduced.islands)
            for kind in (~reduced.source_infeed, reduced.source_infeed)
        )
        need = tally(reduced.terminal_island, served, reduced.islands)
        lacking: FloatArray = need - units - np.minimum(infeeds, limit)
        return lacking

    def fits(self, served: FloatArray, drawn: FloatArray, rating: FloatArray, limit: float) -> bool:
        """Whether some known way of sharing generation serves, with what storages draw (S,),
        negative where they give, within the limits."""
        reduced = self.reduced
        live = self.island >= 0
        need = tally(reduced.terminal_island, served, reduced.islands)
        need = np.maximum(need + tally(self.island[live], drawn[live], reduced.islands), 0.0)
        taken = tally(reduced.terminal_core, served, len(reduced.core_island))
        taken += tally(self.node[live], drawn[live], len(taken))
        branches = (
            reduced.core_from,
            reduced.core_to,
            reduced.susceptance_mw,
            reduced.offset_mw,
        )
        way = fit_generation(
            (reduced.factor, branches, reduced.limit_mw, self._core.reference),
            (
                (rating, reduced.source_island, reduced.source_infeed),
                reduced.source_core,
                self._patterns,
            ),
            (need, taken),
            np.array([limit, FLOW_TOLERANCE_MW]),
        )
        return bool(way >= 0)

    def remember(self, generation: FloatArray) -> None:
        """Try ``generation`` (K,) first in hours to come; the oldest one is forgotten."""
        self._patterns = np.vstack([generation, self._patterns])[:_KEPT_PATTERNS]


class BoundGrids:
    """Grids of the states of the parts that were met last."""

    def __init__(self, case: CompiledCase, storages: IntArray) -> None:
        self._case = case
        self._storages = storages
        self._grids: OrderedDict[bytes, BoundGrid] = OrderedDict()

    def find(self, shares: FloatArray) -> BoundGrid:
        """The grid of a state of the parts."""
        key = shares.tobytes()
        grid = self._grids.pop(key, None)
        if grid is None:
            grid = BoundGrid(self._case, shares, self._storages)
            if len(self._grids) >= _KEPT_GRIDS:
                self._grids.popitem(last=False)
        self._grids[key] = grid
        return grid
