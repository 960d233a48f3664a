"""What is summed of every simulated future, and the calendar it is summed by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.timegrid import TimeGrid

__all__ = [
    "CAUSES",
    "DEPTH_SHARES",
    "DURATION_H",
    "OVER_H",
    "TOLERANCE_MW",
    "ControlledSums",
    "Layout",
    "SampleSums",
    "make_layout",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TOLERANCE_MW = 1e-6
"""Load equal to capacity is no shortage: what lacks no more than this counts as none."""
OVER_H = (4.0, 8.0, 12.0)
"""Hours off a day that a planner asks about."""
CAUSES = ("supply", "network", "delivery")
DURATION_H = (1, 2, 4, 8, 12, 24, 72, 168)
"""Longest event of each class of durations; one more class holds the longer ones."""
DEPTH_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75)
"""Deepest event of each class of depths, as a share of the demand at the reference peak; one
more class holds the deeper ones."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The axes of the sums: local calendar, D districts and the city after them, C classes.

    Attributes
    ----------
    district_ids, district_names : D texts
    class_names : C texts
    peak_mw : (D, 2)
        Demand at the reference peak (a demand factor of 1) by district and tier.
    class_peak_mw : (C,)
        The same by class of customers.
    """

    grid: TimeGrid
    district_ids: tuple[str, ...]
    district_names: tuple[str, ...]
    class_names: tuple[str, ...]
    peak_mw: FloatArray
    class_peak_mw: FloatArray

    @cached_property
    def place_peak_mw(self) -> FloatArray:
        """By district and tier, the whole city last (D + 1, 2)."""
        return np.vstack([self.peak_mw, self.peak_mw.sum(axis=0)])

    @cached_property
    def hours(self) -> IntArray:
        """Hours of each month (M,)."""
        return np.bincount(self.grid.month_index, minlength=len(self.grid.months))

    @cached_property
    def days(self) -> IntArray:
        """Local days of each month, also those begun or cut off (M,)."""
        return np.bincount(self.month_of_day, minlength=len(self.grid.months))

    @cached_property
    def month_of_day(self) -> IntArray:
        """Month of each local day (days,)."""
        first = np.flatnonzero(np.diff(self.grid.day_index, prepend=-1))
        return self.grid.month_index[first]

    @cached_property
    def hour_of_day(self) -> IntArray:
        """Local hour of each slot, 0 to 23 (hours,)."""
        return np.array([moment.hour for moment in self.grid.local], dtype=np.int64)

    @cached_property
    def weeks(self) -> tuple[str, ...]:
        """ISO weeks touched, as ``2026-W07``, in order."""
        return tuple(dict.fromkeys(self._week_names))

    @cached_property
    def week_of_day(self) -> IntArray:
        """Week of each local day as an index into :attr:`weeks` (days,)."""
        order = {week: at for at, week in enumerate(self.weeks)}
        return np.array([order[week] for week in self._week_names], dtype=np.int64)

    @cached_property
    def _week_names(self) -> list[str]:
        calendars = (day.isocalendar() for day in self.grid.days)
        return [f"{calendar.year}-W{calendar.week:02d}" for calendar in calendars]


@dataclass(frozen=True, kw_only=True)
class SampleSums:
    """Sums of n samples over M months, D districts and the city (last of D + 1 places).

    Hours in which the whole city lacks no more than ``TOLERANCE_MW`` are left out.

    Attributes
    ----------
    unserved_mwh : (n, M, D + 1, 2)
        By tier.
    short_h, short_d : (n, M, D + 1)
        Hours, and local days with any hour, of shortage.
    events : (n, M, D + 1)
        Shortages of consecutive hours, in the month of their first hour.
    deepest_mw : (n, M, D + 1)
        Most unserved in any hour.
    over_d : (n, M, D + 1, 3)
        Days with more than each of ``OVER_H`` hours off for an ordinary customer.
    class_mwh : (n, M, C)
        Unserved by class of customers.
    cause_mwh : (n, M, 3)
        Unserved by each of ``CAUSES``, in the whole city.
    factor_h : (n, M)
        Sum of the demand factor over the hours.
    hour_mwh, hour_short_h : (n, M, 24)
        Unserved energy and hours of shortage of the city by local hour of the day.
    day_mwh : (n, days, 2)
        Unserved in the city by local day and tier.
    day_short_h, day_factor_h : (n, days)
        Hours of shortage of the city, and sum of the demand factor.
    duration_events : (n, D + 1, 9)
        Events by class of ``DURATION_H``; one that is cut off by the end of the horizon counts
        with its hours within it.
    depth_events : (n, D + 1, 9)
        Events by class of ``DEPTH_SHARES``.
    """

    unserved_mwh: FloatArray
    short_h: FloatArray
    short_d: FloatArray
    events: FloatArray
    deepest_mw: FloatArray
    over_d: FloatArray
    class_mwh: FloatArray
    cause_mwh: FloatArray
    factor_h: FloatArray
    hour_mwh: FloatArray
    hour_short_h: FloatArray
    day_mwh: FloatArray
    day_short_h: FloatArray
    day_factor_h: FloatArray
    duration_events: FloatArray
    depth_events: FloatArray

    @property
    def samples(self) -> int:
        """Number of samples summed."""
        return len(self.factor_h)


@dataclass(frozen=True, kw_only=True)
class ControlledSums(SampleSums):
    """Sums whose control variate is known.

    Attributes
    ----------
    control_mwh : (n, M)
        Of :func:`gridtool.forecast.control.control_supply`.
    """

    control_mwh: FloatArray


def make_layout(
    case: CompiledCase,
    grid: TimeGrid,
    *,
    names: Mapping[str, str],
    class_share: FloatArray,
    class_names: Sequence[str],
) -> Layout:
    """The layout of forecasts of a case.

    Parameters
    ----------
    names
        Name by id of district.
    class_share : (B, 2, C)
        Share of the demand of a busbar and tier by class
        (:func:`gridtool.flow.class_shares.class_shares`).
    """
    peak = np.zeros((len(case.district_ids), 2))
    np.add.at(peak, case.busbar_district, case.demand_mw)
    return Layout(
        grid=grid,
        district_ids=tuple(case.district_ids),
        district_names=tuple(names[key] for key in case.district_ids),
        class_names=tuple(class_names),
        peak_mw=peak,
        class_peak_mw=np.einsum("btc,bt->c", class_share, case.demand_mw),
    )
