"""Declared tables as documents: one row per column."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from gridtool.formats.schema import Column, TableSchema
from gridtool.report.tables import NamedTable

__all__ = ["describe_column", "tables_of_schemas"]


def tables_of_schemas(schemas: Iterable[TableSchema]) -> tuple[NamedTable, ...]:
    """One table of columns for each declared table."""
    return tuple(
        NamedTable(
            name=schema.name.replace(" ", "_"),
            title=f"{schema.name}: {schema.meaning}" + (" (optional)" if schema.optional else ""),
            frame=pd.DataFrame([describe_column(column) for column in schema.columns]),
        )
        for schema in schemas
    )


def describe_column(column: Column) -> dict[str, str]:
    """A column in words: type, unit, what is accepted, default, meaning."""
    return {
        "column": column.name,
        "type": column.kind,
        "unit": column.unit,
        "required": "yes" if column.required else "no",
        "default": _default_text(column),
        "accepted": _accepted_text(column),
        "meaning": column.meaning,
    }


def _default_text(column: Column) -> str:
    if column.default is None:
        return ""
    if isinstance(column.default, bool):
        return "true" if column.default else "false"
    return str(column.default)


def _accepted_text(column: Column) -> str:
    bounds = (("at least", column.minimum), ("above", column.above), ("at most", column.maximum))
    parts = [f"{words} {bound:g}" for words, bound in bounds if bound is not None]
    if column.choices:
        parts.append(", ".join(column.choices))
    if column.references:
        parts.append(f"an id of {column.references}")
    return "; ".join(parts)
