"""Linear power flow of a planned network and of each of its single outages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GRID", "Branch", "worst_flows"]

FloatArray = npt.NDArray[np.float64]

GRID = "grid"
"""Node of the national system, behind the infeeds: the reference, which takes up imbalances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One circuit of a plan: ends and reactance in ohm at 110 kV.

    Branches of one ``owner`` (kind, name, whether cable) get one size.
    """

    start: str
    end: str
    x_ohm: float
    owner: tuple[str, str, bool]


def worst_flows(
    branches: Sequence[Branch],
    injections: Mapping[str, float],
    *,
    losses: Sequence[tuple[str, float]],
) -> tuple[FloatArray, FloatArray]:
    """Flow of each branch when intact, and the largest over all single outages.

    Parameters
    ----------
    branches
        Every branch is lost in turn; none may be the only way to a node.
    injections
        Generation less load by node, MW.
    losses
        Node and MW of each source that is lost in turn.

    Returns
    -------
    intact, worst
        Absolute MW, both of shape (L,); worst includes intact.
    """
    ends = [(branch.start, branch.end) for branch in branches]
    nodes = {name: i for i, name in enumerate(dict.fromkeys((GRID, *sum(ends, ()))))}
    start = np.array([nodes[a] for a, _ in ends])
    end = np.array([nodes[b] for _, b in ends])
    ptdf = _transfer_factors(start, end, x_ohm=np.array([branch.x_ohm for branch in branches]))
    power = np.zeros(len(nodes))
    for name, value in injections.items():
        power[nodes[name]] = value
    intact = ptdf @ power
    outage = _outage_factors(ptdf, start, end=end)
    worst = np.abs(intact[:, None] + outage * intact).max(axis=1)
    for name, lost_mw in losses:
        worst = np.maximum(worst, np.abs(intact - ptdf[:, nodes[name]] * lost_mw))
    return np.abs(intact), np.maximum(worst, np.abs(intact))


def _transfer_factors(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], *, x_ohm: FloatArray
) -> FloatArray:
    """Flow of each branch per MW put in at each node and taken out at node 0, shape (L, N)."""
    rows = np.arange(len(start))
    incidence = np.zeros((len(start), int(max(start.max(), end.max())) + 1))
    incidence[rows, start], incidence[rows, end] = 1.0, -1.0
    weighted = incidence / x_ohm[:, None]
    factors = np.zeros_like(weighted)
    laplacian = (incidence.T @ weighted)[1:, 1:]
    factors[:, 1:] = np.linalg.solve(laplacian, weighted[:, 1:].T).T
    return factors


def _outage_factors(
    ptdf: FloatArray, start: npt.NDArray[np.int64], *, end: npt.NDArray[np.int64]
) -> FloatArray:
    """Share of a lost branch's flow (column) that each branch (row) takes up, shape (L, L)."""
    transfer: FloatArray = ptdf[:, start] - ptdf[:, end]
    factors: FloatArray = transfer / (1.0 - np.diagonal(transfer))
    np.fill_diagonal(factors, -1.0)
    return factors
