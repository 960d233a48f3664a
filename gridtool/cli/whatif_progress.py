"""How a sweep goes on: a line on a terminal, or one now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gridtool.cli.options import OutputOptions

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gridtool.jobs.sweeps.pace import Pace

__all__ = ["SweepProgress", "show_sweep"]

EVERY_S = 10.0
"""Seconds between lines where there is no terminal, or nobody would want the log."""


class SweepProgress:
    """Tells a person how a sweep goes on: scenarios done, rate, remaining time."""

    def __init__(self, output: OutputOptions, bar: Progress | None = None) -> None:
        self._output = output
        self._bar = bar
        self._task: TaskID | None = None
        self._told = time.monotonic()

    def advanced(self, pace: Pace) -> None:
        """Show where the sweep is; on a terminal at once, in a log every ten seconds."""
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task("", total=pace.count)
            self._bar.update(self._task, completed=pace.done, description=str(pace))
        elif self._output.progress and time.monotonic() - self._told >= EVERY_S:
            self._told = time.monotonic()
            click.echo(str(pace), err=True)

    def noted(self, words: str) -> None:
        """Show what is to be known."""
        if self._output.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(words, markup=False, highlight=False)
        else:
            click.echo(words, err=True)


@contextmanager
def show_sweep(output: OutputOptions) -> Iterator[SweepProgress]:
    """Show the progress of a sweep while the body runs it."""
    on_terminal = sys.stderr.isatty() and output.progress is not False and not output.quiet
    if not on_terminal:
        yield SweepProgress(output)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield SweepProgress(output, bar)
