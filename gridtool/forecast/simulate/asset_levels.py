"""Assets that are damaged, repaired and damaged again: their levels, and what each level leaves.

A level of an asset is a share of its rating, the last one intact. What it leaves of the
electrical parts is that of :func:`gridtool.damage.apply.spread_damage`; where several assets act
on one part the smallest share counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.flow.case import CompiledCase
from gridtool.forecast.simulate.futures_kernel import LevelArrays
from gridtool.network.model import CityNetwork

__all__ = ["AssetLevels", "list_levels"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AssetLevels:
    """u assets with their levels.

    Attributes
    ----------
    assets : (u,) ids
    shares : by asset, its levels ascending; the last is 1
    start : (u,) int
        Level of each asset as of now.
    arrays
        What the levels leave of the parts, as compiled code takes it.
    """

    assets: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    start: IntArray
    arrays: LevelArrays

    def position(self) -> Mapping[str, int]:
        """Position of each asset."""
        return {asset: at for at, asset in enumerate(self.assets)}

    def level(self, asset: int, share: float) -> int:
        """Level of the asset at position ``asset`` at ``share``; ValueError if it has none."""
        return self.shares[asset].index(min(share, 1.0))


def list_levels(
    network: CityNetwork,
    case: CompiledCase,
    *,
    now: Mapping[str, float],
    others: Iterable[tuple[str, float]],
    brought: Sequence[str] = (),
) -> AssetLevels:
    """Levels of the damaged assets, and of those that may be.

    Parameters
    ----------
    network
        Without the parts that mobile units bring: damage does not act on these.
    case
        With them.
    now
        Share of rating left by damaged asset.
    others
        Assets and the shares they may come to have.
    brought
        Parts of mobile units: 0 now, 1 while a unit is there.
    """
    levels: dict[str, set[float]] = {asset: {share, 1.0} for asset, share in now.items()}
    for asset, share in others:
        levels.setdefault(asset, {1.0}).add(min(share, 1.0))
    levels |= {part: {0.0, 1.0} for part in brought}
    assets = tuple(levels)
    shares = tuple(tuple(sorted(found)) for found in levels.values())
    standing = dict(now) | dict.fromkeys(brought, 0.0)
    start = [
        found.index(min(standing.get(asset, 1.0), 1.0))
        for asset, found in zip(assets, shares, strict=True)
    ]
    loose = set(brought)
    spread = [
        [
            {asset: share} if asset in loose else spread_damage(network, {asset: share})
            for share in found
        ]
        for asset, found in zip(assets, shares, strict=True)
    ]
    return AssetLevels(
        assets=assets,
        shares=shares,
        start=np.array(start, dtype=np.int64),
        arrays=_lay_out(spread, case),
    )


def _lay_out(spread: Sequence[Sequence[Mapping[str, float]]], case: CompiledCase) -> LevelArrays:
    """Parts, share by level and part, and the way back from a part to its assets."""
    last = case.part_count - 1  # shunts: nothing of the DC model
    values = sorted({0.0, 1.0, *(s for found in spread for left in found for s in left.values())})
    number = {value: at for at, value in enumerate(values)}
    parts_of: list[list[int]] = []
    effects: list[int] = []
    effect_first = [0]
    for found in spread:
        named = dict.fromkeys(part for left in found for part in left)
        kept = [part for part in named if case.part_position[part] != last]
        parts_of.append([case.part_position[part] for part in kept])
        effects += [number[left.get(part, 1.0)] for left in found for part in kept]
        effect_first.append(len(effects))
    touching: list[list[tuple[int, int]]] = [[] for _ in range(case.part_count)]
    for asset, parts in enumerate(parts_of):
        for place, part in enumerate(parts):
            touching[part].append((asset, place))
    pairs = np.array([pair for found in touching for pair in found], dtype=np.int64)
    pairs = pairs.reshape(-1, 2)
    return LevelArrays(
        values=np.array(values, dtype=np.float64),
        part_first=_starts(parts_of),
        part=np.array([part for parts in parts_of for part in parts], dtype=np.int64),
        effect_first=np.array(effect_first, dtype=np.int64),
        effect=np.array(effects, dtype=np.int64),
        touch_first=_starts(touching),
        touch_asset=np.ascontiguousarray(pairs[:, 0]),
        touch_place=np.ascontiguousarray(pairs[:, 1]),
    )


def _starts(rows: Sequence[Sequence[object]]) -> IntArray:
    return np.cumsum([0, *map(len, rows)], dtype=np.int64)
