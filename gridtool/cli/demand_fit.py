"""``gridtool demand fit``: the model of a history, in words, and the months it expects."""

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

__all__ = ["fit"]


@click.command()
@history_argument
@tz_option
@history_options
@months_option
@paths_option
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
    from gridtool.forecast.demand.choose import fit_history
    from gridtool.forecast.shortage import forecast_grid
    from gridtool.report.demand import table_history, table_months_ahead

    given = read_given_history(history, reading, zone=parse_zone(tz))
    known, days = given.history, given.special_days
    model = fit_history(known, special_days=days, events=given.events)
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
            inputs=(history, *reading.files),
            warnings=known.warnings,
            headline={"reference_peak_mw": model.reference_peak_mw},
            zone=known.zone,
        ),
        output,
    )
