"""Mobile units as a relaxation: anywhere they fit, from when they could be there at the earliest.

A unit gives no more than its capacity, to all places in sum, as if it could be split among them
and moved in no time. A generator is power at the sections it fits; a mobile substation takes power
from the high-voltage sections of a site and gives it to the low-voltage ones, either way round.
The law of loops does not hold it, and no island needs a unit that can form a grid: whatever a
placed unit does, the relaxed one can do. Units that fit the same places count as one fleet.
Of many places (a city) even that is relaxed: units add what they can give, up to all load.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from gridtool.flow.case import CompiledCase
from gridtool.flow.milp import BlockBuilder
from gridtool.network.model import CityNetwork
from gridtool.restoration.bound.contracted import Contracted
from gridtool.restoration.bound.guards import Guard
from gridtool.restoration.mobile.board import way_hours
from gridtool.restoration.mobile.parts import unit_limit_mw
from gridtool.restoration.mobile.sites import VOLTAGE_TOLERANCE, fitting_sites
from gridtool.restoration.model import MobileUnit

__all__ = ["Fleet", "Place", "Presence", "Room", "add_fleet", "are_many", "make_fleets"]

Terms = list[tuple[int, float]]

_MOST_PLACES = 20
"""Places of all fleets that are modelled one by one."""

_CLOCK_H = 1.0 / 1800.0
"""Dates of a plan are rounded to the second: a unit may seem to be there so much earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """From when to when a unit of ``mw`` can give something at a place, h."""

    mw: float
    online_h: float
    until_h: float

    @property
    def before_h(self) -> float:
        """A moment before it can be there: no interval that ends then counts it."""
        return self.online_h - 2.0 * _CLOCK_H


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Positions of the sections that units feed at a site and of those that mobile substations
    take power from, and when each unit of the fleet can be there."""

    feeds: tuple[int, ...]
    takes: tuple[int, ...]
    presences: tuple[Presence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Units that fit the same ``places``; ``mw`` is what all of them can give."""

    mw: float
    places: tuple[Place, ...]

    @property
    def presences(self) -> tuple[Presence, ...]:
        """When each unit can be at the first place it reaches."""
        return tuple(
            min((place.presences[u] for place in self.places), key=lambda one: one.online_h)
            for u in range(len(self.places[0].presences))
        )


def are_many(fleets: Sequence[Fleet]) -> bool:
    """Whether the fleets have so many places that they count as power anywhere instead.

    That holds for flows that need only balance, not for those under the law of loops.
    """
    return sum(len(fleet.places) for fleet in fleets) > _MOST_PLACES


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A column of a program with what limits it: the units that can be there."""

    column: int
    presences: tuple[Presence, ...]

    def most_mw(self, begins_h: float, ends_h: float) -> float:
        """What units there at any time between two moments can give."""
        return sum(
            one.mw
            for one in self.presences
            if one.online_h <= ends_h + _CLOCK_H and one.until_h >= begins_h - _CLOCK_H
        )


def make_fleets(
    network: CityNetwork, case: CompiledCase, units: Iterable[MobileUnit], *, as_of: datetime
) -> tuple[Fleet, ...]:
    """The fleets of ``units``; units that fit nowhere are in none."""
    alike: dict[tuple[object, ...], list[MobileUnit]] = defaultdict(list)
    for unit in units:
        key = (unit.kind, unit.kv, unit.hv_kv, frozenset(unit.sites))
        alike[key].append(unit)
    found = []
    for fleet in alike.values():
        places = tuple(
            Place(
                feeds=_sections(network, case, site, fleet[0].kv),
                takes=_sections(network, case, site, fleet[0].hv_kv),
                presences=tuple(
                    _presence(network, unit, site, mw=_limit_mw(case, unit), as_of=as_of)
                    for unit in fleet
                ),
            )
            for site in fitting_sites(network, fleet[0])
        )
        if places:
            mw = sum(one.mw for one in places[0].presences)
            found.append(Fleet(mw=mw, places=places))
    return tuple(found)


def _sections(
    network: CityNetwork, case: CompiledCase, site: str, kv: float | None
) -> tuple[int, ...]:
    if not kv:
        return ()
    fits = np.abs(case.busbar_vn_kv / kv - 1.0) <= VOLTAGE_TOLERANCE + 1e-9
    return tuple(
        position
        for position in np.flatnonzero(fits).tolist()
        if network.substation_of_busbar[case.busbar_ids[position]] == site
    )


def _limit_mw(case: CompiledCase, unit: MobileUnit) -> float:
    """Most that it gives: a mobile substation is a transformer and keeps the case's margin."""
    return unit_limit_mw(unit) * (case.pf_margin if unit.kind == "substation" else 1.0)


