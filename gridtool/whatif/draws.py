"""Distributions of which a scenario's values are drawn.

A value depends on the seed, the draw's number and the name of what is drawn alone.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from gridtool.damage.model import DamageState

__all__ = [
    "ChosenAssets",
    "Distribution",
    "Integers",
    "Normal",
    "OneOf",
    "Triangular",
    "Uniform",
]


class Distribution(Protocol):
    """What draws the value of one field of a scenario."""

    def draw(self, stream: np.random.Generator) -> Any:
        """One value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """Any number from ``low`` to ``high`` alike, times ``unit``."""

    low: float
    high: float
    unit: float = 1.0

    def draw(self, stream: np.random.Generator) -> float:
        """One value."""
        return self.unit * (self.low + (self.high - self.low) * float(stream.random()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A normal distribution of which only ``low`` to ``high`` is drawn, times ``unit``."""

    mean: float
    sd: float
    low: float = -np.inf
    high: float = np.inf
    unit: float = 1.0

    def draw(self, stream: np.random.Generator) -> float:
        """One value, by the quantile of the truncated distribution."""
        low, high = (float(ndtr((edge - self.mean) / self.sd)) for edge in (self.low, self.high))
        share = low + (high - low) * float(stream.random())
        value = self.mean + self.sd * float(ndtri(share))
        return self.unit * min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular:
    """From ``low`` to ``high``, ``likely`` the most likely, times ``unit``."""

    low: float
    likely: float
    high: float
    unit: float = 1.0

    def draw(self, stream: np.random.Generator) -> float:
        """One value, by its quantile."""
        share, width = float(stream.random()), self.high - self.low
        rise = self.likely - self.low
        if share * width < rise:
            value = self.low + math.sqrt(share * width * rise)
        else:
            value = self.high - math.sqrt((1.0 - share) * width * (width - rise))
        return self.unit * value


@dataclass(frozen=True, slots=True, kw_only=True)
class Integers:
    """Any whole number from ``low`` to ``high`` alike, both included."""

    low: int
    high: int

    def draw(self, stream: np.random.Generator) -> int:
        """One value."""
        return self.low + int(float(stream.random()) * (self.high - self.low + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One of ``values``; the weights say how likely each is, none: all alike."""

    values: tuple[Any, ...]
    weights: tuple[float, ...] = ()

    def draw(self, stream: np.random.Generator) -> Any:
        """One value."""
        share = float(stream.random())
        if not self.weights:
            return self.values[int(share * len(self.values))]
        upto = list(accumulate(self.weights))
        at = bisect_right(upto, share * upto[-1])
        return self.values[min(at, len(self.values) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenAssets:
    """``least`` to ``most`` of the assets ``among``, every choice of as many alike.

    With a ``state`` they are left in it (pairs for :attr:`Scenario.damaged`); without one they are
    destroyed (ids for :attr:`Scenario.out`).
    """

    least: int
    most: int
    among: tuple[str, ...]
    state: DamageState | None = None

    def draw(self, stream: np.random.Generator) -> tuple[Any, ...]:
        """The chosen ones in the order of ``among``."""
        count = Integers(low=self.least, high=self.most).draw(stream)
        order = np.argsort(stream.random(len(self.among)), kind="stable")
        chosen = tuple(self.among[at] for at in sorted(order[:count].tolist()))
        if self.state is None:
            return chosen
        return tuple((asset, self.state) for asset in chosen)
