"""``gridtool demand plot``: the history, its model and the months ahead as charts."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.demand_options import months_option, paths_option
from gridtool.cli.history_options import HistoryOptions, history_options
from gridtool.cli.lazy import HELP_OPTIONS
from gridtool.cli.options import OutputOptions, seed_option

__all__ = ["plot"]

CHARTS = ("history", "ahead", "peaks", "temperature", "week", "level", "cover")


@click.command(context_settings=HELP_OPTIONS)
@click.argument("history", type=click.Path(path_type=Path), metavar="[HISTORY]", required=False)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A saved model, instead of fitting one to HISTORY.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the charts to FILE.html (needs no network), .svg, .png or .pdf; without it two "
    "small ones are printed.",
)
@click.option(
    "--chart",
    "charts",
    type=click.Choice(CHARTS),
    multiple=True,
    help="Draw this one only. Repeatable.",
)
@click.option(
    "--origins",
    type=click.IntRange(1, 60),
    help="Also test the model at so many times in the past, for the chart 'cover'.",
)
@click.option(
    "--tz",
    metavar="ZONE",
    help="Zone of local days, e.g. Europe/Kyiv (default: the saved model's, else UTC).",
)
@history_options
@months_option
@paths_option
@seed_option
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def plot(
    *,
    history: Path | None,
    model: Path | None,
    out: Path | None,
    charts: tuple[str, ...],
    origins: int | None,
    tz: str | None,
    reading: HistoryOptions,
    months: int,
    paths: int,
    seed: int,
    quiet: bool,
) -> None:
    """Draw the demand of HISTORY, the model of it and the months after it.

    \b
    Example:
        gridtool demand plot forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv -o city.html
        gridtool demand plot --model demand.json.gz --chart ahead --chart peaks -o ahead.svg
    """
    from gridtool.cli.demand_plot_work import PlotRequest, answer_plot, write_charts
    from gridtool.cli.output import emit, note
    from gridtool.report.plot import check_format

    if history is None and model is None:
        raise click.UsageError("HISTORY or --model is needed: what is to be drawn")
    if out is not None:
        check_format(out)  # before the work, not after it
    request = PlotRequest(
        history=history,
        model=model,
        tz=tz,
        reading=reading,
        months=months,
        paths=paths,
        seed=seed,
        origins=origins,
    )
    result, drawn = answer_plot(request, printed=out is None)
    output = OutputOptions(quiet=quiet)
    if out is not None:
        write_charts(drawn, out, charts=charts)
        note(f"written to {out}", output)
    emit(result, output)
