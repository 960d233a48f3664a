"""``gridtool run``: a job file, the whole chain."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gridtool.cli.options import OutputOptions, output_options
from gridtool.cli.output import emit, note, progress
from gridtool.cli.stopping import StopRequest, watch_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gridtool.jobs.model import Job

__all__ = ["run"]


@click.command()
@click.argument("job", metavar="JOB")
@click.option("--as-of", metavar="TIME", help="Instead of the job's: 2027-01-12T08:00.")
@click.option("--seed", type=click.IntRange(0), help="Instead of the job's.")
@click.option("--samples", type=click.IntRange(2), help="Simulated futures, instead of the job's.")
@click.option("--months", type=click.IntRange(1, 24), help="Months ahead, instead of the job's.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes, instead of the job's.")
@click.option("--evaluations", type=click.IntRange(1), help="Plan search, instead of the job's.")
@output_options
def run(
    *,
    job: str,
    as_of: str | None,
    seed: int | None,
    samples: int | None,
    months: int | None,
    workers: int | None,
    evaluations: int | None,
    output: OutputOptions,
) -> None:
    """Run the job file JOB: state, restoration plan, shortage forecast.

    JOB is a path or the name of a shipped job. Printed are a verdict, what is out now, the
    repair plan with crews and times, the restoration curve and the shortage by month and
    district; --out writes every table.

    Ctrl-C or SIGTERM while the plan is searched ends the chain there: the best plan found so far
    is printed, labelled, with exit code 130 or 143.

    \b
    Example:
        gridtool run forecasts/rivercity.toml
        gridtool run rts79 --samples 200 --out runs/rts79
        gridtool run forecasts/rivercity.toml --format json --fail-on 'unserved_mw>50'
    """
    from gridtool.jobs.read import read_job

    wanted = _change(
        read_job(job),
        seed=seed,
        evaluations=evaluations,
        futures={"samples": samples, "months": months, "workers": workers},
    )
    if as_of is not None:
        wanted = _move(wanted, as_of)

    def stages(words: str, steps: int | None) -> AbstractContextManager[Callable[[int], None]]:
        if output.verbose:
            note(words, output)
        return progress(output, steps, words)

    from gridtool import __version__
    from gridtool.jobs.report import report_job
    from gridtool.jobs.run import run_job  # after the job is read: a refusal should not wait

    if wanted.demand is not None:
        from gridtool.cli.compiled import tell_of_forecast

        tell_of_forecast(output)

    asked: list[StopRequest] = []

    @contextmanager
    def watch() -> Iterator[StopRequest]:
        with watch_signals() as stop:
            asked.append(stop)
            yield stop

    result = report_job(run_job(wanted, stages=stages, watch=watch, gridtool_version=__version__))
    try:
        emit(result, output)
    finally:
        for stop in asked:
            if stop.exit_code:
                raise click.exceptions.Exit(stop.exit_code)


def _change(
    job: Job, *, seed: int | None, evaluations: int | None, futures: Mapping[str, Any]
) -> Job:
    """``job`` with what the command line says instead."""
    given = {name: value for name, value in futures.items() if value is not None}
    return replace(
        job,
        seed=job.seed if seed is None else seed,
        plan=job.plan if evaluations is None else replace(job.plan, evaluations=evaluations),
        forecast=replace(job.forecast, **given),
    )


def _move(job: Job, as_of: str) -> Job:
    from gridtool.cli.state import resolve_as_of
    from gridtool.jobs.read import find_zone

    return replace(job, as_of=resolve_as_of(as_of, find_zone(job.network)))
