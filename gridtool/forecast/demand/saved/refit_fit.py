"""Demand since the fit against the model's own paths over the same hours.

Where the temperatures since are known the paths take them instead of weather years: what is left
is the model's level and its residual days, and a change shows sooner. The limits are those of the
paths themselves, which keep the likeness of a day to the one before: days are never taken as
independent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.paths import DemandPaths
from gridtool.forecast.demand.regression import trailing_mean
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel, PathDraws
from gridtool.forecast.streams import component_number, open_stream
from gridtool.timegrid import TimeGrid

__all__ = ["compare_with_model"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HOUR = timedelta(hours=1)
_PATHS = 400
_SEED = 1
_LONGEST_H = 366 * 24
_LEVELS = (0.05, 0.95)
_CHANCE = 0.99
_LEAST_HOURS = 20
_RECENT_H = 28 * 24
_SIGMAS = 3.0
_LEAST_KNOWN = 0.5
_OWN_ERROR, _OWN_ERROR_BLIND = 0.01, 0.02
"""Standard deviation of what a path misses of log demand over weeks, with the weather known and
without: a fit's own error, and weather that lasts longer than a block of residual days. A shift
as small as that is no reason to fit again."""
_SLACK = component_number("refit: own error")


@dataclass(frozen=True, kw_only=True)
class _Observed:
    """Energy since the fit by unit: local days of an hourly history, else its periods.

    Attributes
    ----------
    unit : (h,) int
        Unit of each hour of the grid; -1 where the hour does not count.
    energy_mwh : (u,)
    word
        What a unit is called.
    """

    grid: TimeGrid
    unit: IntArray
    energy_mwh: FloatArray
    word: str

    def sum_paths(self, paths: FloatArray) -> FloatArray:
        """Energy of paths (n, h) by unit, (n, u)."""
        counted = np.flatnonzero(self.unit >= 0)
        sums = np.zeros((len(paths), len(self.energy_mwh)))
        np.add.at(sums.T, self.unit[counted], paths.T[counted])
        return sums


def compare_with_model(
    model: FittedModel, history: History | PeriodHistory, *, after: datetime
) -> tuple[str, ...]:
    """What demand since ``after``, the end of what ``model`` saw, says against it, in words."""
    hours = min(int((history.end - after) / HOUR), _LONGEST_H)
    if hours < _LEAST_HOURS:
        return ()
    grid = TimeGrid(after, hours, history.zone)
    weather = None
    if isinstance(history, History):
        weather = _explain_measured(model, history, grid=grid)
        known = np.ones(hours, dtype=np.bool_) if weather is None else np.isfinite(weather)
        observed = _observe_days(history, grid=grid, known=known)
    else:
        observed = _observe_periods(history, grid=grid)
    if not len(observed.energy_mwh):
        return ()
    try:
        draws: PathDraws = model.prepare(grid)
    except HistoryError:
        return ()  # no weather years for these months: nothing can be compared
    if weather is not None and isinstance(draws, DemandPaths):
        draws = replace(draws, explained=np.nan_to_num(weather)[None])
    scale = float(getattr(model, "factor", 1.0))
    own = _OWN_ERROR_BLIND if weather is None else _OWN_ERROR
    slack = own * open_stream(_SEED, 0, component=_SLACK).standard_normal(_PATHS)
    sums = observed.sum_paths(draws.draw(_PATHS, seed=_SEED) / scale) * np.exp(slack)[:, None]
    given = "these months (the weather may be why)"
    if weather is not None:
        given = "the temperatures measured"
    found = (_judge_cover(observed, sums), _judge_level(observed, sums, given=given))
    return tuple(words for words in found if words is not None)


def _judge_cover(observed: _Observed, sums: FloatArray) -> str | None:
    """Words where more units lie outside the 90 % interval than 99 % of the paths have."""
    low, high = np.quantile(sums, _LEVELS, axis=0)
    outside = (observed.energy_mwh < low) | (observed.energy_mwh > high)
    chance = float(np.quantile(((sums < low) | (sums > high)).mean(axis=1), _CHANCE))
    share = float(outside.mean())
    if share <= chance:
        return None
    return (
        f"since the fit {outside.sum()} of {len(outside)} {observed.word}s "
        f"({100 * share:.0f} %) lie outside the model's own 90 % interval; up to "
        f"{100 * chance:.0f} % may be chance"
    )


def _judge_level(observed: _Observed, sums: FloatArray, *, given: str) -> str | None:
    """Words where the last four weeks lie beyond three standard deviations of the paths."""
    hours = np.bincount(observed.unit[observed.unit >= 0], minlength=len(observed.energy_mwh))
    later = np.cumsum(hours[::-1])[::-1] - hours  # hours after each unit
    recent = later < _RECENT_H
    truth = np.log(max(float(observed.energy_mwh[recent].sum()), 1e-9))
    expected = np.log(sums[:, recent].sum(axis=1))
    spread, apart = float(expected.std()), float(truth - expected.mean())
    if abs(apart) <= _SIGMAS * spread:
        return None
    days = int(hours[recent].sum() / 24)
    return (
        f"demand of the last {days} days lies {100 * abs(np.expm1(apart)):.1f} % "
        f"{'above' if apart > 0 else 'below'} what the model expects for {given}, "
        f"{abs(apart) / spread:.1f} times its standard deviation of {100 * spread:.1f} %: "
        "the level has moved"
    )


def _explain_measured(model: FittedModel, history: History, *, grid: TimeGrid) -> FloatArray | None:
    """Log demand that the measured temperatures explain (h,), NaN where they are unknown.

    None where the model knows no weather, or the history since the fit hardly any.
    """
    if not isinstance(model, FittedDemand) or model.weather is None or history.temp_c is None:
        return None
    first = int((grid.start - history.start) / HOUR)
    ours = slice(max(first, 0), first + grid.hours)
    calendar = make_calendar(grid.start, grid.hours, zone=grid.zone)
    means = tuple(
        trailing_mean(history.temp_c, hours=memory)[ours]
        for memory in model.regression.terms.memories_h
    )
    if first < 0 or np.mean(np.isfinite(means[0])) < _LEAST_KNOWN:
        return None
    explained: FloatArray = model.regression.predict_temperature(means, hour=calendar.hour)
    return explained + model.regression.predict_calendar(calendar)


def _observe_days(history: History, *, grid: TimeGrid, known: npt.NDArray[np.bool_]) -> _Observed:
    """Local days with enough known hours; hours known to be short without a measure are not."""
    first = int((grid.start - history.start) / HOUR)
    ours = slice(first, first + grid.hours)
    load = history.load_mw[ours].copy()
    shed = np.zeros(grid.hours) if history.shed_mw is None else history.shed_mw[ours]
    measured = np.isfinite(shed) & (shed > 0)
    load[measured] += shed[measured]
    if history.short is not None:
        load[history.short[ours] & ~measured] = np.nan
    load[~known] = np.nan
    day = make_calendar(grid.start, grid.hours, zone=grid.zone).day
    day = day - day[0]
    counted = np.isfinite(load)
    enough = np.bincount(day[counted], minlength=int(day[-1]) + 1) >= _LEAST_HOURS
    counted &= enough[day]
    number = np.cumsum(enough) - 1
    unit = np.where(counted, number[day], -1)
    energy = np.zeros(int(enough.sum()))
    np.add.at(energy, unit[counted], load[counted])
    return _Observed(grid=grid, unit=unit, energy_mwh=energy, word="day")


def _observe_periods(history: PeriodHistory, *, grid: TimeGrid) -> _Observed:
    """Whole known periods within the grid."""
    start = np.datetime64(grid.start.astimezone(UTC).replace(tzinfo=None), "s")
    edges = ((history.edges.astype("datetime64[s]") - start) / np.timedelta64(1, "h")).astype(
        np.int64
    )
    shed = 0.0 if history.shed_mwh is None else np.nan_to_num(history.shed_mwh)
    energy = history.energy_mwh + shed
    kept = (edges[:-1] >= 0) & (edges[1:] <= grid.hours) & np.isfinite(energy)
    unit = np.full(grid.hours, -1, dtype=np.int64)
    for number, position in enumerate(np.flatnonzero(kept)):
        unit[edges[position] : edges[position + 1]] = number
    return _Observed(grid=grid, unit=unit, energy_mwh=energy[kept], word=history.step)
