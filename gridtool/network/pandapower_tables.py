"""Whole pandapower tables from columns, with pandapower's own columns and dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["fill_table", "repeated"]


def repeated(word: str, times: int) -> npt.NDArray[np.object_]:
    """A text column of one word."""
    return np.full(times, word, dtype=object)


def fill_table(net: Any, table: str, **columns: Any) -> None:
    """Set ``net[table]`` to ``columns``, with pandapower's own columns and dtypes for the rest."""
    template = net[table]
    size = len(columns["name"])
    filled: dict[str, Any] = {}
    for column, dtype in template.dtypes.items():
        values = columns.pop(str(column), None)
        filled[str(column)] = _typed(values, dtype=dtype, size=size)
    net[table] = pd.DataFrame(filled | columns, index=pd.RangeIndex(size).astype(np.int64))


def _typed(values: Sequence[Any] | None, *, dtype: Any, size: int) -> Any:
    if values is not None:
        return np.asarray(values).astype(dtype)
    if isinstance(dtype, pd.Int64Dtype):
        return pd.array([pd.NA] * size, dtype=dtype)
    empty: Any = {"O": None, "f": np.nan, "b": False}.get(dtype.kind, 0)
    return np.full(size, empty, dtype=dtype)
