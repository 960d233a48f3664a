"""Frames as Parquet: the same values always give the same bytes."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridtool.formats.write import to_plain

__all__ = ["arrow_table", "parquet_bytes"]

_ROWS = 1 << 20


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """``frame`` as a Parquet file, without its index unless that has a name.

    Numbers keep their type, times are UTC in microseconds, lists are lists of text, and other
    objects the text that CSV has for them. Neither the time of writing nor the pandas version is
    in the file; the version of the Parquet library is.
    """
    stream = io.BytesIO()
    pq.write_table(
        arrow_table(frame),
        stream,
        compression="zstd",
        row_group_size=_ROWS,
        store_schema=False,
        write_statistics=True,
    )
    return stream.getvalue()


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """``frame`` as an Arrow table without metadata; see :func:`parquet_bytes`."""
    flat = frame.reset_index() if frame.index.name is not None else frame
    names = [str(name) for name in flat.columns]
    return pa.table([_column(flat[name]) for name in flat.columns], names=names)


def _column(values: pd.Series) -> pa.Array:
    kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        moments = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        return pa.array(moments).cast(pa.timestamp("us", tz="UTC"))
    if isinstance(kind, np.dtype) and kind.kind == "M":
        return pa.array(values.to_numpy("datetime64[us]"))
    if isinstance(kind, np.dtype) and kind.kind in "iufb":
        return pa.array(values.to_numpy(), from_pandas=True)
    return _objects(values.tolist())


def _objects(values: list[Any]) -> pa.Array:
    """Values of one kind as that kind, else as text."""
    known = [value for value in values if to_plain(value) is not None]
    if known and all(isinstance(value, datetime) and value.tzinfo for value in known):
        return pa.array([_in_utc(value) for value in values], type=pa.timestamp("us", tz="UTC"))
    plain = [to_plain(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    for kind, stored in _KINDS:
        if kinds and kinds <= kind:
            return pa.array(plain, type=stored)
    if kinds == {list} and all(isinstance(word, str) for value in plain for word in value or ()):
        return pa.array(plain, type=pa.list_(pa.string()))
    texts = [None if value is None else str(value) for value in plain]
    return pa.array(texts, type=pa.string())


def _in_utc(value: Any) -> datetime | None:
    # Pandera sets PYARROW_IGNORE_TIMEZONE: Arrow then takes the wall clock of any offset for UTC.
    return None if to_plain(value) is None else pd.Timestamp(value).to_pydatetime().astimezone(UTC)


_KINDS: tuple[tuple[set[type], pa.DataType], ...] = (
    ({bool}, pa.bool_()),
    ({int}, pa.int64()),
    ({int, float}, pa.float64()),
)
