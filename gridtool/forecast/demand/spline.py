"""Natural cubic splines of temperature: where their knots lie, and fast tables of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from gridtool.errors import HistoryError, Issue

__all__ = ["BEYOND_SEEN_C", "SplineTable", "place_knots", "spline_basis"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BEYOND_SEEN_C = 3.0
"""Temperatures further than this outside what the history saw count as if they were there."""
LEAST_STEP_C = 0.01
TABLE_STEP_C = 0.05


def place_knots(values: FloatArray, count: int) -> FloatArray:
    """Extremes and equally spaced quantiles of the distinct values.

    Raises
    ------
    HistoryError
        If the values hardly differ.
    """
    distinct = np.unique(values)
    knots: FloatArray = (
        np.quantile(distinct, np.linspace(0, 1, count)) if len(distinct) else distinct
    )
    if len(knots) < count or (np.diff(knots) < LEAST_STEP_C).any():
        raise HistoryError(
            Issue(
                message="the temperature hardly changes: there is no weather to learn from",
                hint="check the column, or leave it out to forecast without weather",
            )
        )
    return knots


def spline_basis(values: FloatArray, *, knots: FloatArray) -> FloatArray:
    """Weights of the values at the k ``knots`` in the spline at ``values`` (n,), shape (n, k).

    Outside the knots the spline is straight, for :data:`BEYOND_SEEN_C`, then constant.
    """
    curve = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    inside = np.clip(values, knots[0], knots[-1])
    beyond = np.clip(values - inside, -BEYOND_SEEN_C, BEYOND_SEEN_C)
    low, high = curve(knots[[0, -1]], 1)
    basis: FloatArray = curve(inside)
    basis += np.minimum(beyond, 0.0)[:, None] * low + np.maximum(beyond, 0.0)[:, None] * high
    return basis


@dataclass(frozen=True, kw_only=True)
class SplineTable:
    """Splines of one temperature, tabulated every :data:`TABLE_STEP_C` and straight between.

    Attributes
    ----------
    first_c
        Temperature of the first column.
    values : (r, 24, t)
        Effect by variant, local hour and temperature.
    """

    first_c: float
    values: FloatArray

    @classmethod
    def of(cls, effects: FloatArray, *, knots: FloatArray) -> SplineTable:
        """The splines through ``effects`` (r, 24, k) at ``knots`` (k,)."""
        first = float(knots[0]) - BEYOND_SEEN_C
        steps = int(np.ceil((knots[-1] + BEYOND_SEEN_C - first) / TABLE_STEP_C)) + 2
        at = np.asarray(first + TABLE_STEP_C * np.arange(steps), dtype=np.float64)
        basis = spline_basis(at, knots=knots)
        return cls(first_c=first, values=np.einsum("rhk,tk->rht", effects, basis))

    def add_to(
        self, total: FloatArray, temp_c: FloatArray, *, hour: IntArray, variant: IntArray
    ) -> None:
        """Add the effect of ``temp_c`` (s, n) at local ``hour`` (n,), by row's ``variant`` (s,)."""
        last = self.values.shape[-1] - 2
        for row, one in enumerate(variant):
            at = (temp_c[row] - self.first_c) * (1.0 / TABLE_STEP_C)
            np.clip(at, 0.0, last, out=at)
            column = at.astype(np.int64)
            at -= column
            column += hour * (last + 2)
            flat = self.values[one].ravel()
            low = flat.take(column)
            column += 1
            total[row] += low + at * (flat.take(column) - low)
