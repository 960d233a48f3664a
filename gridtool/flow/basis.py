"""One optimal basis of a shed program as affine functions of the parameters.

The parameters are theta = (1, demand factor, import limit, rating of each source). They enter
only right-hand sides and bounds, so a basis that is optimal for one theta stays dual feasible
for all: it is optimal wherever its primal values keep their bounds, and there everything is
affine in theta (Gal & Nedoma, "Multiparametric linear programming", Management Science 18,
1972).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.lp import LpResult, bounds_at
from gridtool.flow.program import ShedProgram
from gridtool.flow.tally import tally

__all__ = [
    "CONSTANT",
    "FACTOR",
    "FIRST_SOURCE",
    "IMPORT",
    "LARGEST_FACTOR",
    "VIOLATION_MW",
    "AffineBasis",
    "BasisMaker",
    "violable",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CONSTANT, FACTOR, IMPORT, FIRST_SOURCE = 0, 1, 2, 3
"""Places of the parameters in theta."""

VIOLATION_MW = 1e-8
"""A row this far below zero still counts as kept."""
LARGEST_FACTOR = 10.0
"""Demand factors beyond this are refused: bases are cut to what lies below."""
_NEGLIGIBLE = 1e-11
_NEGLIGIBLE_MW = 1e-9  # rounding left in the slack of a tight row


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineBasis:
    """``rows @ theta >= 0`` is where the basis is optimal; ``shed @ theta`` the shed there.

    ``rows`` is (R, P), ``shed`` (S, P) by cell of the program, MW.
    """

    rows: FloatArray
    shed: FloatArray


class BasisMaker:
    """Turns optimal bases of one program into affine functions."""

    def __init__(
        self, program: ShedProgram, *, rating_mw: FloatArray, import_max_mw: float
    ) -> None:
        self.program = program
        self.rating_mw = rating_mw
        self.import_max_mw = import_max_mw
        reduced = program.reduced
        self.parameters = FIRST_SOURCE + program.sources
        everything = np.arange(len(reduced.branch))
        self._branches = program.branch_rows(everything) if len(everything) else None
        self._upper = self._upper_bounds()
        self._box = self._possible()
        self._capped = np.flatnonzero(np.isfinite(reduced.terminal_cap_mw))

    def make(
        self, result: LpResult, basic: tuple[BoolArray, BoolArray], theta: FloatArray
    ) -> AffineBasis:
        """The affine functions of the basis that ended ``result``.

        Parameters
        ----------
        basic
            Which columns and which rows are basic.
        theta : (P,)
            Parameters of the hour that was solved.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the basis is singular.
        """
        columns = self._columns(result, basic, theta)
        columns[np.abs(columns) < _NEGLIGIBLE] = 0.0
        shed = self.program.shed_by_cell(columns)
        loose = basic[1][: self.program.reduced.islands]
        conditions = np.concatenate(
            [self._conditions(columns, shed), *self._balance(columns, loose)]
        )
        return AffineBasis(rows=_essential(conditions, self._box), shed=shed)

    def _possible(self) -> FloatArray:
        """Least and greatest value that each parameter may ever have (2, P)."""
        box = np.zeros((2, self.parameters))
        box[:, CONSTANT] = 1.0
        box[1, FACTOR] = LARGEST_FACTOR
        box[1, FIRST_SOURCE:] = self.rating_mw
        box[1, IMPORT] = self.import_max_mw
        return box

    def _balance(self, columns: FloatArray, loose: BoolArray) -> list[FloatArray]:
        """Balance of islands whose row is basic: it holds by chance, as where nothing is wanted."""
        rows = self.program.balance_rows()
        missing = rows.matrix[loose] @ columns
        missing[:, FACTOR] -= rows.lower[loose, 1]
        return [missing, -missing]

    def _upper_bounds(self) -> FloatArray:
        program = self.program
        upper = np.zeros((program.columns, self.parameters))
        sources = np.arange(program.sources)
        upper[sources, FIRST_SOURCE + sources] = 1.0
        uniform, zones = program.uniform_bounds()
        upper[program.sources :, FACTOR] = np.concatenate([uniform, program.demand_mw, zones])
        return upper

    def _columns(
        self, result: LpResult, basic: tuple[BoolArray, BoolArray], theta: FloatArray
    ) -> FloatArray:
        """All columns as functions of theta (columns, P)."""
        basic_columns, basic_rows = basic
        # Where the bounds of a column coincide in this hour (a source that is out) it may stand
        # at either: the sign of its reduced cost says which is optimal when they part.
        reduced_cost = self.program.price - result.duals @ result.rows.matrix
        upper = self._upper @ theta
        at_upper = np.where(upper > 0.0, result.columns > 0.5 * upper, reduced_cost < 0.0)
        columns = np.where((at_upper & ~basic_columns)[:, None], self._upper, 0.0)
        matrix = result.rows.matrix[~basic_rows]
        right = self._tight_bounds(result, np.flatnonzero(~basic_rows), theta)
        right -= matrix[:, ~basic_columns] @ columns[~basic_columns]
        columns[basic_columns] = np.linalg.solve(matrix[:, basic_columns], right)
        return columns

    def _tight_bounds(self, result: LpResult, tight: IntArray, theta: FloatArray) -> FloatArray:
        """The bound that each tight row stands at (rows, P): the nearer one."""
        lower, upper = (bound[tight] for bound in bounds_at(result.rows, float(theta[FACTOR])))
        activity = result.rows.matrix[tight] @ result.columns
        at_upper = upper - activity < activity - lower
        at_upper |= (lower == upper) & (result.duals[tight] < 0.0)
        right = np.zeros((len(tight), self.parameters))
        right[:, [CONSTANT, FACTOR]] = np.where(
            at_upper[:, None], result.rows.upper[tight], result.rows.lower[tight]
        )
        imports = [place for place, row in enumerate(tight) if result.names[row][0] == "import"]
        right[imports] = 0.0
        right[imports, IMPORT] = 1.0
        return right

    def _conditions(self, columns: FloatArray, shed: FloatArray) -> FloatArray:
        """Everything that has to stay non-negative (rows, P)."""
        program, reduced = self.program, self.program.reduced
        generation = columns[: program.sources]
        headroom = -generation
        sources = np.arange(program.sources)
        headroom[sources, FIRST_SOURCE + sources] += 1.0
        served = -shed
        served[:, FACTOR] += program.demand_mw
        imported = -generation[reduced.source_infeed].sum(axis=0, keepdims=True)
        imported[:, IMPORT] += 1.0
        blocks = [headroom, columns, served, imported, self._cap_slack(served)]
        if self._branches is not None:
            flow = self._branches.matrix @ columns
            below, above = -self._branches.lower, self._branches.upper
            for sign, bound in ((1.0, below), (-1.0, above)):
                slack = sign * flow
                slack[:, [CONSTANT, FACTOR]] += bound
                blocks.append(slack)
        return np.concatenate(blocks)

    def _cap_slack(self, served: FloatArray) -> FloatArray:
        terminals = len(self.program.reduced.terminal_core)
        total = np.stack(
            [tally(self.program.terminal, column, terminals) for column in served.T], axis=1
        )
        slack = -total[self._capped]
        slack[:, CONSTANT] += self.program.reduced.terminal_cap_mw[self._capped]
        return slack


def _essential(rows: FloatArray, box: FloatArray) -> FloatArray:
    """Rows that something within ``box`` violates, scaled to slope 1, the tightest of parallels."""
    rows = violable(np.where(np.abs(rows) < _NEGLIGIBLE_MW, 0.0, rows), box)
    slope = np.abs(rows[:, 1:]).max(axis=1, initial=0.0)
    rows = rows[slope > 0.0] / slope[slope > 0.0, None]
    # Parallel rows are found by one number each: a fixed, arbitrary combination of their slopes.
    key = np.round(rows[:, 1:] @ np.sqrt(np.arange(2.0, rows.shape[1] + 1.0)), 9)
    order = np.lexsort((rows[:, CONSTANT], key))
    rows, key = rows[order], key[order]
    fresh = np.ones(len(rows), dtype=np.bool_)
    parallel = np.abs(rows[1:, 1:] - rows[:-1, 1:]).max(axis=1, initial=0.0) < _NEGLIGIBLE_MW
    fresh[1:] = ~parallel | (key[1:] != key[:-1])
    return rows[fresh]


def violable(rows: FloatArray, box: FloatArray) -> FloatArray:
    """Those of ``rows`` (R, P) that are negative somewhere in the box (2, P) of parameters."""
    least = np.maximum(rows, 0.0) @ box[0] + np.minimum(rows, 0.0) @ box[1]
    kept: FloatArray = rows[least < -VIOLATION_MW]
    return kept
