"""How a damaged network changes as repairs finish: stages of each sample, and what each is.

A repair in several stages is a ladder of steps: an asset left with 0 that a temporary repair
brings to 50 % is "at 0 until the temporary repair" and "at 50 % until the permanent one". The
smallest share of the steps that are not done counts, so each step is a bit of a mask like any
other damage, and an asset repaired in one stage is a single step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase

__all__ = [
    "DamageEffects",
    "DamageStep",
    "Stage",
    "find_repair_hours",
    "find_stages",
    "list_steps",
    "read_damage_effects",
    "unit_returns",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DamageStep:
    """``asset`` has ``share`` of its rating left until one of the repairs at the positions
    ``until`` is finished; with none it stays so."""

    asset: str
    share: float
    until: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class DamageEffects:
    """What each step of the damage takes away, on its own: a steps, in the state's order.

    Sources (units and infeeds) are kept apart: what is left of them changes hour by hour anyway,
    so a source out is one that gives nothing; it does not change the topology.

    Attributes
    ----------
    assets : tuple of str
        The asset of each step.
    part_shares : tuple over steps of {part: share}
        Share of rating left of the parts that are no sources.
    source_share : (a, G)
        Share of each source left by each step alone.
    """

    assets: tuple[str, ...]
    part_shares: tuple[Mapping[str, float], ...]
    source_share: FloatArray

    def parts_left(self, damaged: int) -> dict[str, float]:
        """Shares of parts while the steps of the bit mask ``damaged`` are not repaired.

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
        """Shares of sources, shape (G,), while the steps of the mask are not repaired."""
        chosen = [position for position in range(len(self.assets)) if damaged >> position & 1]
        left: FloatArray = self.source_share[chosen].min(axis=0, initial=1.0)
        return left


@dataclass(frozen=True, slots=True)
class Stage:
    """Hours [``first``, ``end``) of a sample while the steps of ``damaged`` wait for repair."""

    first: int
    end: int
    damaged: int


def list_steps(
    state: GridState, repairs: Iterable[tuple[str, float]] = ()
) -> tuple[DamageStep, ...]:
    """The steps in which the damage of ``state`` is repaired, those of an asset from its lowest
    share up.

    Parameters
    ----------
    repairs
        Asset and share of its rating after each repair; ``until`` counts them from 0.
    """
    by_asset: dict[str, list[tuple[int, float]]] = {}
    for position, (asset, share) in enumerate(repairs):
        by_asset.setdefault(asset, []).append((position, share))
    steps = []
    for asset, damage in state.damage.items():
        found = by_asset.get(asset, [])
        now = damage.capacity_share
        for level in sorted({now, *(share for _, share in found if now < share < 1.0)}):
            until = tuple(position for position, share in found if share > level or share >= 1.0)
            steps.append(DamageStep(asset, level, until))
    return tuple(steps)


def read_damage_effects(
    state: GridState, case: CompiledCase, *, steps: Sequence[DamageStep] | None = None
) -> DamageEffects:
    """The effect of each of ``steps``; by default each damaged asset of ``state`` is one."""
    steps = list_steps(state) if steps is None else steps
    source_at = {source: position for position, source in enumerate(case.source_ids)}
    parts: list[dict[str, float]] = []
    sources = np.ones((len(steps), len(case.source_ids)))
    for row, step in enumerate(steps):
        spread = spread_damage(state.network, {step.asset: step.share})
        parts.append({part: share for part, share in spread.items() if part not in source_at})
        for part, share in spread.items():
            if part in source_at:
                sources[row, source_at[part]] = share
    return DamageEffects(
        assets=tuple(step.asset for step in steps),
        part_shares=tuple(parts),
        source_share=sources,
    )


def find_repair_hours(
    steps: Sequence[DamageStep], finish_h: FloatArray, *, later_h: float, hours: int
) -> IntArray:
    """First hour of the grid in which each step of the damage is done, shape (samples, a).

    A repair that ends within an hour counts from the next. A step is done with the first repair
    that leaves its asset with more; one without a repair is never done.

    Parameters
    ----------
    finish_h : (samples, repairs)
        Hours after the as-of time, ``later_h`` hours before the grid's first hour.
    """
    found = np.full((len(finish_h), len(steps)), np.inf)
    for row, step in enumerate(steps):
        first = finish_h[:, list(step.until)].min(axis=1, initial=np.inf)
        found[:, row] = np.maximum(0.0, np.ceil(first - later_h - 1e-9))
    return np.asarray(np.clip(np.nan_to_num(found, nan=np.inf), 0, hours), dtype=np.int64)


def find_stages(repaired_at: IntArray, *, hours: int) -> list[Stage]:
    """The stages of one sample in order; they cover [0, hours).

    Parameters
    ----------
    repaired_at : (a,) int
        First hour in which each step is done; ``hours`` or more: not in the horizon.
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
    for step in range(len(stops)):
        at = np.where(stops[step], repaired_at[:, step, None], 0)
        returns = np.maximum(returns, at)
    return returns
