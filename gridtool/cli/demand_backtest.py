"""``gridtool demand backtest``: how far the demand model could be trusted in the past."""

from __future__ import annotations

from pathlib import Path

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

__all__ = ["backtest"]


@click.command()
@history_argument
@tz_option
@history_options
@months_option
@click.option(
    "--origins",
    type=click.IntRange(1, 60),
    default=5,
    show_default=True,
    help="Times in the past to forecast from.",
)
@click.option(
    "--step-months",
    type=click.IntRange(1, 24),
    metavar="N",
    help="How far they are apart (default: the months ahead, so that no hour counts twice).",
)
@click.option(
    "--load-months",
    type=click.IntRange(1, 240),
    metavar="N",
    help="Know only so many months of load at each time, but all temperatures: what a history "
    "as short as that is worth.",
)
@click.option(
    "--calibrated",
    is_flag=True,
    help="Test the model as calibrated too, at each time on the times before it.",
)
@paths_option
@seed_option
@output_options
def backtest(
    *,
    history: Path,
    tz: str,
    reading: HistoryOptions,
    months: int,
    origins: int,
    step_months: int | None,
    load_months: int | None,
    calibrated: bool,
    paths: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Test the demand model on HISTORY: forecast from times in the past, compare with what came.

    \b
    Example:
        gridtool demand backtest forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
        gridtool demand backtest load.csv --months 3 --origins 8 --load-months 12 --format json
    """
    from gridtool.cli.output import emit, progress
    from gridtool.forecast.demand.scoring.backtest import backtest_demand
    from gridtool.report.backtest import describe_backtest, tables_backtest
    from gridtool.report.result import Result

    given = read_given_history(history, reading, zone=parse_zone(tz))
    known = given.history
    with progress(output, origins, "origins") as advance:
        found = backtest_demand(
            known,
            months=months,
            origins=origins,
            paths=paths,
            seed=seed,
            step_months=step_months,
            special_days=given.special_days,
            events=given.events,
            load_months=load_months,
            model=given.model_kind,
            calibrated=calibrated,
            progress=advance,
        )
    scores = found.scores[found.scores["method"] == "model"].iloc[0].drop("method")
    emit(
        Result(
            command="demand backtest",
            tables=tables_backtest(found),
            verdict=describe_backtest(found),
            as_of=known.end,
            seed=seed,
            inputs=(history, *reading.files),
            warnings=(*given.warnings, *found.notes),
            headline={str(name): float(value) for name, value in scores.items()},
            facts={"model": found.description},
            zone=known.zone,
            fallback=found.weaker or "",
        ),
        output,
    )
