"""The tables of a network package, with units; ``networks/README.md`` is tested against this."""

from __future__ import annotations

from gridtool.formats.schema import TableSchema
from gridtool.network.declared.branches import IMPEDANCES, LINES, SHUNTS, TRANSFORMERS
from gridtool.network.declared.demand import CUSTOMER_CLASSES, CUSTOMERS, FEEDERS
from gridtool.network.declared.sites import (
    BAYS,
    BUSBARS,
    COUPLERS,
    DISTRICTS,
    SUBSTATION_KINDS,
    SUBSTATIONS,
)
from gridtool.network.declared.storage import STORAGES
from gridtool.network.declared.supply import IMPORT_ALLOCATION, INFEEDS, UNITS

__all__ = ["ASSET_TABLES", "CUSTOMER_CLASSES", "SUBSTATION_KINDS", "TABLES", "table_schema"]

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
    STORAGES,
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
    "storages": "storage",
    "feeders": "feeder",
}
"""Tables whose rows are assets that damage can be reported for, and the word for one of them."""


def table_schema(name: str) -> TableSchema:
    """The declaration of the table ``name``; KeyError if there is none."""
    for schema in TABLES:
        if schema.name == name:
            return schema
    raise KeyError(name)
