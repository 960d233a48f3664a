"""The ledger: every report is kept, and the state as of any time follows from stated rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pandas as pd

from gridtool.damage.apply import make_state
from gridtool.damage.model import DamageReport, GridState
from gridtool.damage.rules import Resolution, resolve_reports, sort_key
from gridtool.errors import DamageReportError, Issue
from gridtool.formats.spelling import did_you_mean
from gridtool.network.model import CityNetwork

__all__ = ["DamageLedger", "state_as_of"]


class DamageLedger:
    """All reports, in an order of their own: that of rows, files and arrival never matters.

    Known as of ``t`` is a report with ``occurred_at``, ``reported_at`` and ``recorded_at`` all
    at or before ``t``: what was reported in time but received later was not known yet. The
    rules are those of :mod:`gridtool.damage.rules`.
    """

    def __init__(self, reports: Iterable[DamageReport]) -> None:
        self.reports: tuple[DamageReport, ...] = tuple(sorted(reports, key=sort_key))

    def as_of(self, t: datetime, network: CityNetwork) -> GridState:
        """The state of ``network`` by what was known at ``t`` (aware UTC).

        Raises
        ------
        DamageReportError
            If a report is about an asset that the network does not have.
        """
        found = self._resolve(t, network)
        return make_state(network, found.damage, as_of=t, conflicts=tuple(found.conflicts))

    def entries(
        self, t: datetime | None = None, network: CityNetwork | None = None
    ) -> pd.DataFrame:
        """One row per report, by event time, then asset; plain index.

        Columns: occurred_at, reported_at, recorded_at (UTC), asset, state,
        remaining_capacity_pct, source, report_id, status, confidence, low_h, likely_h, high_h,
        skills, spares, note, file, row. ``status``, for ``t`` and ``network`` given, is what
        the rules made of the report: counts, agrees, duplicate, revised, superseded,
        contradiction, late, or "not known" at ``t``.
        """
        status: dict[int, str] = {}
        if t is not None and network is not None:
            status = dict.fromkeys(range(len(self.reports)), "not known")
            status |= self._resolve(t, network).status
        rows = [
            _entry(report, status.get(position, "")) for position, report in enumerate(self.reports)
        ]
        rows.sort(key=lambda entry: (entry["occurred_at"], entry["asset"], entry["reported_at"]))
        return pd.DataFrame(rows, columns=list(_ENTRY_COLUMNS))

    def _resolve(self, t: datetime, network: CityNetwork) -> Resolution:
        _check_assets(self.reports, network)
        known = [
            (position, report)
            for position, report in enumerate(self.reports)
            if max(report.occurred_at, report.reported_at, report.recorded_at) <= t
        ]
        kinds = {report.asset: network.assets[report.asset].kind for _, report in known}
        return resolve_reports(known, kinds)


_ENTRY_COLUMNS = (
    "occurred_at",
    "reported_at",
    "recorded_at",
    "asset",
    "state",
    "remaining_capacity_pct",
    "source",
    "report_id",
    "status",
    "confidence",
    "low_h",
    "likely_h",
    "high_h",
    "skills",
    "spares",
    "note",
    "file",
    "row",
)


def state_as_of(network: CityNetwork, reports: Iterable[DamageReport], t: datetime) -> GridState:
    """The state of ``network`` by what ``reports`` said at ``t`` (aware UTC)."""
    return DamageLedger(reports).as_of(t, network)


def _check_assets(reports: Iterable[DamageReport], network: CityNetwork) -> None:
    unknown = sorted({report.asset for report in reports} - set(network.assets))
    if unknown:
        issues = [
            Issue(
                message="is not an asset of the network",
                value=asset,
                hint=did_you_mean(asset, network.assets) if position < 20 else None,
            )
            for position, asset in enumerate(unknown)
        ]
        raise DamageReportError(issues, subject="damage reports")


def _entry(report: DamageReport, status: str) -> dict[str, Any]:
    left, estimate = report.remaining_capacity, report.estimate
    hours = (
        (estimate.low_h, estimate.likely_h, estimate.high_h) if estimate else (float("nan"),) * 3
    )
    return {
        "occurred_at": report.occurred_at,
        "reported_at": report.reported_at,
        "recorded_at": report.recorded_at,
        "asset": report.asset,
        "state": report.state.value,
        "remaining_capacity_pct": float("nan") if left is None else left * 100,
        "source": report.source,
        "report_id": report.report_id,
        "status": status,
        "confidence": report.confidence,
        "low_h": hours[0],
        "likely_h": hours[1],
        "high_h": hours[2],
        "skills": report.skills,
        "spares": report.spares,
        "note": report.note,
        "file": report.file,
        "row": report.row,
    }
