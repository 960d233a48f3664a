"""From the options on damage to the state of the network, alike for every command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from gridtool.cli.options import parse_zone
from gridtool.errors import Issue

if TYPE_CHECKING:
    from gridtool.damage.model import DamageReport, GridState
    from gridtool.network.model import CityNetwork

__all__ = ["StateRead", "read_state", "resolve_as_of", "resolve_zone"]


@dataclass(frozen=True, kw_only=True)
class StateRead:
    """The state, and what reading it said: warnings and the files read."""

    state: GridState
    zone: ZoneInfo
    warnings: tuple[Issue, ...]
    inputs: tuple[Path, ...]


def resolve_zone(tz: str | None, network: CityNetwork) -> ZoneInfo:
    """The zone of ``--tz``, else the network's."""
    if tz is None:
        return network.manifest.zone
    return parse_zone(tz)


def resolve_as_of(as_of: str | None, zone: ZoneInfo, *, option: str = "--as-of") -> datetime | None:
    """The time of ``--as-of``, or of another ``option``, as aware UTC; None when not given."""
    if as_of is None:
        return None
    from gridtool.timegrid import parse_timestamp

    try:
        return parse_timestamp(as_of, zone=zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"'{option}'") from None


def read_state(
    network: CityNetwork,
    *,
    damage: tuple[Path, ...],
    as_of: str | None,
    tz: str | None,
    quarantine: bool,
) -> StateRead:
    """Read the reports and answer what was known at ``as_of``.

    Without ``as_of`` it is the time the latest report was made; without reports, now.
    Rejected rows (``--quarantine``) are warnings.
    """
    from gridtool.damage.ledger import state_as_of
    from gridtool.damage.read import read_reports

    zone = resolve_zone(tz, network)
    moment = resolve_as_of(as_of, zone)
    warnings: list[Issue] = []
    reports: tuple[DamageReport, ...] = ()
    if damage:
        batch = read_reports(damage, network, zone=zone, quarantine=quarantine)
        reports = batch.reports
        warnings += [*batch.warnings, *(entry[-1] for entry in batch.rejected)]
    if moment is None:
        times = [max(report.reported_at, report.recorded_at) for report in reports]
        moment = max(times, default=datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    return StateRead(
        state=state_as_of(network, reports, moment),
        zone=zone,
        warnings=tuple(warnings),
        inputs=(Path(network.origin), *damage) if network.origin else damage,
    )
