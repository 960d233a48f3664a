"""A network under construction: rows by table, then one frozen CityNetwork."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gridtool.formats.frames import make_frame
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.ids import IdBook
from gridtool.network.model import CityNetwork, NetworkManifest
from gridtool.network.schema import TABLES

__all__ = ["CUSTOMERS_PER_MW", "Draft"]

CUSTOMERS_PER_MW = 500
"""Households per MW of peak demand, 2 kW each at the same time: assumed, and listed."""

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
