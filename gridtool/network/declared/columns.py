"""Columns that several tables share."""

from __future__ import annotations

from gridtool.formats.schema import Column

__all__ = ["ID", "IN_SERVICE", "OUTAGES", "busbar_column"]

ID = Column(name="id", kind="id", meaning="unique over all tables of the network")
IN_SERVICE = Column(
    name="in_service",
    kind="bool",
    meaning="false: out of service when intact",
    required=False,
    default=True,
)
OUTAGES = (
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
)
"""Forced outages of what is up or down."""


def busbar_column(name: str, meaning: str) -> Column:
    """A column that names a busbar section."""
    return Column(name=name, kind="id", meaning=meaning, references="busbars")
