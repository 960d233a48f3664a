"""States drawn at random, in strata by how many branches are out.

Nearly always no branch is out, and then the network seldom matters; what it adds to the shortage
comes from the rare states with branches out. Drawn apart, with a share of the samples of their
own, these are known as well as the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.composite_model import CompositeSystem
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["StateDraws", "Stratum"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """States with 0, with 1, or with 2 or more branches out; ``name`` "any" is all of them."""

    name: str
    probability: float


class StateDraws:
    """States of units and branches, block by block.

    The states of a block depend on the seed, the stratum and the block's number only; those of
    a component on its id besides, not on which others there are.
    """

    def __init__(self, system: CompositeSystem, *, seed: int) -> None:
        self._system = system
        self._seed = seed
        rate = system.branch_outage_rate
        self._single = rate * _others_up(rate)
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

    def draw(self, stratum: str, block: int, *, n: int) -> tuple[BoolArray, IntArray]:
        """Units up (n, U), and branches out by kind (n, kinds), of n states."""
        return self._draw_units(stratum, block, n), self._draw_branches(stratum, block, n)

    def _uniform(self, stratum: str, block: int, n: int, *, part: str) -> FloatArray:
        component = component_number(f"composite {stratum} {part}")
        return open_stream(self._seed, block, component=component).random(n)

    def _draw_units(self, stratum: str, block: int, n: int) -> BoolArray:
        system = self._system
        up = np.ones((n, len(system.unit_ids)), dtype=np.bool_)
        for unit in np.flatnonzero(system.unit_outage_rate > 0.0).tolist():
            part = f"unit {system.unit_ids[unit]}"
            up[:, unit] = (
                self._uniform(stratum, block, n, part=part) >= system.unit_outage_rate[unit]
            )
        return up

    def _draw_branches(self, stratum: str, block: int, n: int) -> IntArray:
        if stratum == "none" or not len(self._single):
            return np.zeros((n, self._kind.shape[1]), dtype=np.int64)
        if stratum == "one":
            cut = np.cumsum(self._single)
            at = np.searchsorted(
                cut, self._uniform(stratum, block, n, part="branch") * cut[-1], side="right"
            )
            return np.asarray(self._kind[np.minimum(at, len(cut) - 1)])
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
