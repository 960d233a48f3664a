"""The load that a set of finished repairs serves, by the dispatch of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.topology import share_vector
from gridtool.restoration.value.effects import RepairEffects
from gridtool.restoration.value.state_table import WordArray, to_words

__all__ = ["DispatchedLoad", "ServedLoad", "ShareVectors"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
        # A candidate is an asset of two stages: whole while its bit is set, else nothing.
        assets = list(effects.stages)
        for k, part in enumerate(effects.candidates):
            assets.append(((effects.jobs + k, {}), (-1, {part: 0.0})))
        stages = [stage for asset in assets for stage in asset]
        parts = [item for _, left in stages for item in left.items()]
        self._width = (effects.jobs + len(effects.candidates) + 63) // 64 or 1
        self._arrays: StageArrays = (
            np.cumsum([0, *(len(asset) for asset in assets)]),
            np.array([bit for bit, _ in stages], dtype=np.int64),
            np.cumsum([0, *(len(left) for _, left in stages)]),
            np.array([position[part] for part, _ in parts], dtype=np.int64),
            np.array([share for _, share in parts], dtype=np.float64),
        )

    def at(self, mask: int) -> FloatArray:
        """Share of rating left by part once the jobs of ``mask`` are finished."""
        return _shares_at(to_words(mask, self._width), self._intact, self._arrays)


StageArrays = tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]
"""First stage of each asset, bit of each stage, first entry of each stage; part and share by
entry."""


@numba.njit(cache=True)
def _shares_at(state: WordArray, intact: FloatArray, arrays: StageArrays) -> FloatArray:
    of_asset, bit, of_stage, part, share = arrays
    left = intact.copy()
    for asset in range(of_asset.shape[0] - 1):
        for k in range(of_asset[asset], of_asset[asset + 1]):
            b = bit[k]
            if b < 0 or (state[b >> 6] >> np.uint64(b & 63)) & np.uint64(1):
                for entry in range(of_stage[k], of_stage[k + 1]):
                    left[part[entry]] = min(left[part[entry]], share[entry])
                break
    return left
