"""How every command answers: data on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gridtool.cli.exits import ExitCode
from gridtool.cli.options import OutputOptions, Threshold
from gridtool.errors import InputError, Issue
from gridtool.jobs.clock import read_clock
from gridtool.report.result import Result, label_fallback

__all__ = ["OutputOptions", "emit", "note", "progress", "refuse_warnings"]


def emit(result: Result, output: OutputOptions, *, told: bool = False) -> None:
    """Print ``result``, write its files, and exit with code 10 if a threshold was crossed, else
    with 6 if it rests on a fallback.

    Parameters
    ----------
    told
        Its warnings are on stderr already: they are only repeated in the JSON.

    Raises
    ------
    InputError
        With ``--strict``, if there are warnings. Nothing is printed or written then.
    """
    refuse_warnings(result, output)
    _check_names(result, output.fail_on)
    for warning in () if told else result.warnings:
        note(f"warning: {warning}", output)
    result = label_fallback(result)
    envelope = _envelope(result) if output.out or output.format == "json" else {}
    if output.out:
        _write_files(result, envelope, output.out)
    _print_data(result, envelope, output)
    if output.out:
        note(f"written to {output.out}", output)
    if result.next_command:
        note(f"next: {result.next_command}", output)
    crossed = [limit for limit in output.fail_on if _is_crossed(result, limit)]
    for limit in crossed:
        click.echo(f"threshold crossed: {limit.text}", err=True)
    if crossed:
        raise click.exceptions.Exit(ExitCode.THRESHOLD)
    if result.fallback:
        raise click.exceptions.Exit(ExitCode.FALLBACK)


def refuse_warnings(result: Result, output: OutputOptions) -> None:
    """Raise, with ``--strict``, if there are warnings: before files are written beside ``emit``.

    Raises
    ------
    InputError
        With every warning.
    """
    if output.strict and result.warnings:
        raise InputError(
            [_as_error(warning) for warning in result.warnings], subject="input (--strict)"
        )


def note(text: str, output: OutputOptions) -> None:
    """A line on stderr, unless ``--quiet``."""
    if not output.quiet:
        click.echo(text, err=True)


@contextmanager
def progress(
    output: OutputOptions, total: int | None, label: str
) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only; yields a function taking steps done more.

    Use: ``with progress(output, samples, "simulating") as advance: ...; advance(50)``.
    """
    wanted = sys.stderr.isatty() if output.progress is None else output.progress
    if not wanted or output.quiet:
        yield lambda _steps: None
        return
    from gridtool.cli.bars import show_bar

    with show_bar(total, label) as advance:
        yield advance


def _as_error(warning: Issue | str) -> Issue:
    return (
        warning
        if isinstance(warning, Issue) and warning.severity == "error"
        else Issue(message=str(warning))
    )


def _envelope(result: Result) -> dict[str, Any]:
    from gridtool import __version__
    from gridtool.report.envelope import describe_inputs, make_envelope

    return make_envelope(
        result.command,
        result.tables,
        version=__version__,
        generated_at=read_clock(),
        as_of=result.as_of,
        seed=result.seed,
        inputs=describe_inputs(Path(path) for path in result.inputs),
        warnings=[str(warning) for warning in result.warnings],
        verdict=result.verdict,
        headline=result.headline,
        facts=result.facts,
    )


def _write_files(result: Result, envelope: dict[str, Any], folder: Path) -> None:
    from gridtool.formats.write import csv_text, publish_folder
    from gridtool.report.envelope import drop_infinite, json_text

    files = {
        f"{table.name}.csv": csv_text(drop_infinite(table.frame)).encode()
        for table in result.tables
    }
    files["result.json"] = json_text(envelope).encode()
    publish_folder(folder, files)


def _print_data(result: Result, envelope: dict[str, Any], output: OutputOptions) -> None:
    if output.format == "json":
        from gridtool.report.envelope import json_text

        click.echo(json_text(envelope), nl=False)
    elif output.format == "csv":
        if result.tables:
            from gridtool.formats.write import csv_text
            from gridtool.report.envelope import drop_infinite

            click.echo(csv_text(drop_infinite(result.tables[0].frame)), nl=False)
    else:
        from gridtool.report.tables import Chart
        from gridtool.report.terminal import make_console, print_report

        charts = [
            chart if isinstance(chart, Chart) else Chart(title="", text=chart)
            for chart in result.charts
        ]
        print_report(
            make_console(sys.stdout),
            result.tables,
            verdict=result.verdict,
            charts=charts,
            zone=result.zone,
            all_rows=output.verbose > 0,
        )


def _check_names(result: Result, limits: tuple[Threshold, ...]) -> None:
    known = set(result.headline) | {
        str(column)
        for table in result.tables
        for column in table.frame.select_dtypes("number").columns
    }
    for limit in limits:
        if limit.name not in known:
            names = ", ".join(sorted(known)) or "(this command has none)"
            raise click.UsageError(f"--fail-on knows no value {limit.name!r}; known: {names}")


def _is_crossed(result: Result, limit: Threshold) -> bool:
    """By the headline value of that name; without one, by any row of a table's column."""
    if limit.name in result.headline:
        return limit.crossed(float(result.headline[limit.name]))
    return any(
        limit.crossed(float(value))
        for table in result.tables
        if limit.name in table.frame.columns
        for value in table.frame[limit.name]
    )
