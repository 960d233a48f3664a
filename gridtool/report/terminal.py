"""Results on a terminal: plain tables, no colour where there is no terminal, numbers whole."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import IO
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gridtool.report.cells import cell_text, default_decimals, default_heading, is_numeric
from gridtool.report.tables import Chart, NamedTable

__all__ = ["PLAIN_WIDTH", "make_console", "print_report", "print_table"]

PLAIN_WIDTH = 100
"""Columns used where stdout is no terminal."""
_WIDEST_TEXT = 44


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more: the command ends as it does wherever that is found."""
        raise BrokenPipeError


def make_console(stream: IO[str]) -> Console:
    """A console on ``stream``: as wide as the terminal, else 100 columns.

    rich itself honours NO_COLOR, FORCE_COLOR and COLUMNS.
    """
    console = _Console(file=stream, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def print_report(
    console: Console,
    tables: Iterable[NamedTable],
    *,
    verdict: str = "",
    charts: Iterable[Chart] = (),
    zone: ZoneInfo | None = None,
    all_rows: bool = False,
) -> None:
    """Print the verdict, then each table with the charts that belong after it."""
    waiting = list(charts)
    if verdict:
        console.print(Text(_wrap(verdict, min(console.width, PLAIN_WIDTH))))
    for table in tables:
        if all_rows or table.terminal_rows != 0:
            print_table(console, table, zone=zone, all_rows=all_rows)
        for chart in [chart for chart in waiting if chart.after == table.name]:
            waiting.remove(chart)
            _print_chart(console, chart)
    for chart in waiting:
        _print_chart(console, chart)


def print_table(
    console: Console, table: NamedTable, *, zone: ZoneInfo | None = None, all_rows: bool = False
) -> None:
    """Print one table. Text wraps where room is short; numbers and times never break."""
    console.print()
    console.print(f"[bold]{escape(table.title)}[/bold]")
    if table.frame.empty:
        console.print("  (none)")
    else:
        limit = None if all_rows else table.terminal_rows
        shown = len(table.frame) if limit is None else limit
        grid, width = _lay_out(replace(table, frame=table.frame.head(shown)), zone=zone)
        console.print(grid, width=max(width, console.width), crop=False, no_wrap=False)
        if shown < len(table.frame):
            left = len(table.frame) - shown
            console.print(f"  ... and {left} more rows (-v prints all, -o DIR writes all)")
    if table.note:
        console.print(Text(table.note), width=min(console.width, PLAIN_WIDTH))


def _print_chart(console: Console, chart: Chart) -> None:
    console.print()
    console.print(f"[bold]{escape(chart.title)}[/bold]")
    console.out(chart.text.rstrip("\n"), highlight=False)


def _lay_out(table: NamedTable, *, zone: ZoneInfo | None) -> tuple[Table, int]:
    """The grid and the least width at which no number is cut."""
    names = list(table.terminal_columns or table.frame.columns)
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    columns: list[list[str]] = []
    width = 0
    for name in names:
        values = table.frame[name]
        decimals = table.decimals.get(name, default_decimals(name, values))
        cells = [cell_text(value, decimals=decimals, zone=zone) for value in values]
        blanks = table.blanks.get(name)
        if blanks is not None:
            empty = values.isna()
            cells = [blanks[k] if empty.iloc[k] else cell for k, cell in enumerate(cells)]
        heading = table.headings.get(name, default_heading(name))
        least = _least_width(heading, cells, whole=is_numeric(values) or _are_times(cells))
        grid.add_column(
            Text(heading),
            justify="right" if is_numeric(values) else "left",
            min_width=least,
            overflow="fold",
        )
        columns.append(cells)
        width += least + 2
    for row in zip(*columns, strict=True):
        grid.add_row(*(Text(cell) for cell in row))
    return grid, width


def _wrap(text: str, width: int) -> str:
    """``text`` in lines of at most ``width``, never broken inside a number like 12 345."""
    joined = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "\u00a0", text)
    return textwrap.fill(joined, width, break_on_hyphens=False).replace("\u00a0", " ")


def _are_times(cells: list[str]) -> bool:
    return any(len(cell) == 16 and cell[4:5] == "-" and cell[13:14] == ":" for cell in cells)


def _least_width(heading: str, cells: list[str], *, whole: bool) -> int:
    """Width that keeps headings' words whole, and cells too where they may not be broken."""
    word = max((len(part) for part in heading.split()), default=1)
    longest = max(map(len, cells), default=1)
    if whole or longest <= 16:
        return max(word, longest)
    return max(word, min(_WIDEST_TEXT, max(len(part) for cell in cells for part in cell.split())))
