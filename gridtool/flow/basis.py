"""One optimal basis of a shed program as affine functions of the parameters.

The parameters are theta = (1, demand factor, import limit, rating of each source). They enter
only right-hand sides and bounds, so a basis that is optimal for one theta stays dual feasible
for all: it is optimal wherever its primal values keep their bounds, and there everything is
affine in theta (Gal & Nedoma, "Multiparametric linear programming", Management Science 18,
1972).
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from gridtool.flow.lp import LpResult
from gridtool.flow.program import ShedProgram
from gridtool.flow.tally import tally

__all__ = ["CONSTANT", "FACTOR", "FIRST_SOURCE", "IMPORT", "AffineBasis", "BasisMaker"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONSTANT, FACTOR, IMPORT, FIRST_SOURCE = 0, 1, 2, 3
"""Places of the parameters in theta."""

_BASIC = int(highspy.HighsBasisStatus.kBasic)
_UPPER = int(highspy.HighsBasisStatus.kUpper)
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

    def __init__(self, program: ShedProgram) -> None:
        self.program = program
        reduced = program.reduced
        self.parameters = FIRST_SOURCE + program.sources
        everything = np.arange(len(reduced.branch))
        self._branches = program.branch_rows(everything) if len(everything) else None
        self._capped = np.flatnonzero(np.isfinite(reduced.terminal_cap_mw))

    def make(self, result: LpResult, column_status: IntArray, row_status: IntArray) -> AffineBasis:
        """The affine functions of the basis that ended ``result``.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the basis is singular.
        """
        columns = self._columns(result, column_status, row_status)
        columns[np.abs(columns) < _NEGLIGIBLE] = 0.0
        shed = self._shed(columns)
        balanced = row_status[: self.program.reduced.islands] != _BASIC
        conditions = np.concatenate(
            [self._conditions(columns, shed), *self._balance(columns, ~balanced)]
        )
        return AffineBasis(rows=_essential(conditions), shed=shed)

    def _balance(self, columns: FloatArray, loose: npt.NDArray[np.bool_]) -> list[FloatArray]:
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
        upper[program.sources :, FACTOR] = np.concatenate(
            [program.uniform_max_mw, program.demand_mw]
        )
        return upper

    def _columns(
        self, result: LpResult, column_status: IntArray, row_status: IntArray
    ) -> FloatArray:
        """All columns as functions of theta (columns, P)."""
        basic = column_status == _BASIC
        tight = np.flatnonzero(row_status != _BASIC)
        # A column whose bounds coincide in this hour (a source that is out) may stand at either;
        # the sign of its reduced cost says which is optimal when they part.
        reduced_cost = self.program.price - result.duals @ result.rows.matrix
        at_upper = np.where(
            np.abs(reduced_cost) > _NEGLIGIBLE, reduced_cost < 0.0, column_status == _UPPER
        )
        columns = np.where((at_upper & ~basic)[:, None], self._upper_bounds(), 0.0)
        matrix = result.rows.matrix[tight]
        right = np.zeros((len(tight), self.parameters))
        for place, row in enumerate(tight.tolist()):
            if result.names[row][0] == "import":
                right[place, IMPORT] = 1.0
                continue
            side = result.rows.upper if row_status[row] == _UPPER else result.rows.lower
            if not np.isfinite(side[row]).all():
                side = result.rows.lower if side is result.rows.upper else result.rows.upper
            right[place, [CONSTANT, FACTOR]] = side[row]
        right -= matrix[:, ~basic] @ columns[~basic]
        columns[basic] = np.linalg.solve(matrix[:, basic], right)
        return columns

    def _shed(self, columns: FloatArray) -> FloatArray:
        first = self.program.sources + self.program.uniform
        shed: FloatArray = (
            columns[first:] + self.program.share @ columns[self.program.sources : first]
        )
        return shed

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


def _essential(rows: FloatArray) -> FloatArray:
    """Rows scaled to slope 1, of parallel ones the tightest only, trivial ones dropped."""
    rows = np.where(np.abs(rows) < _NEGLIGIBLE_MW, 0.0, rows)
    slope = np.abs(rows[:, 1:]).max(axis=1, initial=0.0)
    rows = rows[slope > 0.0] / slope[slope > 0.0, None]
    key = np.round(rows[:, 1:], 9) + 0.0
    order = np.lexsort((rows[:, CONSTANT], *key.T))
    rows, key = rows[order], key[order]
    fresh = np.ones(len(rows), dtype=np.bool_)
    fresh[1:] = np.any(key[1:] != key[:-1], axis=1)
    return rows[fresh]
