"""States drawn at random: branches in strata by how many are out, units by importance.

Nearly always no branch is out, and then the network seldom matters; what it adds to the shortage
comes from states with branches out, and from states with much capacity out. Both are rare. The
first are drawn apart, with a share of the samples of their own; the second more often than they
occur, with weights that make up for it. Of single branches those whose outage cuts the network in
two are drawn more often as well: few states of the units leave the part that is cut off short, but
then for months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.reduction import reduce_topology
from gridtool.flow.topology import apply_shares
from gridtool.forecast.adequacy.composite_model import CompositeSystem
from gridtool.forecast.adequacy.composite_tilts import UnitTilts
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["DrawnStates", "StateDraws", "Stratum"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_TRUE_SHARE = {"none": 0.4, "one": 0.7, "more": 0.7, "any": 1.0}
"""Of the units' states in a stratum, this share is drawn as it occurs. Weights are noise where load
is cut off whatever the units do, so that they are smaller with branches out."""
_CUTTING_SHARE = 0.3
"""Of the states with one branch out, this share is drawn evenly from those that cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """States with 0, with 1, or with 2 or more branches out; ``name`` "any" is all of them."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStates:
    """States of a stratum.

    Attributes
    ----------
    up : (n, U) bool
        Units that are not forced out.
    out : (n, kinds)
        Branches out by kind.
    weight : (n,)
        What each state counts in a mean over the stratum.
    """

    up: BoolArray
    out: IntArray
    weight: FloatArray


class StateDraws:
    """States of units and branches, block by block.

    The states of a block depend on the seed, the stratum and the block's number only; those of
    a component on its id besides, not on which others there are.
    """

    def __init__(self, system: CompositeSystem, *, seed: int) -> None:
        self._system = system
        self._seed = seed
        self._tilts = {
            name: UnitTilts(system, true_share=share) for name, share in _TRUE_SHARE.items()
        }
        rate = system.branch_outage_rate
        self._single = rate * _others_up(rate)
        self._drawn_single = _draw_cutting_more_often(self._single, _find_cutting(system))
        self._tail = _tail_chances(rate)
        self._kind = np.eye(int(system.like.max(initial=-1)) + 1, dtype=np.int64)[system.like]

    def strata(self) -> tuple[Stratum, ...]:
        """The strata that have a chance."""
        chances = {
            "none": float(np.prod(1.0 - self._system.branch_outage_rate)),
            "one": float(self._single.sum()),
            "more": float(self._tail[0, 2]),
        }
        return tuple(
            Stratum(name=name, probability=chance) for name, chance in chances.items() if chance > 0
        )

    def draw(self, stratum: str, block: int, *, n: int) -> DrawnStates:
        """Draw n states; those of the stratum "any" as they occur."""
        up, weight = self._draw_units(stratum, block, n)
        if stratum == "one":
            at = self._draw_branch(block, n)
            weight *= self._single[at] / self._single.sum() / self._drawn_single[at]
            out = np.asarray(self._kind[at])
        else:
            out = self._draw_branches(stratum, block, n)
        return DrawnStates(up=up, out=out, weight=weight)

    def _uniform(self, stratum: str, block: int, n: int, *, part: str) -> FloatArray:
        component = component_number(f"composite {stratum} {part}")
        return open_stream(self._seed, block, component=component).random(n)

    def _draw_units(self, stratum: str, block: int, n: int) -> tuple[BoolArray, FloatArray]:
        system, tilts = self._system, self._tilts[stratum]
        tilt = tilts.choose(self._uniform(stratum, block, n, part="tilt"))
        up = np.ones((n, len(system.unit_ids)), dtype=np.bool_)
        for unit in np.flatnonzero(system.unit_outage_rate > 0.0).tolist():
            part = f"unit {system.unit_ids[unit]}"
            rate = tilts.outage_rate[tilt, unit]
            up[:, unit] = self._uniform(stratum, block, n, part=part) >= rate
        return up, tilts.weigh(up)

    def _draw_branch(self, block: int, n: int) -> IntArray:
        """The one branch that is out, in each of n states."""
        bounds = np.cumsum(self._drawn_single)
        uniform = self._uniform("one", block, n, part="branch") * bounds[-1]
        at: IntArray = np.searchsorted(bounds, uniform, side="right")
        return np.minimum(at, len(bounds) - 1)

    def _draw_branches(self, stratum: str, block: int, n: int) -> IntArray:
        if stratum == "none" or not len(self._single):
            return np.zeros((n, self._kind.shape[1]), dtype=np.int64)
        rate = self._system.branch_outage_rate
        out = np.zeros((n, len(rate)), dtype=np.int64)
        needed = np.full(n, 2 if stratum == "more" else 0)
        for k, at in enumerate(self._system.branch.tolist()):
            name = self._system.case.branch_ids[at]
            chance = rate[k] * self._tail[k + 1][np.maximum(needed - 1, 0)]
            chance = chance / self._tail[k][needed]
            down = self._uniform(stratum, block, n, part=f"branch {name}") < chance
            out[:, k] = down
            needed = np.maximum(needed - down, 0)
        return np.asarray(out @ self._kind)


def _find_cutting(system: CompositeSystem) -> BoolArray:
    """Whether the outage of each branch that fails cuts the network in two (L,)."""

    def count_parts(*out: int) -> int:
        """Islands with sources, and busbars without."""
        topology = apply_shares(system.case, system.topology_shares(np.array(out, dtype=np.int64)))
        reduced = reduce_topology(system.case, topology)
        return reduced.islands + int(np.count_nonzero(reduced.terminal_of_busbar < 0))

    whole = count_parts()
    return np.array([count_parts(at) > whole for at in system.branch.tolist()], dtype=np.bool_)


def _draw_cutting_more_often(single: FloatArray, cutting: BoolArray) -> FloatArray:
    """Chance of each branch to be drawn as the one that is out (L,)."""
    cutting = cutting & (single > 0.0)
    true: FloatArray = single / max(float(single.sum()), np.finfo(np.float64).tiny)
    if not cutting.any():
        return true
    even = cutting / np.count_nonzero(cutting)
    return (1.0 - _CUTTING_SHARE) * true + _CUTTING_SHARE * even


def _others_up(rate: FloatArray) -> FloatArray:
    """Chance that all branches but each one are in service (L,)."""
    up = np.concatenate([[1.0], 1.0 - rate, [1.0]])
    before, after = np.cumprod(up), np.cumprod(up[::-1])[::-1]
    others: FloatArray = before[: len(rate)] * after[2:]
    return others


def _tail_chances(rate: FloatArray) -> FloatArray:
    """Chance that at least 0, 1, 2 of the branches from each one on are out (L + 1, 3)."""
    tail = np.zeros((len(rate) + 1, 3))
    tail[:, 0] = 1.0
    for k in range(len(rate) - 1, -1, -1):
        tail[k, 1:] = rate[k] * tail[k + 1, :2] + (1.0 - rate[k]) * tail[k + 1, 1:]
    return tail
