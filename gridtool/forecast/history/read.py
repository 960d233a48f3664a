"""History of a city's demand and temperature, read from the user's own CSV or workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.errors import HistoryError, Issue, raise_on_errors
from gridtool.forecast.history.available import keep_known
from gridtool.forecast.history.clock import Clock
from gridtool.forecast.history.examine import Examined, Setting, examine_hours
from gridtool.forecast.history.examine_periods import examine_periods
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.history.periods import lay_periods, name_step, sum_days
from gridtool.forecast.history.quality import QualityFinding
from gridtool.forecast.history.read_outages import read_outages
from gridtool.forecast.history.readings import Readings, read_rows_in_time
from gridtool.forecast.history.table import HistoryTable, take_table
from gridtool.forecast.history.understood import describe_columns, describe_span, describe_step
from gridtool.formats.findings import cap_findings
from gridtool.network.model import CityNetwork

__all__ = ["Examination", "examine_history", "read_demand_history", "read_history"]

LONGEST_YEARS = 60
HOUR_S, DAY_S = 3600, 86400
LEAST_REGULAR_SHARE = 0.5
"""Share of the distances of times that must be the usual one or a multiple of it."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What a file was understood as, and all that was found; no history if it is refused."""

    history: History | PeriodHistory | None
    issues: tuple[Issue, ...]
    findings: tuple[QualityFinding, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()


def read_history(
    path: str | Path,
    *,
    zone: ZoneInfo,
    columns: Mapping[str, str] | None = None,
    clock: Clock = "auto",
    network: CityNetwork | None = None,
    outages: str | Path | None = None,
    sheet: str | None = None,
    hour_ending: bool | None = None,
    now: datetime | None = None,
    known_at: datetime | None = None,
) -> History:
    """As :func:`read_demand_history`, for those who need hours.

    Raises
    ------
    HistoryError
        With every finding, if the file cannot be used or holds longer steps than hours.
    """
    history = read_demand_history(
        path,
        zone=zone,
        columns=columns,
        clock=clock,
        network=network,
        outages=outages,
        sheet=sheet,
        hour_ending=hour_ending,
        now=now,
        known_at=known_at,
    )
    if isinstance(history, History):
        return history
    hours = np.median(np.diff(history.edges).astype("timedelta64[s]").astype(np.int64)) / HOUR_S
    raise HistoryError(
        Issue(
            message=f"readings every {hours:g} hours",
            file=Path(path).name,
            accepted="a step of an hour or less",
            hint="'gridtool demand' makes hours of longer steps; here the hours themselves count",
        ),
        subject="history",
    )


def read_demand_history(
    path: str | Path,
    *,
    zone: ZoneInfo,
    columns: Mapping[str, str] | None = None,
    clock: Clock = "auto",
    network: CityNetwork | None = None,
    outages: str | Path | None = None,
    sheet: str | None = None,
    hour_ending: bool | None = None,
    now: datetime | None = None,
    known_at: datetime | None = None,
) -> History | PeriodHistory:
    """Read a CSV (also ``.csv.gz``) or ``.xlsx`` of times, demand, temperature and shed load.

    The times are beginnings of intervals unless something says otherwise. Steps shorter than an
    hour are averaged to hours; steps of several hours are summed to days; days, weeks, months
    and years stay what they are.

    Parameters
    ----------
    zone
        Time zone of the city; local times in the file are in it.
    columns
        Header by role where the names do not tell, e.g. ``{"load_kw": "Total"}``.
    clock
        Whether times without an offset are UTC, local, or in the zone's standard time all the
        year; "auto" infers it and says so.
    network
        The network the history belongs to, to notice kW named as MW.
    outages
        Outage log, see :func:`gridtool.forecast.history.read_outages.read_outages`.
    sheet
        Sheet of a workbook; default: the first.
    hour_ending
        Whether times are the ends of their intervals; None: as the column's name says.
    now
        The caller's clock: demand after it is found; None: not looked for.
    known_at
        Where a column ``available_at`` says since when a row is known: rows of later are left out,
        and of several rows of one time the latest counts. Hours that were not over are left out
        too, so that nothing that came later changes what is found. None: all rows.

    Raises
    ------
    HistoryError
        With every finding, if the file cannot be used.
    """
    examined = examine_history(
        path,
        zone=zone,
        columns=columns,
        clock=clock,
        network=network,
        outages=outages,
        sheet=sheet,
        hour_ending=hour_ending,
        now=now,
        known_at=known_at,
    )
    raise_on_errors(cap_findings(examined.issues), HistoryError, subject="history")
    assert examined.history is not None  # its absence is an error among the issues
    return examined.history


def examine_history(
    path: str | Path,
    *,
    zone: ZoneInfo,
    columns: Mapping[str, str] | None = None,
    clock: Clock = "auto",
    network: CityNetwork | None = None,
    outages: str | Path | None = None,
    sheet: str | None = None,
    hour_ending: bool | None = None,
    now: datetime | None = None,
    known_at: datetime | None = None,
) -> Examination:
    """As :func:`read_demand_history`, but a refused file is an answer, not an exception."""
    found = Examined()
    try:
        setting = Setting(
            zone=zone,
            file=Path(path).name,
            peak_mw=network.peak_mw if network is not None else None,
            outages=read_outages(outages, zone=zone) if outages is not None else (),
            now=now,
        )
        whole = take_table(path, columns=columns or {}, sheet=sheet)
        known = keep_known(whole, zone=zone, at=known_at)
        table = known.table
        found.issues += _warn_of_assumptions(table)
        found.understood += describe_columns(table)
        if known.words:
            found.understood.append(("known", known.words))
        readings, findings, issues = read_rows_in_time(
            table, zone=zone, clock=clock, hour_ending=hour_ending, since=known.since
        )
        found.findings += findings
        found.issues += issues
        history = None
        if readings is not None:
            readings = _cut_at(readings, known_at)
            ending = table.match.ending if hour_ending is None else hour_ending
            history = _examine(readings, setting, found, ending=ending)
    except HistoryError as refused:
        found.issues += refused.issues
        history = None
    return _conclude(history, found, origin=str(path), sha256=table.text.sha256 if history else "")


def _cut_at(readings: Readings, moment: datetime | None) -> Readings:
    """The readings that were over at ``moment``: what is wrong with an hour must not be told by
    hours after it. Longer steps than hours are cut when they are periods.
    """
    if moment is None or readings.step_s > HOUR_S:
        return readings
    instant = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")
    over = readings.utc + np.timedelta64(readings.step_s, "s") <= instant
    # With nothing over, History.until says so.
    return readings.pick(over) if over.any() and not over.all() else readings


def _conclude(
    history: History | PeriodHistory | None, found: Examined, *, origin: str, sha256: str
) -> Examination:
    """Everything together; a history only where nothing refuses it."""
    refused = any(issue.severity == "error" for issue in found.issues)
    findings = tuple(sorted(found.findings, key=lambda finding: finding.first))
    if history is not None and not refused:
        history = replace(
            history,
            origin=origin,
            sha256=sha256,
            warnings=tuple(cap_findings(found.issues)),
            findings=findings,
            understood=tuple(found.understood),
        )
    return Examination(
        history=None if refused else history,
        issues=tuple(found.issues),
        findings=findings,
        understood=tuple(found.understood),
    )


def _warn_of_assumptions(table: HistoryTable) -> list[Issue]:
    hint = "say so with --column"
    assumed = [
        Issue(message=text, file=table.file, severity="warning", hint=hint)
        for text in table.match.assumed
    ]
    return [*assumed, *table.text.warnings]


def _examine(
    readings: Readings, setting: Setting, found: Examined, *, ending: bool
) -> History | PeriodHistory | None:
    """The history at the step of the readings; None with an error among the issues."""
    found.understood += [("clock", readings.clock), describe_step(readings)]
    issue = _refuse_steps(readings, file=setting.file)
    if issue is not None:
        found.issues.append(issue)
        return None
    history: History | PeriodHistory
    if readings.step_s <= HOUR_S:
        history = examine_hours(readings, setting, found)
    else:
        step = name_step(readings.step_s)
        if step is None:
            values = sum_days(readings, zone=setting.zone)
        else:
            laid, issues = lay_periods(
                readings, step=step, zone=setting.zone, ending=ending, file=setting.file
            )
            found.issues += issues
            if laid is None:
                return None
            values = laid
        found.understood += [("step", words) for words in values.words]
        history = examine_periods(values, setting, found, clock=readings.clock)
    found.understood.append(describe_span(history))
    return history


def _refuse_steps(readings: Readings, *, file: str) -> Issue | None:
    """Times that make no history."""
    if readings.step_s == 0:
        return Issue(message="fewer than two different times", file=file)
    stamps = readings.utc.astype(np.int64)
    years = float(stamps[-1] - stamps[0]) / (365.25 * DAY_S)
    if years > LONGEST_YEARS:
        return Issue(
            message=f"times span {years:.0f} years",
            file=file,
            accepted=f"up to {LONGEST_YEARS}",
            hint="a time may be wrong by a century",
        )
    known = readings.step_s < DAY_S or name_step(readings.step_s) is not None
    steps = np.diff(stamps)
    regular = float(np.mean(steps % readings.step_s == 0)) if readings.step_s < DAY_S else 1.0
    if known and regular >= LEAST_REGULAR_SHARE:
        return None
    hours = readings.step_s / HOUR_S
    return Issue(
        message=f"times come every {hours:g} hours"
        if not known
        else f"times at no regular step: {100 * (1 - regular):.0f} % are not {hours:g} hours apart",
        file=file,
        accepted="a regular step: up to some hours, or days, weeks, months, years",
    )
