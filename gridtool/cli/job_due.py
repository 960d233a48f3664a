"""``gridtool job due``: what is to be run now, and what was missed."""

from __future__ import annotations

import click

from gridtool.cli.job_options import find_store, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["due"]


@click.command()
@click.argument("jobs", metavar="[JOB]...", nargs=-1)
@store_option
@output_options
def due(*, jobs: tuple[str, ...], store: str | None, output: OutputOptions) -> None:
    """Say which of the JOBs are due by their [schedule], without running any.

    Of several slots that were missed the last is run, once for all of them; slots missed for
    longer than the grace are listed only. Without a JOB: all that can be named (those in
    ./forecasts, then the shipped ones). A refused job file ends in exit code 3.

    \b
    Example:
        gridtool job due forecasts/rivercity_daily.toml
        gridtool job due --format json --fail-on 'jobs_due>0'
    """
    from gridtool.cli.job_results import report_due
    from gridtool.cli.job_slots import list_due, read_scheduled
    from gridtool.cli.output import emit
    from gridtool.jobs.catalog import list_jobs
    from gridtool.jobs.clock import read_clock

    now = read_clock()
    named = [read_scheduled(name) for name in (jobs or map(str, list_jobs().values()))]
    found = {scheduled.path.resolve(): scheduled for scheduled in named}
    emit(report_due(list_due(found.values(), find_store(store), now=now), now=now), output)
