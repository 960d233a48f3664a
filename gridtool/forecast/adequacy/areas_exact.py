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
from typing import Literal

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
IntArray = npt.NDArray[np.int64]
MOST_AREAS = 8
MOST_STATES = 200_000_000
"""Most states x hours that are enumerated."""
_BLOCK = 4_000_000


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
    sums = _Sums(
        lolp=np.zeros(load.hours),
        eue=np.zeros(load.hours),
        area_lolp=np.zeros((areas, load.hours)),
        area_eue=np.zeros((areas, load.hours)),
    )
    links = _list_link_states(system.interfaces)
    for chance, groups in mix_common_causes(system):
        by_hour = _AreaHours(groups, load, start=system.start)
        by_hour.refuse_many(len(links))
        for link_chance, there in links:
            for states, limits, hours in _group_hours(by_hour, there, load):
                _add_hours(sums, states, load.load_mw, limits, (hours, chance * link_chance))
    return AdequacyResult(
        load=load,
        lolp_h=sums.lolp,
        eue_h_mwh=sums.eue,
        area_lolp_h=sums.area_lolp,
        area_eue_h_mwh=sums.area_eue,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Results by hour (H,), and by area and hour (A, H), filled piece by piece."""

    lolp: FloatArray
    eue: FloatArray
    area_lolp: FloatArray
    area_eue: FloatArray


class _AreaHours:
    """The states of every area, hour by hour; what does not change is computed once."""

    def __init__(
        self, groups: Sequence[UnitGroup], load: LoadSeries, *, start: Literal["stationary", "up"]
    ) -> None:
        self._hours = load.hours
        self._groups = [[g for g in groups if g.area == area] for area in load.areas]
        self._up = [
            [availability_by_hour(g, hours=load.hours, start=start) for g in area]
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


def _group_hours(
    by_hour: _AreaHours, links: Sequence[Interface], load: LoadSeries
) -> Iterator[tuple[list[_AreaStates], FloatArray, IntArray]]:
    """Hours that have the same states of areas and the same limits, together."""
    known: dict[tuple[tuple[int, ...], bytes], tuple[list[_AreaStates], FloatArray]] = {}
    members: dict[tuple[tuple[int, ...], bytes], list[int]] = {}
    for hour in range(load.hours):
        states = by_hour.states(hour)
        limits = _limit_matrix(links, load.areas, hour=hour)
        key = tuple(id(area) for area in states), limits.tobytes()
        known.setdefault(key, (states, limits))
        members.setdefault(key, []).append(hour)
    for key, hours in members.items():
        yield *known[key], np.array(hours)


def _add_hours(
    sums: _Sums,
    states: list[_AreaStates],
    load_mw: FloatArray,
    limits: FloatArray,
    weighed: tuple[IntArray, float],
) -> None:
    """Add the hours of ``weighed`` with its weight: they differ in their load only."""
    hours, weight = weighed
    member = list_groups(len(states))
    block = max(1, _BLOCK // len(member))
    for capacity, chance in _list_states(states, block):
        step = max(1, block // len(chance))
        for first in range(0, len(hours), step):
            at = hours[first : first + step]
            # Hours change slower than states: hour h has the columns [h s, (h + 1) s).
            load = np.repeat(load_mw[:, at], len(chance), axis=1)
            need = need_of_groups(np.tile(capacity, len(at)), load, limits=limits, member=member)
            total = need.max(axis=0)
            short = np.flatnonzero(total > TIE_MW)
            hour, share = at[short // len(chance)], weight * chance[short % len(chance)]
            np.add.at(sums.lolp, hour, share)
            np.add.at(sums.eue, hour, share * total[short])
            unserved = share_unserved(need[:, short], load[:, short], member=member)
            for area in range(len(states)):
                np.add.at(sums.area_lolp[area], hour, share * (unserved[area] > TIE_MW))
                np.add.at(sums.area_eue[area], hour, share * unserved[area])


def _list_states(states: list[_AreaStates], block: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Capacities (A, s) and chances (s,) of the combinations, at most ``block`` at a time."""
    sizes = [len(area.chance) for area in states]
    total = int(np.prod(sizes))
    for first in range(0, total, block):
        at = np.unravel_index(np.arange(first, min(first + block, total)), sizes)
        capacity = np.stack([s.capacity_mw[i] for s, i in zip(states, at, strict=True)])
        chance = np.prod([s.chance[i] for s, i in zip(states, at, strict=True)], axis=0)
        yield capacity, chance
