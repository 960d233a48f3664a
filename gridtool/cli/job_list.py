"""``gridtool job list``: past runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from gridtool.cli.job_options import find_store, job_name_option, store_option
from gridtool.cli.options import OutputOptions, output_options

if TYPE_CHECKING:
    from gridtool.jobs.store.model import RunState

__all__ = ["list_runs"]

STATES = ("running", "done", "failed", "interrupted")


@click.command(name="list")
@job_name_option
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="Only runs in this state. Repeatable.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="The newest so many runs.",
)
@store_option
@output_options
def list_runs(
    *,
    job_name: str | None,
    states: tuple[str, ...],
    limit: int,
    store: str | None,
    output: OutputOptions,
) -> None:
    """List past runs, the newest first: how they ended, and their main figures.

    \b
    Example:
        gridtool job list
        gridtool job list --state failed --state interrupted --format csv
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.review.listing import report_list
    from gridtool.jobs.store.open import read_store

    wanted = cast("tuple[RunState, ...]", states)
    history = read_store(find_store(store))
    emit(report_list(history, job=job_name, states=wanted, limit=limit), output)
