"""Importance sampling of units: states with much capacity out are drawn more often.

What the network adds to the shortage is deepest where much capacity is out, which is rare: of
plain states, few decide the mean, and nearly all their variance. So states are drawn from a mixture
of exponentially tilted distributions (Siegmund 1976). In one tilted by theta the units are still
independent, each with the odds of its outage multiplied by exp(theta x MW), and a state is
exp(theta x MW out) / M(theta) times as likely as it truly is. One part of the mixture is the true
distribution (a defensive mixture, Hesterberg 1995): no state counts more than 1 / its share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit, logsumexp

from gridtool.forecast.adequacy.composite_model import CompositeSystem

__all__ = ["UnitTilts"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_LOAD_QUANTILES = (1.0, 0.85, 0.5)
_MOST_LOG_ODDS = 12.0
"""What the odds of the largest unit are multiplied by, at most: exp(12)."""


class UnitTilts:
    """The mixture that states of units are drawn from.

    Parameters
    ----------
    true_share
        Of the states, this share is drawn as they occur.

    Attributes
    ----------
    share : (K,)
        Of each part of the mixture; the first is the true distribution.
    outage_rate : (K, U)
        Of each unit in each part.
    """

    def __init__(self, system: CompositeSystem, *, true_share: float) -> None:
        rate = system.unit_outage_rate
        used = np.zeros(len(rate), dtype=np.bool_)
        for season in system.seasons:
            used |= season.available
        self._size = np.where(used & (rate > 0.0) & (rate < 1.0), system.unit_mw, 0.0)
        self._rate = rate
        tilts = self._choose(self._targets(system)) if true_share < 1.0 else []
        self._theta = np.array([0.0, *tilts])
        parts = len(self._theta)
        rest = (1.0 - true_share) / max(parts - 1, 1)
        self.share = np.array([true_share if parts > 1 else 1.0, *[rest] * (parts - 1)])
        self.outage_rate = np.array([self._tilted(theta) for theta in self._theta])
        self._scale = self._log_scale()

    def choose(self, uniform: FloatArray) -> IntArray:
        """Part of the mixture (n,) that numbers between 0 and 1 stand for."""
        at = np.searchsorted(np.cumsum(self.share), uniform, side="right")
        return np.minimum(at, len(self.share) - 1)

    def weigh(self, up: BoolArray) -> FloatArray:
        """How much more likely states (n, U) truly are than they are drawn (n,)."""
        out_mw = (~up) @ self._size
        ratio = np.outer(out_mw, self._theta) - self._scale
        weight: FloatArray = np.exp(-logsumexp(ratio, axis=1, b=self.share))
        return weight

    def _targets(self, system: CompositeSystem) -> list[float]:
        """Mean capacity out of the tilted parts, MW.

        With these, what is left is as much as the highest load, as loads that are often exceeded,
        and halfway between the highest load and what is usually left.
        """
        factor = np.concatenate([season.series.factor for season in system.seasons])
        load = np.quantile(factor, _LOAD_QUANTILES) * system.peak_mw
        lost = float(np.where(self._size > 0.0, 0.0, system.unit_mw * self._rate).sum())
        most = float(system.steady_mw.sum() + system.unit_mw.sum()) - lost
        usual = float(self._size @ self._rate)
        return [(usual + most - load[0]) / 2.0, *(most - load).tolist()]

    def _choose(self, targets: Sequence[float]) -> list[float]:
        """Tilts that reach these capacities out, where they can be reached by tilting."""
        usual = float(self._size @ self._rate)
        largest = float(self._size.max(initial=0.0))
        if largest == 0.0:
            return []
        most = _MOST_LOG_ODDS / largest
        reached = float(self._size @ self._tilted(most))
        return [
            float(brentq(lambda theta, goal=goal: self._size @ self._tilted(theta) - goal, 0, most))
            for goal in dict.fromkeys(round(target, 6) for target in targets)
            if 1.02 * usual < goal < reached
        ]

    def _tilted(self, theta: float) -> FloatArray:
        """Outage rates with the odds multiplied by exp(theta x MW) (U,)."""
        moved = self._size > 0.0
        rate = self._rate.copy()
        rate[moved] = expit(logit(rate[moved]) + theta * self._size[moved])
        return rate

    def _log_scale(self) -> FloatArray:
        """Logarithms of M(theta), the true mean of exp(theta x MW out) (K,)."""
        moved = self._size > 0.0
        rate, size = self._rate[moved], self._size[moved]
        each = np.logaddexp(np.log1p(-rate), np.log(rate) + np.outer(self._theta, size))
        return np.asarray(each.sum(axis=1))
