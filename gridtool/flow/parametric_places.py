"""Where unserved load is counted: by district and tier, and by class of customers.

A place is a column of an answer. Unserved load of a busbar section and tier counts in the place
of its district and tier, and in the places of its customers' classes by their shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Topology
from gridtool.flow.reduction import ReducedGrid, sum_by_terminal
from gridtool.flow.stage_grid_kernel import CellPlaces

__all__ = ["Places", "busbar_places", "cell_places", "find_places"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Z places of the unserved load of one topology with T terminals.

    Attributes
    ----------
    weight : (2 T, Z)
        What an unserved MW of each cell, terminal by terminal and tier by tier, counts.
    lost_mw : (Z,)
        Demand at factor 1 that no dispatch serves.
    by_district : int
        The first places are by district and tier, the others by class.
    """

    weight: FloatArray
    lost_mw: FloatArray
    by_district: int

    def sparse(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Begin of each cell, place and weight of the entries of :attr:`weight`."""
        return _list_entries(self.weight)


def busbar_places(case: CompiledCase, class_share: FloatArray | None = None) -> FloatArray:
    """What an unserved MW of each busbar section and tier counts (B, 2, Z).

    Parameters
    ----------
    class_share : (B, 2, C), optional
        See :func:`gridtool.flow.class_shares.class_shares`; no classes if not given.
    """
    busbars, districts = len(case.busbar_ids), len(case.district_ids)
    by_district = np.zeros((busbars, 2, 2 * districts))
    for tier in (0, 1):
        by_district[np.arange(busbars), tier, 2 * case.busbar_district + tier] = 1.0
    if class_share is None:
        return by_district
    return np.concatenate([by_district, class_share], axis=2)


def cell_places(case: CompiledCase, weight: FloatArray) -> CellPlaces:
    """Where the demand of each busbar section and tier counts, for the compiled loops.

    Parameters
    ----------
    weight : (B, 2, Z)
        See :func:`busbar_places`.
    """
    by_cell = weight.reshape(-1, weight.shape[2])
    return *_list_entries(by_cell), case.demand_mw.ravel(), by_cell.shape[1]


def _list_entries(weight: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Begin of each row, column and value of what is not 0 in ``weight``."""
    row, column = np.nonzero(weight)
    begin = np.zeros(len(weight) + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=len(weight)), out=begin[1:])
    return begin, column, weight[row, column]


def find_places(
    case: CompiledCase, topology: Topology, reduced: ReducedGrid, *, weight: FloatArray
) -> Places:
    """The places of a topology, from those of the busbar sections (B, 2, Z).

    The sections of a terminal are served alike, each in proportion to its demand.
    """
    connectable = topology.connectable_mw
    wanted = sum_by_terminal(reduced, connectable)
    terminal = reduced.terminal_of_busbar
    lit = terminal >= 0
    counted = np.zeros((*wanted.shape, weight.shape[2]))
    np.add.at(counted, terminal[lit], (connectable[:, :, None] * weight)[lit])
    share = np.divide(
        counted, wanted[:, :, None], out=np.zeros_like(counted), where=wanted[:, :, None] > 0.0
    )
    lost = case.demand_mw.copy()
    lost[lit] -= connectable[lit]
    return Places(
        weight=share.reshape(-1, weight.shape[2]),
        lost_mw=np.einsum("bt,btz->z", lost, weight),
        by_district=2 * len(case.district_ids),
    )
