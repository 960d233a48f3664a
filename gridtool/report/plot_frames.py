"""What the charts of the demand model show, as frames: arrays in, rows out.

Times are local dates without a zone: what a planner's calendar says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.history.model import PeriodHistory
from gridtool.timegrid import TimeGrid

__all__ = [
    "frame_fan",
    "frame_history",
    "frame_level",
    "frame_past_years",
    "frame_periods",
    "frame_profile",
    "frame_response",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
WEEK_H = 168
YEAR_H = 364 * 24
"""52 weeks: the same weekday a year before."""
_LEAST_SHARE = 0.75
_MOST_DAYS = 1100
_LEAST_IN_BIN = 3
_FAN = (10, 25, 50, 75, 90)


def frame_history(
    start: datetime,
    load_mw: FloatArray,
    *,
    zone: ZoneInfo,
    wanted_mw: FloatArray | None = None,
    guessed: BoolArray | None = None,
) -> pd.DataFrame:
    """Served and wanted demand by local day, by week where there are more than three years.

    Parameters
    ----------
    wanted_mw, guessed : (n,)
        Demand had all of it been served, and the hours in which that is an estimate.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``days`` that a row stands for, ``served_mw`` and ``wanted_mw`` (means over the
        known hours; NaN where a quarter of them is missing), ``guessed_hours``,
        ``missing_hours``, ``unserved_mwh``.
    """
    wanted = load_mw if wanted_mw is None else wanted_mw
    guess = np.zeros(len(load_mw), dtype=np.bool_) if guessed is None else guessed
    lost = np.where(np.isfinite(wanted) & np.isfinite(load_mw), wanted - load_mw, 0.0)
    hours = pd.DataFrame(
        {
            "date": _local_dates(start, len(load_mw), zone),
            "served_mw": load_mw,
            "wanted_mw": wanted,
            "guessed_hours": guess.astype(np.int64),
            "missing_hours": (~np.isfinite(load_mw)).astype(np.int64),
            "unserved_mwh": np.maximum(lost, 0.0),
        }
    )
    days = int(hours["date"].nunique())
    if days > _MOST_DAYS:
        hours["date"] -= pd.to_timedelta(hours["date"].dt.dayofweek, unit="D")
    groups = hours.groupby("date")
    rows = groups[["served_mw", "wanted_mw"]].mean()
    known = groups[["served_mw", "wanted_mw"]].count()
    length = 7 if days > _MOST_DAYS else 1
    rows = rows.where(known >= _LEAST_SHARE * 24 * length)
    rows.insert(0, "days", length)
    for name in ("guessed_hours", "missing_hours", "unserved_mwh"):
        rows[name] = groups[name].sum()
    return rows.reset_index()


def frame_periods(history: PeriodHistory) -> pd.DataFrame:
    """A history without hours, in the columns of :func:`frame_history`: one row a period."""
    edges = pd.DatetimeIndex(history.edges).tz_localize("UTC").tz_convert(history.zone)
    hours = np.diff(history.edges) / np.timedelta64(1, "h")
    shed = np.zeros(len(hours)) if history.shed_mwh is None else np.nan_to_num(history.shed_mwh)
    return pd.DataFrame(
        {
            "date": edges[:-1].tz_localize(None).normalize(),
            "days": hours / 24,
            "served_mw": history.energy_mwh / hours,
            "wanted_mw": (history.energy_mwh + shed) / hours,
            "guessed_hours": 0,
            "missing_hours": np.where(np.isfinite(history.energy_mwh), 0, hours).astype(np.int64),
            "unserved_mwh": shed,
        }
    )


def frame_fan(paths: FloatArray, *, grid: TimeGrid, of: str = "mean") -> pd.DataFrame:
    """Quantiles of the weeks of paths (n, hours): of their mean, or of their highest hour.

    Weeks are counted from the first hour; a last part of a week counts from half of one on.

    Returns
    -------
    pandas.DataFrame
        ``date`` on which the week begins, ``p10`` to ``p90`` in MW.
    """
    rows = []
    local = [moment.replace(tzinfo=None) for moment in grid.local]
    for first in _week_starts(grid.hours):
        part = paths[:, first : first + WEEK_H]
        values = part.max(axis=1) if of == "peak" else part.mean(axis=1)
        found = np.quantile(values, np.array(_FAN) / 100)
        rows.append(
            {"date": pd.Timestamp(local[first]).normalize()}
            | {f"p{q}": float(value) for q, value in zip(_FAN, found, strict=True)}
        )
    return pd.DataFrame(rows, columns=["date", *(f"p{q}" for q in _FAN)])


def frame_past_years(
    start: datetime, load_mw: FloatArray, *, grid: TimeGrid, of: str = "mean", most: int = 5
) -> pd.DataFrame:
    """The weeks of ``grid`` as they were 52, 104, ... weeks before, the latest ``most`` years.

    Returns
    -------
    pandas.DataFrame
        ``date`` of the week in the grid, ``year`` the week was in, ``value_mw``; weeks of which
        a quarter is unknown are left out.
    """
    rows = []
    ahead = int((grid.start - start).total_seconds() // 3600)
    local = [moment.replace(tzinfo=None) for moment in grid.local]
    years = 0
    for back in range(1, 60):
        found = []
        for week in _week_starts(grid.hours):
            first = ahead - back * YEAR_H + week
            part = load_mw[max(first, 0) : max(first + WEEK_H, 0)]
            known = part[np.isfinite(part)]
            if len(known) < _LEAST_SHARE * WEEK_H:
                continue
            then = pd.Timestamp(local[week]) - pd.Timedelta(hours=back * YEAR_H)
            found.append(
                {
                    "date": pd.Timestamp(local[week]).normalize(),
                    "year": str(then.year),
                    "back": back,
                    "value_mw": float(known.max() if of == "peak" else known.mean()),
                }
            )
        years += bool(found)
        rows += found
        if years == most:
            break
    return pd.DataFrame(rows, columns=["date", "year", "back", "value_mw"])


def frame_response(
    temp_c: FloatArray,
    load_mw: FloatArray,
    *,
    fitted_mw: FloatArray,
    day: npt.NDArray[np.int64],
    ordinary: BoolArray,
) -> pd.DataFrame:
    """Daily mean demand of ordinary days by daily mean temperature, observed and fitted.

    Parameters
    ----------
    temp_c, load_mw, fitted_mw : (n,)
        By hour; NaN where unknown or left out.
    day : (n,) int
        Number of the local day.
    ordinary : (n,) bool
        Hours of days that count: working days that are no special ones.

    Returns
    -------
    pandas.DataFrame
        By bin of one degree: ``temp_c`` in its middle, ``days``, ``observed_mw`` (median),
        ``low_mw`` and ``high_mw`` (P10, P90), ``fitted_mw`` (mean).
    """
    known = np.isfinite(temp_c) & np.isfinite(load_mw) & np.isfinite(fitted_mw) & ordinary
    hours = pd.DataFrame(
        {"day": day, "temp_c": temp_c, "load_mw": load_mw, "fitted_mw": fitted_mw}
    )[known]
    groups = hours.groupby("day")
    days = groups.mean()[groups.size() >= _LEAST_SHARE * 24]
    bins = np.floor(days["temp_c"]) + 0.5
    by_bin = days.groupby(bins)
    table = pd.DataFrame(
        {
            "days": by_bin.size(),
            "observed_mw": by_bin["load_mw"].median(),
            "low_mw": by_bin["load_mw"].quantile(0.1),
            "high_mw": by_bin["load_mw"].quantile(0.9),
            "fitted_mw": by_bin["fitted_mw"].mean(),
        }
    )
    table = table[table["days"] >= _LEAST_IN_BIN]
    return table.rename_axis("temp_c").reset_index()


def frame_profile(load_mw: FloatArray, *, local: pd.DatetimeIndex) -> pd.DataFrame:
    """An ordinary week by hour, in the cold and in the warm half of the year seen.

    Parameters
    ----------
    load_mw : (n,)
        NaN where unknown.
    local : (n,)
        Local times without a zone.

    Returns
    -------
    pandas.DataFrame
        ``season`` (October to March, April to September), ``hour_of_week`` (Monday 0:00 is 0),
        ``p10_mw``, ``p50_mw``, ``p90_mw``.
    """
    cold = (local.month <= 3) | (local.month >= 10)
    hours = pd.DataFrame(
        {
            "season": np.where(cold, "October to March", "April to September"),
            "hour_of_week": local.dayofweek * 24 + local.hour,
            "load_mw": load_mw,
        }
    ).dropna()
    groups = hours.groupby(["season", "hour_of_week"], sort=True)["load_mw"]
    table = pd.DataFrame({f"p{q}_mw": groups.quantile(q / 100) for q in (10, 50, 90)})
    return table.reset_index()


def frame_level(
    end: datetime,
    smoothed: FloatArray,
    *,
    mean: float,
    variance: float,
    step_sigma: float,
    zone: ZoneInfo,
    ahead_weeks: int = 26,
) -> pd.DataFrame:
    """Level of demand by week, in percent of its mean over the last year, and its way ahead.

    Parameters
    ----------
    smoothed : (n,)
        Level of log demand by hour, up to ``end``.
    mean, variance, step_sigma
        At the end, and of a week's step.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``level_pct``, ``low_pct`` and ``high_pct`` (80 %; the level itself before the
        end), ``ahead``.
    """
    middles = np.arange(len(smoothed) - WEEK_H // 2, -1, -WEEK_H)[::-1]
    base = float(np.mean(smoothed[-52 * WEEK_H :]))
    weeks = np.arange(ahead_weeks + 1)
    spread = 1.2815515655446004 * np.sqrt(variance + weeks * step_sigma**2)
    past, future = smoothed[middles] - base, np.full(len(weeks), mean - base)
    half = np.concatenate([np.zeros(len(past)), spread])
    level = np.concatenate([past, future])
    hours_after = np.concatenate([middles - len(smoothed), weeks * WEEK_H])
    moments = pd.Timestamp(end) + pd.to_timedelta(hours_after, unit="h")
    return pd.DataFrame(
        {
            "date": moments.tz_convert(zone).tz_localize(None).normalize(),
            "level_pct": 100 * np.exp(level),
            "low_pct": 100 * np.exp(level - half),
            "high_pct": 100 * np.exp(level + half),
            "ahead": np.concatenate([np.zeros(len(past), bool), np.ones(len(weeks), bool)]),
        }
    )


def _local_dates(start: datetime, hours: int, zone: ZoneInfo) -> pd.DatetimeIndex:
    stamps = pd.date_range(start, periods=hours, freq="h").tz_convert(zone)
    return stamps.tz_localize(None).normalize()


def _week_starts(hours: int) -> Sequence[int]:
    return [first for first in range(0, hours, WEEK_H) if hours - first >= WEEK_H // 2]
