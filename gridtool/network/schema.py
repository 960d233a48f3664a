"""The tables of a network package, with units; ``networks/README.md`` is tested against this."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema

__all__ = ["ASSET_TABLES", "CUSTOMER_CLASSES", "SUBSTATION_KINDS", "TABLES", "table_schema"]

CUSTOMER_CLASSES = (
    "household",
    "commercial",
    "industry",
    "transport",
    "water",
    "heat",
    "hospital",
)
SUBSTATION_KINDS = ("supply", "distribution", "plant", "switching")

_ID = Column(name="id", kind="id", meaning="unique over all tables of the network")
_IN_SERVICE = Column(
    name="in_service",
    kind="bool",
    meaning="false: out of service when intact",
    required=False,
    default=True,
)


def _busbar(name: str, meaning: str) -> Column:
    return Column(name=name, kind="id", meaning=meaning, references="busbars")


DISTRICTS = TableSchema(
    name="districts",
    meaning="areas of the city that results are given for",
    key=("id",),
    columns=(_ID, Column(name="name", kind="text", meaning="name for people")),
)
SUBSTATIONS = TableSchema(
    name="substations",
    meaning="sites: switchyards, transformer substations, plants",
    key=("id",),
    columns=(
        _ID,
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
        _ID,
        Column(
            name="substation",
            kind="id",
            meaning="substation that owns it",
            references="substations",
        ),
        Column(name="vn_kv", kind="float", unit="kV", meaning="nominal voltage", above=0),
        _IN_SERVICE,
    ),
)
COUPLERS = TableSchema(
    name="couplers",
    meaning="section couplers between two busbar sections of one substation",
    key=("id",),
    columns=(
        _ID,
        _busbar("busbar_a", "one section"),
        _busbar("busbar_b", "the other section, of the same nominal voltage"),
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
        _ID,
        _busbar("busbar", "section the bay stands on"),
        Column(
            name="element", kind="id", meaning="line, transformer or impedance the bay switches"
        ),
    ),
    optional=True,
)
LINES = TableSchema(
    name="lines",
    meaning="overhead lines and cables, one row per circuit",
    key=("id",),
    columns=(
        _ID,
        _busbar("from_busbar", "one end"),
        _busbar("to_busbar", "other end, of the same nominal voltage"),
        Column(name="length_km", kind="float", unit="km", meaning="length", above=0),
        Column(
            name="r_ohm_per_km", kind="float", unit="ohm/km", meaning="series resistance", minimum=0
        ),
        Column(name="x_ohm_per_km", kind="float", unit="ohm/km", meaning="series reactance"),
        Column(name="c_nf_per_km", kind="float", unit="nF/km", meaning="shunt capacitance"),
        Column(name="max_i_ka", kind="float", unit="kA", meaning="continuous rating", above=0),
        _IN_SERVICE,
    ),
)
TRANSFORMERS = TableSchema(
    name="transformers",
    meaning="two-winding transformers and autotransformers",
    key=("id",),
    columns=(
        _ID,
        _busbar("hv_busbar", "high-voltage side"),
        _busbar("lv_busbar", "low-voltage side"),
        Column(name="sn_mva", kind="float", unit="MVA", meaning="rated power", above=0),
        Column(name="vn_hv_kv", kind="float", unit="kV", meaning="rated HV voltage", above=0),
        Column(name="vn_lv_kv", kind="float", unit="kV", meaning="rated LV voltage", above=0),
        Column(name="vk_pct", kind="float", unit="%", meaning="short-circuit voltage"),
        Column(name="vkr_pct", kind="float", unit="%", meaning="its resistive part", minimum=0),
        Column(
            name="pfe_kw",
            kind="float",
            unit="kW",
            meaning="iron losses",
            required=False,
            default=0.0,
            minimum=0,
        ),
        Column(
            name="i0_pct",
            kind="float",
            unit="%",
            meaning="no-load current",
            required=False,
            default=0.0,
        ),
        Column(
            name="shift_degree",
            kind="float",
            unit="degree",
            meaning="phase shift of the vector group",
            required=False,
            default=0.0,
        ),
        Column(
            name="tap_side",
            kind="choice",
            meaning="winding with the tap changer",
            choices=("hv", "lv"),
            required=False,
            default="hv",
        ),
        Column(
            name="tap_step_pct",
            kind="float",
            unit="%",
            meaning="voltage per tap step; 0 for no tap changer",
            required=False,
            default=0.0,
        ),
        Column(
            name="tap_pos",
            kind="int",
            meaning="tap position, neutral 0",
            required=False,
            default=0,
        ),
        Column(
            name="overload_pct",
            kind="float",
            unit="%",
            meaning="loading allowed while another unit is out, in percent of sn_mva",
            required=False,
            default=100.0,
            minimum=100,
        ),
        _IN_SERVICE,
    ),
    optional=True,
)
IMPEDANCES = TableSchema(
    name="impedances",
    meaning="branches given per unit, as foreign networks have them",
    key=("id",),
    columns=(
        _ID,
        _busbar("from_busbar", "one end"),
        _busbar("to_busbar", "other end"),
        Column(name="r_pu", kind="float", unit="p.u. on sn_mva", meaning="series resistance"),
        Column(name="x_pu", kind="float", unit="p.u. on sn_mva", meaning="series reactance"),
        Column(name="sn_mva", kind="float", unit="MVA", meaning="base of r_pu and x_pu", above=0),
        Column(name="rating_mva", kind="float", unit="MVA", meaning="continuous rating", above=0),
        _IN_SERVICE,
    ),
    optional=True,
)
SHUNTS = TableSchema(
    name="shunts",
    meaning="shunt reactors, capacitors and constant-impedance loads",
    key=("id",),
    columns=(
        _ID,
        _busbar("busbar", "section it is connected to"),
        Column(
            name="p_mw", kind="float", unit="MW", meaning="active power drawn at nominal voltage"
        ),
        Column(
            name="q_mvar",
            kind="float",
            unit="Mvar",
            meaning="reactive power drawn at nominal voltage; negative for a capacitor",
        ),
        _IN_SERVICE,
    ),
    optional=True,
)
INFEEDS = TableSchema(
    name="infeeds",
    meaning="connections to the national system, each with an explicit limit",
    key=("id",),
    columns=(
        _ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        _busbar("busbar", "section it feeds"),
        Column(name="max_mw", kind="float", unit="MW", meaning="rating", minimum=0),
        Column(
            name="vm_pu",
            kind="float",
            unit="p.u.",
            meaning="voltage set point",
            required=False,
            default=1.0,
            above=0,
        ),
        Column(
            name="va_degree",
            kind="float",
            unit="degree",
            meaning="voltage angle",
            required=False,
            default=0.0,
        ),
        _IN_SERVICE,
    ),
    optional=True,
)
UNITS = TableSchema(
    name="units",
    meaning="generating units in the city",
    key=("id",),
    columns=(
        _ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        _busbar("busbar", "section it feeds"),
        Column(name="max_mw", kind="float", unit="MW", meaning="net rating", minimum=0),
        Column(name="p_mw", kind="float", unit="MW", meaning="dispatch in the intact base case"),
        Column(
            name="min_mvar", kind="float", unit="Mvar", meaning="reactive limit", required=False
        ),
        Column(
            name="max_mvar", kind="float", unit="Mvar", meaning="reactive limit", required=False
        ),
        Column(
            name="vm_pu",
            kind="float",
            unit="p.u.",
            meaning="voltage set point; empty: no voltage control",
            required=False,
            above=0,
        ),
        Column(
            name="q_mvar",
            kind="float",
            unit="Mvar",
            meaning="reactive power delivered in the base case where vm_pu is empty",
            required=False,
            default=0.0,
        ),
        Column(
            name="for",
            kind="float",
            meaning="forced outage rate, share of time",
            required=False,
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="mttf_h",
            kind="float",
            unit="h",
            meaning="mean time to failure; empty: never fails",
            required=False,
            above=0,
        ),
        Column(
            name="mttr_h",
            kind="float",
            unit="h",
            meaning="mean time to repair",
            required=False,
            above=0,
        ),
        Column(
            name="months",
            kind="list",
            meaning="months (1-12) the unit is available in, as for a heating season; "
            "empty: all year",
            required=False,
        ),
        Column(
            name="grid_forming",
            kind="bool",
            meaning="can hold an island on its own",
            required=False,
            default=True,
        ),
        _IN_SERVICE,
    ),
    optional=True,
)
FEEDERS = TableSchema(
    name="feeders",
    meaning="feeders: the smallest part that can be switched off",
    key=("id",),
    columns=(
        _ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        _busbar("busbar", "section it starts from"),
        Column(
            name="peak_mw",
            kind="float",
            unit="MW",
            meaning="demand at the reference peak",
            minimum=0,
        ),
        Column(
            name="peak_mvar",
            kind="float",
            unit="Mvar",
            meaning="reactive demand at the reference peak",
            required=False,
            default=0.0,
        ),
        Column(
            name="critical",
            kind="bool",
            meaning="serves a critical customer: protected, shed last",
            required=False,
            default=False,
        ),
        Column(
            name="rotation_group",
            kind="text",
            meaning="group in rotating outages; empty for critical feeders",
            required=False,
        ),
        _IN_SERVICE,
    ),
)
CUSTOMERS = TableSchema(
    name="customers",
    meaning="customers of each feeder by class",
    key=("feeder", "customer_class"),
    columns=(
        Column(name="feeder", kind="id", meaning="feeder that serves them", references="feeders"),
        Column(
            name="customer_class",
            kind="choice",
            meaning="class of customers",
            choices=CUSTOMER_CLASSES,
        ),
        Column(name="customers", kind="int", meaning="number of customers", minimum=0),
        Column(
            name="demand_share",
            kind="float",
            meaning="share of the feeder's peak demand; the shares of a feeder add up to 1",
            minimum=0,
            maximum=1,
        ),
    ),
    optional=True,
)
IMPORT_ALLOCATION = TableSchema(
    name="import_allocation",
    meaning="what the national system lets all infeeds together import, by month: a triangular "
    "distribution",
    key=("month",),
    columns=(
        Column(name="month", kind="int", meaning="calendar month", minimum=1, maximum=12),
        Column(name="low_mw", kind="float", unit="MW", meaning="least", minimum=0),
        Column(name="likely_mw", kind="float", unit="MW", meaning="most likely", minimum=0),
        Column(name="high_mw", kind="float", unit="MW", meaning="most", minimum=0),
    ),
    optional=True,
)

TABLES: tuple[TableSchema, ...] = (
    DISTRICTS,
    SUBSTATIONS,
    BUSBARS,
    COUPLERS,
    BAYS,
    LINES,
    TRANSFORMERS,
    IMPEDANCES,
    SHUNTS,
    INFEEDS,
    UNITS,
    FEEDERS,
    CUSTOMERS,
    IMPORT_ALLOCATION,
)
"""Every table of a network package, in the order they are read and written."""

ASSET_TABLES: dict[str, str] = {
    "substations": "substation",
    "busbars": "busbar",
    "couplers": "coupler",
    "bays": "bay",
    "lines": "line",
    "transformers": "transformer",
    "impedances": "impedance",
    "shunts": "shunt",
    "infeeds": "infeed",
    "units": "unit",
    "feeders": "feeder",
}
"""Tables whose rows are assets that damage can be reported for, and the word for one of them."""


def table_schema(name: str) -> TableSchema:
    """The declaration of the table ``name``; KeyError if there is none."""
    for schema in TABLES:
        if schema.name == name:
            return schema
    raise KeyError(name)
