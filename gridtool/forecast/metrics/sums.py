"""From hours to sums: what is kept of every simulated future."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import ORDINARY
from gridtool.flow.model import HourlyShortage
from gridtool.forecast.metrics.model import (
    CAUSES,
    DEPTH_SHARES,
    DURATION_H,
    OVER_H,
    TOLERANCE_MW,
    Layout,
    SampleSums,
)
from gridtool.forecast.metrics.sums_kernel import PLACE_COLUMNS, Sums, sum_hours

__all__ = ["sum_samples"]

FloatArray = npt.NDArray[np.float64]


def sum_samples(hourly: HourlyShortage, factor: FloatArray, *, layout: Layout) -> SampleSums:
    """Sums of each of n samples, in one pass over its hours.

    Parameters
    ----------
    factor : (n, H)
        Demand as a share of the reference peak.

    Raises
    ------
    ValueError
        If the arrays do not have the axes of the layout.
    """
    n = len(factor)
    hours, places = layout.grid.hours, len(layout.district_ids)
    expected = {
        "factor": (factor, (n, hours)),
        "district_mw": (hourly.district_mw, (n, hours, places, 2)),
        "class_mw": (hourly.class_mw, (n, hours, len(layout.class_names))),
        "supply_mw": (hourly.supply_mw, (n, hours)),
        "delivery_mw": (hourly.delivery_mw, (n, hours)),
    }
    for name, (values, shape) in expected.items():
        if values.shape != shape:
            raise ValueError(f"{name} has shape {values.shape}, the layout wants {shape}")
    sums = _make_sums(n, layout=layout)
    peak = layout.place_peak_mw
    sum_hours(
        (
            # Rows of hours as they lie in memory.
            np.ascontiguousarray(hourly.district_mw, dtype=np.float64),
            np.ascontiguousarray(hourly.class_mw, dtype=np.float64),
            np.stack([hourly.supply_mw, hourly.delivery_mw], axis=-1),
            np.ascontiguousarray(factor, dtype=np.float64),
        ),
        (layout.grid.month_index, layout.grid.day_index, layout.hour_of_day),
        (
            np.column_stack([peak[:, ORDINARY], peak.sum(axis=1)]),
            np.array([DURATION_H, DEPTH_SHARES], dtype=np.float64),
            np.array(OVER_H),
        ),
        TOLERANCE_MW,
        sums,
    )
    return _name_sums(sums, layout=layout)


def _make_sums(n: int, *, layout: Layout) -> Sums:
    """All zero."""
    months, days = len(layout.grid.months), len(layout.grid.days)
    places = len(layout.district_ids) + 1
    return (
        np.zeros((n, months, places, PLACE_COLUMNS)),
        np.zeros((n, months, len(layout.class_names))),
        np.zeros((n, months, len(CAUSES))),
        np.zeros((n, months, 24, 2)),
        np.zeros((n, days, 4)),
        np.zeros((n, places, 2, len(DURATION_H) + 1)),
    )


def _name_sums(sums: Sums, *, layout: Layout) -> SampleSums:
    by_place, by_class, by_cause, by_clock, by_day, shapes = sums
    months = np.flatnonzero(np.diff(layout.month_of_day, prepend=-1))
    return SampleSums(
        unserved_mwh=by_place[..., :2],
        short_h=by_place[..., 2],
        short_d=by_place[..., 3],
        events=by_place[..., 4],
        deepest_mw=by_place[..., 5],
        over_d=by_place[..., 6:],
        class_mwh=by_class,
        cause_mwh=by_cause,
        factor_h=np.add.reduceat(by_day[..., 3], months, axis=1),
        hour_mwh=by_clock[..., 0],
        hour_short_h=by_clock[..., 1],
        day_mwh=by_day[..., :2],
        day_short_h=by_day[..., 2],
        day_factor_h=by_day[..., 3],
        duration_events=shapes[:, :, 0],
        depth_events=shapes[:, :, 1],
    )
