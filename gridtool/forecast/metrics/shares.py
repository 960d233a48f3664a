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
from gridtool.forecast.metrics.periods import with_whole
from gridtool.forecast.metrics.shape_frames import WHOLE

__all__ = ["PickFreeze", "ShareTally"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GROUPS = 64
"""Groups of samples that the jackknife leaves out, one by one."""


class PickFreeze:
    """Mean squared differences of pairs as a share of the variance, for an array of quantities.

    Sample i belongs to group i modulo ``GROUPS``; errors come from leaving out one group at a
    time (jackknife), so that memory does not depend on the number of samples and the error
    allows for how differences and variance move together.
    """

    def __init__(self, *shape: int) -> None:
        self.base = _Groups(*shape)
        self.anew = _Groups(*shape)
        self.halved = _Groups(*shape)

    @property
    def count(self) -> int:
        """Pairs so far."""
        return int(self.halved.counts.sum())

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
        self.base.add(base, group)
        self.anew.add(anew, group)
        self.halved.add((base - anew) ** 2 / 2.0, group)

    def merge(self, other: PickFreeze) -> None:
        """Take in the pairs of ``other``, group by group."""
        self.base.merge(other.base)
        self.anew.merge(other.anew)
        self.halved.merge(other.halved)

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Share of the variance that drawing anew makes, and its standard error.

        NaN where nothing varies or there are fewer than two pairs, the error also where there
        are fewer than three.
        """
        counts = self.halved.counts
        used = np.flatnonzero(counts)
        nothing = np.full(self.halved.mean.shape[1:], np.nan)
        if counts.sum() < 2:
            return nothing, nothing
        # The first row is of all groups, the others leave one out.
        halved, base, anew = (part.left_out() for part in (self.halved, self.base, self.anew))
        freedom = np.append(counts.sum(), counts.sum() - counts) - 1.0
        # Both ends of a pair are drawn from the same law: their variances are averaged.
        variance = (base[1] + anew[1]) / 2.0
        with np.errstate(invalid="ignore", divide="ignore"):
            variance /= freedom.reshape(-1, *[1] * nothing.ndim)
            found = np.where(variance > 0, halved[0] / variance, np.nan)
        if counts.sum() < 3:
            return found[0], nothing
        left = found[1 + used]
        spread = ((left - left.mean(axis=0)) ** 2).sum(axis=0)
        return found[0], np.sqrt(spread * (len(used) - 1) / len(used))


class _Groups:
    """Count, mean and squared deviations of every group of samples (GROUPS, ...)."""

    def __init__(self, *shape: int) -> None:
        self.counts = np.zeros(GROUPS)
        self.mean: FloatArray = np.zeros((GROUPS, *shape))
        self.squares: FloatArray = np.zeros((GROUPS, *shape))

    def add(self, values: FloatArray, group: IntArray) -> None:
        portion = _Groups(*self.mean.shape[1:])
        portion.counts = np.bincount(group, minlength=GROUPS).astype(np.float64)
        np.add.at(portion.mean, group, values)
        portion.mean /= np.maximum(self._spread(portion.counts), 1.0)
        np.add.at(portion.squares, group, (values - portion.mean[group]) ** 2)
        self.merge(portion)

    def merge(self, other: _Groups) -> None:
        total = self.counts + other.counts
        weight = self._spread(other.counts / np.maximum(total, 1.0))
        step = other.mean - self.mean
        self.squares += other.squares + step**2 * weight * self._spread(self.counts)
        self.mean += step * weight
        self.counts = total

    def left_out(self) -> tuple[FloatArray, FloatArray]:
        """Mean and squared deviations of all samples and, after them, without each group."""
        counts, total = self._spread(self.counts), self.counts.sum()
        mean = (counts * self.mean).sum(axis=0) / total
        off = (self.mean - mean) ** 2
        squares = (self.squares + counts * off).sum(axis=0)
        rest = np.maximum(total - counts, 1.0)  # no group is all samples but for one group
        without = mean + (mean - self.mean) * counts / rest
        spread = squares - self.squares - off * counts * total / rest
        return np.stack([mean, *without]), np.stack([squares, *np.maximum(spread, 0.0)])

    def _spread(self, by_group: FloatArray) -> FloatArray:
        """One number a group, beside its quantities."""
        return by_group.reshape(-1, *[1] * (self.mean.ndim - 1))


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
            By uncertainty, all of them: the samples with that one drawn anew.
        kept
            By uncertainty: the samples with all the others drawn anew. Of two or three
            uncertainties ``anew`` has such pairs already: two variants with one drawn anew each
            share the third and nothing else.
        """
        energy = _sum_city(base)
        varied = {name: _sum_city(sums) for name, sums in anew.items()}
        for name, other in varied.items():
            self.total[name].add(energy, other)
            ends = [varied[other] for other in varied if other != name]
            if kept is not None:
                self.rest[name].add(energy, _sum_city(kept[name]))
            elif len(ends) == 1:
                self.rest[name].add(energy, ends[0])
            elif len(ends) == 2:
                self.rest[name].add(ends[0], ends[1])

    def merge(self, other: ShareTally) -> None:
        """Take in the samples of another tally of the same layout and uncertainties."""
        for name, pairs in self.total.items():
            pairs.merge(other.total[name])
            self.rest[name].merge(other.rest[name])

    def shares(self) -> pd.DataFrame:
        """One row per month (``all`` last) and uncertainty.

        month, uncertainty, total, total_se (share of the variance of EUE over samples that goes
        away when this one becomes known last), first, first_se (that goes away when it becomes
        known first; NaN where it cannot be told).
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
