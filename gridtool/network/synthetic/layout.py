"""Where things stand: supply points on a ring, plants inside, stations along corridors.

Plane kilometres around an invented origin; the river runs from west to east through it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gridtool.network.synthetic.streams import Purpose, stream

__all__ = ["Corridor", "Layout", "Site", "lay_out", "route_length_km"]

_AREA_PER_STATION_KM2 = 6.5
_DETOUR = 1.2
_PLANT_CORRIDORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A substation's place. ``kind`` as in the table ``substations``."""

    id: str
    kind: str
    x_km: float
    y_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """A double-circuit 110 kV line between two strong sites through ``stations``, in order."""

    start: str
    end: str
    stations: tuple[str, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Every site along the corridor, ends included."""
        return (self.start, *self.stations, self.end)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Sites by id, in id order of their kinds, and what joins them.

    ``ring`` names the supply points in the order of the 330 kV ring.
    """

    radius_km: float
    sites: dict[str, Site]
    ring: tuple[str, ...]
    plants: tuple[str, ...]
    corridors: tuple[Corridor, ...]

    @property
    def stations(self) -> tuple[str, ...]:
        """The 110/10 kV substations, in corridor order."""
        return tuple(s for corridor in self.corridors for s in corridor.stations)


def lay_out(*, substations: int, seed: int) -> Layout:
    """Sites and corridors of a city with ``substations`` 110/10 kV substations."""
    draws = stream(seed, Purpose.SITES)
    radius = math.sqrt(substations * _AREA_PER_STATION_KM2 / math.pi)
    supply = _place_supply_points(max(2, round(substations / 15)), radius, draws=draws)
    plants = _place_plants(max(1, round(substations / 30)), radius, draws=draws)
    strong = {site.id: site for site in (*supply, *plants)}
    pairs = _pair_ends(supply, plants, count=max(3, round(substations / 5)))
    corridors: list[Corridor] = []
    stations: dict[str, Site] = {}
    width = max(2, len(str(substations)))
    for (start, end), count in zip(pairs, _share_out(substations, len(pairs)), strict=True):
        first = len(stations) + 1
        ids = tuple(f"SS-{number:0{width}d}" for number in range(first, first + count))
        places = _along(strong[start], strong[end], count, draws=draws)
        for station, (x, y) in zip(ids, places, strict=True):
            stations[station] = Site(id=station, kind="distribution", x_km=x, y_km=y)
        corridors.append(Corridor(start=start, end=end, stations=ids))
    return Layout(
        radius_km=radius,
        sites={**{s.id: s for s in supply}, **{p.id: p for p in plants}, **stations},
        ring=tuple(s.id for s in supply),
        plants=tuple(p.id for p in plants),
        corridors=tuple(corridors),
    )


def route_length_km(a: Site, b: Site) -> float:
    """Length of a line between two sites: the straight distance and a fifth for detours."""
    straight = math.hypot(a.x_km - b.x_km, a.y_km - b.y_km)
    return max(0.5, round(_DETOUR * straight, 2))


def _place_supply_points(
    count: int, radius: float, *, draws: np.random.Generator
) -> tuple[Site, ...]:
    """On the ring road; in a large city every second one further in, so that none is far."""
    sites = []
    for position in range(count):
        angle = 2 * math.pi * (position + 0.5 + 0.15 * draws.uniform(-1, 1)) / count
        reach = 0.55 if count >= 8 and position % 2 else 1.0
        sites.append(_site(f"SP-{position + 1}", "supply", reach * radius, angle))
    return tuple(sites)


def _place_plants(count: int, radius: float, *, draws: np.random.Generator) -> tuple[Site, ...]:
    sites = []
    for position in range(count):
        angle = 2 * math.pi * (position + 0.12 * draws.uniform(-1, 1)) / count
        reach = 0.4 if count < 5 or position % 2 else 0.75
        sites.append(_site(f"PP-{position + 1}", "plant", reach * radius, angle))
    return tuple(sites)


def _site(name: str, kind: str, reach: float, angle: float) -> Site:
    # a city stretched along its river
    x = round(1.15 * reach * math.cos(angle), 2)
    y = round(0.87 * reach * math.sin(angle), 2)
    return Site(id=name, kind=kind, x_km=x, y_km=y)


def _pair_ends(
    supply: tuple[Site, ...], plants: tuple[Site, ...], *, count: int
) -> list[tuple[str, str]]:
    """Ends of ``count`` corridors: plants to their nearest supply points, then along the ring,
    then across it, nearest neighbours first."""
    pairs = [(near.id, plant.id) for plant in plants for near in _nearest(supply, plant)]
    size = len(supply)
    step = 1
    while len(pairs) < count:
        reach = 1 + (step - 1) % max(1, size // 2)
        across = 2 * reach == size and size > 2
        for position in range(size // 2 if across else size):
            other = (position + reach) % size
            first, last = sorted((position, other))
            pairs.append((supply[first].id, supply[last].id))
        step += 1
    order = {site.id: place for place, site in enumerate((*supply, *plants))}
    return sorted(pairs[:count], key=lambda pair: (order[pair[0]], order[pair[1]]))


def _nearest(supply: tuple[Site, ...], plant: Site) -> list[Site]:
    """The supply points that a plant's corridors lead to."""
    ranked = sorted((_distance(site, plant), site.id, site) for site in supply)
    return [site for _, _, site in ranked[:_PLANT_CORRIDORS]]


def _distance(a: Site, b: Site) -> float:
    return math.hypot(a.x_km - b.x_km, a.y_km - b.y_km)


def _share_out(total: int, parts: int) -> list[int]:
    """``total`` stations over ``parts`` corridors, uneven by one where there are enough."""
    counts = [total // parts + (position < total % parts) for position in range(parts)]
    for position in range(0, parts - 2, 4):
        if counts[position + 2] > 3:
            counts[position] += 1
            counts[position + 2] -= 1
    return counts


def _along(
    start: Site, end: Site, count: int, *, draws: np.random.Generator
) -> list[tuple[float, float]]:
    """Places on a bowed line between two sites, unevenly spaced."""
    dx, dy = end.x_km - start.x_km, end.y_km - start.y_km
    bow = draws.uniform(-0.3, 0.3)
    places = []
    for position in range(1, count + 1):
        share = (position + draws.uniform(-0.25, 0.25)) / (count + 1)
        aside = 4 * bow * share * (1 - share)
        x = start.x_km + share * dx - aside * dy + draws.uniform(-0.4, 0.4)
        y = start.y_km + share * dy + aside * dx + draws.uniform(-0.4, 0.4)
        places.append((round(x, 2), round(y, 2)))
    return places
