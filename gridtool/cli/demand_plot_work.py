"""What ``gridtool demand plot`` does once its options are understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.cli.demand_ahead import simulate_ahead
from gridtool.cli.history_options import GivenHistory, HistoryOptions, read_given_history
from gridtool.cli.options import parse_zone
from gridtool.errors import HistoryError, InputError, Issue
from gridtool.forecast.demand.saved.read_model import read_model
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.demand.scoring.backtest import backtest_demand
from gridtool.forecast.history.model import History
from gridtool.forecast.model import FittedModel
from gridtool.jobs.given_history import fit_given
from gridtool.jobs.unconstrained import estimate_unconstrained
from gridtool.report.charts import stack
from gridtool.report.plot import write_chart
from gridtool.report.plot_demand import DemandDrawn, draw_demand
from gridtool.report.plot_frames import frame_history, frame_periods
from gridtool.report.plot_text import draw_ahead, draw_weeks
from gridtool.report.result import Result
from gridtool.report.tables import Chart

__all__ = ["PlotRequest", "answer_plot", "write_charts"]

_RECENT_H = 2 * 366 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotRequest:
    """The command line. At least one of ``history`` and ``model`` is given."""

    history: Path | None
    model: Path | None
    tz: str | None
    reading: HistoryOptions
    months: int
    paths: int
    seed: int
    origins: int | None


def answer_plot(request: PlotRequest, *, printed: bool) -> tuple[Result, DemandDrawn]:
    """What is said on the terminal, with small charts if ``printed``, and what there is to draw.

    Raises
    ------
    InputError
        If the history or the model cannot be used, with every finding.
    """
    saved = None if request.model is None else read_model(request.model)
    zone = _find_zone(request.tz, saved)
    given = None
    if request.history is not None:
        given = read_given_history(request.history, request.reading, zone=zone)
    model = _take_model(saved, given)
    start = _find_end(saved, given)
    ahead = simulate_ahead(
        model, start=start, zone=zone, months=request.months, paths=request.paths, seed=request.seed
    )
    drawn = DemandDrawn(
        model=model,
        paths=ahead.paths,
        grid=ahead.grid,
        history=None if given is None else given.history,
        demand=None if given is None else estimate_unconstrained(given, _bare(model)),
        pit=_test_past(request, given),
    )
    result = Result(
        command="demand plot",
        verdict=f"{ahead.describe()} The model: {model.description}.",
        charts=_draw_text(drawn) if printed else (),
        warnings=(*(() if given is None else given.warnings), *ahead.notes),
        zone=zone,
        fallback=model.weaker or "",
    )
    return result, drawn


def write_charts(drawn: DemandDrawn, path: Path, *, charts: tuple[str, ...]) -> None:
    """Write the ``charts`` asked for, all that there are without one, under each other.

    Raises
    ------
    InputError
        If one asked for cannot be drawn.
    """
    specs = draw_demand(drawn)
    absent = [name for name in charts if name not in specs]
    if absent:
        raise InputError(
            Issue(
                message=f"there is nothing to draw for {', '.join(absent)}",
                accepted=", ".join(specs),
                hint="temperature and week need an hourly HISTORY, cover needs --origins",
            )
        )
    write_chart(stack([spec for name, spec in specs.items() if not charts or name in charts]), path)


def _find_zone(tz: str | None, saved: SavedModel | None) -> ZoneInfo:
    if tz is None and saved is not None and saved.mark is not None:
        return saved.mark.zone
    return parse_zone(tz or "UTC")


def _take_model(saved: SavedModel | None, given: GivenHistory | None) -> FittedModel:
    if saved is not None:
        return saved
    if given is None:
        raise ValueError("neither a history nor a model")
    return fit_given(given)


def _find_end(saved: SavedModel | None, given: GivenHistory | None) -> datetime:
    """The end of what is known: of the history, else of the one that the model saw."""
    if given is not None:
        return given.history.end
    if saved is None or saved.mark is None:
        raise HistoryError(
            Issue(
                message="the model does not say what history it was fitted to",
                hint="give the history beside it",
            )
        )
    return saved.mark.end


def _bare(model: FittedModel) -> FittedModel:
    return model.model if isinstance(model, SavedModel) else model


def _test_past(request: PlotRequest, given: GivenHistory | None) -> pd.DataFrame | None:
    if request.origins is None or given is None:
        return None
    return backtest_demand(
        given.history,
        months=request.months,
        origins=request.origins,
        paths=request.paths,
        seed=request.seed,
        special_days=given.special_days,
        events=given.events,
        model=given.model_kind,
    ).pit


def _draw_text(drawn: DemandDrawn) -> tuple[Chart, ...]:
    ahead = draw_ahead(drawn.paths, grid=drawn.grid)
    history = drawn.history
    if history is None:
        return (ahead,)
    if isinstance(history, History):
        hours = min(history.hours, _RECENT_H)
        frame = frame_history(
            history.end - timedelta(hours=hours), history.load_mw[-hours:], zone=history.zone
        )
    else:
        frame = frame_periods(history)
    weeks = draw_weeks(frame)
    return (ahead,) if weeks is None else (weeks, ahead)
