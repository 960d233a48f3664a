"""Feeders and their customers."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.network.declared.columns import ID, IN_SERVICE, busbar_column

__all__ = ["CUSTOMERS", "CUSTOMER_CLASSES", "FEEDERS"]

CUSTOMER_CLASSES = (
    "household",
    "commercial",
    "industry",
    "transport",
    "water",
    "heat",
    "hospital",
)

FEEDERS = TableSchema(
    name="feeders",
    meaning="feeders: the smallest part that can be switched off",
    key=("id",),
    columns=(
        ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        busbar_column("busbar", "section it starts from"),
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
        IN_SERVICE,
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
