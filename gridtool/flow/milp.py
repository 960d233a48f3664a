"""Linear and mixed-integer programs: columns and rows collected one by one, and solved by HiGHS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError

__all__ = ["Block", "BlockBuilder", "ProgramBuilder", "Solution", "quiet_highs"]

FloatArray = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
_INTERRUPTS = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
)
_OPTIMAL = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)


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


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Columns, objective and proven upper bound of a maximisation; ``optimal`` if they meet."""

    columns: FloatArray
    objective: float
    bound: float
    optimal: bool


@dataclass
class ProgramBuilder:
    """A linear or mixed-integer maximisation, written column by column and row by row."""

    gain: list[float] = field(default_factory=list)
    block: BlockBuilder = field(default_factory=BlockBuilder)

    @property
    def size(self) -> int:
        """Columns and rows."""
        return len(self.gain) + len(self.block.row_lower)

    def add_column(
        self, lower: float, upper: float, *, gain: float = 0.0, whole: bool = False
    ) -> int:
        """A column; its position."""
        self.gain.append(gain)
        return self.block.column(lower, upper, integer=whole)

    def add_row(self, lower: float, upper: float, terms: Iterable[tuple[int, float]]) -> None:
        """``lower <= sum of value * column <= upper``."""
        self.block.row(lower, upper, terms=terms)

    def model(self, options: Mapping[str, Any]) -> highspy.Highs:
        """The program in HiGHS, one thread and a fixed seed."""
        # HiGHS 1.14 can call a worse solution optimal after presolve (HiGHS issue 2957).
        highs = quiet_highs(**({"presolve": "off"} | dict(options)))
        self.block.finish().add_to(highs, price=np.array(self.gain))
        highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        return highs

    def solve(
        self,
        *,
        start: FloatArray | None = None,
        node_limit: int | None = None,
        time_limit_s: float | None = None,
        gap: float = 1e-6,
        stop: Callable[[], bool] | None = None,
    ) -> Solution:
        """The best solution found; ``start`` may give a first one.

        ``stop`` is asked now and then whether to end with what there is.

        Raises
        ------
        AnalysisError
            If no solution is found.
        """
        options: dict[str, Any] = {"mip_rel_gap": gap, "mip_feasibility_tolerance": 1e-7}
        if node_limit is not None:
            options["mip_max_nodes"] = node_limit
        if time_limit_s is not None:
            options["time_limit"] = time_limit_s
        highs = self.model(options)
        whole = any(self.block.integer)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            highs.setSolution(solution)
        if stop is not None:
            _watch(highs, stop)
        highs.run()
        found = highs.getInfo()
        optimal = highs.getModelStatus() in _OPTIMAL
        if not optimal and not (whole and found.primal_solution_status == 2):
            word = highs.modelStatusToString(highs.getModelStatus())
            raise AnalysisError(f"the load delivery program ended with status {word!r}")
        objective = float(found.objective_function_value)
        return Solution(
            columns=np.array(highs.getSolution().col_value),
            objective=objective,
            bound=float(found.mip_dual_bound) if whole else objective,
            optimal=optimal,
        )


def _watch(highs: highspy.Highs, stop: Callable[[], bool]) -> None:
    """Let HiGHS ask ``stop`` whether to end."""

    def ask(_kind: object, _message: object, _out: object, answer: Any, _user: object) -> None:
        if answer is not None and stop():
            answer.user_interrupt = True

    highs.setCallback(ask, None)
    for kind in _INTERRUPTS:
        highs.startCallback(kind)
