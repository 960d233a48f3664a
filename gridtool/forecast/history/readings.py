"""The rows of a history as numbers in order of time: load, temperature and shed load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.cells import parse_numbers
from gridtool.forecast.history.clock import Clock, parse_times
from gridtool.forecast.history.columns import LoadColumn
from gridtool.forecast.history.quality import QualityFinding, note_runs
from gridtool.forecast.history.table import HistoryTable, join_times

__all__ = ["Readings", "average_stations", "read_rows_in_time"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]
HOUR_S = 3600
DUPLICATE_RULE = "a time that comes twice; two different demands are both left out"
WARMEST_C = 55.0
"""No air is as warm: degrees without a unit above it are Fahrenheit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Rows in order of time, one for each time.

    Attributes
    ----------
    utc : (n,) datetime64[s]
        Beginning of the interval.
    shown : (n,) datetime64[s]
        What the file's clock shows then.
    load, shed : (n,)
        Mean MW in the interval, or MWh where ``energy`` (``shed_energy``); NaN where missing.
    temp_c : (n,) or None
        Mean of the stations.
    step_s
        Usual distance of two times.
    clock
        In words.
    since : (n,) datetime64[s] or None
        Since when the row is known, UTC; None where the file does not say.
    """

    utc: Times
    shown: Times
    load: FloatArray
    temp_c: FloatArray | None
    shed: FloatArray | None
    energy: bool
    shed_energy: bool
    step_s: int
    clock: str
    since: Times | None = None

    def pick(self, rows: npt.NDArray[np.intp] | BoolArray) -> Readings:
        """The rows that ``rows`` numbers or marks."""
        return replace(
            self,
            utc=self.utc[rows],
            shown=self.shown[rows],
            load=self.load[rows],
            temp_c=None if self.temp_c is None else self.temp_c[rows],
            shed=None if self.shed is None else self.shed[rows],
            since=None if self.since is None else self.since[rows],
        )


def read_rows_in_time(
    table: HistoryTable,
    *,
    zone: ZoneInfo,
    clock: Clock,
    hour_ending: bool | None,
    since: Times | None = None,
) -> tuple[Readings | None, list[QualityFinding], list[Issue]]:
    """Numbers and times of the rows, None with the errors among the issues; and what was found.

    Parameters
    ----------
    hour_ending
        Whether times are the ends of their intervals; None: as the column's name says.
    since : (n,) datetime64[s] or None
        Since when each row is known, UTC: of several rows of one time the latest counts.
    """
    load, issues = _read_load(table, table.match.load)
    shed, found = _read_load(table, table.match.shed) if table.match.shed else (None, [])
    issues += found
    temp, found = _read_temperature(table)
    issues += found
    cells, found = join_times(table)
    issues += found
    if any(issue.severity == "error" for issue in found):
        return None, [], issues
    stated = table.match.clock if clock == "auto" else clock
    times, found = parse_times(
        cells.cells,
        cells.place,
        filled=np.isfinite(load),
        zone=zone,
        clock=stated,
        # Numbered hours were turned into beginnings already.
        ending=cells.ending if hour_ending is None or cells.note else hour_ending,
        load=load,
    )
    issues += found
    if times is None or any(issue.severity == "error" for issue in issues):
        return None, [], issues
    rows = Readings(
        utc=times.utc.astype("datetime64[s]"),
        shown=times.shown,
        load=load,
        temp_c=temp,
        shed=shed,
        energy=table.match.load.energy,
        shed_energy=bool(table.match.shed and table.match.shed.energy),
        step_s=times.step_s,
        clock="; ".join(part for part in (times.clock, cells.note) if part),
        since=since,
    )
    placed = np.flatnonzero(~np.isnat(rows.utc))
    keys = (rows.utc,) if since is None else (since, rows.utc)
    ordered = rows.pick(placed[np.lexsort([key[placed] for key in keys])])
    if not len(ordered.utc):
        return None, [], [*issues, Issue(message="no row has a time", file=table.file)]
    single, findings, found = _resolve_twice(ordered, file=table.file)
    return _take_latest(single), findings, issues + found


def _read_load(table: HistoryTable, column: LoadColumn) -> tuple[FloatArray, list[Issue]]:
    cells = table.text.cells[column.name]
    commas = table.text.comma_separates
    numbers, issues = parse_numbers(cells, table.place(column.name), comma_separates=commas)
    return numbers * column.mw_per_unit, issues


def _read_temperature(table: HistoryTable) -> tuple[FloatArray | None, list[Issue]]:
    """Degrees Celsius, the mean of all stations: each by its own deviation where others miss."""
    stations, issues = [], []
    for column in table.match.temps:
        cells = table.text.cells[column]
        commas = table.text.comma_separates
        numbers, found = parse_numbers(cells, table.place(column), comma_separates=commas)
        stations.append(numbers)
        issues += found
    if not stations:
        return None, issues
    temp = average_stations(np.stack(stations))
    fahrenheit = table.match.fahrenheit
    if fahrenheit is None:
        known = temp[np.isfinite(temp)]
        fahrenheit = bool(len(known)) and WARMEST_C < float(np.quantile(known, 0.99)) < 130.0
        unit = "Fahrenheit: no air has so many Celsius" if fahrenheit else "Celsius"
        names = ", ".join(map(repr, table.match.temps[:3]))
        more = len(table.match.temps) - 3
        names += f" and {more} more" if more > 0 else ""
        verb = "column {} names" if len(table.match.temps) == 1 else "columns {} name"
        message = f"{verb.format(names)} no unit: taken as degrees {unit}"
        hint = "say so with --column"
        issues.append(Issue(message=message, file=table.file, severity="warning", hint=hint))
    return ((temp - 32.0) / 1.8 if fahrenheit else temp), issues


def average_stations(stations: FloatArray) -> FloatArray:
    """Mean over the stations (k, n) known in each row, (n,); NaN where none is.

    A station that is warmer than the others does not warm the mean only while it reports: each
    counts by its deviation from its own mean.
    """
    if len(stations) == 1:
        return np.asarray(stations[0])
    known = np.isfinite(stations)
    stations, known = stations[known.any(axis=1)], known[known.any(axis=1)]
    if not len(stations):
        return np.full(known.shape[1], np.nan)
    filled = np.where(known, stations, 0.0)
    own = filled.sum(axis=1) / known.sum(axis=1)
    deviation = np.where(known, stations - own[:, None], 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, own.mean() + deviation / np.maximum(count, 1), np.nan)


def _resolve_twice(
    rows: Readings, *, file: str
) -> tuple[Readings, list[QualityFinding], list[Issue]]:
    """One row for each time that is known since one time: an unknown reading yields, demands that
    differ are all left out.
    """
    changes = rows.utc[1:] != rows.utc[:-1]
    if rows.since is not None:
        changes |= rows.since[1:] != rows.since[:-1]
    begins = np.flatnonzero(np.append(True, changes))
    if len(begins) == len(rows.utc):
        return rows, [], []
    lowest = np.fmin.reduceat(rows.load, begins)
    highest = np.fmax.reduceat(rows.load, begins)
    differ = lowest < highest  # false where one of them is NaN
    single = replace(
        rows.pick(begins),
        load=np.where(differ, np.nan, highest),
        temp_c=None if rows.temp_c is None else np.fmax.reduceat(rows.temp_c, begins),
        shed=None if rows.shed is None else np.fmax.reduceat(rows.shed, begins),
    )
    several = np.diff(np.append(begins, len(rows.utc))) > 1
    message = f"{len(rows.utc) - len(begins)} times come twice"
    if differ.any():
        message += f"; {int(differ.sum())} of them with different demand, left out"
    findings = [
        *_note_times(single.utc[several & ~differ], DUPLICATE_RULE, masked=False),
        *_note_times(single.utc[differ], DUPLICATE_RULE, masked=True),
    ]
    return single, findings, [Issue(message=message, file=file, severity="warning")]


def _take_latest(rows: Readings) -> Readings:
    """One row for each time, each value as it was stated last; rows are in order of ``since``."""
    begins = np.flatnonzero(np.append(True, rows.utc[1:] != rows.utc[:-1]))
    if rows.since is None or len(begins) == len(rows.utc):
        return rows
    place = np.arange(len(rows.utc))

    def take(values: FloatArray) -> FloatArray:
        stated = np.maximum.reduceat(np.where(np.isfinite(values), place, -1), begins)
        return np.where(stated >= 0, values[np.maximum(stated, 0)], np.nan)

    return replace(
        rows.pick(begins),
        load=take(rows.load),
        temp_c=None if rows.temp_c is None else take(rows.temp_c),
        shed=None if rows.shed is None else take(rows.shed),
        since=np.maximum.reduceat(rows.since, begins),
    )


def _note_times(times: Times, rule: str, *, masked: bool) -> list[QualityFinding]:
    """Findings of the hours that hold ``times``."""
    if not len(times):
        return []
    hours = np.unique(times.astype("datetime64[h]").astype(np.int64))
    mask = np.zeros(int(hours[-1] - hours[0]) + 1, dtype=np.bool_)
    mask[hours - hours[0]] = True
    start = datetime.fromtimestamp(HOUR_S * int(hours[0]), tz=UTC)
    return note_runs(mask, "duplicate", rule=rule, start=start, masked=masked)
