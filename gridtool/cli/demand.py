"""``gridtool demand``: the demand model alone, fitted and tested on the past."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.history_options import HistoryOptions, history_options, read_given_history
from gridtool.cli.lazy import HELP_OPTIONS
from gridtool.cli.options import OutputOptions, output_options, parse_zone, seed_option

__all__ = ["demand"]

_history = click.argument("history", type=click.Path(path_type=Path), metavar="HISTORY")
_tz = click.option(
    "--tz",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Zone of the history's local days, e.g. Europe/Kyiv.",
)
_months = click.option(
    "--months",
    type=click.IntRange(1, 24),
    default=6,
    show_default=True,
    help="Calendar months ahead.",
)


@click.group(context_settings=HELP_OPTIONS)
def demand() -> None:
    """Fit and back-test the demand model.

    \b
    Example:
        gridtool demand fit forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
    """


@demand.command()
@_history
@_tz
@history_options
@_months
@click.option(
    "--paths",
    type=click.IntRange(10, 100_000),
    default=500,
    show_default=True,
    help="Simulated paths.",
)
@seed_option
@output_options
def fit(
    *,
    history: Path,
    tz: str,
    reading: HistoryOptions,
    months: int,
    paths: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Fit the demand model to HISTORY and show the months it expects after it.

    \b
    Example:
        gridtool demand fit forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
    """
    from gridtool.cli.output import Result, emit
    from gridtool.forecast.demand.fit import fit_demand
    from gridtool.forecast.shortage import forecast_grid
    from gridtool.report.demand import table_history, table_months_ahead

    given = read_given_history(history, reading, zone=parse_zone(tz))
    known, days = given.history, given.special_days
    model = fit_demand(known, special_days=days)
    grid = forecast_grid(known.end, months=months, zone=known.zone)
    simulated = model.simulate(paths, grid=grid, seed=seed)
    emit(
        Result(
            command="demand fit",
            tables=(table_months_ahead(simulated, grid=grid), table_history(known)),
            verdict=f"The model: {model.description}. The highest hour of the last twelve months "
            f"is {model.reference_peak_mw:.0f} MW.",
            as_of=known.end,
            seed=seed,
            inputs=_inputs(history, reading),
            warnings=known.warnings,
            headline={"reference_peak_mw": model.reference_peak_mw},
            zone=known.zone,
        ),
        output,
    )


@demand.command()
@_history
@_tz
@history_options
@_months
@click.option(
    "--origins",
    type=click.IntRange(1, 60),
    default=5,
    show_default=True,
    help="Times in the past to forecast from, the months apart.",
)
@click.option(
    "--paths",
    type=click.IntRange(20, 100_000),
    default=500,
    show_default=True,
    help="Simulated paths.",
)
@seed_option
@output_options
def backtest(
    *,
    history: Path,
    tz: str,
    reading: HistoryOptions,
    months: int,
    origins: int,
    paths: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Test the demand model on HISTORY: forecast from times in the past, compare with what came.

    \b
    Example:
        gridtool demand backtest forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
    """
    from gridtool.cli.output import Result, emit, progress
    from gridtool.forecast.demand.backtest import backtest_demand
    from gridtool.report.backtest import describe_backtest, tables_backtest

    given = read_given_history(history, reading, zone=parse_zone(tz))
    known, days = given.history, given.special_days
    with progress(output, origins, "origins") as advance:
        found = backtest_demand(
            known,
            months=months,
            origins=origins,
            paths=paths,
            seed=seed,
            special_days=days,
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
            inputs=_inputs(history, reading),
            warnings=known.warnings,
            headline={str(name): float(value) for name, value in scores.items()},
            zone=known.zone,
        ),
        output,
    )


def _inputs(history: Path, reading: HistoryOptions) -> tuple[Path, ...]:
    return (history, reading.special_days) if reading.special_days else (history,)
