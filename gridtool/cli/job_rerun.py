"""``gridtool job rerun``: a past run once more, from its manifest."""

from __future__ import annotations

from dataclasses import replace

import click

from gridtool.cli.job_options import Bars, find_store, job_name_option, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["rerun"]


@click.command()
@click.argument("run", metavar="[RUN]", default="latest")
@click.option(
    "--verify", is_flag=True, help="Exit with code 1 unless every file comes out byte for byte."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; they decide no number.")
@job_name_option
@store_option
@output_options
def rerun(
    *,
    run: str,
    verify: bool,
    workers: int | None,
    job_name: str | None,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Do a past run again from its manifest and the inputs kept, and compare every file.

    Nothing is published or changed. RUN is an id, the beginning of one, a number, or 'latest'.
    Exit code 1 with --verify if a byte differs, or if the run or an input of it is not there.

    \b
    Example:
        gridtool job rerun latest --verify
        gridtool job rerun 17 --verify
    """
    from gridtool import __version__
    from gridtool.cli.exits import ExitCode
    from gridtool.cli.job_results import report_rerun
    from gridtool.cli.output import emit
    from gridtool.cli.stopping import watch_signals
    from gridtool.jobs.review.past import find_run
    from gridtool.jobs.runs.compute import compute_chain
    from gridtool.jobs.runs.model import ChainEnded, ChainLimits
    from gridtool.jobs.runs.rerun import rerun_run
    from gridtool.jobs.runs.supervise import supervised
    from gridtool.jobs.store.open import read_store

    history = read_store(find_store(store))
    chosen = find_run(history, run, job=job_name).id
    bars = Bars(output)
    with watch_signals() as request:
        limits = replace(ChainLimits(stop=lambda: request.signal_number), workers=workers)
        try:
            found = rerun_run(
                history,
                chosen,
                chain=supervised(compute_chain),
                limits=limits,
                events=bars,
                gridtool_version=__version__,
            )
        except ChainEnded as end:
            click.echo(f"error: {end}", err=True)
            code = 128 + end.signal_number if end.signal_number else ExitCode.UNEXPECTED
            raise click.exceptions.Exit(code) from None
        finally:
            bars.end()
    emit(report_rerun(found), output)
    if verify and not found.identical:
        raise click.exceptions.Exit(ExitCode.UNEXPECTED)
