"""The backtest of a history without hours: energy of its periods, months ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.scoring.backtest_model import MODEL, SEASONAL_NAIVE, Backtest
from gridtool.forecast.demand.scoring.backtest_origins import months_grid, place_origins
from gridtool.forecast.demand.scoring.scores_paths import score_energy
from gridtool.forecast.history.model import PeriodHistory
from gridtool.timegrid import TimeGrid

__all__ = ["backtest_periods"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LEAST_HISTORY = timedelta(days=2 * 365)
YEAR_PERIODS = {"day": 364, "week": 52, "month": 12, "year": 1}
"""Periods back to the same of the year before; days keep their weekday."""
DAYS_PER_GROUP = 28
ENERGY = ("energy_error_pct", "energy_bias_pct", "energy_crps_pct", "energy_held_80")


def backtest_periods(
    history: PeriodHistory,
    *,
    months: int,
    origins: int,
    step_months: int | None,
    paths: int,
    seed: int,
    special_days: SpecialDays,
    events: Sequence[DemandEvent],
    model: str,
    progress: Callable[[int], None] | None,
) -> Backtest:
    """Scores of the energy of months (of days: added up), weeks, or years.

    Periods of which shed load is known count with it. Seasonal naive has no intervals here.

    Raises
    ------
    HistoryError
        If the history is too short for one origin.
    """
    if history.step == "year":
        months = max(12, months)
    placed = place_origins(
        history.start,
        history.end,
        zone=history.zone,
        months=months,
        origins=origins,
        step_months=step_months,
        least=LEAST_HISTORY,
        file=history.origin,
    )
    demand = _demand_mwh(history)
    rows: list[dict[str, object]] = []
    fitted = None
    for origin in placed:
        known = history.until(origin)
        fitted = fit_history(
            known,
            special_days=special_days,
            events=tuple(event for event in events if event.start < origin),
            model=model,
        )
        grid = months_grid(origin, months=months, zone=history.zone)
        drawn = fitted.prepare(grid).draw(paths, seed=seed)
        rows += _score_origin(history, demand, drawn=drawn, grid=grid, known=known.periods)
        if progress is not None:
            progress(1)
    if not rows or fitted is None:
        raise HistoryError(
            Issue(
                message="no period of demand is known after any time to forecast from",
                file=history.origin or None,
                hint="look back more months, or give a history with more of its demand known",
            )
        )
    return _tabulate(rows, step=history.step, description=fitted.description, weaker=fitted.weaker)


def _demand_mwh(history: PeriodHistory) -> FloatArray:
    """Energy served, plus shed where known, by period."""
    if history.shed_mwh is None:
        return history.energy_mwh
    return np.asarray(history.energy_mwh + np.nan_to_num(history.shed_mwh, nan=0.0))


def _score_origin(
    history: PeriodHistory, demand: FloatArray, *, drawn: FloatArray, grid: TimeGrid, known: int
) -> list[dict[str, object]]:
    """Scores by method and group of whole, known periods within the grid."""
    hours = (history.edges - grid.utc[0].astype("datetime64[s]")).astype(np.int64) // 3600
    lengths = np.diff(hours)  # February is longer in leap years
    total = np.concatenate([np.zeros((len(drawn), 1)), np.cumsum(drawn, axis=1)], axis=1)
    back = YEAR_PERIODS[history.step]
    label = grid.local[0].date().isoformat()
    groups: dict[str, list[int]] = {}
    for period in range(known, len(demand)):
        inside = hours[period] >= 0 and hours[period + 1] <= grid.hours
        before = int(_year_before(period, known, back))
        if inside and before >= 0 and np.isfinite(demand[[period, before]]).all():
            groups.setdefault(_group(history, hours[period], grid=grid), []).append(period)
    rows: list[dict[str, object]] = []
    for name, periods in groups.items():
        at = np.array(periods)
        energy = (total[:, hours[at + 1]] - total[:, hours[at]]).sum(axis=1)
        last = _year_before(at, known, back)
        naive = float((demand[last] / lengths[last] * lengths[at]).sum())
        truth = float(demand[at].sum())
        first = grid.local[int(hours[at[0]])]
        ahead = (first.year - grid.local[0].year) * 12 + first.month - grid.local[0].month + 1
        head = {"origin": label, "month": name, "months_ahead": ahead, "month_of_year": first.month}
        point = score_energy(truth, np.array([naive]))
        point |= dict.fromkeys(("energy_crps_pct", "energy_held_80"), float("nan"))
        rows.append({**head, "method": MODEL, **score_energy(truth, energy)})
        rows.append({**head, "method": SEASONAL_NAIVE, **point})
    return rows


def _group(history: PeriodHistory, hour: np.int64, *, grid: TimeGrid) -> str:
    """What a period is scored with: days with their month, weeks in fours, longer ones alone."""
    if history.step == "week":
        return f"weeks {int(hour) // (24 * DAYS_PER_GROUP) * 4 + 1} to 4 later"
    local = grid.local[int(hour)]
    return f"{local:%Y}" if history.step == "year" else f"{local:%Y-%m}"


def _year_before(at: IntArray | int, known: int, back: int) -> IntArray:
    """The same periods of the last year that was known."""
    years = -(-(np.asarray(at) - known + 1) // back)
    return np.asarray(at - back * years)


def _tabulate(
    rows: list[dict[str, object]], *, step: str, description: str, weaker: str | None
) -> Backtest:
    months = pd.DataFrame(rows)
    means = months.groupby(["origin", "method"], sort=False)[list(ENERGY)].mean().reset_index()
    origins = means.rename(
        columns={"energy_held_80": "energy_coverage_80", "energy_bias_pct": "bias_pct"}
    )
    scores = origins.drop(columns="origin").groupby("method", sort=False).mean().reset_index()
    return Backtest(
        scores=scores,
        origins=origins,
        months=months,
        pit=pd.DataFrame(columns=["method", "from_pct", "to_pct", "share"]),
        description=description,
        notes=(f"a history by {step} has no hours to be scored: only energy is",),
        weaker=weaker,
    )
