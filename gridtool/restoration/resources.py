"""Crews and spares from a resources folder.

A resources folder holds ``crews.csv`` and, where repairs need spares, ``spares.csv`` and
``arrivals.csv``; the tables are declared in :mod:`gridtool.restoration.tables`.
"""

from __future__ import annotations

from gridtool.restoration.read import read_resources
from gridtool.restoration.tables import ARRIVALS, CREWS, RESOURCE_TABLES, SPARES

__all__ = ["ARRIVALS", "CREWS", "RESOURCE_TABLES", "SPARES", "read_resources"]
