"""Frames that follow a table's declaration: every column, in order, in its dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridtool.formats.schema import Column, TableSchema

__all__ = ["empty_frame", "make_frame"]


def make_frame(schema: TableSchema, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame of ``rows`` with the columns and dtypes of ``schema``.

    Missing optional values take their default (NaN, or None for text). A table with a single
    key column is indexed by it.

    Raises
    ------
    KeyError
        If a row has a column that the schema does not, or lacks a required one.
    """
    given = list(rows)
    known = set(schema.names)
    for row in given:
        unknown = set(row) - known
        if unknown:
            raise KeyError(f"{schema.name} has no column {min(unknown)!r}")
    columns = {column.name: _column_values(column, given) for column in schema.columns}
    frame = pd.DataFrame(columns, columns=list(schema.names))
    return frame.set_index(schema.key[0]) if len(schema.key) == 1 else frame


def empty_frame(schema: TableSchema) -> pd.DataFrame:
    """A frame of ``schema`` without rows."""
    return make_frame(schema, ())


def _column_values(column: Column, rows: list[Mapping[str, Any]]) -> Any:
    if column.required:
        values = [row[column.name] for row in rows]
    else:
        values = [row.get(column.name, column.default) for row in rows]
        values = [column.default if value is None else value for value in values]
    if column.kind == "float":
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if column.kind == "int":
        return np.array(values, dtype=np.int64)
    if column.kind == "bool":
        return np.array(values, dtype=np.bool_)
    cells = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        cells[position] = tuple(value or ()) if column.kind == "list" else value
    return cells
