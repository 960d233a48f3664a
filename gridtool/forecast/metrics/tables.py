"""Adequacy metrics by month and district from simulated sums, each with its standard error.

LOLE, EUE and NEUE as in the Probabilistic Resource Adequacy Suite (NREL); hours off a day of an
ordinary customer as officially converted: 24 x deficit / (1 - protected share), which is 24 x
unserved ordinary energy / ordinary demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import ORDINARY
from gridtool.forecast.model import CITY
from gridtool.forecast.simulate.chunk import OVER_H, ChunkSums, daily_hours_off
from gridtool.timegrid import TimeGrid

__all__ = ["join_chunks", "tabulate_causes", "tabulate_days", "tabulate_months"]

FloatArray = npt.NDArray[np.float64]
LEAST_MWH = 1e-6
QUANTILES = (0.1, 0.5, 0.9)
_SUMMED = frozenset({"over_d"})


def join_chunks(chunks: Sequence[ChunkSums]) -> ChunkSums:
    """All chunks as one, in order of their samples."""
    joined = {
        field.name: np.sum([getattr(chunk, field.name) for chunk in chunks], axis=0)
        if field.name in _SUMMED
        else np.concatenate([getattr(chunk, field.name) for chunk in chunks])
        for field in fields(ChunkSums)
    }
    return ChunkSums(**joined)


def tabulate_months(
    sums: ChunkSums,
    *,
    grid: TimeGrid,
    districts: Sequence[tuple[str, str]],
    district_peak_mw: FloatArray,
) -> pd.DataFrame:
    """One row per month and district, the whole city last as district ``*``.

    Parameters
    ----------
    districts
        Id and name by district.
    """
    hours = np.bincount(grid.month_index)
    day_starts = np.flatnonzero(np.diff(grid.day_index, prepend=-1))
    days = np.bincount(grid.month_index[day_starts])
    peak = np.vstack([district_peak_mw, district_peak_mw.sum(axis=0)])
    off = daily_hours_off(
        sums.unserved_mwh[..., ORDINARY], factor_h=sums.factor_h, ordinary_mw=peak[:, ORDINARY]
    )
    eue, eue_error = _mean_and_error(sums.unserved_mwh.sum(axis=3))
    lole_h, lole_h_error = _mean_and_error(sums.short_h)
    lole_d, lole_d_error = _mean_and_error(sums.short_d)
    demand = sums.factor_h.mean(axis=0)[:, None] * peak.sum(axis=1)
    over = sums.over_d / (len(sums.factor_h) * days[:, None, None])
    columns: dict[str, FloatArray] = {
        "demand_mwh": demand,
        "lolp": lole_h / hours[:, None],
        "lole_h": lole_h,
        "lole_h_se": lole_h_error,
        "lole_d": lole_d,
        "lole_d_se": lole_d_error,
        "eue_mwh": eue,
        "eue_mwh_se": eue_error,
        "neue_ppm": _ratio(1e6 * eue, demand),
    }
    columns |= _hours_off_columns(off)
    columns |= {f"day_over_{limit:.0f}h": over[:, :, i] for i, limit in enumerate(OVER_H)}
    named = [*districts, (CITY, "whole city")]
    keys = {
        "month": np.repeat(np.array(grid.months, dtype=object), len(named)),
        "district": [key for key, _ in named] * len(grid.months),
        "name": [name for _, name in named] * len(grid.months),
    }
    return pd.DataFrame(keys | {name: values.ravel() for name, values in columns.items()})


def _hours_off_columns(off: FloatArray) -> dict[str, FloatArray]:
    """Mean, standard error and quantiles over samples of hours off a day (n, M, D + 1)."""
    mean, error = _mean_and_error(off)
    named = {
        f"hours_off_p{round(100 * share)}": values
        for share, values in zip(QUANTILES, np.quantile(off, QUANTILES, axis=0), strict=True)
    }
    return {"hours_off_mean": mean, "hours_off_se": error} | named


def tabulate_causes(sums: ChunkSums, *, grid: TimeGrid) -> pd.DataFrame:
    """Expected unserved energy of the city by month and cause."""
    causes = sums.cause_mwh.mean(axis=0)
    causes[causes < LEAST_MWH] = 0.0  # what rounding leaves of nothing
    supply, network, delivery = causes.T
    return pd.DataFrame(
        {
            "month": list(grid.months),
            "supply_mwh": supply,
            "network_mwh": network,
            "delivery_mwh": delivery,
        }
    )


def tabulate_days(sums: ChunkSums, *, grid: TimeGrid, peak_mw: float) -> pd.DataFrame:
    """The city day by day; a day's quantiles are over samples."""
    low, middle, high = np.quantile(sums.city_hours_off, QUANTILES, axis=0)
    return pd.DataFrame(
        {
            "date": [day.isoformat() for day in grid.days],
            "hours_off_p10": low,
            "hours_off_p50": middle,
            "hours_off_p90": high,
            "eue_mwh": sums.city_unserved_mwh.mean(axis=0),
            "demand_p50_mw": np.median(sums.city_factor, axis=0) * peak_mw,
        }
    )


def _mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over samples (the first axis) and its standard error; NaN for a single sample."""
    n = len(values)
    if n < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(n)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
