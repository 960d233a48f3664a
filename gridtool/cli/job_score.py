"""``gridtool job score``: past forecasts against what came."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.job_options import find_store, job_name_option, open_history, store_option
from gridtool.cli.options import OutputOptions, output_options, parse_zone

__all__ = ["score"]


@click.command()
@click.argument("history", metavar="[HISTORY]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--hours-off",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Hours a day without supply as they came: month, district, hours_off.",
)
@click.option(
    "--outages",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Log of hours in which less was served than wanted.",
)
@click.option("--tz", metavar="ZONE", default="UTC", show_default=True, help="Zone of local times.")
@job_name_option
@store_option
@output_options
def score(
    *,
    history: Path | None,
    hours_off: Path | None,
    outages: Path | None,
    tz: str,
    job_name: str | None,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Score past runs by a later HISTORY, or by hours off as they came.

    CRPS, coverage of 50, 80 and 90 % intervals and bias by month of the horizon, for demand and
    hours off, over all runs that it covers. Scores are kept; a model that drifts is named here
    and in the next report. Exit codes: 3 the history is refused; 5 a run holds the store.

    \b
    Example:
        gridtool job score forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
        gridtool job score --hours-off hours_off.csv --job Rivercity
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.clock import read_clock
    from gridtool.jobs.history_options import HistoryOptions
    from gridtool.jobs.scoring.report import report_scores
    from gridtool.jobs.scoring.score import score_runs
    from gridtool.jobs.scoring.truth import read_truth

    if history is None and hours_off is None:
        raise click.UsageError("nothing to score by: give HISTORY or --hours-off")
    address, now = find_store(store), read_clock()
    truth = read_truth(
        history,
        zone=parse_zone(tz),
        options=HistoryOptions(outages=outages),
        stated=hours_off,
        now=now,
    )
    with open_history(address, purpose="job score") as opened:
        found = score_runs(opened, truth=truth, now=now, job=job_name)
    emit(report_scores(found), output)
