"""``gridtool job show``: one run in full."""

from __future__ import annotations

import click

from gridtool.cli.job_options import find_store, job_name_option, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["show"]


@click.command()
@click.argument("run", metavar="[RUN]", default="latest")
@job_name_option
@store_option
@output_options
def show(*, run: str, job_name: str | None, store: str | None, output: OutputOptions) -> None:
    """Show a run: how it ended, its inputs, figures and files, and whether those are whole.

    RUN is an id, the beginning of one, a number, or 'latest'. Exit code 1 if there is none.

    \b
    Example:
        gridtool job show latest
        gridtool job show 17 --format json
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.review.listing import report_run
    from gridtool.jobs.store.open import read_store

    emit(report_run(read_store(find_store(store)), run, job=job_name), output)
