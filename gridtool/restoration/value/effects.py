"""What a set of finished jobs and placed mobile units leaves of the electrical parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import GridState
from gridtool.restoration.model import RepairJob

__all__ = ["RepairEffects", "make_effects"]


@dataclass(frozen=True, kw_only=True)
class RepairEffects:
    """Shares of rating by bitmask: bit i is job i, bit ``jobs + k`` is candidate k of the mobile
    units (a part of the network with mobile units that gives something only while placed).

    Attributes
    ----------
    jobs
        Number of jobs.
    stages : by damaged asset, tuple of (bit or -1, shares of parts)
        Best stage first: what the asset's parts have left once that job is finished. The last
        one, with bit -1, is the damage as it is.
    candidates : tuple of part ids
    """

    jobs: int
    stages: tuple[tuple[tuple[int, Mapping[str, float]], ...], ...]
    candidates: tuple[str, ...] = ()

    @property
    def all_done(self) -> int:
        """The mask of all jobs finished and no mobile unit placed."""
        return (1 << self.jobs) - 1

    def shares(self, mask: int) -> dict[str, float]:
        """Shares of rating left of each part, only those below 1.

        The smallest share wins where several assets act on one part, as in
        :func:`gridtool.damage.apply.spread_damage`; of the finished stages of one asset the best
        counts.
        """
        left: dict[str, float] = {}
        for stages in self.stages:
            for bit, parts in stages:
                if bit < 0 or mask >> bit & 1:
                    for part, share in parts.items():
                        left[part] = min(left.get(part, 1.0), share)
                    break
        for k, part in enumerate(self.candidates):
            if not mask >> (self.jobs + k) & 1:
                left[part] = 0.0
        return left


def make_effects(
    state: GridState, jobs: Sequence[RepairJob], *, candidates: Sequence[str] = ()
) -> RepairEffects:
    """The effects of ``jobs`` on the damage of ``state``.

    Damage of a substation does not act on what is brought there afterwards: on the parts that
    are ``candidates`` of mobile units.
    """
    brought = set(candidates)

    def spread(asset: str, share: float) -> dict[str, float]:
        parts = spread_damage(state.network, {asset: share})
        return {part: left for part, left in parts.items() if part not in brought}

    by_asset: dict[str, list[tuple[float, int]]] = {}
    for position, job in enumerate(jobs):
        by_asset.setdefault(job.asset, []).append((job.capacity_after, position))
    stages = []
    for asset, found in by_asset.items():
        now = state.damage[asset].capacity_share
        steps = [(share, bit) for share, bit in found if share > now]
        ordered = [*sorted(steps, key=lambda step: (-step[0], step[1])), (now, -1)]
        stages.append(tuple((bit, spread(asset, share)) for share, bit in ordered))
    return RepairEffects(jobs=len(jobs), stages=tuple(stages), candidates=tuple(candidates))
