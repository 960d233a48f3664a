"""The streaming tally of simulated futures: samples go in, metrics with errors come out.

Its memory does not depend on the number of samples. Portions of samples are added in order, so
that its bytes do not depend on who summed them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import ORDINARY
from gridtool.forecast.metrics import place_frames, shape_frames
from gridtool.forecast.metrics.histogram import Histogram, bins_within
from gridtool.forecast.metrics.model import (
    CAUSES,
    DEPTH_SHARES,
    DURATION_H,
    OVER_H,
    Layout,
    SampleSums,
)
from gridtool.forecast.metrics.moments import Moments, RatioMoments
from gridtool.forecast.metrics.periods import hours_off_a_day, with_whole

__all__ = ["ShortageTally", "relative_error"]

FloatArray = npt.NDArray[np.float64]

MONTH_BYTES, DAY_BYTES = 30_000_000, 8_000_000
"""Most memory of the distributions by month and place, and by day of the city."""
MOST_FACTOR = {"mean": 1.5, "day": 2.0}
"""Demand factors up to which distributions resolve: mean of a month, of a day."""


class ShortageTally:
    """Everything known of the samples so far.

    Periods are the M months and, after them, the whole horizon; places are the D districts and,
    after them, the city.

    Attributes
    ----------
    eue : (M + 1, D + 1)
        Unserved energy, against the sum of the demand factor.
    short_h, short_d, events, deepest_mw, hours_off : (M + 1, D + 1)
    over_d : (M + 1, D + 1, 3)
    classes : (M + 1, C)
        Unserved energy, against the sum of the demand factor.
    causes : (M + 1, 3)
    hour_mwh, hour_short_h : (M + 1, 24)
    week_mwh, week_short_h, week_hours_off : (weeks,)
    day_mwh : (days,)
    durations, depths : (D + 1, 9)
        Events by class, against all events.
    eue_spread, hours_off_spread : (M + 1, D + 1)
        Distributions over samples.
    day_spread, factor_spread : (days,)
        Hours off in the city, and mean demand factor.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        grid = layout.grid
        periods, days, weeks = len(grid.months) + 1, len(grid.days), len(layout.weeks)
        cells = periods, len(layout.district_ids) + 1
        self.eue = RatioMoments(*cells, whole=(periods, 1))
        self.short_h, self.short_d = Moments(*cells), Moments(*cells)
        self.events, self.deepest_mw = Moments(*cells), Moments(*cells)
        self.hours_off = Moments(*cells)
        self.over_d = Moments(*cells, len(OVER_H))
        self.classes = RatioMoments(periods, len(layout.class_names), whole=(periods, 1))
        self.causes = Moments(periods, len(CAUSES))
        self.hour_mwh, self.hour_short_h = Moments(periods, 24), Moments(periods, 24)
        self.week_mwh, self.week_short_h = Moments(weeks), Moments(weeks)
        self.week_hours_off = Moments(weeks)
        self.day_mwh = Moments(days)
        self.durations = RatioMoments(cells[1], len(DURATION_H) + 1, whole=(cells[1], 1))
        self.depths = RatioMoments(cells[1], len(DEPTH_SHARES) + 1, whole=(cells[1], 1))
        bins = bins_within(MONTH_BYTES, quantities=2 * cells[0] * cells[1])
        hours = with_whole(layout.hours.astype(np.float64))
        most = MOST_FACTOR["mean"] * hours[:, None] * layout.place_peak_mw.sum(axis=1)
        self.eue_spread = Histogram(np.where(most > 0, most, 1.0), bins=bins)
        self.hours_off_spread = Histogram(np.full(cells, 24.0), bins=bins)
        bins = bins_within(DAY_BYTES, quantities=2 * days)
        self.day_spread = Histogram(np.full(days, 24.0), bins=bins)
        self.factor_spread = Histogram(np.full(days, MOST_FACTOR["day"]), bins=bins)

    @property
    def samples(self) -> int:
        """Samples so far."""
        return self.short_h.count

    @property
    def resolution_h(self) -> float:
        """Width of the coarsest bin of hours off a day, the one at 24 h.

        It is (x / 24)^(2/3) of that at x hours. No quantile is further than its bin is wide
        from the order statistic it stands for.
        """
        return 3.0 * 24.0 / float(self.hours_off_spread.counts.shape[1])

    def add(self, sums: SampleSums) -> None:
        """Take in the samples of one portion."""
        unserved = with_whole(sums.unserved_mwh, axis=1)
        factor_h = with_whole(sums.factor_h, axis=1)[..., None]
        eue = unserved.sum(axis=-1)
        off = hours_off_a_day(
            unserved[..., ORDINARY], factor_h * self.layout.place_peak_mw[:, ORDINARY]
        )
        self.eue.add(eue, factor_h)
        self.eue_spread.add(eue)
        self.hours_off.add(off)
        self.hours_off_spread.add(off)
        self.short_h.add(with_whole(sums.short_h, axis=1))
        self.short_d.add(with_whole(sums.short_d, axis=1))
        self.over_d.add(with_whole(sums.over_d, axis=1))
        self.events.add(with_whole(sums.events, axis=1))
        deepest = sums.deepest_mw
        self.deepest_mw.add(np.concatenate([deepest, deepest.max(axis=1, keepdims=True)], axis=1))
        self.classes.add(with_whole(sums.class_mwh, axis=1), factor_h)
        self.causes.add(with_whole(sums.cause_mwh, axis=1))
        self.hour_mwh.add(with_whole(sums.hour_mwh, axis=1))
        self.hour_short_h.add(with_whole(sums.hour_short_h, axis=1))
        for moments, counted in (
            (self.durations, sums.duration_events),
            (self.depths, sums.depth_events),
        ):
            moments.add(counted, counted.sum(axis=2, keepdims=True))
        self._add_days(sums)

    def _add_days(self, sums: SampleSums) -> None:
        layout = self.layout
        ordinary_mw = layout.place_peak_mw[-1, ORDINARY]
        ordinary = sums.day_mwh[..., ORDINARY]
        self.day_mwh.add(sums.day_mwh.sum(axis=2))
        self.day_spread.add(hours_off_a_day(ordinary, sums.day_factor_h * ordinary_mw))
        self.factor_spread.add(sums.day_factor_h / np.bincount(layout.grid.day_index))
        first = np.flatnonzero(np.diff(layout.week_of_day, prepend=-1))
        week_factor_h = np.add.reduceat(sums.day_factor_h, first, axis=1)
        week_ordinary = np.add.reduceat(ordinary, first, axis=1)
        self.week_mwh.add(np.add.reduceat(sums.day_mwh.sum(axis=2), first, axis=1))
        self.week_short_h.add(np.add.reduceat(sums.day_short_h, first, axis=1))
        self.week_hours_off.add(hours_off_a_day(week_ordinary, week_factor_h * ordinary_mw))

    def merge(self, other: ShortageTally) -> None:
        """Take in the samples of another tally of the same layout."""
        parts = vars(other)
        for name, part in vars(self).items():
            if isinstance(part, (Moments, RatioMoments, Histogram)):
                part.merge(parts[name])

    def monthly(self) -> pd.DataFrame:
        """Every metric by month and place (:func:`.place_frames.tabulate_months`)."""
        return place_frames.tabulate_months(self)

    def horizon(self) -> pd.DataFrame:
        """Every metric of the whole horizon by place."""
        return place_frames.tabulate_horizon(self)

    def by_class(self) -> pd.DataFrame:
        """Unserved energy by month and class of customers; month ``all`` is the horizon."""
        return shape_frames.tabulate_classes(self)

    def causes_monthly(self) -> pd.DataFrame:
        """Unserved energy of the city by month and cause."""
        return shape_frames.tabulate_causes(self)

    def by_hour(self) -> pd.DataFrame:
        """The city by month and local hour of the day; month ``all`` is the horizon."""
        return shape_frames.tabulate_hours(self)

    def weekly(self) -> pd.DataFrame:
        """The city by ISO week."""
        return shape_frames.tabulate_weeks(self)

    def daily(self) -> pd.DataFrame:
        """The city by local day."""
        return shape_frames.tabulate_days(self)

    def event_durations(self) -> pd.DataFrame:
        """Events of the horizon by place and class of duration."""
        return shape_frames.tabulate_durations(self)

    def event_depths(self) -> pd.DataFrame:
        """Events of the horizon by place and class of depth."""
        return shape_frames.tabulate_depths(self)


def relative_error(tally: ShortageTally) -> float:
    """Standard error of the whole EUE as a share of it; infinite while nothing was short."""
    eue = tally.eue.part
    whole, error = float(eue.mean[-1, -1]), float(eue.standard_error[-1, -1])
    return error / whole if whole > 0 and np.isfinite(error) else float("inf")
