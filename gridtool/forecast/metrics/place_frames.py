"""Adequacy metrics by month and place as a frame, each with its standard error.

LOLE, LOLEv, EUE, NEUE and EDNS as in the Probabilistic Resource Adequacy Suite (NREL).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.metrics.model import OVER_H
from gridtool.forecast.metrics.periods import with_whole
from gridtool.forecast.model import CITY

if TYPE_CHECKING:
    from gridtool.forecast.metrics.histogram import Histogram
    from gridtool.forecast.metrics.tally import ShortageTally

__all__ = ["QUANTILES", "quantile_columns", "tabulate_horizon", "tabulate_months"]

FloatArray = npt.NDArray[np.float64]
Columns = dict[str, FloatArray]

QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)


def tabulate_months(tally: ShortageTally) -> pd.DataFrame:
    """One row per month and district, the whole city last as district ``*``.

    - demand_mwh; lolp (share of hours), lole_h, lole_d, lolev (expected events, each counted in
      the month of its first hour); eue_mwh, eue_cvar95_mwh (mean of the worst 5 % of samples),
      edns_mw (mean over all hours), neue_ppm; deepest_mw (mean over samples of the most that
      is unserved in an hour)
    - hours_off_mean, hours_off_p5, _p10, _p50, _p90, _p95, hours_off_cvar95: hours a day
      without supply for an ordinary customer, over samples of the period's mean
    - day_over_4h, day_over_8h, day_over_12h: share of days

    Each is followed by its standard error ``_se``, a quantile by its interval of 95 % (``_low``,
    ``_high``).
    """
    grid, count = tally.layout.grid, len(tally.layout.district_ids) + 1
    names = pd.DataFrame({"month": np.repeat(np.array(grid.months, dtype=object), count)})
    return pd.concat([names, _tabulate(tally, slice(None, -1))], axis=1)


def tabulate_horizon(tally: ShortageTally) -> pd.DataFrame:
    """The columns of :func:`tabulate_months` but the month, for all hours together."""
    return _tabulate(tally, slice(-1, None))


def _tabulate(tally: ShortageTally, periods: slice) -> pd.DataFrame:
    layout = tally.layout
    columns = _energy_columns(tally) | _hours_off_columns(tally) | _over_columns(tally)
    count = 1 if periods.stop is None else len(layout.hours)
    keys = {
        "district": [*layout.district_ids, CITY] * count,
        "name": [*layout.district_names, "whole city"] * count,
    }
    return pd.DataFrame(keys | {name: part[periods].ravel() for name, part in columns.items()})


def _energy_columns(tally: ShortageTally) -> Columns:
    layout, eue = tally.layout, tally.eue
    hours = with_whole(layout.hours.astype(np.float64))[:, None]
    peak = layout.place_peak_mw.sum(axis=1)
    tail, tail_error = tally.eue_spread.tail_mean()
    short = tally.short_h
    # The ratio is to hours of a demand factor of 1.
    ppm = np.divide(1e6, peak, out=np.full(len(peak), np.nan), where=peak > 0)
    return {
        "demand_mwh": eue.whole.mean * peak,
        "lolp": short.mean / hours,
        "lolp_se": short.standard_error / hours,
        "lole_h": short.mean,
        "lole_h_se": short.standard_error,
        "lole_d": tally.short_d.mean,
        "lole_d_se": tally.short_d.standard_error,
        "lolev": tally.events.mean,
        "lolev_se": tally.events.standard_error,
        "eue_mwh": eue.part.mean,
        "eue_mwh_se": eue.part.standard_error,
        "eue_cvar95_mwh": tail,
        "eue_cvar95_mwh_se": tail_error,
        "edns_mw": eue.part.mean / hours,
        "edns_mw_se": eue.part.standard_error / hours,
        "neue_ppm": eue.ratio * ppm,
        "neue_ppm_se": eue.ratio_error * ppm,
        "deepest_mw": tally.deepest_mw.mean,
        "deepest_mw_se": tally.deepest_mw.standard_error,
    }


def _hours_off_columns(tally: ShortageTally) -> Columns:
    spread = tally.hours_off_spread
    tail, tail_error = spread.tail_mean()
    return {
        "hours_off_mean": tally.hours_off.mean,
        "hours_off_se": tally.hours_off.standard_error,
        **quantile_columns(spread, QUANTILES, name="hours_off"),
        "hours_off_cvar95": tail,
        "hours_off_cvar95_se": tail_error,
    }


def quantile_columns(
    spread: Histogram, shares: tuple[float, ...], *, name: str, unit: str = "", scale: float = 1.0
) -> Columns:
    """Quantiles over samples, times ``scale``, each with its interval (``_low``, ``_high``)."""
    columns: Columns = {}
    for share in shares:
        key = f"{name}_p{round(100 * share)}{unit}"
        low, high = spread.interval(share)
        columns |= {
            key: scale * spread.quantile(share),
            f"{key}_low": scale * low,
            f"{key}_high": scale * high,
        }
    return columns


def _over_columns(tally: ShortageTally) -> Columns:
    days = with_whole(tally.layout.days.astype(np.float64))[:, None, None]
    known = ~np.isnan(tally.hours_off.mean)[..., None]
    over = np.where(known, tally.over_d.mean / days, np.nan)
    error = np.where(known, tally.over_d.standard_error / days, np.nan)
    columns: Columns = {}
    for at, limit in enumerate(OVER_H):
        columns |= {
            f"day_over_{limit:.0f}h": over[..., at],
            f"day_over_{limit:.0f}h_se": error[..., at],
        }
    return columns
