"""``gridtool demand check``: how a history is understood, what is wrong with it, what is usable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtool.cli.history_options import (
    HistoryOptions,
    history_argument,
    history_options,
    tz_option,
)
from gridtool.cli.options import OutputOptions, output_options, parse_zone

if TYPE_CHECKING:  # commands that only print help import this module
    from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["check"]


@click.command()
@history_argument
@tz_option
@click.option(
    "--network",
    metavar="NETWORK",
    help="The network the history belongs to, to notice kW named as MW; its zone is then the "
    "history's.",
)
@history_options
@output_options
def check(
    *,
    history: Path,
    tz: str,
    network: str | None,
    reading: HistoryOptions,
    output: OutputOptions,
) -> None:
    """Examine HISTORY: columns, units, clock, gaps, spikes, flat lines, units; exit code 3 if it
    cannot be used.

    \b
    Example:
        gridtool demand check forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
    """
    from gridtool.cli.output import emit
    from gridtool.errors import HistoryError
    from gridtool.forecast.history.read import examine_history
    from gridtool.network.catalog import load_network
    from gridtool.report.demand_check import describe_check, headline_check, tables_check
    from gridtool.report.result import Result

    city = load_network(network) if network is not None else None
    examined = examine_history(
        history,
        zone=city.manifest.zone if city is not None and tz == "UTC" else parse_zone(tz),
        columns=reading.columns,
        clock=reading.clock,
        network=city,
        outages=reading.outages,
        sheet=reading.sheet,
        hour_ending=reading.hour_ending,
        now=datetime.now(UTC),
    )
    refused = examined.history is None
    if refused and not examined.understood:
        raise HistoryError(examined.issues, subject="history")
    known = examined.history
    model, words = _try_model(known) if known is not None else (None, "")
    emit(
        Result(
            command="demand check",
            tables=tables_check(examined),
            verdict=f"{describe_check(examined)}{words}",
            as_of=known.end if known is not None else None,
            inputs=(history, *reading.files),
            warnings=() if refused else examined.issues,
            headline=headline_check(examined),
            facts={
                "usable": not refused,
                "model": model,
                "understood": dict(examined.understood),
                "set_aside": known.set_aside if known is not None else None,
                "refused": [str(i) for i in examined.issues if i.severity == "error"],
            },
            zone=known.zone if known is not None else None,
        ),
        replace(output, fail_on=()) if refused else output,
    )
    if refused:
        raise HistoryError(examined.issues, subject="history")


def _try_model(history: History | PeriodHistory) -> tuple[str | None, str]:
    """The model that the history gets, None if none, and a sentence on it."""
    from gridtool.errors import HistoryError
    from gridtool.forecast.demand.choose import fit_history

    try:
        model = fit_history(history)
    except HistoryError as refused:
        return None, f" It carries no model: {'; '.join(map(str, refused.issues))}."
    weaker = f" Weaker than the file promises: {model.weaker}." if model.weaker else ""
    return model.description, f" The model it gets: {model.description}.{weaker}"
