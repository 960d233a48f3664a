"""The registry: what stands in each substation, apart from the electrical model.

Substation, voltage levels from the highest, and on each level its busbar sections with what they
carry. It is inferred from the tables alone, so foreign networks have one as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gridtool.network.model import CityNetwork

__all__ = ["RegistryEntry", "VoltageLevel", "build_registry"]

_CARRIED: Mapping[str, tuple[str, ...]] = {
    "couplers": ("busbar_a", "busbar_b"),
    "bays": ("busbar",),
    "lines": ("from_busbar", "to_busbar"),
    "transformers": ("hv_busbar", "lv_busbar"),
    "impedances": ("from_busbar", "to_busbar"),
    "shunts": ("busbar",),
    "infeeds": ("busbar",),
    "units": ("busbar",),
    "storages": ("busbar",),
    "feeders": ("busbar",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageLevel:
    """One voltage level of a substation: ids by table, in table order.

    ``carried`` has an entry for each kind of equipment that ends on one of ``busbars``:
    couplers, bays, lines, transformers (at both of their levels), impedances, shunts, infeeds,
    units, storages, feeders.
    """

    vn_kv: float
    busbars: tuple[str, ...]
    carried: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """A substation with its voltage levels, the highest first."""

    substation: str
    name: str
    district: str
    levels: tuple[VoltageLevel, ...]


def build_registry(network: CityNetwork) -> Mapping[str, RegistryEntry]:
    """What stands in each substation of ``network``, by substation id in table order."""
    level_of = {
        str(key): (network.substation_of_busbar[str(key)], float(vn_kv))
        for key, vn_kv in network.busbars["vn_kv"].items()
    }
    carried = _carried_by_level(network, level_of)
    sections: dict[tuple[str, float], list[str]] = {}
    for busbar, level in level_of.items():
        sections.setdefault(level, []).append(busbar)
    levels: dict[str, list[VoltageLevel]] = {}
    for owner, vn_kv in sorted(sections, key=lambda level: -level[1]):
        found = {table: tuple(ids) for table, ids in carried.get((owner, vn_kv), {}).items()}
        levels.setdefault(owner, []).append(
            VoltageLevel(
                vn_kv=vn_kv,
                busbars=tuple(sections[owner, vn_kv]),
                carried=MappingProxyType(found),
            )
        )
    substations = network.substations[["name", "district"]].itertuples(name=None)
    entries = {
        str(key): RegistryEntry(
            substation=str(key),
            name=str(name),
            district=str(district),
            levels=tuple(levels.get(str(key), ())),
        )
        for key, name, district in substations
    }
    return MappingProxyType(entries)


def _carried_by_level(
    network: CityNetwork, level_of: Mapping[str, tuple[str, float]]
) -> dict[tuple[str, float], dict[str, list[str]]]:
    """Ids by table for each (substation, kV); an element with both ends on a level counts once."""
    found: dict[tuple[str, float], dict[str, list[str]]] = {}
    for table, columns in _CARRIED.items():
        frame = network.tables[table][list(columns)]
        for key, *ends in frame.itertuples(name=None):
            for level in dict.fromkeys(level_of[str(end)] for end in ends):
                found.setdefault(level, {}).setdefault(table, []).append(str(key))
    return found
