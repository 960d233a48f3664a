"""``gridtool forecast``: the shortage of the months ahead, by month and district."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtool.cli.forecast_options import FuturesOptions, futures_options
from gridtool.cli.history_options import (
    HistoryOptions,
    district_history_option,
    history_options,
)
from gridtool.cli.options import (
    OutputOptions,
    damage_options,
    network_argument,
    output_options,
    resources_option,
    seed_option,
)
from gridtool.restoration.budget import QUICK_SEARCH

__all__ = ["forecast"]


@click.command()
@network_argument
@damage_options
@resources_option()
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="History of demand, if possible hourly and with temperature.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Fitted demand model (gridtool demand fit --save), in place of a fit. With --history it "
    "is said when a refit is due and why.",
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
@district_history_option
@futures_options
@click.option(
    "--evaluations",
    type=click.IntRange(1, 1_000_000),
    default=QUICK_SEARCH,
    show_default=True,
    help="Budget of the plan's search, in dispatches of distinct states.",
)
@click.option(
    "--preview",
    is_flag=True,
    help="Exact and at once, but without limits of the network: convolution, no simulation.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    nargs=2,
    metavar="PLAN_A PLAN_B",
    help="Two plans (JSON of restore, or its output folders) on the same futures: which is "
    "better, and with what probability.",
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
    history: Path | None,
    model: Path | None,
    history_tz: str | None,
    scale: Literal["peak", "none"],
    reading: HistoryOptions,
    futures: FuturesOptions,
    evaluations: int,
    preview: bool,
    compare: tuple[Path, Path] | None,
    seed: int,
    output: OutputOptions,
) -> None:
    """Forecast the shortage of NETWORK for months: hours off a day, LOLE, EUE, causes.

    The standard errors are over simulated futures. What decides the result and what slipped
    repairs or less import would make of it is found on the same futures.

    \b
    Example:
        gridtool forecast rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources \\
            --history forecasts/history/rivercity_hourly.csv.gz --months 6 --until 2%
        gridtool forecast toy3 --history load.csv --preview
        gridtool forecast rivercity --model demand.json --months 3
        gridtool forecast rts79 --history forecasts/history/rts79_hourly.csv.gz \\
            --further-damage attacks.toml --slip-weeks 2
        gridtool forecast rivercity --damage networks/rivercity/damage \\
            --resources networks/rivercity/resources \\
            --history forecasts/history/rivercity_hourly.csv.gz \\
            --compare runs/monday runs/tuesday
    """
    from gridtool.cli.forecast_work import ForecastRequest, answer_forecast
    from gridtool.cli.output import emit

    if history is None and model is None:
        raise click.UsageError("--history or --model is needed: what demand is expected from")
    if preview and compare:
        raise click.UsageError("--preview and --compare cannot be combined")
    if compare and resources is None:
        raise click.UsageError("--compare needs --resources: the crews that carry out the plans")
    request = ForecastRequest(
        network=network,
        damage=damage,
        as_of=as_of,
        tz=tz,
        quarantine=quarantine,
        resources=resources,
        history=history,
        model=model,
        history_tz=history_tz,
        scale=scale,
        reading=reading,
        futures=futures,
        evaluations=evaluations,
        preview=preview,
        compare=compare,
        seed=seed,
    )
    emit(answer_forecast(request, output), output)
