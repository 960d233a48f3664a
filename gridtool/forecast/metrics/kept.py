"""What is kept of single simulated futures, so that they can be scored when the truth is known.

A distribution is scored against what came by the samples themselves (CRPS, intervals, the place
of the truth among them); the metrics with their standard errors do not hold them any more. Kept
are energies by month and district and by local day, and quantiles of the hourly demand: memory
grows with the number that is kept, not with the number simulated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import ORDINARY
from gridtool.forecast.metrics.model import Layout, SampleSums
from gridtool.forecast.metrics.periods import hours_off_a_day
from gridtool.forecast.model import CITY, DemandModel, FittedModel
from gridtool.timegrid import TimeGrid

__all__ = ["DEMAND_LEVELS", "KeptSamples", "KeptTally", "quantile_hours"]

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

DEMAND_LEVELS: FloatArray = np.arange(41) / 40
"""Evenly spaced, so that the quantiles of an hour are themselves a sample of 41; they hold the
ends of the central intervals of 50, 80 and 90 %."""
PATHS_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class KeptSamples:
    """The first n samples over M months, days, D districts and the city (last of D + 1 places).

    Attributes
    ----------
    districts : D + 1 texts
        Ids, the city last as ``*``.
    peak_mw : (D + 1, 2)
        Demand at the reference peak by place and tier.
    month_h : (M,)
        Hours of each month within the horizon: the first month may have begun before.
    factor_h : (n, M)
        Sum of the demand factor.
    unserved_mwh : (n, M, D + 1, 2)
        By tier.
    day_factor_h : (n, days)
    day_mwh : (n, days, 2)
        Unserved in the city by tier.
    demand_mw : (levels, hours) of float32
        Quantiles of the city's demand in each hour at :data:`DEMAND_LEVELS`, over the paths of the
        same samples.
    """

    grid: TimeGrid
    districts: tuple[str, ...]
    peak_mw: FloatArray
    month_h: npt.NDArray[np.int64]
    factor_h: FloatArray
    unserved_mwh: FloatArray
    day_factor_h: FloatArray
    day_mwh: FloatArray
    demand_mw: Float32Array

    @property
    def samples(self) -> int:
        """Number of samples kept."""
        return len(self.factor_h)

    @property
    def ordinary_share(self) -> FloatArray:
        """Share of each place's demand that is not protected, (D + 1,); NaN without demand."""
        whole = self.peak_mw.sum(axis=1)
        unknown = np.full(len(whole), np.nan)
        found: FloatArray = np.divide(
            self.peak_mw[:, ORDINARY], whole, out=unknown, where=whole > 0
        )
        return found

    def months(self) -> pd.DataFrame:
        """One row per sample, month and place.

        sample, month, district; demand_mwh, eue_mwh (unserved), hours_off (hours a day without
        supply for an ordinary customer), as float32.
        """
        n, months, places = self.unserved_mwh.shape[:3]
        demand = self.factor_h[:, :, None] * self.peak_mw.sum(axis=1)
        ordinary = self.factor_h[:, :, None] * self.peak_mw[:, ORDINARY]
        names = np.array(self.grid.months, dtype=object)
        return pd.DataFrame(
            {
                "sample": np.repeat(np.arange(n, dtype=np.int32), months * places),
                "month": np.tile(np.repeat(names, places), n),
                "district": np.tile(np.array(self.districts, dtype=object), n * months),
                "demand_mwh": _column(demand),
                "eue_mwh": _column(self.unserved_mwh.sum(axis=-1)),
                "hours_off": _column(hours_off_a_day(self.unserved_mwh[..., ORDINARY], ordinary)),
            }
        )

    def days(self) -> pd.DataFrame:
        """One row per sample and local day, of the city.

        sample, day (``2027-01-12``), hours (of the day within the horizon), demand_mwh, eue_mwh,
        hours_off; see :meth:`months`.
        """
        n, days = self.day_factor_h.shape
        hours = np.bincount(self.grid.day_index, minlength=days).astype(np.int16)
        ordinary = self.day_factor_h * self.peak_mw[-1, ORDINARY]
        names = np.array([day.isoformat() for day in self.grid.days], dtype=object)
        return pd.DataFrame(
            {
                "sample": np.repeat(np.arange(n, dtype=np.int32), days),
                "day": np.tile(names, n),
                "hours": np.tile(hours, n),
                "demand_mwh": _column(self.day_factor_h * self.peak_mw[-1].sum()),
                "eue_mwh": _column(self.day_mwh.sum(axis=-1)),
                "hours_off": _column(hours_off_a_day(self.day_mwh[..., ORDINARY], ordinary)),
            }
        )

    def hours(self) -> pd.DataFrame:
        """One row per hour: hour (UTC) and the quantiles q0 (lowest path) to q1000 (highest).

        A column is named by its level in thousandths.
        """
        hour = pd.DatetimeIndex(self.grid.utc.astype("datetime64[s]")).tz_localize("UTC")
        columns = {
            f"q{round(1000 * at)}": row
            for at, row in zip(DEMAND_LEVELS, self.demand_mw, strict=True)
        }
        return pd.DataFrame({"hour": hour} | columns)


