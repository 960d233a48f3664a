"""A history by district from the user's file, one column or one block of rows for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.districts.history import DistrictHistory, join_districts
from gridtool.forecast.history.clock import Clock
from gridtool.forecast.history.column_words import read_column_name
from gridtool.forecast.history.columns import ColumnMatch, find_columns
from gridtool.forecast.history.examine import Examined, Setting, examine_hours
from gridtool.forecast.history.examine_periods import examine_periods
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.forecast.history.periods import lay_periods, name_step, sum_days
from gridtool.forecast.history.readings import read_rows_in_time
from gridtool.forecast.history.table import HistoryTable
from gridtool.forecast.history.workbook import is_workbook, read_sheet
from gridtool.formats.columns import TextColumns, read_columns
from gridtool.formats.findings import refuse_on_errors

__all__ = ["DISTRICT_WORDS", "TOTAL_WORDS", "read_district_history"]

DISTRICT_WORDS = frozenset({"district", "district_id", "zone", "area", "район"})
"""Headers of the column that names the district of a row."""
TOTAL_WORDS = frozenset({"total", "city", "sum", "all", "місто", "разом", "всього"})
"""Columns of the whole city, which are left out: districts add up to their own."""
HOUR_S = 3600
MOST_DISTRICTS = 200
_UNIT = re.compile(r"[ _]+(mwh|kwh|gwh|mw|kw|gw)$", re.IGNORECASE)


@dataclass
class _Layout:
    """Which columns hold what; filled when the header is read."""

    file: str
    by_row: str | None = None
    matches: dict[str, ColumnMatch] = field(default_factory=dict)

    def choose(self, header: tuple[str, ...]) -> Sequence[str]:
        """The columns in use."""
        named = [column for column in header if column.casefold() in DISTRICT_WORDS]
        if len(named) == 1:
            self.by_row = named[0]
            self.matches[""] = self._match(header, {})
        else:
            for column in header:
                self._take_column(column, header)
        if not self.matches or len(self.matches) > MOST_DISTRICTS:
            raise HistoryError(self._refuse_header(header), subject="history")
        used = [name for match in self.matches.values() for name in match.names]
        return tuple(dict.fromkeys([*used, *([self.by_row] if self.by_row else [])]))

    def _take_column(self, column: str, header: tuple[str, ...]) -> None:
        unit = _UNIT.search(column)
        name = column[: unit.start()] if unit else column
        if read_column_name(column) or name.casefold() in TOTAL_WORDS:
            return
        letters = unit.group(1).casefold() if unit else "mw"
        role = f"energy_{letters}" if letters.endswith("h") else f"load_{letters}"
        self.matches[name] = self._match(header, {role: column})

    def _match(self, header: tuple[str, ...], named: dict[str, str]) -> ColumnMatch:
        match, issues = find_columns(header, named=named, file=self.file)
        if match is None:
            raise HistoryError(issues, subject="history")
        return replace(match, temps=(), shed=None, fahrenheit=None)

    def _refuse_header(self, header: tuple[str, ...]) -> Issue:
        return Issue(
            message=f"{len(self.matches)} columns of districts",
            file=self.file,
            row=1,
            value=", ".join(header),
            accepted=f"a time and up to {MOST_DISTRICTS} columns of districts, or the columns "
            "time, district and demand",
        )


def read_district_history(
    path: str | Path, *, zone: ZoneInfo, clock: Clock = "auto", sheet: str | None = None
) -> DistrictHistory:
    """Read a CSV (also ``.csv.gz``) or ``.xlsx`` of what each district took, at any regular step.

    Wide: a time, and a column for each district, headed by its id or name, with ``_mw``, ``_kw``,
    ``_mwh`` and so on if not in MW. Long: a time, a column ``district``, and one of demand.
    Times, units and doubtful values are as in a city's history
    (:func:`gridtool.forecast.history.read.read_demand_history`); columns of temperature and of the
    city's total are left unread.

    Raises
    ------
    HistoryError
        With every finding, if the file cannot be used.
    """
    layout = _Layout(file=Path(path).name)
    if is_workbook(path):
        text = read_sheet(path, layout.choose, sheet=sheet)
    else:
        text = read_columns(path, layout.choose, error=HistoryError)
    if not text.rows:
        raise HistoryError(Issue(message="no rows", file=layout.file), subject="history")
    issues: list[Issue] = []
    histories: dict[str, History | PeriodHistory] = {}
    for district, table in _tables(layout, text):
        history, found = _lay_district(table, zone=zone, clock=clock)
        issues += [replace(issue, message=f"{district}: {issue.message}") for issue in found]
        if history is not None:
            histories[district] = history
    refuse_on_errors(issues, error=HistoryError, subject="history")
    joined = join_districts(histories, file=layout.file)
    warnings = tuple(str(issue) for issue in issues)
    return replace(joined, origin=layout.file, notes=(*joined.notes, *warnings))


def _tables(layout: _Layout, text: TextColumns) -> Iterator[tuple[str, HistoryTable]]:
    """Each district's table: its own column, or its own rows."""
    if layout.by_row is None:
        for district, match in layout.matches.items():
            yield district, HistoryTable(file=layout.file, text=text, match=match)
        return
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(text.cells[layout.by_row]):
        rows.setdefault(" ".join(name.split()), []).append(at)
    if len(rows) > MOST_DISTRICTS or "" in rows:
        message = "rows without a district" if "" in rows else f"{len(rows)} districts"
        raise HistoryError(
            Issue(
                message=message,
                file=layout.file,
                row=text.rows[rows[""][0]] if "" in rows else None,
                field=layout.by_row,
                accepted=f"the id or name of up to {MOST_DISTRICTS} districts",
            )
        )
    for district, own in rows.items():
        if district.casefold() in TOTAL_WORDS:
            continue
        picked = replace(
            text,
            rows=[text.rows[at] for at in own],
            cells={key: [cells[at] for at in own] for key, cells in text.cells.items()},
        )
        yield district, HistoryTable(file=layout.file, text=picked, match=layout.matches[""])


def _lay_district(
    table: HistoryTable, *, zone: ZoneInfo, clock: Clock
) -> tuple[History | PeriodHistory | None, list[Issue]]:
    """The history of one district, checked as a city's is."""
    readings, _, issues = read_rows_in_time(table, zone=zone, clock=clock, hour_ending=None)
    found = Examined(issues=list(issues))
    if readings is None:
        return None, found.issues
    if readings.step_s == 0:
        message = "fewer than two different times"
        return None, [*found.issues, Issue(message=message, file=table.file)]
    setting = Setting(zone=zone, file=table.file)
    if readings.step_s <= HOUR_S:
        return examine_hours(readings, setting, found), found.issues
    step = name_step(readings.step_s)
    if step is None and readings.step_s >= 24 * HOUR_S:
        message = f"times come every {readings.step_s / HOUR_S:g} hours"
        accepted = "a step up to a day, a day, week, month or year"
        return None, [*found.issues, Issue(message=message, file=table.file, accepted=accepted)]
    if step is None:
        values = sum_days(readings, zone=zone)
    else:
        laid, more = lay_periods(
            readings, step=step, zone=zone, ending=table.match.ending, file=table.file
        )
        found.issues += more
        if laid is None:
            return None, found.issues
        values = laid
    return examine_periods(values, setting, found, clock=readings.clock), found.issues
