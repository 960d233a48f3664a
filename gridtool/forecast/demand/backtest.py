"""How far the demand model could be trusted in the past: rolling origins, months ahead.

At each origin the model sees only what was known then, temperature included; its paths are
compared with what came. The seasonal naive method (the same weekday 52 weeks before) is the
measure of what costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.fit import NO_DAYS, fit_demand
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.history.model import History
from gridtool.timegrid import TimeGrid

__all__ = ["Backtest", "backtest_demand", "score_paths"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
LEVELS = np.arange(1, 10) / 10
LEAST_HISTORY = timedelta(days=365)
NAIVE_H = 364 * 24


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Scores of the model and of seasonal naive.

    ``origins`` has one row per origin and method, ``scores`` their means by method:
    ``pinball_pct`` (mean over levels 0.1 to 0.9, in percent of mean demand), ``mape_pct`` (of
    the median), ``coverage_80`` (share of hours within the 80 % interval),
    ``energy_coverage_80`` (share of months whose energy is), ``month_peak_error_pct`` and
    ``peak_error_pct`` (absolute error of the median of the months' and of the whole peak).
    Seasonal naive is one path: it has no intervals.
    """

    origins: pd.DataFrame
    scores: pd.DataFrame


def backtest_demand(
    history: History,
    *,
    months: int = 6,
    origins: int = 5,
    paths: int = 500,
    seed: int = 1,
    special_days: SpecialDays = NO_DAYS,
    progress: Callable[[int], None] | None = None,
) -> Backtest:
    """Fit and simulate at up to ``origins`` origins, ``months`` apart, the latest possible.

    Raises
    ------
    HistoryError
        If the history is too short for one origin.
    """
    rows = []
    for origin in _place_origins(history, months=months, origins=origins):
        grid = _months_grid(history, origin, months=months)
        known = history.until(origin)
        first = int((origin - history.start) / HOUR)
        truth = history.load_mw[first : first + grid.hours]
        model = fit_demand(known, special_days=special_days)
        simulated = model.simulate(paths, grid=grid, seed=seed)
        naive = _repeat_last_year(known.load_mw, hours=grid.hours)
        label = origin.astimezone(history.zone).date().isoformat()
        rows += [
            {"origin": label, "method": name, **score_paths(truth, forecast, grid=grid)}
            for name, forecast in (("model", simulated), ("seasonal naive", naive[None]))
        ]
        if progress is not None:
            progress(1)
    table = pd.DataFrame(rows)
    scores = table.drop(columns="origin").groupby("method", sort=False).mean().reset_index()
    return Backtest(origins=table, scores=scores)


def score_paths(truth: FloatArray, paths: FloatArray, *, grid: TimeGrid) -> dict[str, float]:
    """Scores of ``paths`` (n, h) against ``truth`` (h,); hours unknown in truth do not count."""
    known = np.isfinite(truth)
    truth, paths = truth[known], paths[:, known]
    month = grid.month_index[known]
    quantiles = np.quantile(paths, LEVELS, axis=0)
    error = truth - quantiles
    loss = np.maximum(LEVELS[:, None] * error, (LEVELS[:, None] - 1) * error).mean()
    by_month = [np.flatnonzero(month == m) for m in np.unique(month)]
    energy = np.array([paths[:, at].sum(axis=1) for at in by_month])
    truth_energy = np.array([truth[at].sum() for at in by_month])
    low, high = np.quantile(energy, [0.1, 0.9], axis=1)
    peaks = np.array([np.median(paths[:, at].max(axis=1)) for at in by_month])
    truth_peaks = np.array([truth[at].max() for at in by_month])
    whole = float(np.median(paths.max(axis=1)))
    spread = len(paths) > 1
    inside = (error[0] >= 0) & (error[-1] <= 0)
    inside_energy = (truth_energy >= low) & (truth_energy <= high)
    return {
        "pinball_pct": float(100 * loss / truth.mean()),
        "mape_pct": float(100 * np.mean(np.abs(error[4]) / truth)),
        "coverage_80": float(inside.mean()) if spread else np.nan,
        "energy_coverage_80": float(inside_energy.mean()) if spread else np.nan,
        "month_peak_error_pct": float(100 * np.mean(np.abs(peaks / truth_peaks - 1))),
        "peak_error_pct": float(100 * abs(whole / truth.max() - 1)),
    }


def _place_origins(history: History, *, months: int, origins: int) -> list[datetime]:
    """First instants of local months, ``months`` apart, in order."""
    last = history.end.astimezone(history.zone)
    number = last.year * 12 + last.month - 1 - months
    found: list[datetime] = []
    while len(found) < origins:
        year, month = divmod(number, 12)
        origin = datetime(year, month + 1, 1, tzinfo=history.zone).astimezone(UTC)
        if origin - history.start < LEAST_HISTORY:
            break
        found.append(origin)
        number -= months
    if not found:
        raise HistoryError(
            Issue(
                message=f"the history is too short to look back {months} months",
                file=history.origin or None,
                accepted=f"at least a year before {months} whole months",
            )
        )
    return found[::-1]


def _months_grid(history: History, origin: datetime, *, months: int) -> TimeGrid:
    local = origin.astimezone(history.zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    end = datetime(year, month + 1, 1, tzinfo=history.zone).astimezone(UTC)
    return TimeGrid(origin, int((end - origin) / HOUR), history.zone)


def _repeat_last_year(load_mw: FloatArray, *, hours: int) -> FloatArray:
    """The last 52 weeks again; hours missing there as the mean of their hour of the week."""
    year = load_mw[-NAIVE_H:]
    weeks = year[len(year) % 168 :].reshape(-1, 168)
    usual = np.array([column[np.isfinite(column)].mean() for column in weeks.T])
    gaps = np.isnan(year)
    week_hour = (np.arange(len(year)) - len(year) % 168) % 168
    filled = np.where(gaps, usual[week_hour], year)
    return np.resize(filled, hours)
