"""Exact dispatches of every hour of many stages.

Compiled loops answer the hours whose closed form is proven optimal (almost all, see
:mod:`gridtool.flow.stage_kernel`) and solve small programs for the others
(:mod:`gridtool.flow.stage_solve_kernel`). What fails a check there is answered by the parametric
dispatch of its topology. Nothing is approximated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.basis import LARGEST_FACTOR
from gridtool.flow.case import CompiledCase
from gridtool.flow.model import HourlyShortage, Stages
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.parametric_places import busbar_places, cell_places
from gridtool.flow.screen import FLOW_TOLERANCE_MW
from gridtool.flow.served import ClosedForm
from gridtool.flow.stage_kernel import StageArrays, dispatch_stages
from gridtool.flow.stage_left_kernel import solve_left
from gridtool.flow.topology import topology_of

__all__ = ["StageDispatch"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class StageDispatch:
    """Unserved load of every hour of many stages, equal to :class:`Dispatcher`'s.

    Nothing is kept from call to call: the same stages have the same answer, to the last bit,
    whatever was asked before, and memory does not grow.

    Parameters
    ----------
    class_share : (B, 2, C)
        See :func:`gridtool.flow.class_shares.class_shares`.

    Attributes
    ----------
    solved
        Number of LPs solved so far by HiGHS.
    compiled
        Number of programs solved so far by the compiled simplex.
    by_program
        Number of hours so far that were answered by either.
    """

    def __init__(self, case: CompiledCase, class_share: FloatArray) -> None:
        self._case = case
        self._class_share = class_share
        self._arrays = ClosedForm(case).arrays
        self._cells = cell_places(case, busbar_places(case, class_share))
        self.solved = self.compiled = self.by_program = 0

    def shortage(self, stages: Stages, factor: FloatArray) -> HourlyShortage:
        """Unserved load of n rows of H hours.

        Parameters
        ----------
        factor : (n, H)
            Demand in parts of the reference peak.

        Raises
        ------
        AnalysisError
            If the LP solver fails on an hour.
        ValueError
            If a demand factor is not within 0 to 10.
        """
        if not np.all((factor >= 0.0) & (factor <= LARGEST_FACTOR)):
            raise ValueError(f"demand factors must be within 0 to {LARGEST_FACTOR:g}")
        n, hours = factor.shape
        factor = np.ascontiguousarray(factor, dtype=np.float64)
        district = np.zeros((n, hours, 2 * len(self._case.district_ids)))
        by_class = np.zeros((n, hours, self._class_share.shape[2]))
        supply, delivery = np.zeros((n, hours)), np.zeros((n, hours))
        left = np.zeros((n, hours), dtype=np.bool_)
        order = np.argsort(stages.parts, kind="stable")
        dispatch_stages(
            self._arrays,
            stages.part_shares,
            self._cells,
            (_stage_arrays(stages), order),
            factor,
            (district, by_class, supply, delivery, left),
            FLOW_TOLERANCE_MW,
        )
        if left.any():
            self._solve_compiled(stages, factor, (district, by_class, left))
        found = HourlyShortage(
            district_mw=district.reshape(n, hours, len(self._case.district_ids), 2),
            class_mw=by_class,
            supply_mw=supply,
            delivery_mw=delivery,
        )
        if left.any():
            self._solve_left(stages, factor, left, found)
        return found

    def _solve_compiled(
        self,
        stages: Stages,
        factor: FloatArray,
        out: tuple[FloatArray, FloatArray, BoolArray],
    ) -> None:
        """Answer hours left by compiled programs; those that fail a check stay left."""
        stage, row, hour = _left_hours(stages, out[2])
        self.by_program += len(stage)
        order = np.lexsort((factor[row, hour], stage, stages.parts[stage]))
        self.compiled += solve_left(
            self._arrays,
            stages.part_shares,
            self._cells,
            (_stage_arrays(stages), stage[order], hour[order]),
            factor,
            out,
        )

    def _solve_left(
        self, stages: Stages, factor: FloatArray, left: BoolArray, found: HourlyShortage
    ) -> None:
        """Answer the hours ``left`` by the parametric dispatch of their topology."""
        stage, row, hour = _left_hours(stages, left)
        parts = stages.parts[stage]
        order = np.argsort(parts, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(parts[order])) + 1):
            # A new one each time: an answer must not depend, not in its last digit, on what was
            # asked before.
            topology = topology_of(self._case, stages.part_shares[parts[members[0]]])
            solver = ParametricDispatch(self._case, topology, class_share=self._class_share)
            at = row[members], hour[members]
            answer = solver.unserved(
                factor[at],
                source_max_mw=stages.source_mw[stage[members]],
                import_limit_mw=stages.import_mw[stage[members]],
            )
            self.solved += solver.solved
            found.district_mw[at] = answer.unserved_mw
            found.class_mw[at] = answer.class_mw


def _stage_arrays(stages: Stages) -> StageArrays:
    return (
        stages.row,
        stages.first,
        stages.end,
        stages.parts,
        stages.source_mw,
        stages.import_mw,
    )


def _left_hours(stages: Stages, left: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Stage, row and hour of the hours marked, each (m,)."""
    row, hour = np.nonzero(left)
    hours = left.shape[1]
    # Stages are ordered by row and hour and leave no gaps: the last that has begun is the one.
    begins = stages.row * hours + stages.first
    stage = np.searchsorted(begins, row * hours + hour, side="right") - 1
    return stage, row, hour
