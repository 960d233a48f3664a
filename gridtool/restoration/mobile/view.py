"""What a plan's placements mean for the network: the parts they add, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridtool.damage.model import GridState
from gridtool.flow.compile import compile_case
from gridtool.restoration.mobile.parts import Candidate, add_candidates
from gridtool.restoration.mobile.sites import candidate_at, energised_sections
from gridtool.restoration.model import MobileUnit, PlacedUnit, RestorationPlan
from gridtool.restoration.value.states import Switching

__all__ = ["PlacedNetwork", "saved_mwh", "view_placements"]


@dataclass(frozen=True, kw_only=True)
class PlacedNetwork:
    """The state on the network with the parts that mobile units are in a plan, and no others.

    Attributes
    ----------
    candidates
        In the order of their bits after those of the jobs: by the time they are first set up.
    switchings
        When which bit comes and goes, in hours after the as-of time, to the second.
    """

    state: GridState
    candidates: tuple[Candidate, ...]
    switchings: tuple[Switching, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """Ids of the candidates' parts, as :func:`make_effects` wants them."""
        return tuple(candidate.part for candidate in self.candidates)


def view_placements(
    state: GridState,
    placements: Sequence[PlacedUnit],
    units: Sequence[MobileUnit],
    *,
    jobs: int,
) -> PlacedNetwork:
    """The network and the switchings of ``placements``; ``state`` itself where there are none.

    Parameters
    ----------
    state
        Of the original network.
    units
        At least those that are placed.
    jobs
        Number of jobs: the bits before those of the parts.
    """
    if not placements:
        return PlacedNetwork(state=state, candidates=(), switchings=())
    known = {unit.id: unit for unit in units}
    energised = energised_sections(compile_case(state.network), state.capacity_share)
    ordered = sorted(placements, key=lambda placed: (placed.start, placed.unit))
    first = {placed.part: placed for placed in reversed(ordered)}
    parts = list(dict.fromkeys(placed.part for placed in ordered))
    candidates = tuple(
        candidate_at(
            state.network,
            known[first[part].unit],
            part.removeprefix(f"{first[part].unit}@"),
            energised=energised,
        )
        for part in parts
    )
    return PlacedNetwork(
        state=add_candidates(state, candidates, units),
        candidates=candidates,
        switchings=_switchings(placements, parts, as_of=state.as_of, jobs=jobs),
    )


def _switchings(
    placements: Sequence[PlacedUnit], parts: Sequence[str], *, as_of: datetime, jobs: int
) -> tuple[Switching, ...]:
    """When the bits of ``parts`` come and go; the first of them is bit ``jobs``."""
    bits = {part: 1 << (jobs + k) for k, part in enumerate(parts)}
    switchings: list[Switching] = []
    for placed in placements:
        switchings.append((_hours(as_of, placed.online), bits[placed.part], 0))
        if placed.offline is not None:
            switchings.append((_hours(as_of, placed.offline), 0, bits[placed.part]))
    return tuple(sorted(switchings))


def saved_mwh(plan: RestorationPlan, placed: PlacedUnit) -> float:
    """Energy that a stay of a mobile unit serves, MWh, as far as the plan counts energy."""
    ends = [entry.finish for entry in plan.jobs]
    until = [max(ends)] if ends else [placed.online]
    until += [placed.offline] if placed.offline else []
    until += [plan.config.deadline] if plan.config.deadline else []
    if plan.config.horizon_days is not None:
        until.append(plan.state.as_of + timedelta(days=plan.config.horizon_days))
    if plan.config.demand is not None:
        silent = ~plan.config.demand.weight.any(axis=1)
        begins = plan.config.demand.begins_h[silent].tolist()
        until += [plan.state.as_of + timedelta(hours=hour) for hour in begins]
    return placed.served_gain_mw * max(0.0, _hours(placed.online, min(until)))


def _hours(since: datetime, moment: datetime) -> float:
    return (moment - since) / timedelta(hours=1)
