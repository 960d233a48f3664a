"""Damage reports from files: every row typed, judged, and accepted or rejected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gridtool.damage.match import AssetMatcher
from gridtool.damage.model import DamageReport
from gridtool.damage.read_rows import ReportFile, list_report_files, read_report_file
from gridtool.damage.rows import RowJudge
from gridtool.damage.schema import DAMAGE_REPORTS
from gridtool.damage.suppose import damage_assets, intact
from gridtool.errors import DamageReportError, Issue
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.typed import RowTyper
from gridtool.network.model import CityNetwork

__all__ = [
    "FileSummary",
    "RejectedRow",
    "ReportBatch",
    "damage_assets",
    "intact",
    "read_reports",
]


class RejectedRow(NamedTuple):
    """A row set aside: where it stands, what it says, and why (all findings joined)."""

    file: str
    row: int
    cells: tuple[str, ...]
    issue: Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """A file that was read: its form (format, delimiter, encoding) and counts of rows."""

    name: str
    form: str
    sha256: str
    read: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBatch:
    """Reports of one or more files; ``read`` equals accepted plus rejected rows."""

    reports: tuple[DamageReport, ...]
    rejected: tuple[RejectedRow, ...]
    read: int
    warnings: tuple[Issue, ...]
    files: tuple[FileSummary, ...] = ()


def read_reports(
    paths: Collection[Path | str],
    network: CityNetwork,
    *,
    zone: ZoneInfo,
    quarantine: bool = False,
) -> ReportBatch:
    """The damage reports in files or folders about assets of ``network``.

    Parameters
    ----------
    zone
        Zone of times without an offset.
    quarantine
        Set refused rows aside with their findings instead of refusing all. A file that cannot
        be read as a table is refused all the same.

    Raises
    ------
    DamageReportError
        With the findings of all files.
    """
    matcher = AssetMatcher(network.assets)
    issues: list[Issue] = []
    judged: list[_JudgedFile] = []
    for path in list_report_files(paths):
        try:
            file = read_report_file(path)
        except DamageReportError as problem:
            issues += problem.issues
            continue
        found = _judge_file(file, network, matcher=matcher, zone=zone)
        judged.append(found)
        issues += found.warnings if quarantine else [*found.errors, *found.warnings]
    refuse_on_errors(issues, error=DamageReportError, subject="damage reports")
    return ReportBatch(
        reports=tuple(report for found in judged for report in found.reports),
        rejected=tuple(entry for found in judged for entry in found.rejected),
        read=sum(found.summary.read for found in judged),
        warnings=tuple(issues),
        files=tuple(found.summary for found in judged),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _JudgedFile:
    """What became of the rows of a file; ``errors`` lists the findings of rejected rows."""

    reports: list[DamageReport]
    rejected: list[RejectedRow]
    errors: list[Issue]
    warnings: list[Issue]
    summary: FileSummary


def _judge_file(
    file: ReportFile, network: CityNetwork, *, matcher: AssetMatcher, zone: ZoneInfo
) -> _JudgedFile:
    typer = RowTyper(
        DAMAGE_REPORTS, file=file.name, zone=zone, comma_separates=file.comma_separates
    )
    judge = RowJudge(network, matcher, file=file.name)
    reports: list[DamageReport] = []
    rejected = [RejectedRow(file.name, row.row, row.cells, row.issue) for row in file.broken]
    errors = [row.issue for row in file.broken]
    warnings = list(file.warnings)
    for row, cells in file.rows:
        values, found = typer.type_row(row, cells)
        report, issues = judge.judge(row, values)
        found += [issue for issue in issues if issue.severity == "error"]
        if report is None:
            shown = tuple(cells.values())
            rejected.append(RejectedRow(file.name, row, shown, _join(found)))
            errors += found
        else:
            reports.append(report)
            warnings += issues
    rejected.sort(key=lambda entry: entry.row)
    summary = FileSummary(
        name=file.name,
        form=file.form,
        sha256=file.sha256,
        read=len(file.rows) + len(file.broken),
        accepted=len(reports),
        rejected=len(rejected),
    )
    return _JudgedFile(
        reports=reports, rejected=rejected, errors=errors, warnings=warnings, summary=summary
    )


def _join(errors: list[Issue]) -> Issue:
    """The findings of one row as one: a rejected row is counted once."""
    first, *others = errors
    if not others:
        return first
    rest = "; ".join(
        f"{issue.field}: {issue.message}" + (f" (value {issue.value!r})" if issue.value else "")
        for issue in others
    )
    return replace(first, message=f"{first.message}; also {rest}")
