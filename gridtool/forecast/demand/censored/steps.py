"""Steps in the share of demand that is not served: a substation that returns, a line that fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.model import Unconstrained
from gridtool.forecast.history.model import History

__all__ = ["RestorationStep", "find_restoration_steps", "unserved_share"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
SIDE_H = 24
"""Compared before and after: a whole day, since the model errs otherwise by night and by day."""
NEAR_H = 6
LEAST_KNOWN_H = 18
LEAST_SHORT_H = 12
LEAST_STEP = 0.05
LEAST_ERRORS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorationStep:
    """At ``at`` (aware UTC) the unserved share of demand falls, or rises where it was damaged.

    ``before`` and ``after`` are the shares of the day before and the day after, ``error`` the
    standard error of their difference.
    """

    at: datetime
    before: float
    after: float
    error: float

    @property
    def size(self) -> float:
        """By how much the unserved share falls; negative where it rises."""
        return self.before - self.after


def unserved_share(history: History, found: Unconstrained) -> FloatArray:
    """Share of the demand of each hour that was not served, (n,); NaN where either is unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1.0 - history.load_mw / found.load_mw)


def find_restoration_steps(
    history: History, found: Unconstrained, *, rises: bool = False
) -> tuple[RestorationStep, ...]:
    """Falls of the unserved share within an outage or at its end, in order of time.

    A step is a fall between the day before and the day after an hour of at least
    :data:`LEAST_STEP` of demand and :data:`LEAST_ERRORS` times its error, dated at the steepest
    hour near the greatest fall. Days err together in part: the error of a difference is taken as
    that of one day.

    Parameters
    ----------
    rises
        Find rises instead: when the damage was done.
    """
    share = unserved_share(history, found)
    short = found.guessed | found.measured
    if not short.any() or history.hours < 2 * SIDE_H:
        return ()
    before, after = _sides(share, hours=SIDE_H, least=LEAST_KNOWN_H)
    fall = after - before if rises else before - after
    spread = np.zeros(history.hours) if found.guess_sd is None else found.guess_sd
    error = np.maximum(*_sides(np.where(short, spread, np.nan), hours=SIDE_H, least=1, empty=0.0))
    touched = np.maximum(*(_sides(short.astype(np.float64), hours=SIDE_H, least=1)))
    fall[~(touched * SIDE_H >= LEAST_SHORT_H)] = np.nan
    fall[~(fall >= np.maximum(LEAST_STEP, LEAST_ERRORS * error))] = np.nan
    near = _sides(share, hours=NEAR_H, least=NEAR_H // 2)
    steep = (near[1] - near[0]) if rises else (near[0] - near[1])
    steps = []
    while np.isfinite(fall).any():
        best = int(np.nanargmax(fall))
        window = np.arange(max(best - NEAR_H, 0), min(best + NEAR_H + 1, history.hours))
        at = int(window[np.argmax(np.nan_to_num(steep[window], nan=-1.0))])
        steps.append(
            RestorationStep(
                at=history.start + at * HOUR,
                before=float(before[best]),
                after=float(after[best]),
                error=float(error[best]),
            )
        )
        fall[max(best - SIDE_H, 0) : best + SIDE_H + 1] = np.nan
    return tuple(sorted(steps, key=lambda step: step.at))


def _sides(
    values: FloatArray, *, hours: int, least: int, empty: float = np.nan
) -> tuple[FloatArray, FloatArray]:
    """Means of the ``hours`` before each hour and from it on; ``empty`` below ``least`` known."""
    known = np.isfinite(values)
    total = np.cumsum(np.r_[0.0, np.where(known, values, 0.0)])
    count = np.cumsum(np.r_[0, known])
    at = np.arange(len(values))
    first, last = np.maximum(at - hours, 0), np.minimum(at + hours, len(values))
    means = []
    for low, high in ((first, at), (at, last)):
        told = count[high] - count[low]
        mean = (total[high] - total[low]) / np.maximum(told, 1)
        means.append(np.where(told >= least, mean, empty))
    return means[0], means[1]
