"""What months, the whole horizon, and hours off a day have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["hours_off_a_day", "with_whole"]

FloatArray = npt.NDArray[np.float64]


def with_whole(values: FloatArray, *, axis: int = 0) -> FloatArray:
    """The values by month and after them their sum, the whole horizon."""
    return np.concatenate([values, values.sum(axis=axis, keepdims=True)], axis=axis)


def hours_off_a_day(ordinary_mwh: FloatArray, demand_mwh: FloatArray) -> FloatArray:
    """Hours a day without supply for an ordinary (not protected) customer.

    As officially converted, 24 x deficit / (1 - protected share), which is 24 x unserved
    ordinary energy / ordinary demand; NaN where there is no ordinary demand.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(demand_mwh > 0, 24.0 * ordinary_mwh / demand_mwh, np.nan)