def _presence(
    network: CityNetwork, unit: MobileUnit, site: str, *, mw: float, as_of: datetime
) -> Presence:
    """Straight from the depot: no way round is shorter. At the end it is taken down in time."""
    x_km, y_km = (float(network.substations[axis][site]) for axis in ("x_km", "y_km"))
    way = way_hours(unit, (unit.x_km, unit.y_km), (x_km, y_km))
    leaves, until = 0.0, float("inf")
    if unit.available_from is not None:
        leaves = max(0.0, (unit.available_from - as_of) / timedelta(hours=1))
    if unit.available_to is not None:
        until = (unit.available_to - as_of) / timedelta(hours=1) - unit.teardown_h
    return Presence(mw=mw, online_h=leaves + way + unit.setup_h, until_h=until)


def add_fleet(
    builder: BlockBuilder, network: Contracted, fleet: Fleet, *, balance: Sequence[Terms]
) -> list[Room]:
    """Columns and rows of one fleet at one demand level; ``balance`` gets their terms.

    The columns that time limits, with what it leaves: at each place, and of all together.
    """
    rooms: list[Room] = []
    given: Terms = []
    for place in fleet.places:
        passed: Terms = []
        for node, guards in _nodes(network, place.feeds):
            for sign in (1.0, -1.0) if place.takes else (1.0,):
                column = builder.column(0.0, fleet.mw)
                balance[node].append((column, sign))
                passed.append((column, sign))
                rooms.append(Room(column=column, presences=place.presences))
                for guard in guards:
                    _switch_off(builder, column, fleet.mw, guard, sign=1.0)
        given += [(column, 1.0) for column, _ in passed]
        if place.takes:
            for node, guards in _nodes(network, place.takes):
                column = builder.column(-fleet.mw, fleet.mw)
                balance[node].append((column, -1.0))
                passed.append((column, -1.0))
                for guard in guards:
                    _switch_off(builder, column, fleet.mw, guard, sign=1.0)
                    _switch_off(builder, column, fleet.mw, guard, sign=-1.0)
            builder.row(0.0, 0.0, terms=passed)
    total = builder.column(0.0, fleet.mw)
    builder.row(-np.inf, 0.0, terms=[*given, (total, -1.0)])
    return [*rooms, Room(column=total, presences=fleet.presences)]


def _nodes(network: Contracted, sections: Iterable[int]) -> list[tuple[int, tuple[Guard, ...]]]:
    """Node and guards of each section in service, equal ones once."""
    found = [(network.node_of_busbar[b], network.out[b]) for b in sections]
    return [place for place in dict.fromkeys(found) if place[0] >= 0]


def _switch_off(
    builder: BlockBuilder, column: int, mw: float, guard: Guard, *, sign: float
) -> None:
    """``sign * column <= mw`` while the section is in service, else 0."""
    if guard.is_switch:
        gains = zip(guard.columns, guard.gains, strict=True)
        builder.row(-np.inf, 0.0, terms=[(column, sign), *((c, -mw * g) for c, g in gains)])
