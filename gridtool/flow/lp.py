"""The shed program solved by HiGHS, its rows added where a solution violates them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.errors import AnalysisError
from gridtool.flow.program import Rows, ShedProgram, stack_rows
from gridtool.flow.tally import tally

__all__ = ["LpResult", "LpSolver", "bounds_at", "dual_bound", "first_rows", "violated_rows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_ROW_TOLERANCE_MW = 1e-8
_MAX_ROUNDS = 200
_DUAL_TOLERANCE = 2e-10
_DONE = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)
_DUAL_SIMPLEX, _PRIMAL_SIMPLEX = 1, 4  # HiGHS's simplex_strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class LpResult:
    """Optimal columns, the rows in the end, and their duals.

    ``objective`` is the price of all sheds and ``bound`` the lower bound that the duals prove,
    both recomputed from the numbers.
    """

    columns: FloatArray
    rows: Rows
    names: tuple[tuple[str, int], ...]
    duals: FloatArray
    objective: float
    bound: float


class LpSolver:
    """One HiGHS model: passed anew for a new program, else re-solved warm with new bounds.

    Rows that a solution violates are added and stay for later solves of the same program.
    """

    def __init__(self) -> None:
        self._highs = highspy.Highs()
        options = {
            "output_flag": False,
            "threads": 1,
            "solver": "simplex",
            "presolve": "off",
            "random_seed": 0,
            "dual_simplex_cost_perturbation_multiplier": 0.0,  # prices are distinct already
            "primal_feasibility_tolerance": 1e-9,
            "dual_feasibility_tolerance": 1e-10,
        }
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        self._program: ShedProgram | None = None
        self._rows: Rows | None = None
        self._names: list[tuple[str, int]] = []

    def solve(
        self,
        program: ShedProgram,
        rating_mw: FloatArray,
        *,
        factor: float = 1.0,
        import_limit_mw: float = np.inf,
        branches: IntArray | None = None,
        again: bool = False,
    ) -> LpResult:
        """The least-cost dispatch of ``program`` at a demand factor.

        ``branches`` are core branches whose limits a new program starts with, a guess of those
        that bind. ``again`` says that ``program`` only adds zones to the one solved before, at
        the same parameters: its columns are added to the model, which is re-solved warm.

        Raises
        ------
        AnalysisError
            If HiGHS finds no optimum, which would be an error in the program: shedding
            everything is always possible.
        """
        upper = program.upper_bounds(rating_mw, factor)
        if program is self._program and self._rows is not None:
            rows = self._move(self._rows, upper, factor, import_limit_mw)
        elif again and self._rows is not None:
            rows = self._widen(program, self._rows, upper)
        else:
            rows, self._names = first_rows(
                program, factor=factor, import_limit_mw=import_limit_mw, branches=branches
            )
            self._pass(program.price, upper, rows, factor)
        self._program = None  # until this solve has ended well
        for _ in range(_MAX_ROUNDS):
            columns, duals = self._run()
            added, names = violated_rows(program, columns, set(self._names), factor=factor)
            if added is None:
                break
            self._add(added, factor)
            rows = stack_rows([rows, added])
            self._names = self._names + names
        else:
            raise AnalysisError(f"the dispatch needed more than {_MAX_ROUNDS} rounds of rows")
        self._program, self._rows = program, rows
        return LpResult(
            columns=columns,
            rows=rows,
            names=tuple(self._names),
            duals=duals,
            objective=float(program.price @ columns),
            bound=dual_bound(program.price, upper, rows, duals, factor=factor),
        )

    def _move(self, rows: Rows, upper: FloatArray, factor: float, import_limit_mw: float) -> Rows:
        """``rows`` with this hour's bounds, which are given to HiGHS."""
        if ("import", 0) in self._names:
            rows = rows.with_upper(self._names.index(("import", 0)), import_limit_mw)
        everything = np.arange(len(upper), dtype=np.int32)
        self._highs.changeColsBounds(len(upper), everything, np.zeros(len(upper)), upper)
        lower, higher = bounds_at(rows, factor)
        everything = np.arange(len(lower), dtype=np.int32)
        self._highs.changeRowsBounds(len(lower), everything, lower, higher)
        return rows

    def _widen(self, program: ShedProgram, rows: Rows, upper: FloatArray) -> Rows:
        """``rows`` with the columns that ``program`` has more, which are given to HiGHS."""
        known = rows.matrix.shape[1]
        local = rows.matrix[:, program.local]
        zones = known - program.local.stop
        added = local @ program.zone_share[:, zones:]
        starts, index, value = _by_rows(added.T)
        self._highs.addCols(
            added.shape[1],
            program.price[known:],
            np.zeros(added.shape[1]),
            upper[known:],
            len(index),
            starts[:-1],
            index,
            value,
        )
        self._highs.setOptionValue("simplex_strategy", _PRIMAL_SIMPLEX)
        return replace(rows, matrix=np.concatenate([rows.matrix, added], axis=1))

    def basis(self) -> tuple[BoolArray, BoolArray]:
        """Which columns and which rows are basic in the last optimal basis."""
        assert self._rows is not None
        _, members = self._highs.getBasicVariables()
        found = np.asarray(members)
        basic_columns = np.zeros(self._rows.matrix.shape[1], dtype=np.bool_)
        basic_rows = np.zeros(self._rows.matrix.shape[0], dtype=np.bool_)
        basic_columns[found[found >= 0]] = True
        basic_rows[-1 - found[found < 0]] = True
        return basic_columns, basic_rows

    def _pass(self, price: FloatArray, upper: FloatArray, rows: Rows, factor: float) -> None:
        model = highspy.HighsLp()
        model.num_col_ = len(price)
        model.num_row_ = len(rows.matrix)
        model.col_cost_ = price
        model.col_lower_ = np.zeros(len(price))
        model.col_upper_ = upper
        model.row_lower_, model.row_upper_ = bounds_at(rows, factor)
        starts, index, value = _by_rows(rows.matrix)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = starts
        model.a_matrix_.index_ = index
        model.a_matrix_.value_ = value
        self._highs.passModel(model)

    def _add(self, rows: Rows, factor: float) -> None:
        starts, index, value = _by_rows(rows.matrix)
        lower, upper = bounds_at(rows, factor)
        self._highs.addRows(len(lower), lower, upper, len(index), starts[:-1], index, value)

    def _is_exact(self) -> bool:
        """Whether the last run ended with an optimum that may be taken at its word.

        A warm restart may end without one and with a stale objective, and "optimal" may leave
        reduced costs of the wrong sign larger than the tolerance: larger than the price steps
        that make the split of the shed unique. Then a cold start follows, and at last the
        primal simplex; whatever is left shows in the gap of the certificate.
        """
        if self._highs.getModelStatus() not in _DONE:
            return False
        return bool(self._highs.getInfo().max_dual_infeasibility <= _DUAL_TOLERANCE)

    def _run(self) -> tuple[FloatArray, FloatArray]:
        self._highs.run()
        for strategy in (_DUAL_SIMPLEX, _PRIMAL_SIMPLEX):
            if self._is_exact():
                break
            self._highs.clearSolver()
            self._highs.setOptionValue("simplex_strategy", strategy)
            self._highs.run()
        self._highs.setOptionValue("simplex_strategy", _DUAL_SIMPLEX)
        if self._highs.getModelStatus() not in _DONE:
            word = self._highs.modelStatusToString(self._highs.getModelStatus())
            raise AnalysisError(f"the dispatch LP ended with status {word!r}, cold starts included")
        solution = self._highs.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)


