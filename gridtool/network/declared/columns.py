"""Columns that several tables share."""

from __future__ import annotations

from gridtool.formats.schema import Column

__all__ = ["ID", "IN_SERVICE", "busbar_column"]

ID = Column(name="id", kind="id", meaning="unique over all tables of the network")
IN_SERVICE = Column(
    name="in_service",
    kind="bool",
    meaning="false: out of service when intact",
    required=False,
    default=True,
)


def busbar_column(name: str, meaning: str) -> Column:
    """A column that names a busbar section."""
    return Column(name=name, kind="id", meaning=meaning, references="busbars")
