"""``gridtool damage``: check damage reports, show their ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from gridtool.cli.lazy import HELP_OPTIONS
from gridtool.cli.options import OutputOptions, output_options
from gridtool.cli.output import emit
from gridtool.cli.state import resolve_as_of, resolve_zone
from gridtool.report.result import Result

if TYPE_CHECKING:  # what a command needs is loaded when it runs
    from gridtool.damage.ledger import DamageLedger
    from gridtool.damage.model import GridState
    from gridtool.damage.read import ReportBatch

__all__ = ["damage"]

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(context_settings=HELP_OPTIONS)
def damage() -> None:
    """Check damage reports, show their ledger.

    \b
    Example:
        gridtool damage check reports.csv --network rivercity
        gridtool damage log networks/rivercity/damage --network rivercity --as-of 2027-01-13T08:00
    """


def _report_options(command: Command) -> Command:
    options = (
        click.argument(
            "reports",
            type=click.Path(path_type=Path),
            nargs=-1,
            required=True,
            metavar="REPORTS...",
        ),
        click.option(
            "--network",
            required=True,
            metavar="NETWORK",
            help="The network the reports are about: a name, a folder or a file.",
        ),
        click.option(
            "--as-of",
            metavar="TIME",
            help="What was known at this time (default: the latest report).",
        ),
        click.option(
            "--tz", metavar="ZONE", help="Zone of times without offset (default: the network's)."
        ),
        click.option(
            "--quarantine",
            is_flag=True,
            help="Set refused rows aside and go on with the rest.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@damage.command()
@_report_options
@output_options
def check(
    reports: tuple[Path, ...],
    *,
    network: str,
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    output: OutputOptions,
) -> None:
    """Check report files: counts, rows set aside, conflicts and which report counts.

    Refused reports end with exit code 3 and every finding.

    \b
    Example:
        gridtool damage check reports.csv --network rivercity
        gridtool damage check reports.csv --network rivercity --quarantine -o checked
    """
    from gridtool.report.damage import check_tables, describe_check

    found = _read(reports, network=network, as_of=as_of, tz=tz, quarantine=quarantine)
    result = Result(
        command="damage check",
        tables=check_tables(found.batch, found.state),
        verdict=describe_check(found.batch, found.state, zone=found.zone),
        as_of=found.state.as_of,
        inputs=reports,
        warnings=found.batch.warnings,
        headline={
            "read": found.batch.read,
            "accepted": len(found.batch.reports),
            "rejected": len(found.batch.rejected),
            "conflicts": len(found.state.conflicts),
            "damaged_assets": len(found.state.damage),
        },
        zone=found.zone,
    )
    emit(result, output)


@damage.command()
@_report_options
@output_options
def log(
    reports: tuple[Path, ...],
    *,
    network: str,
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
    output: OutputOptions,
) -> None:
    """Show every report by time of event, with what the rules made of it.

    \b
    Example:
        gridtool damage log networks/rivercity/damage --network rivercity
        gridtool damage log reports.csv --network rivercity --as-of 2027-01-13T08:00 --format csv
    """
    from gridtool.report.damage import conflicts_table, ledger_table

    found = _read(reports, network=network, as_of=as_of, tz=tz, quarantine=quarantine)
    result = Result(
        command="damage log",
        tables=(ledger_table(found.ledger, found.state), conflicts_table(found.state)),
        as_of=found.state.as_of,
        inputs=reports,
        warnings=found.batch.warnings,
        zone=found.zone,
    )
    emit(result, output)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """Reports read, and what they come to."""

    batch: ReportBatch
    ledger: DamageLedger
    state: GridState
    zone: ZoneInfo


def _read(
    reports: tuple[Path, ...],
    *,
    network: str,
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
) -> _Reading:
    from gridtool.damage.ledger import DamageLedger
    from gridtool.damage.read import read_reports
    from gridtool.network.catalog import load_network

    city = load_network(network)
    zone = resolve_zone(tz, city)
    moment = resolve_as_of(as_of, zone)
    batch = read_reports(reports, city, zone=zone, quarantine=quarantine)
    if moment is None:
        times = [max(report.reported_at, report.recorded_at) for report in batch.reports]
        moment = max(times, default=datetime.now(UTC).replace(microsecond=0))
    ledger = DamageLedger(batch.reports)
    return _Reading(batch=batch, ledger=ledger, state=ledger.as_of(moment, city), zone=zone)
