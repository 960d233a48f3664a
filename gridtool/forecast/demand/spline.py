"""Natural cubic splines of temperature: where their knots lie, and fast tables of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["BEYOND_SEEN_C", "SplineTable", "draw_beyond", "place_knots", "spline_basis"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BEYOND_SEEN_C = 3.0
"""Temperatures further than this outside what the history saw count as if they were there."""
BEYOND_SLOPE, MOST_BEYOND_C = 0.02, 15.0
"""Standard deviation of the effect per degree beyond what was seen, for so many degrees: heating
and cooling move the demand of cities by nothing to four percent a degree."""
LEAST_STEP_C = 0.01
_BEYOND = component_number("demand: beyond the temperatures seen")
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


def draw_beyond(temp_c: FloatArray, *, knots: FloatArray, variant: IntArray) -> FloatArray:
    """What temperatures (s, n) beyond the ``knots`` may do to log demand, one way per ``variant``.

    A history of a winter says nothing of summers: each variant (s,) continues in its own way.
    """
    beyond = np.clip(temp_c - np.clip(temp_c, knots[0], knots[-1]), -MOST_BEYOND_C, MOST_BEYOND_C)
    if not beyond.any():
        return beyond
    slopes = BEYOND_SLOPE * np.array(
        [open_stream(0, int(one), component=_BEYOND).standard_normal(2) for one in variant]
    )
    low, high = np.minimum(beyond, 0.0), np.maximum(beyond, 0.0)
    return np.asarray(low * slopes[:, :1] + high * slopes[:, 1:])
