"""What a reader of a backtest must know of how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gridtool.forecast.demand.scoring.backtest_model import MODEL
from gridtool.forecast.demand.scoring.backtest_origins import HOUR, OriginForecast
from gridtool.forecast.demand.scoring.backtest_truth import Truth
from gridtool.forecast.demand.scoring.scores_paths import PathScores
from gridtool.forecast.history.model import History

__all__ = ["ScoredOrigin", "describe_test"]

FEW_ORIGINS = 3


@dataclass(frozen=True, kw_only=True)
class ScoredOrigin:
    """An origin, its scores by method, and the model's loss against what was served.

    ``served_pinball_pct`` also counts the hours that only look short, at what was served.
    """

    label: str
    forecast: OriginForecast
    scores: Mapping[str, PathScores]
    served_pinball_pct: float


def describe_test(
    history: History,
    truth: Truth,
    *,
    scored: Sequence[ScoredOrigin],
    placed: int,
    load_months: int | None,
) -> tuple[str, ...]:
    """Hours left out and what that is worth, load forgotten, origins missing or few."""
    hours = np.zeros(history.hours, dtype=np.bool_)
    for own in scored:
        first = int((own.forecast.origin - history.start) / HOUR)
        hours[first : first + own.forecast.grid.hours] = True
    notes = truth.describe(hours)
    if (truth.suspected & hours).any():
        loss = np.mean([own.scores[MODEL].whole["pinball_pct"] for own in scored])
        served = np.mean([own.served_pinball_pct for own in scored])
        words = (
            "held against what was served in the hours that only look short, the model's pinball "
            f"loss would be {served:.2f} % instead of {loss:.2f} %"
        )
        notes += (words,)
    if load_months is not None:
        notes += (f"at each origin only the last {load_months} months of load were known",)
    if len(scored) < placed:
        notes += (f"{placed - len(scored)} origins are left out: hardly any demand after them",)
    if len(scored) < FEW_ORIGINS:
        count = f"{len(scored)} origin" + ("s" if len(scored) > 1 else "")
        notes += (f"only {count}: the scores are little more than an anecdote",)
    return notes
