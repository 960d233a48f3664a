"""Log demand taken apart: calendar and temperature, a slow level, and what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.level import DemandLevel, fit_level
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.regression import (
    DemandRegression,
    Terms,
    fit_regression,
    trailing_mean,
)

__all__ = ["BaseFit", "fit_base"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BaseFit:
    """A fit to n hours: log demand = ``explained`` + ``level.smoothed`` + ``residual``.

    Attributes
    ----------
    explained : (n,)
        By calendar and temperature; NaN where a temperature is missing.
    residual : (n,)
        NaN where demand or a temperature is missing.
    """

    regression: DemandRegression
    level: DemandLevel
    explained: FloatArray
    residual: FloatArray


def fit_base(
    load_mw: FloatArray,
    *,
    temp_c: FloatArray | None,
    calendar: LocalCalendar,
    terms: Terms,
    special_days: SpecialDays,
    prior_level: bool = False,
) -> BaseFit:
    """Fit to the hours whose demand (n,) is known; the others are NaN.

    Raises
    ------
    HistoryError
        If the temperature hardly changes.
    """
    temp_c = temp_c if terms.memories_h else None
    regression = fit_regression(
        load_mw, temp_c=temp_c, calendar=calendar, terms=terms, special_days=special_days
    )
    explained = regression.predict_calendar(calendar)
    if temp_c is not None:
        means = tuple(trailing_mean(temp_c, hours=m) for m in terms.memories_h)
        explained = explained + regression.predict_temperature(means, hour=calendar.hour)
    left = np.log(load_mw) - explained
    level = fit_level(left, prior=prior_level)
    return BaseFit(
        regression=regression,
        level=level,
        explained=explained,
        residual=left - level.smoothed,
    )
