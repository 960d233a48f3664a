"""Ten districts along two river banks, with invented names."""

from __future__ import annotations

import math
from typing import Any

from gridtool.network.synthetic.layout import Layout, Site

__all__ = ["DISTRICT_NAMES", "assign_districts", "list_districts"]

Row = dict[str, Any]

DISTRICT_NAMES = (
    "Old Landing",
    "Ropewalk",
    "Castle Slope",
    "Glassworks",
    "Lower Orchards",
    "Sandbank",
    "Poplar Fields",
    "New Meadows",
    "Foundry",
    "Three Lakes",
)


def list_districts() -> list[Row]:
    """Rows of the table ``districts``."""
    return [{"id": f"D{number:02d}", "name": name} for number, name in enumerate(DISTRICT_NAMES, 1)]


def assign_districts(layout: Layout) -> dict[str, str]:
    """District id of every site: on each bank, stretches of the river with as many stations.

    Supply points and plants belong to the district of the nearest station.
    """
    stations = [layout.sites[station] for station in layout.stations]
    south = sorted((s for s in stations if _south_of_river(s)), key=lambda s: (s.x_km, s.id))
    north = sorted((s for s in stations if not _south_of_river(s)), key=lambda s: (s.x_km, s.id))
    districts = [row["id"] for row in list_districts()]
    share = round(len(districts) * len(south) / len(stations))
    cut = min(max(share, len(districts) - len(north), 1), len(south), len(districts) - 1)
    found: dict[str, str] = {}
    for bank, names in ((south, districts[:cut]), (north, districts[cut:])):
        for place, site in enumerate(bank):
            found[site.id] = names[place * len(names) // len(bank)]
    for site in layout.sites.values():
        if site.id not in found:
            _, nearest = min((_squared_distance(s, site), s.id) for s in stations)
            found[site.id] = found[nearest]
    return found


def _south_of_river(site: Site) -> bool:
    return site.y_km < 1.2 * math.sin(site.x_km / 5.0)


def _squared_distance(a: Site, b: Site) -> float:
    return (a.x_km - b.x_km) ** 2 + (a.y_km - b.y_km) ** 2
