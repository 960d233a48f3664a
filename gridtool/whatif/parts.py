"""The share vector of many scenarios: what damage does to parts, looked up instead of searched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.flow.case import CompiledCase
from gridtool.network.model import CityNetwork

__all__ = ["PartShares"]

FloatArray = npt.NDArray[np.float64]


class PartShares:
    """Shares of rating left by part of a case, for one set of damaged assets after another.

    The same as :func:`gridtool.damage.apply.spread_damage` and
    :func:`gridtool.flow.topology.share_vector`, which go through the network each time: an asset
    is spread once by itself, and the smallest share wins.
    """

    def __init__(self, network: CityNetwork, case: CompiledCase) -> None:
        self._network = network
        self._case = case
        self._effects: dict[tuple[str, float], tuple[tuple[int, float], ...]] = {}

    def vector(self, left: Mapping[str, float]) -> FloatArray:
        """Share of rating left by part (:attr:`CompiledCase.part_position`).

        Parameters
        ----------
        left
            Share of rating left by damaged asset.
        """
        shares = [1.0] * self._case.part_count
        for asset, given in left.items():
            for place, share in self._effect(asset, given):
                shares[place] = min(shares[place], share)
        return np.array(shares)

    def _effect(self, asset: str, share: float) -> tuple[tuple[int, float], ...]:
        found = self._effects.get((asset, share))
        if found is None:
            spread = spread_damage(self._network, {asset: share})
            position = self._case.part_position
            found = tuple((position[part], left) for part, left in spread.items())
            self._effects[asset, share] = found
        return found
