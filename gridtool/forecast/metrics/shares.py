"""Which uncertainty decides: shares of the variance over samples, from pick-freeze pairs.

A pair is a sample and the same sample with one uncertainty drawn anew. Half the mean square of
their difference is what that uncertainty contributes to the variance, alone and together with
others: the total effect (Jansen 1999). A pair that shares one uncertainty and nothing else gives
the first-order effect in the same way: what the uncertainty contributes alone. Total effects add
up to 1 or more, first-order ones to 1 or less; both do to 1 where nothing interacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.metrics.model import Layout, SampleSums
from gridtool.forecast.metrics.moments import Moments
from gridtool.forecast.metrics.periods import with_whole
from gridtool.forecast.metrics.shape_frames import WHOLE

__all__ = ["PickFreeze", "ShareTally"]

FloatArray = npt.NDArray[np.float64]

GROUPS = 64
"""Groups of samples that the jackknife leaves out, one by one."""


class PickFreeze:
    """Mean squared differences of pairs as a share of the variance, for an array of quantities.

    Sample i belongs to group i modulo ``GROUPS``; errors come from leaving out one group at a
    time (jackknife), so that memory does not depend on the number of samples and the error
    allows for how differences and variance move together.
    """

    def __init__(self, *shape: int) -> None:
        self.count = 0
        self.base = [Moments(*shape) for _ in range(GROUPS)]
        self.anew = [Moments(*shape) for _ in range(GROUPS)]
        self.halved = [Moments(*shape) for _ in range(GROUPS)]

    def add(self, base: FloatArray, anew: FloatArray) -> None:
        """Take in pairs, along the first axes.

        Raises
        ------
        ValueError
            If they are not as many of each.
        """
        if base.shape != anew.shape:
            raise ValueError(f"pairs of {base.shape} and {anew.shape}")
        group = (self.count + np.arange(len(base))) % GROUPS
        for at in range(min(GROUPS, len(base))):
            rows = slice(at, None, GROUPS)
            key = int(group[at])
            self.base[key].add(base[rows])
            self.anew[key].add(anew[rows])
            self.halved[key].add((base[rows] - anew[rows]) ** 2 / 2.0)
        self.count += len(base)

    def merge(self, other: PickFreeze) -> None:
        """Take in the pairs of ``other``, group by group."""
        self.count += other.count
        for mine, theirs in zip(self._groups(), other._groups(), strict=True):
            mine.merge(theirs)

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Share of the variance that drawing anew makes, and its standard error.

        NaN where nothing varies or there are fewer than two pairs.
        """
        whole = self._share_without(None)
        used = [at for at in range(GROUPS) if self.halved[at].count]
        if len(used) < 2:
            return whole, np.full(whole.shape, np.nan)
        left_out = np.stack([self._share_without(at) for at in used])
        spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
        return whole, np.sqrt(spread * (len(used) - 1) / len(used))

    def _share_without(self, left_out: int | None) -> FloatArray:
        """The share from all groups but one."""
        halved = _join(self.halved, left_out)
        ends = [_join(groups, left_out) for groups in (self.base, self.anew)]
        if halved.count < 2:
            return np.full(halved.mean.shape, np.nan)
        # Both ends of a pair are drawn from the same law: their variances are averaged.
        variance = sum(end.squares for end in ends) / (2.0 * (halved.count - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(variance > 0, halved.mean / variance, np.nan)

    def _groups(self) -> list[Moments]:
        return [*self.base, *self.anew, *self.halved]


def _join(groups: Sequence[Moments], left_out: int | None) -> Moments:
    joined = Moments(*groups[0].mean.shape)
    for at, group in enumerate(groups):
        if at != left_out:
            joined.merge(group)
    return joined


class ShareTally:
    """Shares of the uncertainties in the city's unserved energy, by month and in all.

    Parameters
    ----------
    uncertainties
        Names, as of :data:`gridtool.forecast.streams.UNCERTAINTIES`.
    """

    def __init__(self, layout: Layout, *, uncertainties: Sequence[str]) -> None:
        self.layout = layout
        periods = len(layout.grid.months) + 1
        self.total = {name: PickFreeze(periods) for name in uncertainties}
        self.rest = {name: PickFreeze(periods) for name in uncertainties}

    def add(
        self,
        base: SampleSums,
        *,
        anew: Mapping[str, SampleSums],
        kept: Mapping[str, SampleSums] | None = None,
    ) -> None:
        """Take in the same samples of the base and of its variants.

        Parameters
        ----------
        anew
            By uncertainty: the samples with that one drawn anew.
        kept
            By uncertainty: the samples with all the others drawn anew.
        """
        energy = _sum_city(base)
        for name, sums in anew.items():
            self.total[name].add(energy, _sum_city(sums))
        for name, sums in (kept or {}).items():
            self.rest[name].add(energy, _sum_city(sums))

    def merge(self, other: ShareTally) -> None:
        """Take in the samples of another tally of the same layout and uncertainties."""
        for name, pairs in self.total.items():
            pairs.merge(other.total[name])
            self.rest[name].merge(other.rest[name])

    def shares(self) -> pd.DataFrame:
        """One row per month (``all`` last) and uncertainty.

        month, uncertainty, total, total_se (share of the variance of EUE over samples that goes
        away when this one becomes known last), first, first_se (that goes away when it becomes
        known first; NaN where it was not asked for).
        """
        frames = []
        for name, pairs in self.total.items():
            total, total_error = pairs.shares()
            others, first_error = self.rest[name].shares()
            columns = {
                "total": total,
                "total_se": total_error,
                "first": 1.0 - others,
                "first_se": first_error,
            }
            months = [*self.layout.grid.months, WHOLE]
            frames.append(pd.DataFrame({"month": months, "uncertainty": name} | columns))
        joined = pd.concat(frames)
        return joined.sort_index(kind="stable").reset_index(drop=True)


def _sum_city(sums: SampleSums) -> FloatArray:
    return with_whole(sums.unserved_mwh[:, :, -1].sum(axis=-1), axis=1)
