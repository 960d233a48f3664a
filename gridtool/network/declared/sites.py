"""Districts, substations and what stands in them."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.network.declared.columns import ID, IN_SERVICE, busbar_column

__all__ = ["BAYS", "BUSBARS", "COUPLERS", "DISTRICTS", "SUBSTATIONS", "SUBSTATION_KINDS"]

SUBSTATION_KINDS = ("supply", "distribution", "plant", "switching")

DISTRICTS = TableSchema(
    name="districts",
    meaning="areas of the city that results are given for",
    key=("id",),
    columns=(ID, Column(name="name", kind="text", meaning="name for people")),
)
SUBSTATIONS = TableSchema(
    name="substations",
    meaning="sites: switchyards, transformer substations, plants",
    key=("id",),
    columns=(
        ID,
        Column(name="name", kind="text", meaning="name for people"),
        Column(
            name="district",
            kind="id",
            meaning="district the substation belongs to",
            references="districts",
        ),
        Column(
            name="kind", kind="choice", meaning="what the site is for", choices=SUBSTATION_KINDS
        ),
        Column(name="x_km", kind="float", unit="km", meaning="plane coordinate, invented origin"),
        Column(name="y_km", kind="float", unit="km", meaning="plane coordinate, invented origin"),
    ),
)
BUSBARS = TableSchema(
    name="busbars",
    meaning="busbar sections",
    key=("id",),
    columns=(
        ID,
        Column(
            name="substation",
            kind="id",
            meaning="substation that owns it",
            references="substations",
        ),
        Column(name="vn_kv", kind="float", unit="kV", meaning="nominal voltage", above=0),
        IN_SERVICE,
    ),
)
COUPLERS = TableSchema(
    name="couplers",
    meaning="section couplers between two busbar sections of one substation",
    key=("id",),
    columns=(
        ID,
        busbar_column("busbar_a", "one section"),
        busbar_column("busbar_b", "the other section, of the same nominal voltage"),
        Column(name="closed", kind="bool", meaning="normal position"),
        Column(
            name="automatic_transfer",
            kind="bool",
            meaning="a normally open coupler that closes when exactly one section is dead",
            required=False,
            default=False,
        ),
    ),
    optional=True,
)
BAYS = TableSchema(
    name="bays",
    meaning="switch bays: the breaker that joins a line end or transformer to a busbar section",
    key=("id",),
    columns=(
        ID,
        busbar_column("busbar", "section the bay stands on"),
        Column(
            name="element", kind="id", meaning="line, transformer or impedance the bay switches"
        ),
    ),
    optional=True,
)
