"""``gridtool job run``: a job, run for its slot or by hand, published and recorded."""

from __future__ import annotations

from pathlib import Path

import click

from gridtool.cli.job_options import store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["run"]


@click.command()
@click.argument("job", metavar="JOB")
@click.option(
    "--due", is_flag=True, help="Run the slot that is due by [schedule]; none: do nothing."
)
@click.option("--slot", metavar="TIME", help="Run for this slot: 2027-01-12T06:00.")
@click.option("--as-of", metavar="TIME", help="Take inputs as known then (default: the job's, "
              "else the slot, else the latest report).")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be read and done; write nothing.")
@click.option("--force", is_flag=True, help="Run although the same run was done: a new revision.")
@click.option("--seed", type=click.IntRange(0), help="Instead of the job's.")
@click.option("--samples", type=click.IntRange(2), help="Simulated futures, instead of the job's.")
@click.option("--months", type=click.IntRange(1, 24), help="Months ahead, instead of the job's.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes, instead of the job's.")
@click.option("--evaluations", type=click.IntRange(1), help="Plan search, instead of the job's.")
@click.option(
    "--deadline",
    type=click.FloatRange(0, 10_080, min_open=True),
    metavar="MINUTES",
    help="Be done by then, if need be with fewer samples (default: the schedule's).",
)
@click.option(
    "--hook",
    envvar="GRIDTOOL_HOOK",
    metavar="COMMAND",
    help="Run this at the end, without a shell; it reads the notification (JSON) on stdin. Also "
    "GRIDTOOL_HOOK.",
)
@click.option(
    "--webhook",
    envvar="GRIDTOOL_WEBHOOK",
    metavar="URL",
    help="Post the notification (JSON) there. Also GRIDTOOL_WEBHOOK.",
)
@click.option(
    "--metrics",
    envvar="GRIDTOOL_METRICS",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write figures of the last runs for Prometheus' textfile collector. Also "
    "GRIDTOOL_METRICS.",
)
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    envvar="GRIDTOOL_LOG_FORMAT",
    default="text",
    show_default=True,
    help="Form of the log lines on stderr. Also GRIDTOOL_LOG_FORMAT.",
)
@store_option
@output_options
def run(
    *,
    job: str,
    due: bool,
    slot: str | None,
    as_of: str | None,
    dry_run: bool,
    force: bool,
    seed: int | None,
    samples: int | None,
    months: int | None,
    workers: int | None,
    evaluations: int | None,
    deadline: float | None,
    hook: str | None,
    webhook: str | None,
    metrics: Path | None,
    log_format: str,
    store: str | None,
    output: OutputOptions,
) -> None:
    """Run the job file JOB, publish its reports and record the run.

    The same run again (job, contents of all inputs, network, program, seed, slot) does no work
    and says so. Changed inputs make a new revision; earlier runs stay. If something fails, the
    run falls back: fewer samples within the deadline, then the last good inputs; labelled, with
    exit code 6, never silently. With --strict what has warnings is refused.

    The report is printed in short; it is kept in the store whole (report.txt, result.json, every
    table as CSV and Parquet), and --out copies it. --format is that of the summary.

    Exit codes: 0 done, now or before; 1 the store fails; 3 an input is refused; 4 no
    solution; 5 another run holds the store; 6 done on a labelled fallback; 10 a --fail-on
    threshold is crossed; 130 and 143 interrupted: the best plan so far is kept.

    \b
    Example:
        gridtool job run forecasts/rivercity.toml
        gridtool job run forecasts/rivercity.toml --as-of 2027-01-12T08:00 --dry-run
        gridtool job run forecasts/rivercity.toml --due --metrics gridtool.prom --log-format json
        gridtool job run rts79 --samples 200 --fail-on 'hours_off_p90>8'
    """
    from gridtool.cli.job_run_work import Asked, dry_run_job, run_scheduled
    from gridtool.jobs.runs.settings_dump import Overrides

    if due and (slot is not None or as_of is not None):
        raise click.UsageError("--due takes the slot from the schedule: leave out --slot, --as-of")
    if metrics is not None and metrics.suffix != ".prom":
        raise click.BadParameter(
            f"{str(metrics)!r} has to end in .prom to be collected", param_hint="'--metrics'"
        )
    asked = Asked(
        job=job,
        due=due,
        slot=slot,
        as_of=as_of,
        force=force,
        overrides=Overrides(
            seed=seed, samples=samples, months=months, workers=workers, evaluations=evaluations
        ),
        deadline_s=None if deadline is None else deadline * 60,
        hook=hook,
        webhook=webhook,
        metrics=metrics,
        store=store,
    )
    if dry_run:
        dry_run_job(asked, output)
    else:
        run_scheduled(asked, output, json_logs=log_format == "json")
