"""An order of elimination that keeps the factors of nodal matrices sparse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["minimum_degree"]


def minimum_degree(count: int, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Place of each of ``count`` nodes when the node with fewest neighbours goes first (count,).

    Parameters
    ----------
    edges : (E, 2) int
        Pairs of nodes; repeated pairs and loops count for nothing.
    """
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for a, b in edges.tolist():
        if a != b:
            neighbours[a].add(b)
            neighbours[b].add(a)
    rank = np.empty(count, dtype=np.int64)
    left = set(range(count))
    for place in range(count):
        chosen = min(left, key=lambda item: (len(neighbours[item]), item))
        left.discard(chosen)
        rank[chosen] = place
        around = neighbours[chosen]
        for item in around:
            neighbours[item].discard(chosen)
            neighbours[item] |= around - {item}
    rank.flags.writeable = False
    return rank
