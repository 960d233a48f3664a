"""The small simplex: optima of random programs, rows and columns added, other factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtool.flow.stage_simplex_kernel import (
    add_column,
    add_row,
    column_values,
    dual_steps,
    empty_tableau,
    primal_steps,
)

ROOM = 6


@st.composite
def programs(draw):
    """Costs, upper bounds, and rows ``a x <= b + slope f`` or with ``=``; a point keeps them."""
    random = np.random.Generator(np.random.Philox(draw(st.integers(0, 2**32 - 1))))
    columns, rows = draw(st.integers(2, 12)), draw(st.integers(1, ROOM))
    matrix = random.integers(-3, 4, (rows, columns)).astype(float)
    upper = np.stack([random.integers(0, 9, columns), random.integers(0, 9, columns)], axis=1)
    upper = upper.astype(float)
    equal = random.random(rows) < 0.4
    inside = random.random(columns)  # share of each upper bound, at every factor
    slack = np.where(equal, 0.0, random.integers(0, 5, rows))
    right = (matrix * inside) @ upper
    right[:, 0] += slack
    return random.random(columns), upper, matrix, right, equal


def reference(cost, upper, matrix, right, equal, *, factor):
    bound = right @ [1.0, factor]
    solution = linprog(
        cost,
        A_eq=matrix[equal],
        b_eq=bound[equal],
        A_ub=matrix[~equal],
        b_ub=bound[~equal],
        bounds=[(0.0, top) for top in upper @ [1.0, factor]],
        method="highs-ds",
    )
    assert solution.status == 0
    return solution.fun


def check(tableau, program, *, factor):
    cost, upper, matrix, right, equal = program
    value = column_values(tableau, factor)[: len(cost)]
    assert np.all(value >= -1e-7)
    assert np.all(value <= upper @ [1.0, factor] + 1e-7)
    gap = right @ [1.0, factor] - matrix @ value
    assert np.all(gap >= -1e-7)
    np.testing.assert_allclose(gap[equal], 0.0, atol=1e-7)
    assert cost @ value == pytest.approx(reference(*program, factor=factor), abs=1e-6)


@given(programs(), st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_equals_highs_row_by_row_and_at_another_factor(program, other):
    cost, upper, matrix, right, equal = program
    tableau = empty_tableau(cost, upper, ROOM)
    for r in range(len(matrix)):
        assert add_row(tableau, matrix[r], right[r], 0.0 if equal[r] else np.inf)
        assert dual_steps(tableau, 1.0)
        part = (cost, upper, matrix[: r + 1], right[: r + 1], equal[: r + 1])
        check(tableau, part, factor=1.0)
    assert dual_steps(tableau, other)  # the basis stays dual feasible
    check(tableau, program, factor=other)


@given(programs(), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_cheap_sum_of_columns_enters(program, discount):
    cost, upper, matrix, right, equal = program
    # The last column is empty until it becomes the mean of the first two, cheaper than they.
    wide = [np.append(cost, 0.0), np.append(upper, np.zeros((1, 2)), axis=0)]
    tableau = empty_tableau(*wide, ROOM)
    for r in range(len(matrix)):
        add_row(tableau, np.append(matrix[r], 0.0), right[r], 0.0 if equal[r] else np.inf)
    assert dual_steps(tableau, 1.0)
    price = discount * cost[:2].mean()
    parts = (np.array([0, 1]), np.array([0.5, 0.5]), cost[:2].copy())
    add_column(tableau, len(cost), parts, np.array([price, 3.0]))
    assert primal_steps(tableau, 1.0)
    column = matrix[:, :2].mean(axis=1, keepdims=True)
    check(
        tableau,
        (
            np.append(cost, price),
            np.append(upper, [[0.0, 3.0]], axis=0),
            np.concatenate([matrix, column], axis=1),
            right,
            equal,
        ),
        factor=1.0,
    )


def test_what_cannot_be_is_said():
    tableau = empty_tableau(np.ones(1), np.array([[1.0, 0.0]]), 1)
    assert add_row(tableau, np.array([1.0]), np.array([2.0, 0.0]), 0.0)
    assert not add_row(tableau, np.array([1.0]), np.array([2.0, 0.0]), 0.0)  # no room
    assert not dual_steps(tableau, 1.0)  # 2 of a column that goes to 1
