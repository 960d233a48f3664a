"""How far the demand model could be trusted in the past: rolling origins, months ahead.

At each origin the model sees only what was known then, temperature included; its paths are
compared with what came, beside seasonal naive and climatology, which cost nothing. Source of
the protocol: Tashman (2000), "Out-of-sample tests of forecasting accuracy".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.model import DemandEvent, SpecialDays
from gridtool.forecast.demand.scoring.backtest_calibrated import list_earlier, score_calibrated
from gridtool.forecast.demand.scoring.backtest_model import (
    CLIMATOLOGY,
    MODEL,
    SEASONAL_NAIVE,
    Backtest,
)
from gridtool.forecast.demand.scoring.backtest_notes import ScoredOrigin, describe_test
from gridtool.forecast.demand.scoring.backtest_origins import (
    OriginForecast,
    fit_origins,
    place_origins,
)
from gridtool.forecast.demand.scoring.backtest_periods import backtest_periods
from gridtool.forecast.demand.scoring.backtest_truth import find_truth
from gridtool.forecast.demand.scoring.baselines import repeat_last_year, usual_load
from gridtool.forecast.demand.scoring.scores import naive_scale
from gridtool.forecast.demand.scoring.scores_paths import (
    Candidate,
    PathScores,
    mean_pinball_pct,
    score_paths,
)
from gridtool.forecast.demand.scoring.scores_pit import PIT_BINS, judge_evenness
from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["Backtest", "backtest_demand", "list_baselines", "tabulate_scores"]

NO_DAYS = SpecialDays()
LEAST_TRUTH_H = 168


def backtest_demand(
    history: History | PeriodHistory,
    *,
    months: int = 6,
    origins: int = 5,
    step_months: int | None = None,
    paths: int = 500,
    seed: int = 1,
    special_days: SpecialDays = NO_DAYS,
    events: Sequence[DemandEvent] = (),
    load_months: int | None = None,
    model: str = "auto",
    calibrated: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Backtest:
    """Fit and simulate ``months`` ahead at up to ``origins`` origins, the latest possible.

    Parameters
    ----------
    step_months
        How far origins are apart; None: ``months``, so that no hour is forecast twice.
    events
        What the planner states of demand; at an origin, those that had begun.
    load_months
        How many local months of load are known at an origin, all temperature being known; None:
        all. It shows what a history as short as that is worth.
    model
        Name of the model to test, see :func:`gridtool.forecast.demand.choose.fit_history`.
    calibrated
        Test the model also as calibrated at each origin on the origins before it, as far as the
        history reaches. It takes up to twice the time.
    progress
        Called with 1 after each origin.

    Raises
    ------
    HistoryError
        If the history is too short for one origin, or no demand is known after any.
    """
    if isinstance(history, PeriodHistory):
        return backtest_periods(
            history,
            months=months,
            origins=origins,
            step_months=step_months,
            paths=paths,
            seed=seed,
            special_days=special_days,
            events=events,
            model=model,
            progress=progress,
        )
    placed = place_origins(
        history.load_start,
        history.end,
        zone=history.zone,
        months=months,
        origins=origins,
        step_months=step_months,
        file=history.origin,
    )
    truth = find_truth(history, special_days=special_days, events=events)
    fit = partial(
        fit_origins,
        history,
        truth,
        months=months,
        special_days=special_days,
        events=events,
        load_months=load_months,
        model=model,
    )
    found = []
    for at in fit(origins=placed):
        if np.isfinite(at.truth_mw).sum() >= LEAST_TRUTH_H:
            found.append(_score_origin(at, paths=paths, seed=seed, special_days=special_days))
        if progress is not None:
            progress(1)
    if not found:
        raise _refuse_unknown(history)
    if calibrated:
        earlier = list_earlier(history, placed[0], months=months, step_months=step_months)
        found = score_calibrated(found, before=fit(origins=earlier), paths=paths, seed=seed)
    last = found[-1].forecast.model
    return tabulate_scores(
        [(own.label, name, scores) for own in found for name, scores in own.scores.items()],
        description=last.description,
        notes=describe_test(
            history, truth, scored=found, placed=len(placed), load_months=load_months
        ),
        weaker=last.weaker,
    )


def _refuse_unknown(history: History) -> HistoryError:
    return HistoryError(
        Issue(
            message="no week of demand is known after any time to forecast from",
            file=history.origin or None,
            hint="look back fewer months, or give a history with more of its demand known",
        )
    )


def list_baselines(at: OriginForecast, *, special_days: SpecialDays) -> tuple[Candidate, ...]:
    """Seasonal naive and climatology at an origin."""
    known, grid = at.known, at.grid
    naive, naive_paths = repeat_last_year(known.load_mw, hours=grid.hours)
    usual = usual_load(
        known.load_mw,
        calendar=make_calendar(known.start, known.hours, zone=known.zone),
        ahead=make_calendar(grid.start, grid.hours, zone=grid.zone),
        special_days=special_days,
    )
    return (
        Candidate(name=SEASONAL_NAIVE, values=naive_paths, point=naive),
        Candidate(name=CLIMATOLOGY, values=usual, joint=False),
    )


def tabulate_scores(
    scored: Sequence[tuple[str, str, PathScores]],
    *,
    description: str = "",
    notes: tuple[str, ...] = (),
    weaker: str | None = None,
) -> Backtest:
    """Scores by (origin, method) as tables; methods in the order of the first origin."""
    origins = pd.DataFrame([{"origin": o, "method": m, **s.whole} for o, m, s in scored])
    months = pd.DataFrame(
        [{"origin": o, "method": m, **row} for o, m, s in scored for row in s.months]
    )
    scores = origins.drop(columns="origin").groupby("method", sort=False).mean().reset_index()
    tables = {name: [s for _, m, s in scored if m == name] for name in scores["method"]}
    scores["pit_p_value"] = [
        judge_evenness(places)
        if len(places := [s.places for s in own if s.places is not None]) == len(own)
        and len({len(found) for found in places}) == 1
        else np.nan
        for own in tables.values()
    ]
    pit = [row for name, own in tables.items() for row in _pit_rows(name, own)]
    return Backtest(
        scores=scores,
        origins=origins,
        months=months,
        pit=pd.DataFrame(pit),
        description=description,
        notes=notes,
        weaker=weaker,
    )


def _score_origin(
    at: OriginForecast, *, paths: int, seed: int, special_days: SpecialDays
) -> ScoredOrigin:
    own = Candidate(name=MODEL, values=at.model.prepare(at.grid).draw(paths, seed=seed))
    scale = naive_scale(at.known.load_mw)
    served = mean_pinball_pct(at.served_mw, own.values)
    return ScoredOrigin(
        label=at.origin.astimezone(at.grid.zone).date().isoformat(),
        forecast=at,
        scores={
            candidate.name: score_paths(at.truth_mw, candidate, grid=at.grid, scale_mw=scale)
            for candidate in (own, *list_baselines(at, special_days=special_days))
        },
        served_pinball_pct=served,
    )


def _pit_rows(name: str, own: Sequence[PathScores]) -> list[dict[str, float | str]]:
    counts = np.sum([scores.pit for scores in own], axis=0)
    if not counts.sum():
        return []
    return [
        {
            "method": name,
            "from_pct": 100.0 * b / PIT_BINS,
            "to_pct": 100.0 * (b + 1) / PIT_BINS,
            "share": float(count / counts.sum()),
        }
        for b, count in enumerate(counts)
    ]
