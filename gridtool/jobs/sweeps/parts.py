"""Rows of a sweep as Parquet: the same rows give the same bytes, wherever they are written."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gridtool.whatif.model import ROW_COLUMNS, SweepRow

__all__ = [
    "COMPRESSION",
    "SCHEMA",
    "decode_rows",
    "encode_rows",
    "encode_table",
    "join_tables",
    "list_rows",
]

_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "list<float64>": pa.list_(pa.field("element", pa.float64())),  # as Parquet calls it
}
SCHEMA = pa.schema(
    [
        pa.field(
            column.name, _TYPES[column.kind], nullable=False, metadata={"meaning": column.meaning}
        )
        for column in ROW_COLUMNS
    ]
)
"""Of every file of rows; a column's meaning is in its metadata."""
COMPRESSION = "zstd"


def encode_rows(rows: Sequence[SweepRow]) -> bytes:
    """The rows as the content of a Parquet file."""
    columns = {
        column.name: pa.array([getattr(row, column.name) for row in rows], type=_TYPES[column.kind])
        for column in ROW_COLUMNS
    }
    return encode_table(pa.table(columns, schema=SCHEMA))


def encode_table(table: pa.Table) -> bytes:
    """A table of :data:`SCHEMA` as the content of a Parquet file with one group of rows."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression=COMPRESSION, row_group_size=max(len(table), 1))
    return stream.getvalue()


def decode_rows(content: bytes) -> pa.Table:
    """The table of a Parquet file's content.

    Raises
    ------
    ValueError
        If it is not one of rows of a sweep.
    """
    try:
        table: pa.Table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as problem:
        raise ValueError(str(problem)) from problem
    if not table.schema.equals(SCHEMA):
        raise ValueError("the columns are not those of a sweep's rows")
    return pa.Table.from_arrays(table.columns, schema=SCHEMA)  # without notes of the reader


def list_rows(table: pa.Table) -> list[SweepRow]:
    """The rows of a table of :data:`SCHEMA`."""
    names = [column.name for column in ROW_COLUMNS]
    columns = [
        map(tuple, table[column.name].to_pylist())
        if column.kind == "list<float64>"
        else table[column.name].to_pylist()
        for column in ROW_COLUMNS
    ]
    return [SweepRow(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def join_tables(tables: Iterable[pa.Table]) -> pa.Table:
    """The rows of all the tables, in memory as if they had been one from the beginning."""
    joined: Any = pa.concat_tables(tables).combine_chunks()
    return joined
