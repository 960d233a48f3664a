"""Two variants of one forecast compared sample by sample, on the same random futures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from gridtool.flow.case import ORDINARY
from gridtool.forecast.metrics.model import TOLERANCE_MW, Layout, SampleSums
from gridtool.forecast.metrics.moments import Moments
from gridtool.forecast.metrics.periods import hours_off_a_day, with_whole
from gridtool.forecast.metrics.shape_frames import WHOLE
from gridtool.forecast.model import CITY

__all__ = ["PairedTally", "describe_better"]

FloatArray = npt.NDArray[np.float64]

COMPARED = ("eue_mwh", "hours_off", "lole_h")
LIKELY = ((0.99, "almost certainly"), (0.95, "very likely"), (0.9, "likely"), (0.66, "rather"))
"""Least probability of each word."""


class PairedTally:
    """Differences a - b of two variants by month and place, the whole horizon and the city last.

    Less is better. The variants share their random numbers, so that a difference knows nothing
    of the chance they have in common. Memory does not depend on the number of samples.

    Attributes
    ----------
    first, second, difference : dict of Moments (M + 1, D + 1)
        Of a, b and a - b, by name of ``COMPARED``.
    wins : dict of Moments (M + 1, D + 1)
        1 in a sample in which a is better, 1/2 where there is no telling, 0 where b is.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        cells = len(layout.grid.months) + 1, len(layout.district_ids) + 1
        self.first = {name: Moments(*cells) for name in COMPARED}
        self.second = {name: Moments(*cells) for name in COMPARED}
        self.difference = {name: Moments(*cells) for name in COMPARED}
        self.wins = {name: Moments(*cells) for name in COMPARED}

    @property
    def samples(self) -> int:
        """Pairs so far."""
        return self.difference[COMPARED[0]].count

    def add(self, sums_a: SampleSums, sums_b: SampleSums) -> None:
        """Take in the same samples of both variants.

        Raises
        ------
        ValueError
            If they are not as many of each.
        """
        if sums_a.samples != sums_b.samples:
            raise ValueError(f"{sums_a.samples} samples of a, {sums_b.samples} of b")
        one, other = self._measure(sums_a), self._measure(sums_b)
        for name, tie in self._ties().items():
            difference = one[name] - other[name]
            self.first[name].add(one[name])
            self.second[name].add(other[name])
            self.difference[name].add(difference)
            score = np.where(np.abs(difference) <= tie, 0.5, difference < 0)
            self.wins[name].add(np.where(np.isnan(difference), np.nan, score))

    def merge(self, other: PairedTally) -> None:
        """Take in the pairs of another tally of the same layout."""
        for name in COMPARED:
            self.first[name].merge(other.first[name])
            self.second[name].merge(other.second[name])
            self.difference[name].merge(other.difference[name])
            self.wins[name].merge(other.wins[name])

    def differences(self) -> pd.DataFrame:
        """One row per month (``all`` last), place (city ``*`` last) and metric.

        month, district, name, metric (eue_mwh, hours_off, lole_h); a, b: both means;
        difference (a - b), difference_se (paired), unpaired_se (as if the samples had nothing
        in common) and se_ratio of both; a_better, a_better_se: share of samples in which a is
        less, ties counted half; a_lower: probability that the expectation of a is lower, as
        the normal law has it.
        """
        return pd.concat([self._tabulate(name) for name in COMPARED], ignore_index=True)

    def _tabulate(self, name: str) -> pd.DataFrame:
        layout = self.layout
        places = [*layout.district_ids, CITY]
        months = [*layout.grid.months, WHOLE]
        one, other, wins = self.first[name], self.second[name], self.wins[name]
        paired = self.difference[name].standard_error
        unpaired = np.hypot(one.standard_error, other.standard_error)
        columns = {
            "a": one.mean,
            "b": other.mean,
            "difference": self.difference[name].mean,
            "difference_se": paired,
            "unpaired_se": unpaired,
            "se_ratio": np.divide(
                unpaired, paired, out=np.full_like(paired, np.nan), where=paired > 0
            ),
            "a_better": wins.mean,
            "a_better_se": wins.standard_error,
            "a_lower": _probability_below_zero(self.difference[name].mean, paired),
        }
        keys = {
            "month": np.repeat(np.array(months, dtype=object), len(places)),
            "district": places * len(months),
            "name": [*layout.district_names, "whole city"] * len(months),
            "metric": name,
        }
        return pd.DataFrame(keys | {key: values.ravel() for key, values in columns.items()})

    def _measure(self, sums: SampleSums) -> dict[str, FloatArray]:
        unserved = with_whole(sums.unserved_mwh, axis=1)
        factor_h = with_whole(sums.factor_h, axis=1)[..., None]
        ordinary_mw = self.layout.place_peak_mw[:, ORDINARY]
        return {
            "eue_mwh": unserved.sum(axis=-1),
            "hours_off": hours_off_a_day(unserved[..., ORDINARY], factor_h * ordinary_mw),
            "lole_h": with_whole(sums.short_h, axis=1),
        }

    def _ties(self) -> dict[str, FloatArray]:
        """Differences that the tolerance of the dispatch explains, (M + 1, D + 1) or less."""
        hours = with_whole(self.layout.hours.astype(np.float64))[:, None]
        energy = TOLERANCE_MW * hours
        ordinary = self.layout.place_peak_mw[:, ORDINARY]
        ordinary_mw = np.where(ordinary > 0, ordinary, 1.0)
        return {
            "eue_mwh": energy,
            "hours_off": 24.0 * energy / (hours * ordinary_mw),
            "lole_h": np.zeros((1, 1)),
        }


def _probability_below_zero(mean: FloatArray, error: FloatArray) -> FloatArray:
    """That the true mean is below 0; 1/2 where both are the same in every sample."""
    sure = np.where(mean < 0, 1.0, np.where(mean > 0, 0.0, 0.5))
    score = np.divide(-mean, error, out=np.zeros_like(mean), where=error > 0)
    found = np.where(error > 0, ndtr(score), sure)
    return np.where(np.isnan(mean) | np.isnan(error), np.nan, found)


def describe_better(a_lower: float, *, a: str, b: str) -> str:
    """Which of two is better, in words that fit the probability that a's expectation is lower.

    >>> describe_better(0.993, a="plan 1", b="plan 2")
    'plan 1 is almost certainly better than plan 2'
    >>> describe_better(0.5, a="plan 1", b="plan 2")
    'no telling which of plan 1 and plan 2 is better'
    """
    better, worse, sure = (a, b, a_lower) if a_lower >= 0.5 else (b, a, 1.0 - a_lower)
    for least, word in LIKELY:
        if sure >= least:
            return f"{better} is {word} better than {worse}"
    return f"no telling which of {a} and {b} is better"
