"""``gridtool forecast``: the shortage of the months ahead, by month and district."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtool.cli.history_options import HistoryOptions, history_options, read_given_history
from gridtool.cli.options import (
    OutputOptions,
    damage_options,
    network_argument,
    output_options,
    seed_option,
)
from gridtool.restoration.budget import QUICK_SEARCH

__all__ = ["forecast"]


@click.command()
@network_argument
@damage_options
@click.option(
    "--resources",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Crews and spares: repairs are planned with them (without: nothing is repaired).",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    required=True,
    metavar="CSV",
    help="Hourly history of demand, if possible with temperature.",
)
@click.option(
    "--history-tz",
    metavar="ZONE",
    help="Zone of the history's local days (default: that of --tz or the network).",
)
@click.option(
    "--scale",
    type=click.Choice(("peak", "none")),
    default="peak",
    show_default=True,
    help="peak: the history's highest hour of its last year becomes the network's reference peak.",
)
@history_options
@click.option(
    "--months",
    type=click.IntRange(1, 60),
    default=6,
    show_default=True,
    help="Calendar months ahead; the running one counts.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Simulated futures.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Processes; they do not change the result.",
)
@click.option(
    "--evaluations",
    type=click.IntRange(1, 1_000_000),
    default=QUICK_SEARCH,
    show_default=True,
    help="Budget of the plan's search, in dispatches of distinct states.",
)
@seed_option
@output_options
def forecast(
    *,
    network: str,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    resources: Path | None,
    history: Path,
    history_tz: str | None,
    scale: Literal["peak", "none"],
    reading: HistoryOptions,
    months: int,
    samples: int,
    workers: int,
    evaluations: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Forecast the shortage of NETWORK for months: hours off a day, LOLE, EUE, causes.

    \b
    Example:
        gridtool forecast rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources \\
            --history forecasts/history/rivercity_hourly.csv.gz --months 6
    """
    from gridtool.cli.output import Result, emit, progress
    from gridtool.cli.state import read_state, resolve_zone
    from gridtool.forecast.demand import fit_demand
    from gridtool.forecast.model import ForecastConfig
    from gridtool.forecast.shortage import forecast_shortage
    from gridtool.network.catalog import load_network
    from gridtool.report.forecast import describe_shortage, headline_shortage, tables_shortage
    from gridtool.restoration.model import PlanConfig
    from gridtool.restoration.plan import plan_restoration
    from gridtool.restoration.resources import read_resources
    from gridtool.restoration.work.jobs import list_unused

    city = load_network(network)
    found = read_state(city, damage=damage, as_of=as_of, tz=tz, quarantine=quarantine)
    zone = resolve_zone(history_tz or tz, city)
    known, days = read_given_history(history, reading, zone=zone, network=city)
    known = known.until(found.state.as_of)
    peak_mw = city.peak_mw if scale == "peak" else None
    demand = fit_demand(known, peak_mw=peak_mw, special_days=days)
    supplies = None if resources is None else read_resources(resources, city)
    plan = None
    if supplies is not None:
        config = PlanConfig(evaluations=evaluations)
        plan = plan_restoration(found.state, supplies, config=config, seed=seed)
    unused = [] if supplies is None else list_unused(found.state, supplies)
    with progress(output, samples, "simulating") as advance:
        shortage = forecast_shortage(
            found.state,
            plan,
            demand,
            config=ForecastConfig(months=months, samples=samples, workers=workers),
            seed=seed,
            progress=advance,
        )
    given = (history, resources, reading.special_days)
    emit(
        Result(
            command="forecast",
            tables=tables_shortage(shortage),
            verdict=f"{describe_shortage(shortage)} Demand: {shortage.demand_description}.",
            as_of=found.state.as_of,
            seed=seed,
            inputs=(*found.inputs, *(path for path in given if path is not None)),
            warnings=(*found.warnings, *unused, *known.warnings, *shortage.notes),
            headline=headline_shortage(shortage),
            zone=found.zone,
        ),
        output,
    )
