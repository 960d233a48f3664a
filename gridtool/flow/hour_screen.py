"""The closed form of :mod:`gridtool.flow.screen` for many hours of one topology, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.parametric_kernel import screen_hours
from gridtool.flow.parametric_places import Places
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.screen import FLOW_TOLERANCE_MW, CoreFlow

__all__ = ["HourScreen"]

FloatArray = npt.NDArray[np.float64]


class HourScreen:
    """Answers hours that only supply and leaf caps bind, without LP and without basis.

    Parameters
    ----------
    demand_mw : (T, 2)
        Demand by terminal and tier at factor 1.
    places
        Where the shed of each terminal and tier counts.
    """

    def __init__(
        self,
        reduced: ReducedGrid,
        demand_mw: FloatArray,
        *,
        places: Places,
    ) -> None:
        self._grid = (
            (
                demand_mw,
                reduced.terminal_cap_mw,
                reduced.terminal_island,
                reduced.terminal_core,
            ),
            (reduced.source_core, reduced.source_island, reduced.source_infeed),
            (
                reduced.factor,
                (
                    reduced.core_from,
                    reduced.core_to,
                    reduced.susceptance_mw,
                    reduced.offset_mw,
                ),
                reduced.limit_mw + FLOW_TOLERANCE_MW,
                CoreFlow(reduced).reference,
            ),
        )
        self._places = (*places.sparse(), places.lost_mw)

    def answer(self, theta: FloatArray, hours: tuple[int, int], unserved: FloatArray) -> int:
        """Fill ``unserved`` (H, Z) from the first of ``hours`` to before the second.

        Returns
        -------
        int
            The first hour that has no closed form, or the second of ``hours``.
        """
        return int(screen_hours(theta, hours, self._grid, self._places, unserved))
