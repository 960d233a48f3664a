"""Columns and rows collected one by one into the sparse arrays that HiGHS takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import highspy
import numpy as np
import numpy.typing as npt

__all__ = ["Block", "BlockBuilder", "quiet_highs"]

FloatArray = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Columns with bounds and R rows over them, row-wise sparse.

    Attributes
    ----------
    lower, upper : (N,)
    integer : (N,) bool
    row_lower, row_upper : (R,)
    starts : (R + 1,) int
    index, value : (nonzeros,)
    """

    lower: FloatArray
    upper: FloatArray
    integer: npt.NDArray[np.bool_]
    row_lower: FloatArray
    row_upper: FloatArray
    starts: Int32Array
    index: Int32Array
    value: FloatArray

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.lower)

    def add_to(self, highs: highspy.Highs, *, price: FloatArray) -> int:
        """Add the columns, at ``price`` (N,), and the rows; the position of the first column."""
        first = int(highs.getNumCol())
        count = self.columns
        highs.addVars(count, self.lower, self.upper)
        columns = np.arange(first, first + count, dtype=np.int32)
        highs.changeColsCost(count, columns, price)
        whole = columns[self.integer]
        kinds = np.full(len(whole), highspy.HighsVarType.kInteger)
        highs.changeColsIntegrality(len(whole), whole, kinds)
        highs.addRows(
            len(self.row_lower),
            self.row_lower,
            self.row_upper,
            len(self.index),
            self.starts[:-1],
            self.index + np.int32(first),
            self.value,
        )
        return first


@dataclass
class BlockBuilder:
    """A block being built. Terms of a row are (column, coefficient) pairs."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def column(self, lower: float, upper: float, *, integer: bool = False) -> int:
        """A new column; its position."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.lower) - 1

    def row(self, lower: float, upper: float, *, terms: Iterable[tuple[int, float]]) -> None:
        """A new row; coefficients of a column named twice are added."""
        summed: dict[int, float] = {}
        for column, coefficient in terms:
            summed[column] = summed.get(column, 0.0) + coefficient
        for column, coefficient in summed.items():
            if coefficient != 0.0:
                self.index.append(column)
                self.value.append(coefficient)
        self.starts.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def finish(self) -> Block:
        """The block."""
        return Block(
            lower=np.array(self.lower, dtype=np.float64),
            upper=np.array(self.upper, dtype=np.float64),
            integer=np.array(self.integer, dtype=np.bool_),
            row_lower=np.array(self.row_lower, dtype=np.float64),
            row_upper=np.array(self.row_upper, dtype=np.float64),
            starts=np.array(self.starts, dtype=np.int32),
            index=np.array(self.index, dtype=np.int32),
            value=np.array(self.value, dtype=np.float64),
        )


def quiet_highs(**options: float | str | bool) -> highspy.Highs:
    """A silent solver on one thread with a fixed seed, further ``options`` set."""
    highs = highspy.Highs()
    settings = {"output_flag": False, "threads": 1, "random_seed": 0} | options
    for name, value in settings.items():
        highs.setOptionValue(name, value)
    return highs
