"""Units of a generating system: rates, times, and when those that are out come back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.errors import InputError, Issue
from gridtool.forecast.adequacy.model import UnitGroup, chain_chances
from gridtool.forecast.adequacy.read_columns import GENERATING_UNITS
from gridtool.forecast.adequacy.read_returns import read_return
from gridtool.formats.delimited import scan_rows
from gridtool.formats.schema import TableSchema
from gridtool.formats.typed import check_columns, find_duplicates, type_rows

__all__ = ["collect_units", "find_refused", "read_outages", "type_table"]

Row = Mapping[str, Any]
_OUTAGE_FIELDS = {"for", "mttf_h", "mttr_h", "p_fail", "p_repair"}
_PAIRS = (
    ("mttf_h", "mttr_h"),
    ("mttr_h", "mttf_h"),
    ("p_fail", "p_repair"),
    ("p_repair", "p_fail"),
)
_RATE_APART = 0.05
"""Relative difference between a stated outage rate and that of the times which is worth saying."""


def type_table(
    path: Path,
    schema: TableSchema,
    *,
    zone: ZoneInfo | None = None,
    renamed: Mapping[str, str] | None = None,
    known: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[tuple[int, dict[str, Any]]], list[Issue]]:
    """Rows of a CSV with their row numbers, and every finding; nothing is raised.

    Parameters
    ----------
    renamed
        Other names of columns, lower case, and the schema's.
    """
    try:
        found = scan_rows(path, columns=(*schema.names, *(renamed or {})))
    except InputError as refused:
        return [], list(refused.issues)
    other = {name: (renamed or {}).get(name.casefold(), name) for name in found.header}
    names, issues = check_columns(tuple(other.values()), schema, file=path.name)
    issues += [*found.warnings, *(row.issue for row in found.broken)]
    rows = [
        (row, {names[other[key]]: cell for key, cell in cells.items()}) for row, cells in found.rows
    ]
    typed, row_issues = type_rows(
        schema,
        rows,
        file=path.name,
        zone=zone,
        comma_separates=found.dialect.delimiter == ",",
        known=known,
        present=set(names.values()),
    )
    if not rows:
        issues.append(Issue(message="has no rows", file=path.name))
    return typed, [*issues, *row_issues, *find_duplicates(schema, typed, file=path.name)]


def collect_units(
    path: Path, *, zone: ZoneInfo, start: datetime | None
) -> tuple[tuple[UnitGroup, ...], list[Issue]]:
    """The units of ``path``, and every finding; units with an error are left out.

    Parameters
    ----------
    start
        First hour of the load where it has timestamps; dates of return are counted from it.
    """
    typed, issues = type_table(path, GENERATING_UNITS, zone=zone, renamed={"region": "area"})
    refused = find_refused(issues)
    groups = []
    for row, values in typed:
        group, found = _make_group(
            values, file=path.name, row=row, start=start, refused=refused.get(row, set())
        )
        issues += found
        if group is not None:
            groups.append(group)
    return tuple(groups), issues


def find_refused(issues: Iterable[Issue]) -> dict[int, set[str]]:
    """The fields of each row whose cells were refused: no more is said of them."""
    refused: dict[int, set[str]] = {}
    for issue in issues:
        if issue.row is not None and issue.field is not None and issue.severity == "error":
            refused.setdefault(issue.row, set()).add(issue.field)
    return refused


def _make_group(
    values: Row, *, file: str, row: int, start: datetime | None, refused: Collection[str]
) -> tuple[UnitGroup | None, list[Issue]]:
    rates, issues = read_outages(values, file=file, row=row, refused=refused)
    returns, found = read_return(values, file=file, row=row, start=start, refused=refused)
    issues += found
    if refused or rates is None or any(issue.severity == "error" for issue in issues):
        return None, issues
    rate, p_fail, p_repair = rates
    return UnitGroup(
        id=values["unit"],
        count=int(values.get("count", 1)),
        capacity_mw=np.array([values["capacity_mw"]]),
        outage_rate=rate,
        p_fail=p_fail,
        p_repair=p_repair,
        area=values.get("area") or "",
        returns=returns,
    ), issues


def read_outages(
    values: Row, *, file: str, row: int, refused: Collection[str] = ()
) -> tuple[tuple[float, float, float] | None, list[Issue]]:
    """Outage rate and hourly chances to fail and to be repaired of a row, and the findings.

    ``for`` counts where it is given; the time to failure is then the one that gives it with
    ``mttr_h``, so that the exact answer and the simulated one are about the same unit.

    Parameters
    ----------
    refused
        Fields of the row that were refused before.
    """
    rate, mttf, mttr = values.get("for"), values.get("mttf_h"), values.get("mttr_h")
    fail, repair = values.get("p_fail"), values.get("p_repair")
    if _OUTAGE_FIELDS & set(refused):
        return None, []
    issues = _check_pairs(values, file=file, row=row)
    if rate is None and mttf is None and fail is None and not issues:
        hint = "give for, or mttf_h and mttr_h; 0 for a unit that never fails"
        issues.append(Issue(message="no outage rate", file=file, row=row, field="for", hint=hint))
    if issues:
        return None, issues
    if fail is not None and repair is not None:
        implied = fail / (fail + repair)
        return (implied, fail, repair), _compare_rates(rate, implied, file=file, row=row)
    if mttf is not None and mttr is not None:
        implied = mttr / (mttf + mttr)
        issues = _compare_rates(rate, implied, file=file, row=row)
        if rate is None:
            return (implied, *chain_chances(mttf, mttr)), issues
        if 0 < rate < 1:
            return (rate, *chain_chances(mttr * (1.0 - rate) / rate, mttr)), issues
    rate = float(rate or 0.0)
    return (rate, *((rate, 1.0 - rate) if rate in {0.0, 1.0} else (np.nan, np.nan))), issues


def _check_pairs(values: Row, *, file: str, row: int) -> list[Issue]:
    def issue(message: str, field: str, **more: Any) -> Issue:
        value = f"{values[field]:g}"
        return Issue(message=message, file=file, row=row, field=field, value=value, **more)

    issues = []
    for one, other in _PAIRS:
        if values.get(one) is not None and values.get(other) is None:
            issues.append(issue(f"{one} without {other}", one, hint=f"give {other} too"))
    if values.get("mttf_h") is not None and values.get("p_fail") is not None:
        issues.append(issue("both p_fail and mttf_h", "p_fail", accepted="one of the two"))
    if values.get("p_fail") == 0 and values.get("p_repair") == 0:
        issues.append(issue("p_fail and p_repair are both 0", "p_fail", hint="no rate follows"))
    return issues


def _compare_rates(rate: float | None, implied: float, *, file: str, row: int) -> list[Issue]:
    """A warning where the stated rate is far from what the times say."""
    if rate is None or abs(rate - implied) <= _RATE_APART * max(rate, implied):
        return []
    return [
        Issue(
            message=f"the times say an outage rate of {implied:.4g}; the stated one is used",
            file=file,
            row=row,
            field="for",
            value=f"{rate:g}",
            severity="warning",
        )
    ]
