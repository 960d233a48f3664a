"""``gridtool job``: scheduled runs, their history, what became of what they forecast."""

from __future__ import annotations

import click

from gridtool.cli.lazy import HELP_OPTIONS, LazyCommand, LazyGroup

__all__ = ["COMMANDS", "job"]

COMMANDS = {
    command.name: command
    for command in (
        LazyCommand("run", "gridtool.cli.job_run", "Run a job, publish and record the run."),
        LazyCommand("due", "gridtool.cli.job_due", "Say which jobs are due, and what was missed."),
        LazyCommand(
            "list", "gridtool.cli.job_list", "List past runs, the newest first.", "list_runs"
        ),
        LazyCommand("show", "gridtool.cli.job_show", "Show one run: inputs, figures, files."),
        LazyCommand("diff", "gridtool.cli.job_diff", "Say what changed between runs, and why."),
        LazyCommand("rerun", "gridtool.cli.job_rerun", "Do a past run again from its manifest."),
        LazyCommand("score", "gridtool.cli.job_score", "Score past runs against what came."),
        LazyCommand("export", "gridtool.cli.job_export", "Pack runs for another machine."),
        LazyCommand("prune", "gridtool.cli.job_prune", "Remove old runs, never the last good one."),
        LazyCommand("recover", "gridtool.cli.job_recover", "Rebuild a damaged run history."),
    )
}
"""Every command of the group, in the order of the work."""


@click.group(cls=LazyGroup, commands_by_name=COMMANDS, context_settings=HELP_OPTIONS)
def job() -> None:
    """Run jobs on a schedule and keep every run: inputs, reports, figures, scores.

    The run history lies in a folder of this user, or where --store or GRIDTOOL_STORE say: a
    folder, or postgresql://USER:PASSWORD@HOST/DATABASE.

    \b
    Example:
        gridtool job run forecasts/rivercity.toml
        gridtool job list
        gridtool job diff latest
    """
