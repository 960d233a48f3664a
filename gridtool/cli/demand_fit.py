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
    from gridtool.cli.demand_ahead import simulate_ahead
    from gridtool.cli.output import Result, emit
    from gridtool.jobs.given_history import fit_given
    from gridtool.report.demand import table_history

    given = read_given_history(history, reading, zone=parse_zone(tz))
    known = given.history
    model = fit_given(given)
    ahead = simulate_ahead(
        model, start=known.end, zone=known.zone, months=months, paths=paths, seed=seed
    )
    emit(
        Result(
            command="demand fit",
            tables=(*ahead.tables(), table_history(known)),
            verdict=f"The model: {model.description}. The highest hour of the last twelve months "
            f"is {model.reference_peak_mw:.0f} MW.",
            as_of=known.end,
            seed=seed,
            inputs=(history, *reading.files),
            warnings=(*given.warnings, *ahead.notes),
            headline={"reference_peak_mw": model.reference_peak_mw},
            facts={"model": model.description},
            zone=known.zone,
            fallback=model.weaker or "",
        ),
        output,
    )
