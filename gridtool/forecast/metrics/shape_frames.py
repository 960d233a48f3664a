"""Frames of the city by cause, class, hour of the day, week and day, and of its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.metrics.model import CAUSES, DEPTH_SHARES, DURATION_H
from gridtool.forecast.metrics.periods import with_whole
from gridtool.forecast.metrics.place_frames import quantile_columns
from gridtool.forecast.model import CITY

if TYPE_CHECKING:
    from gridtool.forecast.metrics.moments import RatioMoments
    from gridtool.forecast.metrics.tally import ShortageTally

__all__ = [
    "WHOLE",
    "tabulate_causes",
    "tabulate_classes",
    "tabulate_days",
    "tabulate_depths",
    "tabulate_durations",
    "tabulate_hours",
    "tabulate_weeks",
]

FloatArray = npt.NDArray[np.float64]

WHOLE = "all"
"""Month of the rows that stand for the whole horizon."""
LEAST_MWH = 1e-6
DAY_QUANTILES = (0.1, 0.5, 0.9)


def tabulate_causes(tally: ShortageTally) -> pd.DataFrame:
    """Month, then supply_mwh, network_mwh and delivery_mwh, each with its error ``_se``."""
    mean = tally.causes.mean[:-1].T
    error = tally.causes.standard_error[:-1].T
    nothing = mean < LEAST_MWH  # what rounding leaves of nothing
    columns: dict[str, Sequence[str] | FloatArray] = {"month": list(tally.layout.grid.months)}
    for at, cause in enumerate(CAUSES):
        columns[f"{cause}_mwh"] = np.where(nothing[at], 0.0, mean[at])
        columns[f"{cause}_mwh_se"] = np.where(nothing[at], 0.0, error[at])
    return pd.DataFrame(columns)


def tabulate_classes(tally: ShortageTally) -> pd.DataFrame:
    """Month (``all`` last), class, demand_mwh, eue_mwh, eue_mwh_se, neue_ppm, neue_ppm_se."""
    layout, classes = tally.layout, tally.classes
    peak = layout.class_peak_mw
    ppm = np.divide(1e6, peak, out=np.full(len(peak), np.nan), where=peak > 0)
    return pd.DataFrame(
        _month_keys(tally, "class", layout.class_names)
        | {
            "demand_mwh": (classes.whole.mean * peak).ravel(),
            "eue_mwh": classes.part.mean.ravel(),
            "eue_mwh_se": classes.part.standard_error.ravel(),
            "neue_ppm": (classes.ratio * ppm).ravel(),
            "neue_ppm_se": (classes.ratio_error * ppm).ravel(),
        }
    )


def tabulate_hours(tally: ShortageTally) -> pd.DataFrame:
    """Month (``all`` last), hour (local, 0 to 23), lolp, lolp_se, eue_mwh, eue_mwh_se.

    ``lolp`` is the share of the hours of that clock that are short; NaN where there are none.
    """
    layout = tally.layout
    slots = np.zeros((len(layout.grid.months), 24))
    np.add.at(slots, (layout.grid.month_index, layout.hour_of_day), 1.0)
    slots = with_whole(slots)
    slots[slots == 0] = np.nan
    short, energy = tally.hour_short_h, tally.hour_mwh
    return pd.DataFrame(
        _month_keys(tally, "hour", range(24))
        | {
            "lolp": (short.mean / slots).ravel(),
            "lolp_se": (short.standard_error / slots).ravel(),
            "eue_mwh": energy.mean.ravel(),
            "eue_mwh_se": energy.standard_error.ravel(),
        }
    )


def tabulate_weeks(tally: ShortageTally) -> pd.DataFrame:
    """Week (ISO), days of it in the horizon, lole_h, eue_mwh and hours_off_mean with errors."""
    return pd.DataFrame(
        {
            "week": list(tally.layout.weeks),
            "days": np.bincount(tally.layout.week_of_day),
            "lole_h": tally.week_short_h.mean,
            "lole_h_se": tally.week_short_h.standard_error,
            "eue_mwh": tally.week_mwh.mean,
            "eue_mwh_se": tally.week_mwh.standard_error,
            "hours_off_mean": tally.week_hours_off.mean,
            "hours_off_se": tally.week_hours_off.standard_error,
        }
    )


def tabulate_days(tally: ShortageTally) -> pd.DataFrame:
    """Date, hours_off_p10, hours_off_p50, hours_off_p90, eue_mwh, demand_p50_mw, with errors.

    A day's quantiles are over samples; their intervals are ``_low`` and ``_high``.
    """
    layout = tally.layout
    peak_mw = float(layout.peak_mw.sum())
    return pd.DataFrame(
        {
            "date": [day.isoformat() for day in layout.grid.days],
            **quantile_columns(tally.day_spread, DAY_QUANTILES, name="hours_off"),
            "eue_mwh": tally.day_mwh.mean,
            "eue_mwh_se": tally.day_mwh.standard_error,
            **quantile_columns(
                tally.factor_spread, (0.5,), name="demand", unit="_mw", scale=peak_mw
            ),
        }
    )


def tabulate_durations(tally: ShortageTally) -> pd.DataFrame:
    """District, name, from_h, to_h (both included; NaN: no end), events, share, both with errors.

    ``events`` are expected in the horizon, ``share`` is of all events of the place.
    """
    limits = np.array([0, *DURATION_H], dtype=np.float64)
    bounds = {"from_h": limits + 1.0, "to_h": np.append(limits[1:], np.nan)}
    return _tabulate_events(tally, tally.durations, bounds)


def tabulate_depths(tally: ShortageTally) -> pd.DataFrame:
    """District, name, above_pct, to_pct (of the demand at the reference peak; NaN: no end),
    events, share, both with errors."""
    limits = 100.0 * np.array([0.0, *DEPTH_SHARES])
    bounds = {"above_pct": limits, "to_pct": np.append(limits[1:], np.nan)}
    return _tabulate_events(tally, tally.depths, bounds)


def _tabulate_events(
    tally: ShortageTally, events: RatioMoments, bounds: dict[str, FloatArray]
) -> pd.DataFrame:
    layout = tally.layout
    places, classes = events.part.mean.shape
    return pd.DataFrame(
        {
            "district": np.repeat(np.array([*layout.district_ids, CITY], dtype=object), classes),
            "name": np.repeat(
                np.array([*layout.district_names, "whole city"], dtype=object), classes
            ),
            **{name: np.tile(limits, places) for name, limits in bounds.items()},
            "events": events.part.mean.ravel(),
            "events_se": events.part.standard_error.ravel(),
            "share": events.ratio.ravel(),
            "share_se": events.ratio_error.ravel(),
        }
    )


def _month_keys(
    tally: ShortageTally, name: str, keys: Sequence[str] | range
) -> dict[str, list[str | int]]:
    months = [*tally.layout.grid.months, WHOLE]
    return {
        "month": [month for month in months for _ in keys],
        name: [key for _ in months for key in keys],
    }
