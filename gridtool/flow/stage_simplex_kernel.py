"""Compiled: a bounded simplex on a dense tableau, for programs of few rows and many columns.

Minimise the cost of columns between 0 and ``upper``, subject to rows ``a x + z = b`` with a
logical column ``z`` each, also between 0 and its upper bound. Bounds and right-hand sides are
``constant + slope * f``; so is the tableau's right-hand side, and a basis can be asked for any
f. Rows and columns are added as they are needed. A caller that relies on an optimum recomputes
it from the rows: see :mod:`gridtool.flow.stage_solve_kernel`.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "BASIC",
    "LOWER",
    "UPPER",
    "Tableau",
    "add_column",
    "add_row",
    "basic_values",
    "column_values",
    "copy_tableau",
    "dual_steps",
    "empty_tableau",
    "primal_steps",
    "turn_columns",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Tableau = tuple[
    FloatArray, FloatArray, FloatArray, FloatArray, IntArray, IntArray, IntArray, FloatArray
]
"""Body (R, N) and right-hand side (R, 2) by basic column, reduced costs (N,), upper bounds
(N, 2), basic column of each row (R,), place of each column (N,), rows used (1,), and the rows as
they were added (R, N + 2), right-hand side last. The last R columns are logical."""

LOWER, UPPER, BASIC = 0, 1, 2
_PIVOT = 1e-9
_FEASIBLE_MW = 1e-9
_COST = 1e-11
_MOST_STEPS = 400


@numba.njit(cache=True)
def empty_tableau(cost: FloatArray, upper: FloatArray, rows: int) -> Tableau:
    """A tableau without rows, for columns of these costs (n,) >= 0 and upper bounds (n, 2)."""
    columns = cost.shape[0] + rows
    reduced_cost, bound = np.zeros(columns), np.zeros((columns, 2))
    reduced_cost[: cost.shape[0]] = cost
    bound[: cost.shape[0]] = upper
    return (
        np.zeros((rows, columns)),
        np.zeros((rows, 2)),
        reduced_cost,
        bound,
        np.zeros(rows, np.int64),
        np.zeros(columns, np.int64),
        np.zeros(1, np.int64),
        np.zeros((rows, columns + 2)),
    )


@numba.njit(cache=True)
def copy_tableau(tableau: Tableau) -> Tableau:
    """The same tableau, to go on with apart."""
    body, right, reduced_cost, upper, basis, place, size, raw = tableau
    return (
        body.copy(),
        right.copy(),
        reduced_cost.copy(),
        upper.copy(),
        basis.copy(),
        place.copy(),
        size.copy(),
        raw.copy(),
    )


@numba.njit(cache=True)
def turn_columns(tableau: Tableau, f: float) -> None:
    """Set columns to the bound that their reduced cost asks for, where they had no room before."""
    _, _, reduced_cost, upper, _, place, _, _ = tableau
    for j in range(place.shape[0]):
        if place[j] != BASIC and 0.0 < upper[j, 0] + f * upper[j, 1] < np.inf:
            if reduced_cost[j] < -_COST:
                place[j] = UPPER
            elif reduced_cost[j] > _COST:
                place[j] = LOWER


@numba.njit(cache=True)
def basic_values(tableau: Tableau, f: float) -> FloatArray:
    """Values of the basic columns at ``f``, by row."""
    body, right, _, upper, _, place, size, _ = tableau
    count = size[0]
    value = right[:count, 0] + f * right[:count, 1]
    for j in range(place.shape[0]):
        if place[j] == UPPER:
            bound = upper[j, 0] + f * upper[j, 1]
            if bound != 0.0:
                for r in range(count):
                    value[r] -= body[r, j] * bound
    return value


@numba.njit(cache=True)
def column_values(tableau: Tableau, f: float) -> FloatArray:
    """Values of all columns at ``f``."""
    _, _, _, upper, basis, place, size, _ = tableau
    value = np.zeros(place.shape[0])
    for j in range(place.shape[0]):
        if place[j] == UPPER:
            value[j] = upper[j, 0] + f * upper[j, 1]
    value[basis[: size[0]]] = basic_values(tableau, f)
    return value


@numba.njit(cache=True)
def _take_off(table: FloatArray, row: int, other: int, times: float) -> None:
    """Take ``times`` another row off a row: a plain loop makes no table on the way."""
    for j in range(table.shape[1]):
        table[row, j] -= times * table[other, j]


@numba.njit(cache=True)
def add_row(tableau: Tableau, coefficients: FloatArray, right: FloatArray, upper: float) -> bool:
    """Add a row (n,), right-hand side (2,) and upper bound of its logical column, which becomes
    basic; whether there was room."""
    body, transformed, _, bound, basis, place, size, raw = tableau
    r = size[0]
    if r == basis.shape[0]:
        return False
    logical = body.shape[1] - body.shape[0] + r
    raw[r, : coefficients.shape[0]] = coefficients
    raw[r, logical] = 1.0
    raw[r, body.shape[1] :] = right
    body[r] = raw[r, : body.shape[1]]
    transformed[r] = right
    for i in range(r):
        by = raw[r, basis[i]]
        if by != 0.0:
            _take_off(body, r, i, by)
            _take_off(transformed, r, i, by)
    bound[logical, 0] = upper
    basis[r] = logical
    place[logical] = BASIC
    size[0] = r + 1
    return True


@numba.njit(cache=True)
def add_column(
    tableau: Tableau, column: int, parts: tuple[IntArray, FloatArray, FloatArray], terms: FloatArray
) -> None:
    """Fill an unused column with the sum of others.

    ``parts``: the others, their weights and their costs; ``terms``: its own cost, and the slope
    of its upper bound.
    """
    body, _, reduced_cost, upper, _, _, size, raw = tableau
    others, weight, cost = parts
    for r in range(size[0]):
        for k in range(others.shape[0]):
            body[r, column] += weight[k] * body[r, others[k]]
            raw[r, column] += weight[k] * raw[r, others[k]]
    reduced_cost[column] = terms[0]
    for k in range(others.shape[0]):
        reduced_cost[column] -= weight[k] * (cost[k] - reduced_cost[others[k]])
    upper[column, 1] = terms[1]


@numba.njit(cache=True)
def _pivot(tableau: Tableau, r: int, entering: int, leaves_to: int) -> None:
    body, right, reduced_cost, _, basis, place, size, _ = tableau
    by = 1.0 / body[r, entering]
    body[r] *= by
    right[r] *= by
    for i in range(size[0]):
        times = body[i, entering]
        if i != r and times != 0.0:
            _take_off(body, i, r, times)
            body[i, entering] = 0.0
            _take_off(right, i, r, times)
    times = reduced_cost[entering]
    if times != 0.0:
        for j in range(reduced_cost.shape[0]):
            reduced_cost[j] -= times * body[r, j]
        reduced_cost[entering] = 0.0
    place[basis[r]] = leaves_to
    basis[r] = entering
    place[entering] = BASIC


@numba.njit(cache=True)
def _worst_row(tableau: Tableau, value: FloatArray, f: float) -> tuple[int, bool]:
    """The row whose basic column is farthest out of its bounds (-1: none), and if it is below."""
    _, _, _, upper, basis, _, _, _ = tableau
    found, below, worst = -1, False, _FEASIBLE_MW
    for r in range(value.shape[0]):
        over = value[r] - upper[basis[r], 0] - f * upper[basis[r], 1]
        if -value[r] > worst:
            found, below, worst = r, True, -value[r]
        elif over > worst:
            found, below, worst = r, False, over
    return found, below


@numba.njit(cache=True)
def _dual_entering(tableau: Tableau, r: int, sign: float, f: float) -> int:
    """The column that keeps all reduced costs right when row ``r`` leaves; -1: there is none."""
    body, _, reduced_cost, upper, _, place, _, _ = tableau
    found, least = -1, np.inf
    for j in range(place.shape[0]):
        a = sign * body[r, j]
        if place[j] == BASIC or abs(a) < _PIVOT or upper[j, 0] + f * upper[j, 1] <= 0.0:
            continue
        if (place[j] == LOWER) == (a < 0.0):
            ratio = abs(reduced_cost[j] / a)
            tie = ratio <= least + 1e-13 and abs(a) > abs(body[r, found])
            if ratio < least - 1e-13 or tie:
                found, least = j, min(ratio, least)
    return found


@numba.njit(cache=True)
def dual_steps(tableau: Tableau, f: float) -> bool:
    """Bring all columns within their bounds at ``f`` from a basis of right reduced costs.

    False if that does not succeed.
    """
    for _ in range(_MOST_STEPS):
        r, below = _worst_row(tableau, basic_values(tableau, f), f)
        if r < 0:
            return True
        entering = _dual_entering(tableau, r, 1.0 if below else -1.0, f)
        if entering < 0:
            return False
        _pivot(tableau, r, entering, LOWER if below else UPPER)
    return False


@numba.njit(cache=True)
def _primal_entering(tableau: Tableau, f: float) -> int:
    _, _, reduced_cost, upper, _, place, _, _ = tableau
    found, most = -1, _COST
    for j in range(place.shape[0]):
        if place[j] != BASIC and upper[j, 0] + f * upper[j, 1] > 0.0:
            gain = -reduced_cost[j] if place[j] == LOWER else reduced_cost[j]
            if gain > most:
                found, most = j, gain
    return found


@numba.njit(cache=True)
def primal_steps(tableau: Tableau, f: float) -> bool:
    """Bring all reduced costs right from a basis within its bounds; False if that fails."""
    body, _, _, upper, basis, place, _, _ = tableau
    for _ in range(_MOST_STEPS):
        entering = _primal_entering(tableau, f)
        if entering < 0:
            return True
        sign = 1.0 if place[entering] == LOWER else -1.0
        value = basic_values(tableau, f)
        most = upper[entering, 0] + f * upper[entering, 1]
        row = -1
        for r in range(value.shape[0]):
            a = sign * body[r, entering]
            if abs(a) < _PIVOT:
                continue
            room = value[r] if a > 0.0 else upper[basis[r], 0] + f * upper[basis[r], 1] - value[r]
            limit = max(room, 0.0) / abs(a)
            tie = row >= 0 and limit <= most + 1e-12 and abs(a) > abs(body[row, entering])
            if limit < most - 1e-12 or tie:
                row, most = r, min(limit, most)
        if row < 0:
            if most == np.inf:
                return False
            place[entering] = UPPER if place[entering] == LOWER else LOWER
        else:
            _pivot(tableau, row, entering, LOWER if sign * body[row, entering] > 0.0 else UPPER)
    return False
