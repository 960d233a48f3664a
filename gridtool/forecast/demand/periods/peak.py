"""The highest hour of a year of which only the energy of its periods is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.demand.periods.shape import HourShape, shape_hours

__all__ = ["LOAD_FACTORS", "reference_peak", "sharpen"]

FloatArray = npt.NDArray[np.float64]
YEAR_H = 8766
DRAWS = 32
LOAD_FACTORS = (0.4, 0.85)
"""Mean over peak of a city: outside, energy and peak stated together are of two sizes."""
SHARPNESS = (0.3, 2.5)
"""Within these a shape is still that of a city."""
EXACT = 0.002


def reference_peak(
    shape: HourShape,
    past: PeriodsAhead,
    log_level: FloatArray,
    *,
    by_day: bool,
    seasons: bool,
) -> float:
    """Highest hour of the last year, median over the shapes that it may have had, MW.

    Parameters
    ----------
    log_level : (n,)
        Of the periods ``past``; those unknown are taken between their neighbours.
    """
    known = np.flatnonzero(np.isfinite(log_level))
    hours = len(past.calendar.hour)
    first = int(np.searchsorted(past.first_hour, hours - YEAR_H - 12))
    first = min(first, int(known[-1]))
    filled = np.interp(np.arange(len(log_level)), known, log_level[known])[first:]
    recent = shape_hours(shape, past.since(first), by_day=by_day, seasons=seasons)
    paths = recent.draw(np.tile(filled, (DRAWS, 1)), seed=0)
    return float(np.median(paths.max(axis=1)))


def sharpen(
    shape: HourShape, peak_of: Callable[[HourShape], float], *, peak_mw: float
) -> HourShape:
    """``shape`` raised to the power at which the year's highest hour is ``peak_mw``.

    Where that is no city's shape, as near as a city's comes.

    Parameters
    ----------
    peak_of
        Highest hour of the year with a shape, MW, its energy kept.
    """

    def excess(power: float) -> float:
        return float(np.log(peak_of(replace(shape, sharpness=power)) / peak_mw))

    low, high = SHARPNESS
    if excess(low) >= 0.0:
        return replace(shape, sharpness=low)
    if excess(high) <= 0.0:
        return replace(shape, sharpness=high)
    return replace(shape, sharpness=float(brentq(excess, low, high, xtol=EXACT)))
