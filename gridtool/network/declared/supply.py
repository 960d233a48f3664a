"""Infeeds, generating units and what may be imported."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.network.declared.columns import ID, IN_SERVICE, OUTAGES, busbar_column

__all__ = ["IMPORT_ALLOCATION", "INFEEDS", "UNITS"]

INFEEDS = TableSchema(
    name="infeeds",
    meaning="connections to the national system, each with an explicit limit",
    key=("id",),
    columns=(
        ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        busbar_column("busbar", "section it feeds"),
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
        IN_SERVICE,
    ),
    optional=True,
)
UNITS = TableSchema(
    name="units",
    meaning="generating units in the city",
    key=("id",),
    columns=(
        ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        busbar_column("busbar", "section it feeds"),
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
        *OUTAGES,
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
        IN_SERVICE,
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
