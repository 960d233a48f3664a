"""Compiled loops of the DC power flow: sparse LDL' of the nodal matrix, solve, flows.

The factorisation is the up-looking LDL' of T. Davis, "Algorithm 849: a concise sparse Cholesky
factorization package", ACM TOMS 31 (2005); the caller's numbering is the elimination order.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["branch_flows", "factorise", "sensitivities", "solve"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Factor = tuple[IntArray, IntArray, FloatArray, FloatArray]


@numba.njit(cache=True)
def _upper_columns(
    n: int, start: IntArray, end: IntArray, weight: FloatArray, island: IntArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The nodal matrix by columns above the diagonal, and its diagonal.

    The last node of each island is its reference: a unit row, so that the matrix is regular.
    """
    reference = np.full(n, -1, np.int64)
    for node in range(n):
        reference[island[node]] = node
    count = np.zeros(n + 1, np.int64)
    diagonal = np.zeros(n)
    for k in range(start.shape[0]):
        i, j = min(start[k], end[k]), max(start[k], end[k])
        diagonal[i] += weight[k]
        diagonal[j] += weight[k]
        if reference[island[j]] != j:
            count[j + 1] += 1
    for node in range(n):
        if reference[island[node]] == node:
            diagonal[node] = 1.0
        count[node + 1] += count[node]
    row = np.empty(count[n], np.int64)
    value = np.empty(count[n])
    place = count[:-1].copy()
    for k in range(start.shape[0]):
        i, j = min(start[k], end[k]), max(start[k], end[k])
        if reference[island[j]] != j:
            row[place[j]] = i
            value[place[j]] = -weight[k]
            place[j] += 1
    return count, row, value, diagonal


@numba.njit(cache=True)
def _column_counts(n: int, column: IntArray, row: IntArray) -> tuple[IntArray, IntArray]:
    """Elimination tree and where each column of the factor begins."""
    parent = np.full(n, -1, np.int64)
    flag = np.full(n, -1, np.int64)
    begin = np.zeros(n + 1, np.int64)
    for k in range(n):
        flag[k] = k
        for p in range(column[k], column[k + 1]):
            i = row[p]
            while flag[i] != k:
                if parent[i] == -1:
                    parent[i] = k
                begin[i + 1] += 1
                flag[i] = k
                i = parent[i]
    for k in range(n):
        begin[k + 1] += begin[k]
    return parent, begin


@numba.njit(cache=True)
def factorise(
    n: int, start: IntArray, end: IntArray, weight: FloatArray, island: IntArray
) -> Factor:
    """LDL' of the nodal matrix: column begins, rows and values of L, and the pivots.

    Parameters
    ----------
    n
        Number of nodes, numbered in elimination order.
    start, end, weight : (M,)
        Ends and susceptance of the branches.
    island : (n,) int
        Island of each node.
    """
    column, row, value, diagonal = _upper_columns(n, start, end, weight, island)
    parent, begin = _column_counts(n, column, row)
    l_row = np.empty(begin[n], np.int64)
    l_value = np.empty(begin[n])
    pivot = np.empty(n)
    filled = np.zeros(n, np.int64)
    flag = np.full(n, -1, np.int64)
    pattern = np.empty(n, np.int64)
    work = np.zeros(n)
    for k in range(n):
        top = n
        flag[k] = k
        for p in range(column[k], column[k + 1]):
            i = row[p]
            work[i] += value[p]
            length = 0
            while flag[i] != k:
                pattern[length] = i
                length += 1
                flag[i] = k
                i = parent[i]
            while length > 0:
                length -= 1
                top -= 1
                pattern[top] = pattern[length]
        pivot[k] = diagonal[k]
        for place in range(top, n):
            i = pattern[place]
            entry = work[i]
            work[i] = 0.0
            for p in range(begin[i], begin[i] + filled[i]):
                work[l_row[p]] -= l_value[p] * entry
            scaled = entry / pivot[i]
            pivot[k] -= scaled * entry
            l_row[begin[i] + filled[i]] = k
            l_value[begin[i] + filled[i]] = scaled
            filled[i] += 1
    return begin, l_row, l_value, pivot


@numba.njit(cache=True)
def solve(factor: Factor, right: FloatArray) -> FloatArray:
    """Angles (rad) for nodal injections (MW); injections at reference nodes are ignored."""
    begin, row, value, pivot = factor
    n = pivot.shape[0]
    angle = right.copy()
    for j in range(n):
        for p in range(begin[j], begin[j + 1]):
            angle[row[p]] -= value[p] * angle[j]
    for j in range(n):
        angle[j] /= pivot[j]
    for j in range(n - 1, -1, -1):
        for p in range(begin[j], begin[j + 1]):
            angle[j] -= value[p] * angle[row[p]]
    return angle


@numba.njit(cache=True)
def branch_flows(
    factor: Factor,
    branches: tuple[IntArray, IntArray, FloatArray, FloatArray],
    injection: FloatArray,
    reference: npt.NDArray[np.bool_],
) -> FloatArray:
    """DC flows (MW) of core branches (from, to, susceptance, offset) for nodal injections.

    ``reference`` marks the reference nodes, whose angle is zero.
    """
    start, end, weight, offset = branches
    right = injection.copy()
    for k in range(start.shape[0]):
        right[start[k]] -= offset[k]
        right[end[k]] += offset[k]
    for node in range(right.shape[0]):
        if reference[node]:
            right[node] = 0.0
    angle = solve(factor, right)
    flow = np.empty(start.shape[0])
    for k in range(start.shape[0]):
        flow[k] = weight[k] * (angle[start[k]] - angle[end[k]]) + offset[k]
    return flow


@numba.njit(cache=True)
def sensitivities(
    factor: Factor,
    ends: tuple[IntArray, IntArray],
    weight: FloatArray,
    reference: npt.NDArray[np.bool_],
) -> FloatArray:
    """Flow on branches (from, to) per MW injected at each node (M, n)."""
    start, end = ends
    rows = np.empty((weight.shape[0], reference.shape[0]))
    for k in range(weight.shape[0]):
        right = np.zeros(reference.shape[0])
        right[start[k]] += weight[k]
        right[end[k]] -= weight[k]
        right[reference] = 0.0
        rows[k] = solve(factor, right)
    return rows
