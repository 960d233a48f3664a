"""``gridtool demand fit``: the model of a history, in words, and the months it expects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from gridtool.cli.demand_options import calibrate_option, months_option, paths_option
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
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="MODEL.json",
    help="Also write the model, as data: forecasts take it with --model. So does -o with a name "
    "that ends in .json or .json.gz.",
)
@calibrate_option
@months_option
@paths_option
@seed_option
@output_options
def fit(
    *,
    history: Path,
    tz: str,
    reading: HistoryOptions,
    save: Path | None,
    calibrate: bool,
    months: int,
    paths: int,
    seed: int,
    output: OutputOptions,
) -> None:
    """Fit the demand model to HISTORY and show the months it expects after it.

    The model is the one that the history can carry. Hours in which less was served than wanted
    are told from the file, the outage log and the events, or found, and are left out of the fit;
    the demand behind them is shown.

    \b
    Example:
        gridtool demand fit forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
        gridtool demand fit load.csv --tz Europe/Kyiv --outages outages.csv -o model.json
    """
    from gridtool import __version__
    from gridtool.cli.demand_ahead import simulate_ahead
    from gridtool.cli.output import emit, note, progress, refuse_warnings
    from gridtool.forecast.demand.saved.write import write_model
    from gridtool.forecast.history.model import History
    from gridtool.jobs.given_history import calibrate_given, fit_given
    from gridtool.jobs.unconstrained import estimate_unconstrained
    from gridtool.report.demand import describe_fit, table_history
    from gridtool.report.demand_unconstrained import headline_unconstrained, tables_unconstrained
    from gridtool.report.result import Result

    save, output = _take_model_file(save, output)
    given = read_given_history(history, reading, zone=parse_zone(tz))
    known = given.history
    model = fit_given(given)
    if calibrate:
        with progress(output, None, "calibrating") as advance:
            model = calibrate_given(given, model, months=months, progress=advance)
    ahead = simulate_ahead(
        model, start=known.end, zone=known.zone, months=months, paths=paths, seed=seed
    )
    found = estimate_unconstrained(given, model)
    tables = [*ahead.tables(), table_history(known)]
    headline = {"reference_peak_mw": model.reference_peak_mw}
    if found is not None and isinstance(known, History):
        tables += tables_unconstrained(known, found)
        headline |= headline_unconstrained(known, found)
    result = Result(
        command="demand fit",
        tables=tuple(tables),
        verdict=describe_fit(model),
        as_of=known.end,
        seed=seed,
        inputs=(history, *reading.files),
        warnings=(*given.warnings, *ahead.notes),
        headline=headline,
        facts={"model": model.description},
        zone=known.zone,
        fallback=model.weaker or "",
    )
    refuse_warnings(result, output)
    if save is not None:
        write_model(model, save, history=known, gridtool_version=__version__)
        note(f"written to {save}", output)
    emit(result, output)


def _take_model_file(save: Path | None, output: OutputOptions) -> tuple[Path | None, OutputOptions]:
    """``-o model.json`` is the file of the model, any other ``-o`` the folder of the tables."""
    if output.out is None or not output.out.name.endswith((".json", ".json.gz")):
        return save, output
    if save is not None and save != output.out:
        raise click.UsageError("the model has two names: --save and -o")
    return output.out, replace(output, out=None)
