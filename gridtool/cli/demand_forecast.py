"""``gridtool demand forecast``: energy and peak of the months ahead, with their spread."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtool.cli.demand_options import calibrate_option, months_option, paths_option
from gridtool.cli.history_options import (
    HistoryOptions,
    district_history_option,
    history_options,
)
from gridtool.cli.options import OutputOptions, output_options, seed_option

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
@click.argument("history", type=click.Path(path_type=Path), metavar="[HISTORY]", required=False)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Fitted model (gridtool demand fit --save), in place of a fit. With HISTORY it is said "
    "when a refit is due and why.",
)
@click.option(
    "--tz",
    metavar="ZONE",
    help="Zone of the local days, e.g. Europe/Kyiv (default: the model's, the "
    "network's, else UTC).",
)
@history_options
@district_history_option
@click.option(
    "--network",
    metavar="NETWORK",
    help="The network that takes the demand: in its size, also by district and class.",
)
@click.option(
    "--scale",
    type=click.Choice(("peak", "none")),
    default="peak",
    show_default=True,
    help="With --network, peak: the history's highest hour of its last year becomes the network's "
    "reference peak.",
)
@click.option(
    "--as-of",
    metavar="TIME",
    help="Forecast from this time on, with what was known then (default: the history's end).",
)
@calibrate_option
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
    history: Path | None,
    model: Path | None,
    tz: str | None,
    reading: HistoryOptions,
    network: str | None,
    scale: Literal["peak", "none"],
    as_of: str | None,
    calibrate: bool,
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
        gridtool demand forecast --model demand.json --network rivercity --months 3
    """
    from gridtool.cli.demand_work import ForecastRequest, answer_forecast
    from gridtool.cli.output import emit, note, refuse_warnings

    if history is None and model is None:
        raise click.UsageError("HISTORY or --model is needed: what demand is expected from")
    if reading.district_history is not None and network is None:
        raise click.UsageError("--district-history needs --network: the districts there are")
    request = ForecastRequest(
        history=history,
        model=model,
        tz=tz,
        reading=reading,
        network=network,
        scale=scale,
        as_of=as_of,
        calibrate=calibrate,
        months=months,
        by=by,
        quantiles=quantiles,
        paths=paths,
        seed=seed,
    )
    result, ahead = answer_forecast(request, output)
    refuse_warnings(result, output)
    if paths_out is not None:
        ahead.write_paths(paths_out)
        note(f"written to {paths_out}", output)
    emit(result, output)
