"""Log demand taken apart: calendar and temperature, a slow level, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.censored.breaks import level_offset
from gridtool.forecast.demand.level import DemandLevel, fit_level, weekly_means
from gridtool.forecast.demand.model import LevelBreak, SpecialDays
from gridtool.forecast.demand.regression import (
    DemandRegression,
    Deviations,
    Terms,
    fit_regression,
    trailing_mean,
)

__all__ = ["BaseFit", "fit_base"]

FloatArray = npt.NDArray[np.float64]
RECENT_WEEKS = 26
"""Of these the level at the end is a weighted mean; older ones hardly count."""


@dataclass(frozen=True, kw_only=True)
class BaseFit:
    """A fit to n hours: log demand = ``explained`` + ``level.smoothed`` + ``residual``.

    Attributes
    ----------
    explained : (n,)
        By calendar and temperature; NaN where a temperature is missing.
    residual : (n,)
        NaN where demand or a temperature is missing.
    deviations
        By what the coefficients may be wrong, where that was asked for.
    """

    regression: DemandRegression
    level: DemandLevel
    explained: FloatArray
    residual: FloatArray
    deviations: Deviations | None = None


def fit_base(
    load_mw: FloatArray,
    *,
    temp_c: FloatArray | None,
    calendar: LocalCalendar,
    terms: Terms,
    special_days: SpecialDays,
    prior_level: bool = False,
    breaks: Sequence[LevelBreak] = (),
    start: datetime | None = None,
    deviate: bool = False,
) -> BaseFit:
    """Fit to the hours whose demand (n,) is known; the others are NaN.

    The steps of ``breaks`` are taken out before the fit, whose first hour is at ``start``, and lie
    in ``level.smoothed``. With ``deviate`` the fit tells how uncertain its coefficients are.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    temp_c = temp_c if terms.memories_h else None
    steps = np.zeros(len(load_mw))
    if breaks and start is not None:
        steps = level_offset(breaks, start=start, hours=len(load_mw))
    regression, deviations = fit_regression(
        load_mw * np.exp(steps[-1] - steps),
        temp_c=temp_c,
        calendar=calendar,
        terms=terms,
        special_days=special_days,
        deviate=deviate,
    )
    explained = regression.predict_calendar(calendar)
    if temp_c is not None:
        means = tuple(trailing_mean(temp_c, hours=m) for m in terms.memories_h)
        explained = explained + regression.predict_temperature(means, hour=calendar.hour)
    left = np.log(load_mw) - explained
    level = fit_level(left, prior=prior_level, steps=steps)
    if deviations is not None:
        deviations = _move_level(
            deviations, regression=regression, level=level, calendar=calendar, temp_c=temp_c
        )
    return BaseFit(
        regression=regression,
        level=level,
        explained=explained,
        residual=left - level.smoothed,
        deviations=deviations,
    )


def _move_level(
    deviations: Deviations,
    *,
    regression: DemandRegression,
    level: DemandLevel,
    calendar: LocalCalendar,
    temp_c: FloatArray | None,
) -> Deviations:
    """``deviations`` with the level that each would leave at the history's end.

    What the coefficients give more in the last weeks, the level has less.
    """
    recent = calendar.last(RECENT_WEEKS * 168)
    hours = len(recent.hour)
    more = regression.predict_calendar(recent, deviations=deviations)
    more -= regression.predict_calendar(recent)
    if temp_c is not None:
        means = tuple(trailing_mean(temp_c, hours=m)[-hours:] for m in regression.terms.memories_h)
        draws = len(more)
        rows = tuple(np.broadcast_to(mean, (draws, hours)) for mean in means)
        more += regression.predict_temperature(
            rows, hour=recent.hour, deviations=deviations, variant=np.arange(draws)
        )
        more -= regression.predict_temperature(means, hour=recent.hour)
    weekly, known = weekly_means(more)
    share = np.where(known > 0, level.recent_weights(len(known)), 0.0)
    moved = np.where(known > 0, weekly, 0.0) @ share / max(float(share.sum()), 1e-12)
    return replace(deviations, level=-moved)
