"""The regression of daily log demand on day type, season and temperature."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.periods.ahead import PeriodsAhead
from gridtool.forecast.demand.periods.levels import annual_waves
from gridtool.forecast.demand.regression import compress_rows

__all__ = ["MEMORIES_D", "DayTerms", "fit_days", "trailing_days"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
YEAR_D = 360
MEMORIES_D = (1, 3)
"""Days whose mean temperature counts: the day, and what buildings remember."""
KNOTS, KNOTS_SHORT = 6, 5
HARMONICS, HARMONICS_WITHOUT = 3, 4
BEYOND_SEEN_C = 3.0
"""Temperatures further than this outside what the history saw count as if they were there."""
LEAST_STEP_C = 0.01


@dataclass(frozen=True, kw_only=True)
class DayTerms:
    """Fitted regression.

    Attributes
    ----------
    day_types : (c,)
        Effect of six weekdays against Monday, of kinds of special days on top.
    knots_c, effects : (m, k)
        Knots of the splines by memory and the effect there; no rows without temperature.
    short
        Less than a year: the day's temperature alone, and no waves beside it.
    """

    special_days: SpecialDays
    day_types: FloatArray
    knots_c: FloatArray
    effects: FloatArray
    short: bool

    def explain(self, past: PeriodsAhead, *, temp_c: FloatArray | None) -> FloatArray:
        """Log demand of the history's days without level and waves, (n,).

        NaN where a temperature is missing.
        """
        explained = self.predict_calendar(past)
        if temp_c is None:
            return explained
        return explained + self.predict_temperature(
            tuple(trailing_days(temp_c, days=memory) for memory in MEMORIES_D)
        )

    def predict_calendar(self, ahead: PeriodsAhead) -> FloatArray:
        """Effect of weekdays and special days on log demand, (P,)."""
        rows = _day_types(ahead, special_days=self.special_days)
        return np.asarray(rows @ self.day_types)

    def predict_temperature(self, means_c: tuple[FloatArray, ...]) -> FloatArray:
        """Effect on log demand of mean temperatures, one array (..., P) per memory."""
        total = np.zeros(means_c[0].shape)
        for knots, effects, means in zip(self.knots_c, self.effects, means_c, strict=False):
            curve = CubicSpline(knots, effects, bc_type="natural")
            inside = np.clip(means, knots[0], knots[-1])
            beyond = np.clip(means - inside, -BEYOND_SEEN_C, BEYOND_SEEN_C)
            slope = np.where(beyond < 0, curve(knots[0], 1), curve(knots[-1], 1))
            total += curve(inside) + beyond * slope
        return total


def fit_days(
    log_level: FloatArray,
    *,
    past: PeriodsAhead,
    temp_c: FloatArray | None,
    special_days: SpecialDays,
) -> DayTerms:
    """Fit by ordinary least squares (statsmodels) on the days (n,) that are known.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    from statsmodels.regression.linear_model import OLS  # simulating workers do without

    known = np.flatnonzero(np.isfinite(log_level))
    short = temp_c is not None and int(known[-1] - known[0]) < YEAR_D
    harmonics = 0 if short else HARMONICS if temp_c is not None else HARMONICS_WITHOUT
    types = _day_types(past, special_days=special_days)
    waves = annual_waves(past.year_part, number=harmonics)
    fixed = np.concatenate([types, np.ones((len(types), 1)), waves], axis=1)
    memories = () if temp_c is None else MEMORIES_D[:1] if short else MEMORIES_D
    means = [trailing_days(temp_c, days=memory) for memory in memories if temp_c is not None]
    usable = np.isfinite(log_level) & np.all([np.isfinite(mean) for mean in means], axis=0)
    count = KNOTS_SHORT if short else KNOTS
    knots = np.array([_place_knots(mean[usable], count) for mean in means]).reshape(-1, count)
    kept = [j for j in range(count) if j != count // 2]
    blocks = [fixed[usable]]
    for places, mean in zip(knots, means, strict=True):
        basis = CubicSpline(places, np.eye(count), bc_type="natural")
        blocks.append(basis(mean[usable])[:, kept])
    rows, values = compress_rows(np.concatenate(blocks, axis=1), log_level[usable])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two memories may tell the same: least norm
        found = np.asarray(OLS(values, rows).fit().params)
    effects = np.zeros((len(means), count))
    effects[:, kept] = found[fixed.shape[1] :].reshape(len(means), len(kept))
    return DayTerms(
        special_days=special_days,
        day_types=found[: types.shape[1]],
        knots_c=knots,
        effects=effects,
        short=short,
    )


def trailing_days(temp_c: FloatArray, *, days: int) -> FloatArray:
    """Mean of the last ``days`` values up to and including each, along the last axis.

    At the beginning, of those there are; NaN where one of them is unknown.
    """
    padded = np.concatenate([np.repeat(temp_c[..., :1], days - 1, axis=-1), temp_c], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, days, axis=-1)
    mean: FloatArray = windows.mean(axis=-1)
    return mean


def _day_types(days: PeriodsAhead, *, special_days: SpecialDays) -> FloatArray:
    """Six weekdays against Monday, kinds of special days, (P, c)."""
    weekday = special_days.resembled(days.calendar.weekday[days.middle], day=days.day)
    columns = [weekday == number for number in range(1, 7)]
    columns += [np.isin(days.day, special_days.numbers(kind)) for kind in special_days.kinds]
    return np.stack(columns, axis=1).astype(np.float64)


def _place_knots(values: FloatArray, count: int) -> FloatArray:
    """Extremes and equally spaced quantiles of the distinct values."""
    distinct = np.unique(values)
    knots: FloatArray = (
        np.quantile(distinct, np.linspace(0, 1, count)) if len(distinct) else distinct
    )
    if len(knots) < count or (np.diff(knots) < LEAST_STEP_C).any():
        raise HistoryError(
            Issue(
                message="the temperature hardly changes: there is no weather to learn from",
                hint="check the column, or leave it out to forecast without weather",
            )
        )
    return knots
