"""What may be imported in each month: a triangular allocation, drawn anew by month and sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.simulate.uniforms_kernel import draw_rows
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import component_number
from gridtool.network.model import CityNetwork
from gridtool.timegrid import TimeGrid

__all__ = ["ImportAllocation", "draw_import_limits", "invert_triangular", "read_import_allocation"]

FloatArray = npt.NDArray[np.float64]
WordArray = npt.NDArray[np.uint64]
_IMPORT = component_number("import allocation")


@dataclass(frozen=True, kw_only=True)
class ImportAllocation:
    """Triangular distribution of what all infeeds may import together, by month of a grid.

    Attributes
    ----------
    low_mw, likely_mw, high_mw : (m,)
        Infinite where the network sets no limit.
    """

    low_mw: FloatArray
    likely_mw: FloatArray
    high_mw: FloatArray


def read_import_allocation(network: CityNetwork, *, grid: TimeGrid) -> ImportAllocation:
    """The allocation of each month of the grid; no limit for a month without a row."""
    table = network.import_allocation
    values = table[["low_mw", "likely_mw", "high_mw"]].to_numpy(dtype=np.float64)
    limits = dict(zip((int(month) for month in table.index), values, strict=True))
    unlimited = np.full(3, np.inf)
    rows = np.array([limits.get(int(name[5:]), unlimited) for name in grid.months])
    return ImportAllocation(low_mw=rows[:, 0], likely_mw=rows[:, 1], high_mw=rows[:, 2])


def draw_import_limits(
    allocation: ImportAllocation, samples: WordArray, *, seed: int, change_mw: float = 0.0
) -> FloatArray:
    """One limit per sample and month, shared by all infeeds, shape (n, m); never below 0.

    Months are drawn independently: the allocation is set anew by the system operator.

    Parameters
    ----------
    samples : (n,) uint64
    change_mw
        Added to every limit.
    """
    low, likely, high = allocation.low_mw, allocation.likely_mw, allocation.high_mw
    component = np.array([_IMPORT], dtype=np.uint64)
    share = draw_rows(as_word(seed), samples, component, len(low))[:, 0]
    drawn = invert_triangular(share, low=low, likely=likely, high=high)
    return np.asarray(np.maximum(drawn + change_mw, 0.0))


def invert_triangular(
    share: FloatArray, *, low: FloatArray, likely: FloatArray, high: FloatArray
) -> FloatArray:
    """Quantiles of triangular distributions; the value itself where low = high or infinite."""
    with np.errstate(invalid="ignore"):
        width = high - low
        rise, fall = likely - low, high - likely
        below = low + np.sqrt(np.maximum(share * width * rise, 0.0))
        above = high - np.sqrt(np.maximum((1 - share) * width * fall, 0.0))
        drawn = np.where(share * width < rise, below, above)
    return np.where(np.isfinite(high), drawn, np.inf)
