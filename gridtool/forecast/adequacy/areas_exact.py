"""Exact adequacy of areas joined by transport interfaces, by enumeration.

Each area has a capacity distribution; every combination of area capacities and of interfaces in
and out of service is a state. What is unserved in total is, by max-flow min-cut, the largest
shortage of any group of areas that its own capacity and the interfaces into it cannot cover. It
is shared by :mod:`gridtool.forecast.adequacy.areas_exact_shares`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.areas_exact_shares import (
    list_groups,
    need_of_groups,
    share_unserved,
)
from gridtool.forecast.adequacy.convolve import TIE_MW, capacity_table
from gridtool.forecast.adequacy.exact import mix_common_causes
from gridtool.forecast.adequacy.model import (
    AdequacyResult,
    GeneratingSystem,
    Interface,
    LoadSeries,
    UnitGroup,
)
from gridtool.forecast.adequacy.transient import availability_by_hour

__all__ = ["MOST_AREAS", "MOST_STATES", "assess_areas"]

FloatArray = npt.NDArray[np.float64]
MOST_AREAS = 8
MOST_STATES = 200_000_000
"""Most states x hours that are enumerated."""
_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _AreaStates:
    """Capacity and chance of an area's states in one hour (k,)."""

    capacity_mw: FloatArray
    chance: FloatArray


def assess_areas(system: GeneratingSystem, load: LoadSeries) -> AdequacyResult:
    """Adequacy of ``system`` with its interfaces, by hour and area.

    Raises
    ------
    AnalysisError
        If there are too many states for an exact answer.
    """
    areas = len(load.areas)
    if areas > MOST_AREAS:
        raise AnalysisError(
            f"{areas} areas are too many to enumerate (at most {MOST_AREAS}); use --samples"
        )
    lolp, eue = np.zeros(load.hours), np.zeros(load.hours)
    area_lolp, area_eue = np.zeros((areas, load.hours)), np.zeros((areas, load.hours))
    links = _list_link_states(system.interfaces)
    for chance, groups in mix_common_causes(system):
        by_hour = _AreaHours(groups, load, start_up=system.start == "up")
        by_hour.refuse_many(len(links))
        for hour in range(load.hours):
            states = by_hour.states(hour)
            for link_chance, closed in links:
                limits = _limit_matrix(closed, load.areas, hour=hour)
                found = _expect_unserved(states, load.load_mw[:, hour], limits)
                weight = chance * link_chance
                lolp[hour] += weight * found[0]
                eue[hour] += weight * found[1]
                area_lolp[:, hour] += weight * found[2]
                area_eue[:, hour] += weight * found[3]
    return AdequacyResult(
        load=load, lolp_h=lolp, eue_h_mwh=eue, area_lolp_h=area_lolp, area_eue_h_mwh=area_eue
    )


class _AreaHours:
    """The states of every area, hour by hour; what does not change is computed once."""

    def __init__(self, groups: Sequence[UnitGroup], load: LoadSeries, *, start_up: bool) -> None:
        self._hours = load.hours
        self._groups = [[g for g in groups if g.area == area] for area in load.areas]
        start = "up" if start_up else "stationary"
        self._up = [
            [availability_by_hour(g, hours=load.hours, start=start) for g in area]  # type: ignore[arg-type]
            for area in self._groups
        ]
        self._known: dict[tuple[int, bytes], _AreaStates] = {}

    def states(self, hour: int) -> list[_AreaStates]:
        """The states of each area in ``hour``."""
        return [self._area_states(area, hour) for area in range(len(self._groups))]

    def refuse_many(self, links: int) -> None:
        """Raise where hour 0 shows that the states are too many."""
        states = links * self._hours
        for area in self.states(0):
            states *= len(area.chance)
        if states > MOST_STATES:
            raise AnalysisError(
                f"{states:.3g} states of areas and hours are too many to enumerate (at most "
                f"{MOST_STATES:.0e}); use --samples"
            )

    def _area_states(self, area: int, hour: int) -> _AreaStates:
        groups = self._groups[area]
        size = np.array([g.capacity_mw[hour if len(g.capacity_mw) > 1 else 0] for g in groups])
        up = np.array([u[hour if len(u) > 1 else 0] for u in self._up[area]])
        key = (area, np.concatenate([size, up]).tobytes())
        if key not in self._known:
            table = capacity_table(
                size,
                count=np.array([g.count for g in groups], dtype=np.int64),
                outage_rate=1.0 - up,
            )
            self._known[key] = _AreaStates(capacity_mw=table.capacity_mw, chance=table.chance)
        return self._known[key]


def _list_link_states(
    interfaces: Sequence[Interface],
) -> list[tuple[float, list[Interface]]]:
    """Every combination of interfaces in service that has a chance."""
    states = []
    for up in product((True, False), repeat=len(interfaces)):
        chance = 1.0
        for link, there in zip(interfaces, up, strict=True):
            chance *= 1.0 - link.outage_rate if there else link.outage_rate
        if chance > 0:
            states.append((chance, [a for a, there in zip(interfaces, up, strict=True) if there]))
    return states


def _limit_matrix(links: Sequence[Interface], areas: tuple[str, ...], *, hour: int) -> FloatArray:
    """Most that flows from row to column (A, A)."""
    limits = np.zeros((len(areas), len(areas)))
    for link in links:
        a, b = areas.index(link.from_area), areas.index(link.to_area)
        limits[a, b] += link.forward_mw[hour if len(link.forward_mw) > 1 else 0]
        limits[b, a] += link.backward_mw[hour if len(link.backward_mw) > 1 else 0]
    return limits


def _expect_unserved(
    states: list[_AreaStates], load_mw: FloatArray, limits: FloatArray
) -> tuple[float, float, FloatArray, FloatArray]:
    """LOLP and expected unserved of the total and of each area in one hour."""
    member = list_groups(len(load_mw))
    lolp = eue = 0.0
    area_lolp, area_eue = np.zeros(len(load_mw)), np.zeros(len(load_mw))
    for capacity, chance in _list_states(states):
        need = need_of_groups(capacity, load_mw, limits=limits, member=member)
        total = need.max(axis=0)
        short = total > TIE_MW
        if not short.any():
            continue
        weight = chance[short]
        lolp += float(weight.sum())
        eue += float(weight @ total[short])
        unserved = share_unserved(need[:, short], load_mw, member=member)
        area_lolp += (unserved > TIE_MW) @ weight
        area_eue += unserved @ weight
    return lolp, eue, area_lolp, area_eue


def _list_states(states: list[_AreaStates]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Capacities (A, s) and chances (s,) of the combinations, in blocks."""
    sizes = [len(area.chance) for area in states]
    total = int(np.prod(sizes))
    for first in range(0, total, _BLOCK):
        at = np.unravel_index(np.arange(first, min(first + _BLOCK, total)), sizes)
        capacity = np.stack([s.capacity_mw[i] for s, i in zip(states, at, strict=True)])
        chance = np.prod([s.chance[i] for s, i in zip(states, at, strict=True)], axis=0)
        yield capacity, chance