def first_rows(
    program: ShedProgram,
    *,
    factor: float,
    import_limit_mw: float,
    branches: IntArray | None = None,
) -> tuple[Rows, list[tuple[str, int]]]:
    """Rows a program starts with: balance, import, caps below the demand, likely limits."""
    blocks = [program.balance_rows()]
    names = [("island", i) for i in range(program.reduced.islands)]
    if np.isfinite(import_limit_mw):
        blocks.append(program.import_row(import_limit_mw))
        names.append(("import", 0))
    wanted = tally(program.terminal, program.demand_mw, len(program.reduced.terminal_cap_mw))
    capped = np.flatnonzero(wanted * factor > program.reduced.terminal_cap_mw)
    if len(capped):
        blocks.append(program.cap_rows(capped))
        names += [("cap", int(t)) for t in capped]
    if branches is not None and len(branches):
        blocks.append(program.branch_rows(branches))
        names += [("branch", int(m)) for m in branches]
    return stack_rows(blocks), names


def violated_rows(
    program: ShedProgram, columns: FloatArray, known: set[tuple[str, int]], *, factor: float
) -> tuple[Rows | None, list[tuple[str, int]]]:
    """Rows that ``columns`` violate and that are not in the program yet."""
    shed = program.shed_by_cell(columns)
    reduced = program.reduced
    served = tally(program.terminal, factor * program.demand_mw - shed, len(reduced.terminal_core))
    flow = program.core.flows(served, columns[: program.sources])
    over = np.flatnonzero(np.abs(flow) > reduced.limit_mw + _ROW_TOLERANCE_MW)
    beyond = np.flatnonzero(shed > factor * program.demand_mw + _ROW_TOLERANCE_MW)
    taken = np.flatnonzero(served > reduced.terminal_cap_mw + _ROW_TOLERANCE_MW)
    caps = [int(t) for t in taken if ("cap", int(t)) not in known]
    branches = [int(m) for m in over if ("branch", int(m)) not in known]
    cells = [int(n) for n in beyond if ("cell", int(n)) not in known]
    blocks = []
    if branches:
        blocks.append(program.branch_rows(np.array(branches)))
    if cells:
        blocks.append(program.cell_rows(np.array(cells)))
    if caps:
        blocks.append(program.cap_rows(np.array(caps)))
    names = [("branch", m) for m in branches] + [("cell", n) for n in cells]
    names += [("cap", t) for t in caps]
    return (stack_rows(blocks) if blocks else None), names


def dual_bound(
    price: FloatArray, upper: FloatArray, rows: Rows, duals: FloatArray, *, factor: float
) -> float:
    """Lower bound on the price of all sheds, by weak duality, for any ``duals``.

    A dual of the wrong sign for a one-sided row is set to zero: the bound is then weaker, but
    always true.
    """
    low, high = bounds_at(rows, factor)
    right = np.where(duals > 0.0, low, high)
    usable = np.isfinite(right)
    multiplier = np.where(usable, duals, 0.0)
    reduced_cost = price - multiplier @ rows.matrix
    return float(multiplier[usable] @ right[usable] + np.minimum(reduced_cost, 0.0) @ upper)


def bounds_at(rows: Rows, factor: float) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of ``rows`` at a demand factor."""
    return (
        rows.lower[:, 0] + factor * rows.lower[:, 1],
        rows.upper[:, 0] + factor * rows.upper[:, 1],
    )


def _by_rows(
    matrix: FloatArray,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], FloatArray]:
    row, column = np.nonzero(matrix)
    starts = np.zeros(len(matrix) + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=len(matrix)), out=starts[1:])
    return starts, column.astype(np.int32), matrix[row, column]
