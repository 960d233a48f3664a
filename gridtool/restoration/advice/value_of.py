"""What one more of something would be worth: a crew, a spare, a week, a mobile unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Literal

from gridtool.restoration.model import Crew, RepairJob, Resources

__all__ = [
    "WEEK",
    "Change",
    "MarginalValue",
    "Replan",
    "crew_groups",
    "list_changes",
    "value_changes",
]

WEEK = timedelta(days=7)
_SMALLEST_MWH = 0.05

Replan = Callable[[Resources, int], float]
"""Weighted energy not served (MWh) with these resources, searched anew with a seed from the
plan's own order: with the same seed and budget every time."""

Kind = Literal["crew", "spare sooner", "spare more", "mobile unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Resources with one thing changed. ``taken`` tells that something is taken away, so that
    its value is what is lost by that."""

    kind: Kind
    item: str
    words: str
    resources: Resources
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalValue:
    """What a change is worth: MWh (weighted as the plan is) less unserved with it.

    ``noise_mwh`` is how much the search itself varies: a smaller value tells nothing.
    """

    change: Change
    value_mwh: float
    noise_mwh: float

    @property
    def certainty(self) -> str:
        """What the search's own variation lets say, in words."""
        if self.value_mwh <= _SMALLEST_MWH:
            return "none found"
        if self.value_mwh <= self.noise_mwh:
            return "within the noise of the search"
        return "clear" if self.value_mwh > 2 * self.noise_mwh else "likely"


def crew_groups(crews: Sequence[Crew]) -> dict[str, list[Crew]]:
    """Crews that are alike: by their type, else by their skills."""
    groups: dict[str, list[Crew]] = {}
    for crew in crews:
        groups.setdefault(crew.crew_type or " + ".join(sorted(crew.skills)), []).append(crew)
    return groups


def list_changes(resources: Resources, jobs: Sequence[RepairJob]) -> tuple[Change, ...]:
    """One more crew of each type; spares of each type a week sooner, and one more; each mobile
    unit taken away. Only spares that some job needs are listed.
    """
    return (
        *_more_crews(resources),
        *_sooner_spares(resources, jobs),
        *_more_spares(resources, jobs),
        *_fewer_units(resources),
    )


def _more_crews(resources: Resources) -> Iterator[Change]:
    taken = {crew.id for crew in resources.crews}
    for name, alike in crew_groups(resources.crews).items():
        first = alike[0]
        crew_id = next(candidate for k in count(2) if (candidate := f"{first.id}+{k}") not in taken)
        yield Change(
            kind="crew",
            item=name,
            words=f"one more crew like {first.id}, at its depot",
            resources=replace(resources, crews=(*resources.crews, replace(first, id=crew_id))),
        )


def _sooner_spares(resources: Resources, jobs: Sequence[RepairJob]) -> Iterator[Change]:
    needed = {spare for job in jobs for spare in job.spares}
    for spare in sorted({arrival.spare for arrival in resources.arrivals} & needed):
        arrivals = tuple(
            replace(
                arrival,
                arrives_at=arrival.arrives_at - WEEK,
                latest_at=arrival.latest_at - WEEK if arrival.latest_at else None,
            )
            if arrival.spare == spare
            else arrival
            for arrival in resources.arrivals
        )
        yield Change(
            kind="spare sooner",
            item=spare,
            words="all of its arrivals a week sooner",
            resources=replace(resources, arrivals=arrivals),
        )


def _more_spares(resources: Resources, jobs: Sequence[RepairJob]) -> Iterator[Change]:
    for spare in sorted({spare for job in jobs for spare in job.spares}):
        stock = dict(resources.stock) | {spare: resources.stock.get(spare, 0) + 1}
        yield Change(
            kind="spare more",
            item=spare,
            words="one more in stock now",
            resources=replace(resources, stock=stock),
        )


def _fewer_units(resources: Resources) -> Iterator[Change]:
    for unit in resources.mobile_units:
        left = tuple(other for other in resources.mobile_units if other.id != unit.id)
        yield Change(
            kind="mobile unit",
            item=unit.id,
            words="what it saves: the plan without it",
            resources=replace(resources, mobile_units=left),
            taken=True,
        )


def value_changes(
    resources: Resources,
    changes: Sequence[Change],
    replan: Replan,
    *,
    seed: int,
    advance: Callable[[int], None] = lambda _steps: None,
) -> tuple[MarginalValue, ...]:
    """The value of each change, the largest first.

    The plan as it is, is searched again with two seeds and the budget that every change has:
    the better of the two is what changes are held against, their difference the noise. What
    more resources cannot use they leave idle, so that their value is never below 0.
    """
    results = [replan(resources, other) for other in (seed, seed + 1)]
    base_mwh, noise_mwh = min(results), abs(results[0] - results[1])
    found = []
    for change in changes:
        saved = base_mwh - min(replan(change.resources, other) for other in (seed, seed + 1))
        value = -saved if change.taken else saved
        found.append(
            MarginalValue(change=change, value_mwh=max(value, 0.0) + 0.0, noise_mwh=noise_mwh)
        )
        advance(1)
    ordered = sorted(range(len(found)), key=lambda k: (-found[k].value_mwh, k))
    return tuple(found[k] for k in ordered)
