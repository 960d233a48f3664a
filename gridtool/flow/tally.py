"""Sums by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["tally"]


def tally(
    place: npt.NDArray[np.int64], amount: npt.NDArray[Any], count: int
) -> npt.NDArray[np.float64]:
    """Sum of ``amount`` at each ``place`` (count,), float whatever it sums."""
    total: npt.NDArray[np.float64] = np.bincount(place, weights=amount, minlength=count).astype(
        np.float64, copy=False
    )
    return total
