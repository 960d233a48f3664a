"""How a damaged network changes as repairs finish: stages of each sample, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase

__all__ = ["DamageEffects", "Stage", "find_stages", "read_damage_effects", "unit_returns"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class DamageEffects:
    """What each damaged asset takes away, on its own. Assets are in the state's order.

    Sources (units and infeeds) are kept apart: what is left of them changes hour by hour anyway,
    so a source out is one that gives nothing; it does not change the topology.

    Attributes
    ----------
    part_shares : tuple over assets of {part: share}
        Share of rating left of the parts that are no sources.
    source_share : (a, G)
        Share of each source left by each asset alone.
    """

    assets: tuple[str, ...]
    part_shares: tuple[Mapping[str, float], ...]
    source_share: FloatArray

    def parts_left(self, damaged: int) -> dict[str, float]:
        """Shares of parts while the assets of the bit mask ``damaged`` are not repaired.

        The smallest share wins where several act on one part, as in
        :func:`gridtool.damage.apply.spread_damage`.
        """
        left: dict[str, float] = {}
        for position, shares in enumerate(self.part_shares):
            if damaged >> position & 1:
                for part, share in shares.items():
                    left[part] = min(left.get(part, 1.0), share)
        return left

    def sources_left(self, damaged: int) -> FloatArray:
        """Shares of sources, shape (G,), while the assets of the mask are not repaired."""
        chosen = [position for position in range(len(self.assets)) if damaged >> position & 1]
        left: FloatArray = self.source_share[chosen].min(axis=0, initial=1.0)
        return left


@dataclass(frozen=True, slots=True)
class Stage:
    """Hours [``first``, ``end``) of a sample while the assets of ``damaged`` wait for repair."""

    first: int
    end: int
    damaged: int


def read_damage_effects(state: GridState, case: CompiledCase) -> DamageEffects:
    """The effect of each damaged asset of ``state``."""
    source_at = {source: position for position, source in enumerate(case.source_ids)}
    parts: list[dict[str, float]] = []
    sources = np.ones((len(state.damage), len(case.source_ids)))
    for row, (asset, damage) in enumerate(state.damage.items()):
        spread = spread_damage(state.network, {asset: damage.capacity_share})
        parts.append({part: share for part, share in spread.items() if part not in source_at})
        for part, share in spread.items():
            if part in source_at:
                sources[row, source_at[part]] = share
    return DamageEffects(assets=tuple(state.damage), part_shares=tuple(parts), source_share=sources)


def find_stages(repaired_at: IntArray, *, hours: int) -> list[Stage]:
    """The stages of one sample in order; they cover [0, hours).

    Parameters
    ----------
    repaired_at : (a,) int
        First hour in which each asset is whole again; ``hours`` or more: not in the horizon.
    """
    damaged = (1 << len(repaired_at)) - 1
    stages = []
    first = 0
    for position in np.argsort(repaired_at, kind="stable").tolist():
        end = min(int(repaired_at[position]), hours)
        if end > first:
            stages.append(Stage(first, end, damaged))
            first = end
        damaged &= ~(1 << position)
    if first < hours:
        stages.append(Stage(first, hours, damaged))
    return stages


def unit_returns(effects: DamageEffects, repaired_at: IntArray) -> FloatArray:
    """First hour in which each source gives anything at all, shape (n, G); 0 if undamaged.

    Parameters
    ----------
    repaired_at : (n, a) int
    """
    stops = effects.source_share <= 0.0
    returns = np.zeros((len(repaired_at), stops.shape[1]))
    for asset in range(len(stops)):
        at = np.where(stops[asset], repaired_at[:, asset, None], 0)
        returns = np.maximum(returns, at)
    return returns
