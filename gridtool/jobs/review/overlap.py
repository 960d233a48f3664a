"""The days that two forecasts both have, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.jobs.review.past import PastRun
from gridtool.jobs.scoring.compare import weigh_off
from gridtool.jobs.scoring.files import KeptRun, read_kept, read_kept_facts
from gridtool.timegrid import TimeGrid

__all__ = ["Overlap", "find_overlap"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two runs' samples over the local days that both forecast wholly.

    Samples are taken in pairs. Where both runs have one seed a pair shares most of its chance, so
    that differences are known far better than either value; where not, they are still right.

    Attributes
    ----------
    days_before, days_after : (days of the run,) bool
        The common days among those of each run.
    month_of_day : (common days,)
        As an index into ``months``.
    months
        As ``2027-01``; the first and last may be had in part.
    """

    before: KeptRun
    after: KeptRun
    days_before: BoolArray
    days_after: BoolArray
    month_of_day: npt.NDArray[np.int64]
    months: tuple[str, ...]
    span: str

    @property
    def samples(self) -> int:
        """Number of pairs."""
        return min(self.before.facts.samples, self.after.facts.samples)

    def mean_demand(self) -> tuple[FloatArray, FloatArray]:
        """Mean demand by month (months,) before and after, MWh."""
        pairs = (self.before.day_mwh, self.days_before), (self.after.day_mwh, self.days_after)
        before, after = (self._by_month(values[:, days]).mean(axis=0) for values, days in pairs)
        return before, after

    def energy(self) -> tuple[FloatArray, FloatArray]:
        """Unserved energy by sample and month, (samples, months), before and after, MWh."""
        before = self._by_month(self.before.day_eue_mwh[:, self.days_before])
        return before, self._by_month(self.after.day_eue_mwh[:, self.days_after])

    def table(self) -> pd.DataFrame:
        """One row per month: month, days, eue_mwh_before, eue_mwh_after, change_mwh,
        change_mwh_se (of the pairs), hours_off_p90_before, hours_off_p90_after.
        """
        before, after = self.energy()
        change = after - before
        off = self._hours_off(self.before, self.days_before)
        off_now = self._hours_off(self.after, self.days_after)
        return pd.DataFrame(
            {
                "month": self.months,
                "days": np.bincount(self.month_of_day, minlength=len(self.months)),
                "eue_mwh_before": before.mean(axis=0),
                "eue_mwh_after": after.mean(axis=0),
                "change_mwh": change.mean(axis=0),
                "change_mwh_se": change.std(axis=0, ddof=1) / np.sqrt(self.samples),
                "hours_off_p90_before": np.quantile(off, 0.9, axis=0),
                "hours_off_p90_after": np.quantile(off_now, 0.9, axis=0),
            }
        )

    def _by_month(self, values: FloatArray) -> FloatArray:
        pairs = values[: self.samples]
        months = range(len(self.months))
        return np.stack([pairs[:, self.month_of_day == m].sum(axis=1) for m in months], axis=1)

    def _hours_off(self, kept: KeptRun, days: BoolArray) -> FloatArray:
        at = np.flatnonzero(days)
        found = []
        for month in range(len(self.months)):
            within = np.zeros(len(days), dtype=np.bool_)
            within[at[self.month_of_day == month]] = True
            found.append(weigh_off(kept, within))
        return np.stack(found, axis=1)


def find_overlap(before: PastRun, after: PastRun) -> Overlap | None:
    """The common days of two runs; None where one has no samples, or there are none.

    Raises
    ------
    StoreError
        If the samples are not what was published.
    """
    facts = [read_kept_facts(past.folder) for past in (before, after)]
    if facts[0] is None or facts[1] is None or min(found.samples for found in facts if found) < 2:
        return None
    whole = [set(_whole_days(found.grid)) for found in facts if found]
    common = [day for day in facts[1].grid.days if day in whole[0] & whole[1]]
    if not common:
        return None
    months = tuple(dict.fromkeys(f"{day:%Y-%m}" for day in common))
    chosen = set(common)
    masks = [np.array([day in chosen for day in found.grid.days]) for found in facts if found]
    first, last = common[0], common[-1]
    return Overlap(
        before=read_kept(before.folder, facts[0]),
        after=read_kept(after.folder, facts[1]),
        days_before=masks[0],
        days_after=masks[1],
        month_of_day=np.array([months.index(f"{day:%Y-%m}") for day in common]),
        months=months,
        span=f"from {first.day} {first:%b} to {last.day} {last:%b %Y}",
    )


def _whole_days(grid: TimeGrid) -> list[object]:
    """Local days that lie in the grid from midnight to midnight."""
    first = grid.local[0]
    begun = (first.hour, first.minute) != (0, 0)
    cut = grid.end.astimezone(grid.zone).date() == grid.days[-1]
    return list(grid.days[int(begun) : len(grid.days) - int(cut)])
