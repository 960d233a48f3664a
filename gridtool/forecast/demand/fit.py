"""Hourly demand months ahead: fitted to a history, simulated as paths.

Log demand = calendar and temperature (24 regressions by hour) + a weekly level (local level
model) + residual days. A path draws a weather year with shifted dates, a deviation of the fitted
coefficients, a course of the level and weeks of residual days: joint paths, so that peaks and
energy keep their spread, which quantiles hour by hour would lose. After Hong, Wilson and Xie
(2014), "Long term probabilistic load forecasting and normalization with hourly information", and
the GEFCom2014 winners' use of weather scenarios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.base import BaseFit, fit_base
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.unconstrain import unconstrain
from gridtool.forecast.demand.days.special_days import settle_kinds
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.level import DemandLevel
from gridtool.forecast.demand.model import Calibration, DemandEvent, SpecialDays, Unconstrained
from gridtool.forecast.demand.residual_days import collect_residual_days
from gridtool.forecast.demand.rungs import (
    FULL_DAYS,
    LEAST_DAYS,
    LEAST_DAYS_WITHOUT_WEATHER,
    Rung,
    choose_rung,
)
from gridtool.forecast.demand.weather import TemperatureRecord, remove_trend
from gridtool.forecast.history.model import History

__all__ = [
    "FULL_DAYS",
    "LEAST_DAYS",
    "LEAST_DAYS_WITHOUT_WEATHER",
    "FittedDemand",
    "fit_demand",
]

FloatArray = npt.NDArray[np.float64]
YEAR_H = 8760
YEAR = timedelta(days=365.25)
BAND = 0.35
"""Paths stay within the history's extremes, widened by this on the log scale."""
NO_DAYS = SpecialDays()
_TREND_WORDS = {
    "keep": (),
    "remove": ("past years' temperatures are taken without their trend, as warm as at the end",),
}


def fit_demand(
    history: History,
    *,
    zone: ZoneInfo | None = None,
    peak_mw: float | None = None,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    calibration: Calibration | None = None,
    weather_trend: Literal["keep", "remove"] = "keep",
) -> FittedDemand:
    """Fit the demand model that the history allows.

    A year or more with temperature: the full model. Three months or more with temperature: a
    small one. A year or more without: seasons and residual days carry the weather. Less is
    refused.

    Parameters
    ----------
    zone
        Time zone of the history's local days, if not the one it was read with.
    peak_mw
        Scale the paths so that the highest hour of the history's last twelve months becomes
        this, MW. None keeps the history's own size.
    special_days
        Local dates on which people live otherwise, past and ahead.
    events
        What the planner states of demand, past and ahead.
    calibration
        By how much to scale the spread of the paths.
    weather_trend
        ``remove`` takes past years as warm as the last one would have been; ``keep`` takes them
        as they were: of a few years the trend cannot be told from chance.

    Raises
    ------
    HistoryError
        If the history is too short.
    """
    zone = zone or history.zone
    rung = choose_rung(history)
    calendar = make_calendar(history.start, history.hours, zone=zone)
    known = np.flatnonzero(np.isfinite(history.load_mw))
    special_days = settle_kinds(special_days, known=calendar.day[known])
    demand = unconstrain(
        history, calendar=calendar, terms=rung.terms, special_days=special_days, events=events
    )
    base = fit_base(
        np.where(demand.guessed, np.nan, demand.load_mw),
        temp_c=history.temp_c,
        calendar=calendar,
        terms=rung.terms,
        special_days=special_days,
        prior_level=rung.prior_level,
        breaks=demand.breaks,
        start=history.start,
        deviate=True,
    )
    days = collect_residual_days(_unfit(base), calendar=calendar)
    if not len(days.starts):
        raise HistoryError(
            Issue(message="no week of the history is whole", hint="fill the gaps of the history")
        )
    load = demand.load_mw[np.isfinite(demand.load_mw) & ~demand.guessed]
    recent = demand.load_mw[-YEAR_H:]
    peak = float(np.nanmax(recent)) if np.isfinite(recent).any() else float(load.max())
    return FittedDemand(
        regression=base.regression,
        level=_widen(base, demand),
        residual_days=days,
        weather=_keep_weather(history, zone=zone, rung=rung, trend=weather_trend),
        end=history.end,
        history_h=int(known[-1] - known[0]) + 1,
        band=(float(np.log(load.min())) - BAND, float(np.log(load.max())) + BAND),
        reference_peak_mw=peak,
        factor=1.0 if peak_mw is None else peak_mw / peak,
        description=_describe(history, rung=rung, level=base.level, peak=peak, peak_mw=peak_mw),
        weaker=history.set_aside,
        deviations=base.deviations,
        calibration=calibration,
        events=tuple(events),
        said=(*demand.notes, *special_days.notes, *_TREND_WORDS[weather_trend]),
    )


def _unfit(base: BaseFit) -> FloatArray:
    """Residuals as large as those of hours not fitted to: by the root of n / (n - p)."""
    days = np.isfinite(base.residual).sum() / 24
    memories, knots = base.regression.knots_c.shape if base.regression.knots_c.size else (0, 1)
    size = base.regression.calendar.shape[1] + memories * (knots - 1)
    return np.asarray(base.residual * np.sqrt(days / max(days - size, days / 2)))


def _widen(base: BaseFit, demand: Unconstrained) -> DemandLevel:
    """The level with what it owes to guessing."""
    return replace(base.level, variance=base.level.variance + demand.level_sd**2)


def _keep_weather(
    history: History, *, zone: ZoneInfo, rung: Rung, trend: Literal["keep", "remove"]
) -> TemperatureRecord | None:
    if history.temp_c is None or not rung.terms.memories_h:
        return None
    record = TemperatureRecord(start=history.start, temp_c=history.temp_c, zone=zone)
    return remove_trend(record) if trend == "remove" else record


def _describe(
    history: History, *, rung: Rung, level: DemandLevel, peak: float, peak_mw: float | None
) -> str:
    years = (history.end - history.load_start) / YEAR
    text = (
        f"{rung.words}; {level.basis}; residual days in weekly blocks; "
        f"{years:.1f} years of hourly history to {history.end:%Y-%m-%d}"
    )
    if peak_mw is None:
        return text
    return text + f"; scaled from a peak of {peak:,.0f} MW to the network's {peak_mw:,.0f} MW"
