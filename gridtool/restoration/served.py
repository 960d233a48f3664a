"""The load that a set of finished repairs serves, by the dispatch of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.topology import share_vector
from gridtool.restoration.effects import RepairEffects

__all__ = ["DispatchedLoad", "ServedLoad", "ShareVectors"]

FloatArray = npt.NDArray[np.float64]


class ServedLoad(Protocol):
    """Anything that says how much load is served under given capacity shares."""

    def __call__(self, capacity_share: Mapping[str, float], /) -> FloatArray:
        """Served load (MW, weighted where the planner weights it) at each demand level (L,)."""
        ...


class DispatchedLoad:
    """Served load by a dispatcher: what a plan counts.

    Parameters
    ----------
    levels : (L,)
        Demand over the reference peak.
    weights : (B, 2), optional
        What a MW counts by busbar section and tier; 1 if not given.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        levels: FloatArray,
        import_limit_mw: float | None = None,
        weights: FloatArray | None = None,
    ) -> None:
        self.dispatcher = dispatcher
        self._levels = levels
        self._limit = import_limit_mw
        self._weights = weights

    def __call__(self, capacity_share: Mapping[str, float], /) -> FloatArray:
        """Served load (MW, weighted) at each level (L,)."""
        return self.serve(share_vector(self.dispatcher.case, capacity_share))

    def serve(self, shares: FloatArray) -> FloatArray:
        """The same for shares as a vector over the parts of the case."""
        return self.dispatcher.served_levels(
            shares, self._levels, weights=self._weights, import_limit_mw=self._limit
        )


class ShareVectors:
    """:meth:`RepairEffects.shares` as vectors over the parts of a case, without mappings."""

    def __init__(self, effects: RepairEffects, dispatcher: Dispatcher) -> None:
        position = dispatcher.case.part_position
        self._intact = np.ones(dispatcher.case.part_count)
        self._stages = tuple(
            tuple(
                (
                    bit,
                    np.array([position[part] for part in parts], dtype=np.int64),
                    np.array(list(parts.values()), dtype=np.float64),
                )
                for bit, parts in stages
            )
            for stages in effects.stages
        )
        self._candidates = [
            (effects.jobs + k, position[part]) for k, part in enumerate(effects.candidates)
        ]

    def at(self, mask: int) -> FloatArray:
        """Share of rating left by part once the jobs of ``mask`` are finished."""
        left = self._intact.copy()
        for stages in self._stages:
            for bit, place, share in stages:
                if bit < 0 or mask >> bit & 1:
                    left[place] = np.minimum(left[place], share)
                    break
        for bit, part in self._candidates:
            if not mask >> bit & 1:
                left[part] = 0.0
        return left
