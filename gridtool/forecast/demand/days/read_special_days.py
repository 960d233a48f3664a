"""The user's own list of special days and periods, from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import HOLIDAY, SpecialDays, SpecialPeriod
from gridtool.formats.delimited import read_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import did_you_mean, list_words

__all__ = ["ORDINARY", "WEEKDAYS", "read_special_days"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDINARY = "ordinary"
"""Kind of a day that is like any of its weekday, whatever a calendar says of it."""
LONGEST_KIND = 40
LONGEST_PERIOD = timedelta(days=20 * 366)
YEARS = (1900, 2200)
DATE_FORMS = "2027-01-01 or 01.01.2027"
_COLUMNS = ("date", "from", "to", "kind", "like")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a row says of its days."""

    kind: str
    like: int | None
    name: str


@dataclass
class _Found:
    """What has been read so far; a finding does not stop the reading."""

    file: str
    days: dict[date, _Said] = field(default_factory=dict)
    spread: dict[date, _Said] = field(default_factory=dict)
    periods: list[SpecialPeriod] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def special_days(self) -> SpecialDays:
        """What was read; a day that is listed overrules the periods around it."""
        kind_of, like, names = {}, {}, {}
        for day, said in sorted({**self.spread, **self.days}.items()):
            if said.kind == ORDINARY:
                like[day] = day.weekday()
            elif said.like is not None:
                like[day] = said.like
            if said.kind != ORDINARY and (said.kind or said.like is None):
                kind_of[day] = said.kind or HOLIDAY
            if said.name:
                names[day] = said.name
        periods = tuple(sorted(self.periods, key=lambda p: (p.first, p.last, p.kind)))
        return SpecialDays(kind_of=kind_of, periods=periods, like=like, names=names)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row's cells, and where its findings go."""

    number: int
    cells: dict[str, str]
    found: _Found

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")

    def refuse(
        self, message: str, column: str, *, accepted: str | None = None, hint: str | None = None
    ) -> None:
        self.found.issues.append(
            Issue(
                message=message,
                file=self.found.file,
                row=self.number,
                field=column,
                value=self.cell(column),
                accepted=accepted,
                hint=hint,
            )
        )


def read_special_days(path: str | Path) -> SpecialDays:
    """Days of the column ``date``, periods of the columns ``from`` and ``to`` (both included).

    Dates are 2027-01-01 or 01.01.2027. Column ``kind``, a word of the user's own, groups days
    with one effect: empty means ``holiday``; ``ordinary`` strikes a day from another list.
    Column ``like`` names the weekday that a day resembles: with no kind beside it, that is all
    there is to the day. Column ``name`` is for people; other columns are left unread. The days of
    a period without a kind of its own, or with ``like``, count as if listed one by one.

    Raises
    ------
    HistoryError
        With every cell that cannot be used.
    """
    table = read_rows(path, error=HistoryError)
    found = _Found(file=Path(path).name)
    if not {"date", "from"} & set(table.header):
        raise HistoryError(
            Issue(
                message="no column date, and none from and to",
                file=found.file,
                row=1,
                value=", ".join(table.header),
                accepted=list_words(_COLUMNS),
            )
        )
    for number, cells in table.rows:
        _take_row(_Row(number, cells, found), found)
    refuse_on_errors(found.issues, error=HistoryError, subject=found.file)
    return found.special_days()


def _take_row(row: _Row, found: _Found) -> None:
    known = len(found.issues)
    span = _parse_span(row)
    kind = " ".join(row.cell("kind").casefold().split())
    if len(kind) > LONGEST_KIND:
        row.refuse("is too long for a kind", "kind", accepted=f"up to {LONGEST_KIND} characters")
    like = _parse_weekday(row)
    if kind == ORDINARY and like is not None:
        message = "an ordinary day resembles its own weekday"
        row.refuse(message, "like", hint="leave kind or like empty")
    if span is None or len(found.issues) > known:
        return
    first, last = span
    listed = bool(row.cell("date"))
    if not listed and like is None and kind not in {"", HOLIDAY, ORDINARY}:
        found.periods.append(SpecialPeriod(kind=kind, first=first, last=last))
        return
    said = _Said(kind, like, row.cell("name"))
    days = found.days if listed else found.spread
    for offset in range((last - first).days + 1):
        before = days.setdefault(first + timedelta(days=offset), said)
        if (before.kind, before.like) != (kind, like):
            message = f"{first + timedelta(days=offset)} is there twice, with different words"
            row.refuse(message, "date" if listed else "from", hint="keep one of the rows")
            return


def _parse_span(row: _Row) -> tuple[date, date] | None:
    """First and last day of a row, which names a date or a period; None with a finding."""
    given = [column for column in ("date", "from", "to") if row.cell(column)]
    if given not in (["date"], ["from", "to"]):
        _refuse_span(row, given)
        return None
    days = [_parse_date(row.cell(column)) for column in given]
    for column, day in zip(given, days, strict=True):
        if day is None:
            row.refuse("not a date", column, accepted=DATE_FORMS)
    first, last = days[0], days[-1]
    if first is None or last is None:
        return None
    if last < first:
        row.refuse("the period ends before it begins", "to", hint="exchange from and to")
    elif last - first > LONGEST_PERIOD:
        row.refuse("the period is longer than 20 years", "to", accepted="a shorter period")
    return first, last


def _refuse_span(row: _Row, given: list[str]) -> None:
    if not given:
        row.refuse("no date", "date" if "date" in row.cells else "from", accepted=DATE_FORMS)
    elif "date" in given:
        row.refuse("a row names a day or a period, not both", "date", hint="use two rows")
    else:
        empty = "to" if given == ["from"] else "from"
        row.refuse("a period needs its first and its last day", empty, accepted=DATE_FORMS)


def _parse_date(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
        return day if YEARS[0] <= day.year <= YEARS[1] else None
    return None


def _parse_weekday(row: _Row) -> int | None:
    word = row.cell("like").casefold()
    for number, name in enumerate(WEEKDAYS):
        if word in {name, name[:3]}:
            return number
    if word:
        hint = did_you_mean(word, WEEKDAYS)
        row.refuse("is not a weekday", "like", accepted=list_words(WEEKDAYS), hint=hint)
    return None
