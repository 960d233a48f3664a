"""Substations and districts of a foreign network, derived from what is connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.ids import is_clean

__all__ = ["derive_substations", "set_kinds", "set_places"]

_WIDEST_KM, _NARROWEST_KM = 5.0, 0.05


def derive_substations(
    draft: Draft,
    *,
    zones: Mapping[int, str | None],
    names: Mapping[int, str | None],
    joined: Iterable[tuple[int, int]],
    sites: Mapping[int, str | None] | None = None,
) -> dict[int, str]:
    """Add districts and substations; return the substation id of each bus.

    A substation is what transformers and couplers join (``joined`` pairs of bus numbers), or the
    buses of one name in ``sites`` where the file says so; its district is the zone most of its
    buses are in. Kinds and places are set at the end by :func:`set_kinds` and
    :func:`set_places`.
    """
    named = sites or {}
    members = _components(zones, [*_apart(joined, named), *_together(named)])
    districts = _add_districts(draft, zones)
    columns = max(1, round(len(members) ** 0.5))
    substation_of: dict[int, str] = {}
    for position, (first, buses) in enumerate(members.items()):
        counts = Counter(zones[bus] or None for bus in buses)
        zone = min(counts, key=lambda zone: (-counts[zone], str(zone)))
        site = next((named[bus] for bus in buses if named.get(bus)), None)
        substation = draft.add(
            "substations",
            id=draft.ids.derive(site if site and is_clean(site) else f"SS-{first}"),
            name=site or names[first] or f"SS-{first}",
            district=districts[zone],
            kind="switching",
            x_km=float(position % columns),
            y_km=float(position // columns),
        )
        substation_of.update(dict.fromkeys(buses, substation))
    draft.findings.assume(
        f"{len(members)} substations derived from {len(zones)} buses: what transformers and "
        "bus-bus switches join" + (", or the file names so" if any(named.values()) else "")
    )
    return substation_of


def _apart(
    joined: Iterable[tuple[int, int]], sites: Mapping[int, str | None]
) -> list[tuple[int, int]]:
    """The pairs that the file does not place at two different sites."""
    return [
        (one, other)
        for one, other in joined
        if not (sites.get(one) and sites.get(other)) or sites[one] == sites[other]
    ]


def _together(sites: Mapping[int, str | None]) -> list[tuple[int, int]]:
    """Pairs that join the buses of each named site."""
    first: dict[str, int] = {}
    return [(first.setdefault(site, bus), bus) for bus, site in sites.items() if site]


def set_kinds(draft: Draft) -> None:
    """Say what each substation is for, by what is connected to it."""
    kinds: dict[str, str] = {}
    for table, kind in (("feeders", "distribution"), ("units", "plant"), ("infeeds", "supply")):
        kinds.update({draft.substation_of[row["busbar"]]: kind for row in draft.rows[table]})
    for row in draft.rows["substations"]:
        row["kind"] = kinds.get(row["id"], "switching")


def set_places(draft: Draft) -> None:
    """Put the substations on a grid so narrow that no line is shorter than its way.

    Nothing of the real geography is kept; distances only have the right size for travel.
    """
    at = {row["id"]: complex(row["x_km"], row["y_km"]) for row in draft.rows["substations"]}
    spacing_km = _WIDEST_KM
    for line in draft.rows["lines"]:
        ends = [at[draft.substation_of[line[end]]] for end in ("from_busbar", "to_busbar")]
        distance = abs(ends[0] - ends[1])
        if distance:
            spacing_km = min(spacing_km, line["length_km"] / distance)
    spacing_km = float(f"{max(spacing_km, _NARROWEST_KM) * 0.995:.2g}")
    for row in draft.rows["substations"]:
        row["x_km"], row["y_km"] = row["x_km"] * spacing_km, row["y_km"] * spacing_km
    draft.findings.assume(f"substations stand on a grid of {spacing_km:g} km, not where they are")


def _components(
    buses: Iterable[int], joined: Iterable[tuple[int, int]]
) -> dict[int, tuple[int, ...]]:
    """Members of each component under its smallest bus number, in order."""
    parent = {bus: bus for bus in buses}

    def root(bus: int) -> int:
        while parent[bus] != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    for one, other in joined:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    members: dict[int, list[int]] = {}
    for bus in sorted(parent):
        members.setdefault(root(bus), []).append(bus)
    return {first: tuple(found) for first, found in members.items()}


def _add_districts(draft: Draft, zones: Mapping[int, str | None]) -> dict[str | None, str]:
    found = sorted({zone or "" for zone in zones.values()})
    if found in ([""], []):
        draft.findings.assume("one district: the file names no zones")
    districts: dict[str | None, str] = {}
    for number, zone in enumerate(found, start=1):
        name = zone or ("without zone" if len(found) > 1 else "all")
        wanted = zone if is_clean(zone) else f"D-{zone if zone.isdigit() else number}"
        districts[zone or None] = draft.add("districts", id=draft.ids.derive(wanted), name=name)
    return districts
