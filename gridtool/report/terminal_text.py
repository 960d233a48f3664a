"""A report as text for a file: what a terminal shows, the same bytes wherever it is made."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich.console import Console

from gridtool.report.result import Result
from gridtool.report.tables import Chart
from gridtool.report.terminal import PLAIN_WIDTH, print_report

__all__ = ["print_text"]


def print_text(result: Result) -> str:
    """``result`` as on a terminal of 100 columns without colours, whatever the environment."""
    stream = io.StringIO()
    nothing: Mapping[str, str] = {}
    console = Console(
        file=stream,
        width=PLAIN_WIDTH,
        force_terminal=False,
        color_system=None,
        highlight=False,
        soft_wrap=False,
        legacy_windows=False,
        _environ=nothing,
    )
    charts = [
        chart if isinstance(chart, Chart) else Chart(title="", text=chart)
        for chart in result.charts
    ]
    print_report(console, result.tables, verdict=result.verdict, charts=charts, zone=result.zone)
    for warning in result.warnings:
        stream.write(f"\nwarning: {warning}\n")
    return stream.getvalue()
