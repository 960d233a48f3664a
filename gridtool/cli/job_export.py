"""``gridtool job export``: runs as one archive or folder."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.job_options import find_store, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["export"]


@click.command()
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every run that published files.")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PLACE",
    help="A new .zip, .tar.gz or folder.",
)
@store_option
@output_options
def export(
    *,
    runs: tuple[str, ...],
    everything: bool,
    target: Path,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Pack RUNs with their files, manifests and inputs, checked, for another machine.

    RUNs are ids, their beginnings, numbers, or 'latest'. Exit code 1 if a file is not what was
    published: nothing is written then.

    \b
    Example:
        gridtool job export latest --to rivercity.zip
        gridtool job export --all --to history.tar.gz
    """
    from gridtool.cli.output import emit
    from gridtool.jobs.review.export import export_runs, report_export
    from gridtool.jobs.review.past import find_run
    from gridtool.jobs.store.open import read_store

    if everything == bool(runs):
        raise click.UsageError("name the runs to export, or --all")
    history = read_store(find_store(store))
    if everything:
        chosen = tuple(run for run in reversed(history.rows.list_runs()) if run.folder)
    else:
        chosen = tuple(find_run(history, name) for name in dict.fromkeys(runs))
    emit(report_export(export_runs(history, chosen, target)), output)
