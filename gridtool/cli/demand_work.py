"""What ``gridtool demand forecast`` does once its options are understood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from gridtool import __version__
from gridtool.cli.demand_ahead import DemandAhead, simulate_ahead
from gridtool.cli.history_options import GivenHistory, HistoryOptions, read_given_history
from gridtool.cli.options import parse_zone
from gridtool.cli.output import OutputOptions, progress
from gridtool.cli.state import resolve_as_of
from gridtool.errors import Issue
from gridtool.forecast.demand.saved.read_model import read_model
from gridtool.forecast.demand.saved.write import SavedModel
from gridtool.forecast.model import FittedModel
from gridtool.jobs.districts import read_split
from gridtool.jobs.given_history import calibrate_given, fit_given
from gridtool.jobs.saved_model import judge_saved
from gridtool.network.catalog import load_network
from gridtool.network.model import CityNetwork
from gridtool.report.demand_districts import tables_districts
from gridtool.report.result import Result

__all__ = ["ForecastRequest", "answer_forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRequest:
    """The command line. At least one of ``history`` and ``model`` is given."""

    history: Path | None
    model: Path | None
    tz: str | None
    reading: HistoryOptions
    network: str | None
    scale: Literal["peak", "none"]
    as_of: str | None
    calibrate: bool
    months: int
    by: Literal["month", "day", "hour"]
    quantiles: tuple[float, ...]
    paths: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The model, where its forecast starts, and what was said on the way."""

    model: FittedModel
    start: datetime
    warnings: tuple[Issue | str, ...]
    fallback: str


def answer_forecast(request: ForecastRequest, output: OutputOptions) -> tuple[Result, DemandAhead]:
    """The answer, and the paths that it rests on."""
    city = None if request.network is None else load_network(request.network)
    saved = None if request.model is None else read_model(request.model)
    zone = _find_zone(request.tz, saved, city)
    moment = resolve_as_of(request.as_of, zone)
    given = None
    if request.history is not None:
        given = read_given_history(request.history, request.reading, zone=zone, as_of=moment)
        if moment is not None:
            given = replace(given, history=given.history.until(moment))
    found = _take_model(request, saved, given, moment=moment, city=city, output=output)
    ahead = simulate_ahead(
        found.model,
        start=found.start,
        zone=zone,
        months=request.months,
        paths=request.paths,
        seed=request.seed,
    )
    tables = ahead.tables(request.by, levels=request.quantiles)
    notes: tuple[str, ...] = ()
    if city is not None:
        split = read_split(
            city,
            request.reading.district_history,
            zone=zone,
            as_of=found.start,
            special_days=None if given is None else given.special_days,
        )
        notes = split.notes
        tables += tables_districts(
            ahead.paths,
            split,
            grid=ahead.grid,
            network=city,
            seed=request.seed,
            levels=request.quantiles,
        )
    files = (request.model, request.history, *_network_files(city))
    result = Result(
        command="demand forecast",
        tables=tables,
        verdict=f"{ahead.describe()} The model: {found.model.description}.",
        as_of=found.start,
        seed=request.seed,
        inputs=(*(path for path in files if path is not None), *request.reading.files),
        warnings=(*found.warnings, *ahead.notes, *notes),
        headline=ahead.headline,
        facts={"model": found.model.description},
        zone=zone,
        fallback=found.fallback,
    )
    return result, ahead


def _network_files(city: CityNetwork | None) -> tuple[Path, ...]:
    return (Path(city.origin),) if city is not None and city.origin else ()


def _find_zone(tz: str | None, saved: SavedModel | None, city: CityNetwork | None) -> ZoneInfo:
    if tz is not None:
        return parse_zone(tz)
    if saved is not None and saved.mark is not None:
        return saved.mark.zone
    return parse_zone("UTC") if city is None else city.manifest.zone


def _take_model(
    request: ForecastRequest,
    saved: SavedModel | None,
    given: GivenHistory | None,
    *,
    moment: datetime | None,
    city: CityNetwork | None,
    output: OutputOptions,
) -> _Found:
    """The saved model, judged for its age, or the one of the history; in the city's size."""
    warnings = () if given is None else given.warnings
    peak_mw = city.peak_mw if city is not None and request.scale == "peak" else None
    if saved is None:
        assert given is not None  # the command line has one of them
        model = fit_given(given, peak_mw=peak_mw, network=city)
        if request.calibrate:
            with progress(output, None, "calibrating") as advance:
                model = calibrate_given(given, model, months=request.months, progress=advance)
        start = moment or given.history.end
        return _Found(model=model, start=start, warnings=warnings, fallback=model.weaker or "")
    assert request.model is not None
    start = moment or _known_until(saved, given)
    reasons, fallback = judge_saved(
        saved,
        None if given is None else given.history,
        path=request.model,
        as_of=start,
        months=request.months,
        gridtool_version=__version__,
    )
    return _Found(
        model=saved if peak_mw is None else saved.scaled_to(peak_mw),
        start=start,
        warnings=(*warnings, *reasons),
        fallback=fallback or saved.weaker or "",
    )


def _known_until(saved: SavedModel, given: GivenHistory | None) -> datetime:
    """The end of what is known: of the history, else of the one the model saw."""
    if given is not None:
        return given.history.end
    if saved.mark is not None:
        return saved.mark.end
    return datetime.now(UTC)
