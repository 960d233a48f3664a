"""Days on which people live as on holidays, from the user's own list."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import SpecialDays
from gridtool.formats.delimited import read_rows
from gridtool.formats.findings import refuse_on_errors

__all__ = ["read_special_days"]


def read_special_days(path: str | Path) -> SpecialDays:
    """Dates of the column ``date`` (2027-01-01 or 01.01.2027); other columns are for people.

    No list of public holidays is built in: which days are off work changes, and under martial
    law none are.

    Raises
    ------
    HistoryError
        With every cell that is no date.
    """
    table = read_rows(path, error=HistoryError)
    name = Path(path).name
    if "date" not in table.header:
        raise HistoryError(
            Issue(message="no column date", file=name, row=1, value=", ".join(table.header))
        )
    found: set[date] = set()
    issues: list[Issue] = []
    for row, cells in table.rows:
        day = _parse_date(cells["date"])
        if day is None:
            issues.append(
                Issue(
                    message="not a date" if cells["date"] else "no date",
                    file=name,
                    row=row,
                    field="date",
                    value=cells["date"],
                    accepted="2027-01-01 or 01.01.2027",
                )
            )
        else:
            found.add(day)
    refuse_on_errors(issues, error=HistoryError, subject=name)
    return SpecialDays.holidays(found)


def _parse_date(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None
