"""Hours whose limits bind: the parametric dispatch says what is served, a program what storages
give and take."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Stages, Topology
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.reduction import ReducedGrid, reduce_topology, sum_by_terminal
from gridtool.flow.topology import topology_of
from gridtool.forecast.simulate.storage_program import StorageProgram

__all__ = ["BoundGrid", "BoundGrids"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_KEPT_GRIDS = 64
_HOURS_AT_ONCE = 64


class BoundGrid:
    """One state of the parts: its grid, and what is served in it.

    Attributes
    ----------
    program
        Decides what storages give and take.
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
        self.program = StorageProgram(self.reduced)
        self._solver: ParametricDispatch | None = None
        self._served: tuple[int, int, FloatArray] = (-1, 0, np.zeros((0, 0)))

    def forget(self) -> None:
        """Another future begins: its stages and hours are others, and what was learned from the
        last one must not count, so that futures do not depend on each other to the last bit."""
        self._served = (-1, 0, np.zeros((0, 0)))
        self.program.forget()

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


class BoundGrids:
    """Grids of the states of the parts that were met last."""

    def __init__(self, case: CompiledCase, storages: IntArray) -> None:
        self._case = case
        self._storages = storages
        self._grids: OrderedDict[bytes, BoundGrid] = OrderedDict()

    def forget(self) -> None:
        """See :meth:`BoundGrid.forget`."""
        for grid in self._grids.values():
            grid.forget()

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
