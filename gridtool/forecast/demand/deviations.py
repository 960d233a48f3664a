"""By how much fitted coefficients may be wrong: a jackknife over blocks of weeks.

Residuals of neighbouring hours, of the 24 regressions and of neighbouring weeks go together, so
the standard errors of least squares are much too small. Leaving out one block of weeks after the
other (Quenouille 1956, Tukey 1958; for blocks of dependent observations Künsch 1989) moves all
coefficients as the years' own irregularities do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.streams import component_number, open_stream

__all__ = ["Deviations", "draw_deviations"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
DRAWS = 40
BLOCK_H = 4 * 168
HOLD = 1e-3
"""Share of its own precision that holds a coefficient where a block is all that tells of it."""
_DEVIATIONS = component_number("demand: deviations of coefficients")


@dataclass(frozen=True, kw_only=True)
class Deviations:
    """Draws of the deviation of the coefficients of a regression from their estimates.

    Attributes
    ----------
    calendar : (r, 24, c)
    effects : (r, 24, m, k)
    level : (r,)
        By which the level at the history's end is moved in turn.
    """

    calendar: FloatArray
    effects: FloatArray
    level: FloatArray


def draw_deviations(
    design: FloatArray,
    residual: FloatArray,
    *,
    hour: IntArray,
    age_h: IntArray,
    penalty: FloatArray,
) -> FloatArray:
    """Deviations of the coefficients (draws, 24, p), the same for the same fit.

    Parameters
    ----------
    design : (n, p)
    residual : (n,)
        Of the fit.
    hour : (n,) int
        Which of the 24 regressions a row belongs to.
    age_h : (n,) int
        Hours before the end; makes the blocks.
    penalty : (p, p)
        Added to the normal equations in the fit.
    """
    block = age_h // BLOCK_H
    jackknife = np.stack(
        [
            _leave_out(design[at], residual[at], block=block[at], penalty=penalty)
            for at in (np.flatnonzero(hour == h) for h in range(24))
        ],
        axis=1,
    )
    blocks = len(np.unique(block))
    weights = np.stack(
        [
            open_stream(0, draw, component=_DEVIATIONS).standard_normal(len(jackknife))
            for draw in range(DRAWS)
        ]
    )
    weights *= np.sqrt((blocks - 1) / blocks)
    return np.asarray(np.tensordot(weights, jackknife, axes=1))


def _leave_out(
    design: FloatArray, residual: FloatArray, *, block: IntArray, penalty: FloatArray
) -> FloatArray:
    """Change of the coefficients without each block, (b, p)."""
    p = design.shape[1]
    count = int(block.max()) + 1 if len(block) else 1
    squares, products = np.zeros((count, p, p)), np.zeros((count, p))
    for one in np.unique(block):
        rows = design[block == one]
        squares[one] = rows.T @ rows
        products[one] = rows.T @ residual[block == one]
    total = squares.sum(axis=0)
    least = 1e-9 * max(float(np.trace(total)), 1.0) / p
    hold = np.diag(HOLD * np.diag(total) + least)
    changed: FloatArray = -np.linalg.solve(total + penalty + hold - squares, products[..., None])[
        ..., 0
    ]
    return changed
