"""A network under construction: rows by table, then one frozen CityNetwork."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gridtool.formats.frames import make_frame
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.ids import IdBook
from gridtool.network.model import CityNetwork, NetworkManifest
from gridtool.network.schema import TABLES

__all__ = ["CUSTOMERS_PER_MW", "Draft", "derive_substations", "set_kinds", "set_places"]

CUSTOMERS_PER_MW = 500
"""Households per MW of peak demand, 2 kW each at the same time: assumed, and listed."""

_WIDEST_KM, _NARROWEST_KM = 5.0, 0.05
LEAST_X_PU = 1e-9
"""Reactance of a branch that has none: the DC model divides by it, the AC model does not see it."""


class Draft:
    """Rows collected for each table of a network.

    Rows are dictionaries as :func:`gridtool.formats.frames.make_frame` takes them.
    """

    def __init__(self, ids: IdBook, findings: Findings) -> None:
        self.ids = ids
        self.findings = findings
        self.rows: dict[str, list[dict[str, Any]]] = {schema.name: [] for schema in TABLES}
        self.substation_of: dict[str, str] = {}

    def add(self, table: str, **row: Any) -> str:
        """Add a row and return its id."""
        self.rows[table].append(row)
        return str(row.get("id", ""))

    def add_busbar(self, busbar: str, *, substation: str, vn_kv: float, in_service: bool) -> str:
        """Add a busbar section and return its id."""
        self.substation_of[busbar] = substation
        return self.add(
            "busbars", id=busbar, substation=substation, vn_kv=vn_kv, in_service=in_service
        )

    def add_impedance(
        self, impedance: str, series: complex, *, sn_mva: float, rating_mva: float, **ends: Any
    ) -> None:
        """A series impedance per unit of ``sn_mva``; ``ends`` are busbars and ``in_service``."""
        if series.imag == 0.0:
            self.findings.assume_for(
                impedance, f"branches without reactance given {LEAST_X_PU:g} p.u., for the DC model"
            )
            series += complex(0.0, LEAST_X_PU)
        self.add(
            "impedances",
            id=impedance,
            r_pu=series.real,
            x_pu=series.imag,
            sn_mva=sn_mva,
            rating_mva=rating_mva,
            **ends,
        )

    def add_shunt(self, wanted: str, busbar: str, power: complex, *, in_service: bool) -> None:
        """A constant admittance drawing ``power`` (MW + j Mvar) at nominal voltage, if any."""
        if power:
            self.add(
                "shunts",
                id=self.ids.derive(wanted),
                busbar=busbar,
                p_mw=power.real,
                q_mvar=power.imag,
                in_service=in_service,
            )

    def add_feeder(
        self, feeder: str, busbar: str, power: complex, *, in_service: bool, name: str | None
    ) -> None:
        """A feeder drawing ``power`` (MW + j Mvar), with its households."""
        self.add(
            "feeders",
            id=feeder,
            name=name,
            busbar=busbar,
            peak_mw=power.real,
            peak_mvar=power.imag,
            in_service=in_service,
        )
        self.add(
            "customers",
            feeder=feeder,
            customer_class="household",
            customers=round(power.real * CUSTOMERS_PER_MW),
            demand_share=1.0,
        )

    def add_fixed_unit(
        self, unit: str, busbar: str, power: complex, *, in_service: bool, name: str | None
    ) -> None:
        """A unit that delivers ``power`` (MW + j Mvar) whatever the voltage."""
        self.add(
            "units",
            id=unit,
            name=name,
            busbar=busbar,
            max_mw=max(power.real, 0.0),
            p_mw=power.real,
            q_mvar=power.imag,
            grid_forming=False,
            in_service=in_service,
        )

    @property
    def demand_mw(self) -> float:
        """Demand of the feeders in service."""
        return float(sum(row["peak_mw"] for row in self.rows["feeders"] if row["in_service"]))

    def build(self, manifest: NetworkManifest, *, damaged: Iterable[str] = ()) -> CityNetwork:
        """The network, with everything assumed in words."""
        if self.rows["customers"]:
            self.findings.assume(
                f"customers: households estimated from the load, {CUSTOMERS_PER_MW} per MW"
            )
        return CityNetwork(
            manifest=manifest,
            tables={schema.name: make_frame(schema, self.rows[schema.name]) for schema in TABLES},
            assumptions=self.findings.told(),
            damaged=tuple(damaged),
            origin=self.findings.file,
        )


def derive_substations(
    draft: Draft,
    *,
    zones: Mapping[int, str | None],
    names: Mapping[int, str | None],
    joined: Iterable[tuple[int, int]],
) -> dict[int, str]:
    """Add districts and substations; return the substation id of each bus.

    A substation is what transformers and couplers join (``joined`` pairs of bus numbers); its
    district is the zone most of its buses are in. Kinds and places are set at the end by
    :func:`set_kinds` and :func:`set_places`.
    """
    members = _components(zones, joined)
    districts = _add_districts(draft, zones)
    columns = max(1, round(len(members) ** 0.5))
    substation_of: dict[int, str] = {}
    for position, (first, buses) in enumerate(members.items()):
        counts = Counter(zones[bus] or None for bus in buses)
        zone = min(counts, key=lambda zone: (-counts[zone], str(zone)))
        substation = draft.add(
            "substations",
            id=draft.ids.derive(f"SS-{first}"),
            name=names[first] or f"SS-{first}",
            district=districts[zone],
            kind="switching",
            x_km=float(position % columns),
            y_km=float(position // columns),
        )
        substation_of.update(dict.fromkeys(buses, substation))
    draft.findings.assume(
        f"{len(members)} substations derived from {len(zones)} buses: what transformers and "
        "bus-bus switches join"
    )
    return substation_of


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
        short = zone if zone.isalnum() and zone.isascii() else str(number)
        district = draft.add("districts", id=draft.ids.derive(f"D-{short}"), name=name)
        districts[zone or None] = district
    return districts
