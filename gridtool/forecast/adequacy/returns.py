"""When units that are out come back: distributions of return dates over the hours ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

__all__ = [
    "DAYS_AHEAD",
    "ReturnDate",
    "return_after_hours",
    "return_between_days",
    "return_lognormal_days",
    "return_on_day",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
DAYS_AHEAD = 3660
"""Days that a return date without end is followed; what is left counts as never."""


@dataclass(frozen=True, kw_only=True)
class ReturnDate:
    """A discrete distribution of the first hour in which a unit is back.

    Attributes
    ----------
    hour : (k,) int
        Counted from the first hour of the load, rising, 0 or more.
    share : (k,)
        Probability to be back by the beginning of each ``hour``, rising; what the last lacks
        to 1 is the chance of no return.
    """

    hour: IntArray
    share: FloatArray

    def back_by(self, hours: int) -> FloatArray:
        """Probability to be back at the beginning of each of the first ``hours`` hours."""
        at = np.searchsorted(self.hour, np.arange(hours), side="right")
        return np.asarray(np.concatenate(([0.0], self.share))[at])

    def draw(self, uniform: FloatArray) -> FloatArray:
        """The hour of return by uniform numbers in [0, 1); infinite: never."""
        at = np.searchsorted(self.share, uniform, side="right")
        return np.asarray(np.append(self.hour.astype(np.float64), np.inf)[at])


def return_on_day(day: int) -> ReturnDate:
    """Back at the beginning of the day that ``day`` whole days precede."""
    return ReturnDate(hour=np.array([24 * day]), share=np.ones(1))


def return_between_days(earliest: int, latest: int) -> ReturnDate:
    """Back at the beginning of a day, each from ``earliest`` to ``latest`` equally likely."""
    days = np.arange(earliest, latest + 1)
    return ReturnDate(hour=24 * days, share=np.arange(1, len(days) + 1) / len(days))


def return_lognormal_days(median: float, sigma: float) -> ReturnDate:
    """Back after a lognormal number of days, at the beginning of the next whole day.

    ``sigma`` is the standard deviation of the logarithm.
    """
    days = np.arange(1, DAYS_AHEAD + 1)
    return ReturnDate(hour=24 * days, share=ndtr(np.log(days / median) / sigma))


def return_after_hours(hours: FloatArray) -> ReturnDate:
    """The empirical distribution of times back (n,); infinite: not within the horizon.

    A unit that comes back within an hour counts from the next.
    """
    finite = np.sort(np.ceil(hours[np.isfinite(hours)] - 1e-9).clip(0)).astype(np.int64)
    hour, count = np.unique(finite, return_counts=True)
    return ReturnDate(hour=hour, share=np.cumsum(count) / max(1, len(hours)))
