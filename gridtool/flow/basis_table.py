"""The rows of all bases known, cut to what the hours of a call can violate."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.flow.basis import AffineBasis, violable

__all__ = ["BasisTable", "grown"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class BasisTable:
    """Rows of all bases that some hour within the box of parameters can violate."""

    def __init__(self, bases: list[AffineBasis], box: FloatArray) -> None:
        self._box = box
        self._rows = np.empty((0, box.shape[1]))
        self._first = np.empty(0, dtype=np.int64)
        self._count = np.empty(0, dtype=np.int64)
        self._size = self._used = 0
        for basis in bases:
            self.add(basis)

    @property
    def bases(self) -> tuple[IntArray, IntArray, FloatArray]:
        """First row and number of rows of each basis, and the rows (R, P)."""
        return self._first[: self._size], self._count[: self._size], self._rows

    def add(self, basis: AffineBasis) -> None:
        """Append ``basis``; the arrays grow by doubling."""
        kept = violable(basis.rows, self._box)
        self._rows = grown(self._rows, self._used + len(kept))
        self._first = grown(self._first, self._size + 1)
        self._count = grown(self._count, self._size + 1)
        self._rows[self._used : self._used + len(kept)] = kept
        self._first[self._size], self._count[self._size] = self._used, len(kept)
        self._size += 1
        self._used += len(kept)


def grown(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """``array`` itself if it is long enough, else a copy with room to spare."""
    if len(array) >= length:
        return array
    longer = np.zeros((max(2 * len(array), length, 64), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
