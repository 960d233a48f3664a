"""``gridtool job prune``: old runs removed."""

from __future__ import annotations

from datetime import timedelta

import click

from gridtool.cli.job_options import find_store, job_name_option, open_history, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["prune"]


@click.command()
@click.option("--keep-last", type=click.IntRange(1), metavar="N", help="Keep the last N of a job.")
@click.option(
    "--keep-days",
    type=click.FloatRange(0, min_open=True),
    metavar="DAYS",
    help="Keep runs younger than this.",
)
@click.option("--dry-run", is_flag=True, help="Say which would be removed; remove none.")
@job_name_option
@store_option
@output_options
def prune(
    *,
    keep_last: int | None,
    keep_days: float | None,
    dry_run: bool,
    job_name: str | None,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Remove old runs with their files, and inputs that no run needs any more.

    A run is kept if either option keeps it; the last good run of a job always is. Killed
    half way, this leaves no half of a run: the next run brings it to an end. Exit code 5 if a
    run holds the store.

    \b
    Example:
        gridtool job prune --keep-last 30 --dry-run
        gridtool job prune --keep-last 30 --keep-days 90
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.clock import read_clock
    from gridtool.jobs.review.pruning import report_prune
    from gridtool.jobs.store.open import read_store
    from gridtool.jobs.store.prune import PruneRule, choose_prunable, prune_runs

    if keep_last is None and keep_days is None:
        raise click.UsageError("say what to keep: --keep-last, --keep-days or both")
    keep_for = None if keep_days is None else timedelta(days=keep_days)
    rule = PruneRule(keep_last=keep_last, keep_for=keep_for)
    address, now = find_store(store), read_clock()
    if dry_run:
        chosen = choose_prunable(read_store(address).rows, rule, now=now, job=job_name)
        emit(report_prune(chosen, None), output)
        return
    with open_history(address, purpose="job prune") as opened:
        chosen = choose_prunable(opened.rows, rule, now=now, job=job_name)
        pruned = prune_runs(opened, chosen)
    emit(report_prune(chosen, pruned), output)
