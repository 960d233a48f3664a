"""Exact dispatches of every hour of many stages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import HourlyShortage, Stages
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.topology import topology_of

__all__ = ["StageDispatch"]

FloatArray = npt.NDArray[np.float64]


class StageDispatch:
    """Unserved load of every hour of many stages, equal to :class:`Dispatcher`'s.

    Parameters
    ----------
    class_share : (B, 2, C)
        See :func:`gridtool.flow.class_shares.class_shares`.

    Attributes
    ----------
    solved
        Number of LPs solved so far.
    """

    def __init__(self, case: CompiledCase, class_share: FloatArray) -> None:
        self._case = case
        self._class_share = class_share
        self.solved = 0

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
        n, hours = factor.shape
        found = HourlyShortage(
            district_mw=np.zeros((n, hours, len(self._case.district_ids), 2)),
            class_mw=np.zeros((n, hours, self._class_share.shape[2])),
            supply_mw=np.zeros((n, hours)),
            delivery_mw=np.zeros((n, hours)),
        )
        for parts in np.unique(stages.parts):
            topology = topology_of(self._case, stages.part_shares[parts])
            solver = ParametricDispatch(self._case, topology, class_share=self._class_share)
            chosen = np.flatnonzero(stages.parts == parts)
            lengths = (stages.end - stages.first)[chosen]
            stage = np.repeat(chosen, lengths)
            row = stages.row[stage]
            hour = np.concatenate(
                [np.arange(stages.first[k], stages.end[k]) for k in chosen.tolist()]
            )
            answer = solver.unserved(
                factor[row, hour],
                source_max_mw=stages.source_mw[stage],
                import_limit_mw=stages.import_mw[stage],
            )
            self.solved += solver.solved
            found.district_mw[row, hour] = answer.unserved_mw
            found.class_mw[row, hour] = answer.class_mw
            found.supply_mw[row, hour] = answer.supply_mw
            found.delivery_mw[row, hour] = answer.delivery_mw
        return found
