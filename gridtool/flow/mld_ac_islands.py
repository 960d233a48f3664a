"""Islands of an AC case: each is a program of its own, small ones far easier than all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from gridtool.flow.mld_ac_case import AcCase, take_out

__all__ = ["AcIsland", "island_of_buses", "split_islands"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AcIsland:
    """An island as a case, and where its elements stand in the whole case."""

    case: AcCase
    buses: IntArray
    gens: IntArray
    loads: IntArray
    shunts: IntArray


def island_of_buses(case: AcCase) -> IntArray:
    """The island (B,) of each bus, counted from 0."""
    count = len(case.bus_ids)
    links = sparse.csr_matrix(
        (np.ones(len(case.branch_ids)), (case.branch_from, case.branch_to)), shape=(count, count)
    )
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def split_islands(case: AcCase) -> tuple[AcIsland, ...]:
    """All islands of a case, single buses among them."""
    if not case.bus_ids:
        return ()
    island = island_of_buses(case)
    found = []
    for k in range(int(island.max()) + 1):
        others = {
            ("bus", name) for name, at in zip(case.bus_ids, island.tolist(), strict=True) if at != k
        }
        found.append(
            AcIsland(
                case=take_out(case, others) if others else case,
                buses=np.flatnonzero(island == k),
                gens=np.flatnonzero(island[case.gen_bus] == k),
                loads=np.flatnonzero(island[case.load_bus] == k),
                shunts=np.flatnonzero(island[case.shunt_bus] == k),
            )
        )
    return tuple(found)
