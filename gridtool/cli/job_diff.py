"""``gridtool job diff``: what changed from one run to the next, in words."""

from __future__ import annotations

import click

from gridtool.cli.job_options import find_store, job_name_option, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["diff"]


@click.command()
@click.argument("run", metavar="[RUN]", default="latest")
@click.argument("other", metavar="[OTHER]", required=False)
@job_name_option
@store_option
@output_options
def diff(
    *,
    run: str,
    other: str | None,
    job_name: str | None,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Say what changed from RUN to OTHER, and why: damage, repairs, weather, model, version.

    With one RUN it is compared with the run of its job before it. RUN and OTHER are ids, their
    beginnings, numbers, or 'latest'.

    \b
    Example:
        gridtool job diff latest
        gridtool job diff 16 17 --format json
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.review.diff import diff_runs
    from gridtool.jobs.review.diff_report import report_diff
    from gridtool.jobs.review.past import find_run
    from gridtool.jobs.store.open import read_store

    history = read_store(find_store(store))
    first = find_run(history, run, job=job_name).id
    second = None if other is None else find_run(history, other, job=job_name).id
    emit(report_diff(diff_runs(history, first, second)), output)
