"""Differences of a scenario and the base, future by future, and which of many is best.

All scenarios are simulated on the same futures. What is uncertain is what other futures would have
shown: the Bayesian bootstrap (Rubin 1981, "The Bayesian bootstrap", Annals of Statistics 9) weighs
the futures at random, those of all scenarios alike, so that what they have in common cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.streams import component_number, open_stream

__all__ = ["BestOf", "Pairing", "QuantileDifference", "is_tie"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

REPLICATES = 4_000
"""Weighings: a probability is then known to 0.008 (one standard error) or better."""
FEWEST_REPLICATES = 200
MOST_CELLS = 4_000_000
"""Weighings times futures, which bounds memory to 32 MB."""
RESAMPLES = 200
"""Resamples behind the error of a quantile: it is known to 5 % of itself."""
TIE, TIE_SHARE = 1e-6, 1e-9
"""Outcomes that differ by no more, in their unit or as a share, are alike: sums are not exact."""
_WEIGHTS = component_number("what-if: weights of futures")
_PICKS = component_number("what-if: resampled futures")


def is_tie(one: FloatArray, other: FloatArray) -> npt.NDArray[np.bool_]:
    """Where two outcomes are alike."""
    found: npt.NDArray[np.bool_] = np.abs(one - other) <= TIE + TIE_SHARE * np.abs(other)
    return found


@dataclass(frozen=True, slots=True)
class QuantileDifference:
    """A quantile's difference to the base's, and its standard error of pairs."""

    difference: float
    error: float


class Pairing:
    """The futures of the base, and random weighings and resamples of them.

    Without futures (``base`` of one value) nothing is uncertain, and there is one weighing.

    Parameters
    ----------
    futures
        How many there are.
    """

    def __init__(self, futures: int, *, seed: int) -> None:
        self.futures = futures
        count = 1
        if futures > 1:
            count = int(np.clip(MOST_CELLS // futures, FEWEST_REPLICATES, REPLICATES))
        stream = open_stream(seed, 0, component=_WEIGHTS)
        weights = stream.standard_exponential((count, futures))
        self._weights: FloatArray = weights / weights.sum(axis=1, keepdims=True)
        picks = open_stream(seed, 0, component=_PICKS).random((RESAMPLES, futures))
        self._picks: IntArray = (picks * futures).astype(np.int64)

    def weighed(self, values: FloatArray) -> FloatArray:
        """Means of ``values`` (futures,) by weighing."""
        found: FloatArray = self._weights @ values
        return found

    def chance_lower(self, difference: FloatArray) -> float:
        """Probability that the expectation of ``difference`` (futures,) is below 0; ties half."""
        means = self.weighed(difference)
        even = is_tie(means, np.zeros_like(means))
        return float(np.where(even, 0.5, means < 0).mean())

    def compare_quantile(
        self, values: FloatArray, base: FloatArray, *, share: float
    ) -> QuantileDifference:
        """A quantile of ``values`` less that of ``base``, (futures,) both."""
        apart = np.quantile(values, share) - np.quantile(base, share)
        if self.futures < 2:
            return QuantileDifference(float(apart), float("nan"))
        resampled = np.quantile(values[self._picks], share, axis=1)
        resampled -= np.quantile(base[self._picks], share, axis=1)
        return QuantileDifference(float(apart), float(resampled.std(ddof=1)))


class BestOf:
    """Which of many scenarios has the least expectation, by weighing, as they come.

    Memory does not grow with the scenarios, but for those that are tied for the best.
    """

    def __init__(self) -> None:
        self._least: FloatArray = np.empty(0)
        self._holders: list[list[int]] = []

    def add(self, number: int, means: FloatArray) -> None:
        """Take in a scenario's means by weighing."""
        if not self._holders:
            self._least = means.copy()
            self._holders = [[number] for _ in means]
            return
        even = is_tie(means, self._least)
        lower = ~even & (means < self._least)
        for at in np.flatnonzero(even).tolist():
            self._holders[at].append(number)
        for at in np.flatnonzero(lower).tolist():
            self._holders[at] = [number]
        self._least = np.minimum(means, self._least)

    def chances(self) -> dict[int, float]:
        """Probability of being the best by number, of all that have any; ties share theirs."""
        found: dict[int, float] = {}
        for holders in self._holders:
            share = 1.0 / (len(holders) * len(self._holders))
            for number in holders:
                found[number] = found.get(number, 0.0) + share
        return found
