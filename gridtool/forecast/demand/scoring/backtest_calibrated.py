"""The model as calibrated at each origin on the origins before it, beside the model as it is.

What a planner gets who calibrates. An origin counts only where all of its months were over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.model import Calibration
from gridtool.forecast.demand.scoring.backtest_model import CALIBRATED
from gridtool.forecast.demand.scoring.backtest_notes import ScoredOrigin
from gridtool.forecast.demand.scoring.backtest_origins import (
    LEAST_HISTORY,
    OriginForecast,
    shift_months,
)
from gridtool.forecast.demand.scoring.calibrate import CALIBRATION_PATHS, measure_origin
from gridtool.forecast.demand.scoring.calibrate_scales import choose_scales
from gridtool.forecast.demand.scoring.scores import naive_scale
from gridtool.forecast.demand.scoring.scores_paths import Candidate, score_paths
from gridtool.forecast.history.model import History

__all__ = ["list_earlier", "score_calibrated"]

MOST_ORIGINS = 5
"""Calibration rests on so many origins at most, the latest."""


def list_earlier(
    history: History, first: datetime, *, months: int, step_months: int | None
) -> list[datetime]:
    """Origins before ``first`` on which the model can be calibrated; maybe none."""
    step = step_months or months
    most = MOST_ORIGINS + (months - 1) // step  # the last ones may not be over yet
    earlier = [shift_months(first, -step * place, history.zone) for place in range(most, 0, -1)]
    return [origin for origin in earlier if origin - history.start >= LEAST_HISTORY]


def score_calibrated(
    scored: Sequence[ScoredOrigin],
    *,
    before: Iterable[OriginForecast],
    paths: int,
    seed: int,
) -> list[ScoredOrigin]:
    """The scored origins with the calibrated model's scores, by the origins before each.

    A model other than the hourly one has nothing to be scaled: its origins stay as they are.
    """
    spreads = []
    for at in (*before, *(own.forecast for own in scored)):
        spread = measure_origin(at, paths=CALIBRATION_PATHS, seed=seed)
        if spread is not None:
            spreads.append((at.grid.end, spread))
    found = []
    for own in scored:
        at = own.forecast
        over = [spread for end, spread in spreads if end <= at.origin][-MOST_ORIGINS:]
        calibration = choose_scales(over) if over else Calibration()
        found.append(_score(own, calibration, paths=paths, seed=seed))
    return found


def _score(own: ScoredOrigin, calibration: Calibration, *, paths: int, seed: int) -> ScoredOrigin:
    at = own.forecast
    if not isinstance(at.model, FittedDemand):
        return own
    drawn = replace(at.model, calibration=calibration).simulate(paths, grid=at.grid, seed=seed)
    scores = score_paths(
        at.truth_mw,
        Candidate(name=CALIBRATED, values=drawn),
        grid=at.grid,
        scale_mw=naive_scale(at.known.load_mw),
    )
    (name, plain), *others = own.scores.items()
    return replace(own, scores={name: plain, CALIBRATED: scores, **dict(others)})