class KeptTally:
    """Keeps the first samples of a forecast, in the order in which they are added.

    Parameters
    ----------
    limit
        How many.
    """

    def __init__(self, layout: Layout, *, limit: int) -> None:
        self._layout, self._limit = layout, limit
        self._parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []

    @property
    def samples(self) -> int:
        """Number of samples kept so far."""
        return sum(len(part[0]) for part in self._parts)

    def add(self, sums: SampleSums) -> None:
        """Take in the next samples, as far as they are within the limit."""
        room = self._limit - self.samples
        if room <= 0:
            return
        # Copies: views would keep all that was summed of every sample.
        self._parts.append(
            (
                sums.factor_h[:room].copy(),
                sums.unserved_mwh[:room].copy(),
                sums.day_factor_h[:room].copy(),
                sums.day_mwh[:room].copy(),
            )
        )

    def finish(self, demand: DemandModel, *, seed: int) -> KeptSamples | None:
        """The samples kept, with the hours of their demand paths; None if there are none.

        Parameters
        ----------
        demand, seed
            Those of the simulation: its paths are drawn once more.
        """
        if not self._parts:
            return None
        layout = self._layout
        joined = [np.concatenate(arrays) for arrays in zip(*self._parts, strict=True)]
        factor_h, unserved_mwh, day_factor_h, day_mwh = joined
        return KeptSamples(
            grid=layout.grid,
            districts=(*layout.district_ids, CITY),
            peak_mw=layout.place_peak_mw,
            month_h=layout.hours,
            factor_h=factor_h,
            unserved_mwh=unserved_mwh,
            day_factor_h=day_factor_h,
            day_mwh=day_mwh,
            demand_mw=quantile_hours(demand, layout.grid, seed=seed, samples=len(factor_h)),
        )


def _column(values: FloatArray) -> Float32Array:
    """Half the size; seven digits are more than a sample is worth."""
    return values.astype(np.float32).ravel()


def quantile_hours(demand: DemandModel, grid: TimeGrid, *, seed: int, samples: int) -> Float32Array:
    """Quantiles of demand in each hour at :data:`DEMAND_LEVELS`, over the first paths, in MW.

    Returns
    -------
    (levels, hours)
        Linear between the values, as ``numpy.quantile``.
    """
    drawer = demand.prepare(grid).draw if isinstance(demand, FittedModel) else None
    paths = np.empty((samples, grid.hours), dtype=np.float32)
    for first in range(0, samples, PATHS_AT_ONCE):
        count = min(PATHS_AT_ONCE, samples - first)
        if drawer is not None:
            paths[first : first + count] = drawer(count, seed=seed, first=first)
        else:
            paths[first : first + count] = demand.simulate(count, grid=grid, seed=seed, first=first)
    paths.sort(axis=0)
    at = DEMAND_LEVELS * (samples - 1)
    low = np.minimum(np.floor(at).astype(np.int64), samples - 1)
    high = np.minimum(low + 1, samples - 1)
    share = (at - low).astype(np.float32)[:, None]
    found: Float32Array = paths[low] + share * (paths[high] - paths[low])
    return found
