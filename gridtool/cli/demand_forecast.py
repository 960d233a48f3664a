"""``gridtool demand forecast``: energy and peak of the months ahead, with their spread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from gridtool.cli.demand_options import months_option, paths_option
from gridtool.cli.history_options import (
    HistoryOptions,
    history_argument,
    history_options,
    read_given_history,
    tz_option,
)
from gridtool.cli.options import OutputOptions, output_options, parse_zone, seed_option

__all__ = ["forecast"]


def _parse_levels(
    _context: click.Context, _option: click.Parameter, given: str
) -> tuple[float, ...]:
    try:
        levels = sorted({float(part) for part in given.split(",")})
    except ValueError:
        levels = []
    if not levels or not all(0.0 < level < 1.0 for level in levels):
        raise click.BadParameter(
            f"{given!r} is not a list of shares above 0 and below 1, e.g. 0.1,0.5,0.9"
        )
    return tuple(levels)


@click.command()
@history_argument
@tz_option
@history_options
@click.option(
    "--as-of",
    metavar="TIME",
    help="Forecast from this time on, with what was known then (default: the history's end).",
)
@months_option
@click.option(
    "--by",
    type=click.Choice(("month", "day", "hour")),
    default="month",
    show_default=True,
    help="Shortest spans to print; longer ones follow.",
)
@click.option(
    "--quantiles",
    default="0.1,0.5,0.9",
    show_default=True,
    metavar="SHARES",
    callback=_parse_levels,
    help="Quantiles of the paths, with commas.",
)
@click.option(
    "--paths-out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Also write every path, hour by hour.",
)
@paths_option
@seed_option
@output_options
def forecast(
    *,
    history: Path,
    tz: str,
    reading: HistoryOptions,
    as_of: str | None,
    months: int,
    by: Literal["month", "day", "hour"],
    quantiles: tuple[float, ...],
    paths_out: Path | None,
    paths: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Forecast the demand after HISTORY: energy and peak by month, day or hour.

    \b
    Example:
        gridtool demand forecast forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
        gridtool demand forecast load.csv --by hour --quantiles 0.05,0.5,0.95 --format csv
    """
    from gridtool.cli.demand_ahead import simulate_ahead
    from gridtool.cli.output import Result, emit, note, refuse_warnings
    from gridtool.cli.state import resolve_as_of
    from gridtool.formats.write import csv_text, write_bytes
    from gridtool.jobs.given_history import fit_given
    from gridtool.report.demand_ahead import table_paths

    zone = parse_zone(tz)
    moment = resolve_as_of(as_of, zone)
    given = read_given_history(history, reading, zone=zone, as_of=moment)
    known = given.history if moment is None else given.history.until(moment)
    model = fit_given(replace(given, history=known))
    start = moment or known.end
    ahead = simulate_ahead(model, start=start, zone=zone, months=months, paths=paths, seed=seed)
    result = Result(
        command="demand forecast",
        tables=ahead.tables(by, levels=quantiles),
        verdict=f"{ahead.describe()} The model: {model.description}.",
        as_of=start,
        seed=seed,
        inputs=(history, *reading.files),
        warnings=(*given.warnings, *ahead.notes),
        headline=ahead.headline,
        facts={"model": model.description},
        zone=zone,
        fallback=model.weaker or "",
    )
    refuse_warnings(result, output)
    if paths_out is not None:
        write_bytes(paths_out, csv_text(table_paths(ahead.paths, grid=ahead.grid)).encode())
        note(f"written to {paths_out}", output)
    emit(result, output)
