"""Calibration of the demand model on its own past origins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.model import Calibration, DemandEvent, SpecialDays
from gridtool.forecast.demand.scoring.backtest_origins import (
    OriginForecast,
    fit_origins,
    place_origins,
)
from gridtool.forecast.demand.scoring.backtest_truth import find_truth
from gridtool.forecast.demand.scoring.calibrate_scales import (
    OriginSpread,
    choose_scales,
    measure_spread,
)
from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["CALIBRATION_PATHS", "calibrate", "measure_origin"]

NO_DAYS = SpecialDays()
CALIBRATION_PATHS = 300


def calibrate(
    history: History | PeriodHistory,
    *,
    months: int = 6,
    origins: int = 5,
    step_months: int | None = None,
    paths: int = CALIBRATION_PATHS,
    seed: int = 1,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    model: str = "auto",
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """How the model's spread is to be scaled, by the rule of ``calibrate_scales``.

    A history too short for an origin, or a model that is not the hourly one, gives a
    calibration that scales nothing and says why.

    Parameters
    ----------
    months, origins, step_months
        As in :func:`gridtool.forecast.demand.scoring.backtest.backtest_demand`.
    progress
        Called with 1 after each origin.
    """
    if isinstance(history, PeriodHistory):
        return Calibration(words=f"a history by {history.step} is not calibrated")
    try:
        placed = place_origins(
            history.load_start,
            history.end,
            zone=history.zone,
            months=months,
            origins=origins,
            step_months=step_months,
        )
    except HistoryError:
        return Calibration(words="the history is too short to be calibrated on its own past")
    spreads: list[OriginSpread] = []
    for at in fit_origins(
        history,
        find_truth(history, special_days=special_days, events=events),
        origins=placed,
        months=months,
        special_days=special_days,
        events=events,
        model=model,
    ):
        spread = measure_origin(at, paths=paths, seed=seed)
        if spread is not None:
            spreads.append(spread)
        if progress is not None:
            progress(1)
    if not spreads:
        return Calibration(words="no past origin could be used to calibrate")
    return choose_scales(spreads)


def measure_origin(at: OriginForecast, *, paths: int, seed: int) -> OriginSpread | None:
    """What an origin says of the spread; None without a month known, or of another model."""
    fitted = at.model
    if not isinstance(fitted, FittedDemand):
        return None

    def draw(*, level: float = 1.0, residual: float = 1.0) -> npt.NDArray[np.float64]:
        scaled = Calibration(level_scale=level, residual_scale=residual)
        return replace(fitted, calibration=scaled).simulate(paths, grid=at.grid, seed=seed)

    return measure_spread(
        at.truth_mw,
        draw(),
        without_level=draw(level=0.0),
        without_residual=draw(residual=0.0),
        month=at.grid.month_index,
    )
