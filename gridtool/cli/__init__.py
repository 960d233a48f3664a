"""The command line; the only place of click, rich and exit codes.

``gridtool --help`` and shell completion must stay quick, so this module imports click and nothing
heavier: commands are named in a table and loaded when they are called.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn

import click

from gridtool.cli.compiled import keep_compiled_code
from gridtool.cli.exits import ExitCode
from gridtool.cli.failures import report_failures
from gridtool.cli.lazy import HELP_OPTIONS, LazyCommand, LazyGroup
from gridtool.cli.stopping import leave_at_once

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = {
    command.name: command
    for command in (
        LazyCommand("run", "gridtool.cli.run", "Run a job file: the whole chain, printed."),
        LazyCommand("job", "gridtool.cli.job", "Scheduled runs: run, list, compare, score, keep."),
        LazyCommand("network", "gridtool.cli.network", "List, show, check, convert, generate."),
        LazyCommand("damage", "gridtool.cli.damage", "Check damage reports, show their ledger."),
        LazyCommand("assess", "gridtool.cli.assess", "Show what is out now, and what could be."),
        LazyCommand("restore", "gridtool.cli.restore", "Plan the repairs: crews, spares, ETR."),
        LazyCommand("forecast", "gridtool.cli.forecast", "Forecast the shortage for months."),
        LazyCommand("demand", "gridtool.cli.demand", "Check, fit, forecast, back-test."),
        LazyCommand("adequacy", "gridtool.cli.adequacy", "Say how short generation is of load."),
        LazyCommand("whatif", "gridtool.cli.whatif", "Show what a change would make different."),
        LazyCommand("schema", "gridtool.cli.schema", "Print the format of an input file."),
        LazyCommand("doctor", "gridtool.cli.doctor", "Check this installation."),
    )
}
"""Every command: its name (also the name of the click object), its module, its short help."""


def _print_version(context: click.Context, _option: click.Parameter, wanted: object) -> None:
    if wanted and not context.resilient_parsing:
        from gridtool import __version__

        click.echo(f"gridtool {__version__}")
        context.exit()


@click.group(
    cls=LazyGroup,
    commands_by_name=COMMANDS,
    context_settings={
        "auto_envvar_prefix": "GRIDTOOL",
        **HELP_OPTIONS,
        "max_content_width": 100,
    },
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and leave.",
)
@click.option("--debug", is_flag=True, help="Save the trace of an unexpected error.")
def cli(*, debug: bool) -> None:
    """Restoration schedules and shortage forecasts for a damaged city's power network.

    Every option can also be given as a variable: GRIDTOOL_<COMMAND>_<OPTION>.

    \b
    Example:
        gridtool run forecasts/rivercity.toml
        gridtool assess rivercity --damage networks/rivercity/damage
    """
    del debug  # read from the context where failures are reported


def main() -> NoReturn:
    """Run the command line of this program and exit with a code of :class:`ExitCode`."""
    signal.signal(signal.SIGTERM, _terminate)
    # The matrices are small: BLAS threads only get in each other's and the workers' way, and
    # their number would show in the last digits. Whoever sets these keeps them.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if not sys.warnoptions:  # notes of third-party packages to their developers
        warnings.simplefilter("ignore")
    try:
        with keep_compiled_code(), report_failures():
            cli.main(prog_name="gridtool")
    except SystemExit as end:
        if end.code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
            leave_at_once(end.code)
        raise
    raise SystemExit(ExitCode.OK)


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwind, so that temporary folders are removed, and exit with the signal's code."""
    raise SystemExit(128 + number)
