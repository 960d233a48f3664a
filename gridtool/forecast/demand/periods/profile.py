"""The level of a city of which little more is known than the energy of a year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.streams import component_number, open_stream

__all__ = ["DECLARED_SD", "ProfileLevels", "declare_levels", "walk_levels"]

FloatArray = npt.NDArray[np.float64]
DECLARED_SD = 0.14
"""Of log demand where one figure is all there is: an interval of 80 % from -17 to +20 %."""
LEAST_YEAR_SD, LEAST_YEAR_SD_FEW = 0.03, 0.06
"""Of the change from year to year, at least: with five changes known, with fewer."""
ENOUGH_CHANGES = 5
DECLARED_DEGREES = 1000
"""A declared spread is not itself in doubt."""
_LEVELS = component_number("demand")


@dataclass(frozen=True, kw_only=True)
class ProfileLevels:
    """Log level of a year, and how far it moves from year to year.

    Attributes
    ----------
    known_sd
        Of the level of the last year known.
    year_sd
        Of the change from a year to the next.
    degrees
        Degrees of freedom of both.
    """

    mean: float
    known_sd: float
    year_sd: float
    degrees: int
    words: str
    notes: tuple[str, ...] = ()

    def prepare(self, ahead: PeriodsAhead) -> Callable[..., FloatArray]:
        """Draws log levels of the years ahead: ``draw(n, seed=, first=)`` gives (n, P)."""

        def draw(n: int, *, seed: int, first: int = 0) -> FloatArray:
            years = int(ahead.lead[-1])
            levels = np.empty((n, len(ahead.lead)))
            for row in range(n):
                stream = open_stream(seed, first + row, component=_LEVELS)
                normal = stream.standard_normal(1 + years)
                wide = np.sqrt(self.degrees / stream.chisquare(self.degrees))
                walk = np.cumsum(normal[1:])[ahead.lead - 1]
                levels[row] = self.mean + wide * (self.known_sd * normal[0] + self.year_sd * walk)
            return levels

        return draw


def walk_levels(log_level: FloatArray) -> ProfileLevels:
    """From yearly totals (n,), NaN where unknown: the last one known, moving as they moved.

    A change over several years counts as many steps.
    """
    at = np.flatnonzero(np.isfinite(log_level))
    if len(at) < 3:
        return declare_levels(float(log_level[at[-1]]), words="one or two yearly totals")
    changes = np.diff(log_level[at]) / np.sqrt(np.diff(at))
    few = len(changes) < ENOUGH_CHANGES
    moved = float(np.sqrt(np.mean(changes**2)))
    return ProfileLevels(
        mean=float(log_level[at[-1]]),
        known_sd=0.0,
        year_sd=max(moved, LEAST_YEAR_SD_FEW if few else LEAST_YEAR_SD),
        degrees=len(changes),
        words=f"{len(at)} yearly totals, moving on as they moved",
    )


def declare_levels(mean: float, *, words: str, season_sd: float = 0.0) -> ProfileLevels:
    """A level of which only one figure is known: its spread is declared, not estimated.

    Parameters
    ----------
    season_sd
        Added where the figure is of a part of a year, whose share in the year is in doubt.
    """
    return ProfileLevels(
        mean=mean,
        known_sd=float(np.hypot(DECLARED_SD, season_sd)),
        year_sd=LEAST_YEAR_SD,
        degrees=DECLARED_DEGREES,
        words=words,
    )
