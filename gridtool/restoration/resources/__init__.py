"""Crews, spares, mobile units and declared repairs from a resources folder.

A resources folder holds ``crews.csv`` and, where there are any, ``spares.csv``, ``arrivals.csv``,
``mobile_units.csv`` and ``repairs.csv``; the tables are declared in
:mod:`gridtool.restoration.resources.tables`.
"""

from __future__ import annotations

from gridtool.restoration.resources.read import read_resources
from gridtool.restoration.resources.tables import (
    ARRIVALS,
    CREWS,
    MOBILE_UNITS,
    REPAIRS,
    RESOURCE_TABLES,
    SPARES,
)

__all__ = [
    "ARRIVALS",
    "CREWS",
    "MOBILE_UNITS",
    "REPAIRS",
    "RESOURCE_TABLES",
    "SPARES",
    "read_resources",
]
