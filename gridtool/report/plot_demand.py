"""All charts of a demand history, its model and the months ahead, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.model import Unconstrained
from gridtool.forecast.demand.regression import trailing_mean
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.model import FittedModel
from gridtool.report.charts import Spec
from gridtool.report.charts_demand import (
    chart_ahead,
    chart_cover,
    chart_history,
    chart_level,
    chart_profile,
    chart_response,
)
from gridtool.report.plot_frames import (
    frame_fan,
    frame_history,
    frame_level,
    frame_past_years,
    frame_periods,
    frame_profile,
    frame_response,
)
from gridtool.timegrid import TimeGrid

__all__ = ["CHARTS", "DemandDrawn", "draw_demand"]

FloatArray = npt.NDArray[np.float64]
CHARTS = ("history", "ahead", "peaks", "temperature", "week", "level", "cover")
"""Names of the charts, in the order they are drawn in."""
_LEAST_BINS = 5
_PROFILE_H = 366 * 24


@dataclass(frozen=True, kw_only=True)
class DemandDrawn:
    """What there is to draw.

    Attributes
    ----------
    model
        As fitted or read from a file.
    paths, grid
        Of the months ahead: (n, hours) in MW.
    history
        None where the model came without.
    demand
        Of the hours of ``history``, where it is hourly.
    pit
        Of a backtest, see :class:`gridtool.forecast.demand.scoring.backtest_model.Backtest`.
    """

    model: FittedModel
    paths: FloatArray
    grid: TimeGrid
    history: History | PeriodHistory | None = None
    demand: Unconstrained | None = None
    pit: pd.DataFrame | None = None


def draw_demand(drawn: DemandDrawn) -> dict[str, Spec]:
    """Every chart that can be drawn, by its name of :data:`CHARTS`."""
    found: dict[str, Spec | None] = {}
    model = drawn.model.model if isinstance(drawn.model, SavedModel) else drawn.model
    found["ahead"], found["peaks"] = _draw_ahead(drawn, model)
    if isinstance(drawn.history, PeriodHistory):
        found["history"] = chart_history(frame_periods(drawn.history))
    elif drawn.history is not None:
        found["history"] = _draw_history(drawn.history, drawn.demand)
        found["week"] = _draw_week(drawn.history, drawn.demand)
    if isinstance(model, FittedDemand):
        found["level"] = _draw_level(model, drawn)
        if isinstance(drawn.history, History):
            found["temperature"] = _draw_response(model, drawn.history, drawn.demand)
    if drawn.pit is not None:
        found["cover"] = chart_cover(drawn.pit)
    return {name: spec for name in CHARTS if (spec := found.get(name)) is not None}


def _draw_history(history: History, demand: Unconstrained | None) -> Spec:
    frame = frame_history(
        history.start,
        history.load_mw,
        zone=history.zone,
        wanted_mw=None if demand is None else demand.load_mw,
        guessed=None if demand is None else demand.guessed,
    )
    return chart_history(frame, breaks=() if demand is None else demand.breaks)


def _draw_ahead(drawn: DemandDrawn, model: FittedModel) -> tuple[Spec, Spec]:
    """Past years are scaled as the paths are."""
    specs = []
    for of in ("mean", "peak"):
        past = None
        if isinstance(drawn.history, History):
            load = drawn.history.load_mw if drawn.demand is None else drawn.demand.load_mw
            past = frame_past_years(
                drawn.history.start,
                load * float(getattr(model, "factor", 1.0)),
                grid=drawn.grid,
                of=of,
            )
        specs.append(chart_ahead(frame_fan(drawn.paths, grid=drawn.grid, of=of), past=past, of=of))
    return specs[0], specs[1]


def _draw_week(history: History, demand: Unconstrained | None) -> Spec | None:
    """The week as it was in the last year, guessed hours left out."""
    load = _known_load(history, demand)[-_PROFILE_H:]
    if not np.isfinite(load).any():
        return None
    stamps = pd.date_range(end=history.end, periods=len(load) + 1, freq="h")[:-1]
    local = stamps.tz_convert(history.zone).tz_localize(None)
    return chart_profile(frame_profile(load, local=local))


def _draw_level(model: FittedDemand, drawn: DemandDrawn) -> Spec:
    scale = 1.0 if model.calibration is None else model.calibration.level_scale
    frame = frame_level(
        model.end,
        model.level.smoothed,
        mean=model.level.mean,
        variance=model.level.variance * scale**2,
        step_sigma=model.level.step_sigma * scale,
        zone=drawn.grid.zone,
    )
    return chart_level(frame, breaks=() if drawn.demand is None else drawn.demand.breaks)


def _draw_response(
    model: FittedDemand, history: History, demand: Unconstrained | None
) -> Spec | None:
    """Working days of the history that the model was fitted to; None where it knows no weather,
    or was fitted to another history.
    """
    if model.weather is None or history.temp_c is None:
        return None
    if model.end - timedelta(hours=len(model.level.smoothed)) != history.start:
        return None
    hours = min(history.hours, len(model.level.smoothed))
    calendar = make_calendar(history.start, hours, zone=history.zone)
    means = tuple(
        trailing_mean(history.temp_c, hours=memory)[:hours]
        for memory in model.regression.terms.memories_h
    )
    explained = model.regression.predict_temperature(means, hour=calendar.hour)
    explained = explained + model.regression.predict_calendar(calendar)
    special = model.regression.special_days
    off = [special.numbers(kind) for kind in special.kinds]
    ordinary = (calendar.weekday < 5) & ~np.isin(calendar.day, np.concatenate([[-1], *off]))
    frame = frame_response(
        history.temp_c[:hours],
        _known_load(history, demand)[:hours],
        fitted_mw=np.exp(explained + model.level.smoothed[:hours]),
        day=calendar.day,
        ordinary=ordinary,
    )
    return chart_response(frame) if len(frame) >= _LEAST_BINS else None


def _known_load(history: History, demand: Unconstrained | None) -> FloatArray:
    if demand is None:
        return history.load_mw
    return np.where(demand.guessed, np.nan, demand.load_mw)
