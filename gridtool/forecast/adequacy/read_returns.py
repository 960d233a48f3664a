"""Dates of return of units that are out: one of three kinds in a row of the units' table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from gridtool.errors import Issue
from gridtool.forecast.adequacy.returns import (
    DAYS_AHEAD,
    ReturnDate,
    return_after_hours,
    return_between_days,
    return_lognormal_days,
    return_on_day,
)

__all__ = ["read_return"]

_KINDS = (
    ("returns_day", "returns_latest_day"),
    ("returns_median_day", "returns_sigma"),
    ("returns_at", "returns_latest"),
)
_FIELDS = {name for kind in _KINDS for name in kind}
_HOUR = timedelta(hours=1)


def read_return(
    values: Mapping[str, Any],
    *,
    file: str,
    row: int,
    start: datetime | None,
    refused: Collection[str] = (),
) -> tuple[ReturnDate | None, list[Issue]]:
    """When the units of a row come back, None where they are not out, and the findings.

    Parameters
    ----------
    start
        First hour of the load where it has timestamps.
    refused
        Fields of the row that were refused before.
    """
    given = {name: values[name] for name in _FIELDS if values.get(name) is not None}
    if not given or _FIELDS & set(refused):
        return None, []
    wrong = _check(given, start=start)
    if wrong is not None:
        message, field, advice = wrong
        value = None if field not in given else str(given[field])
        return None, [
            Issue(message=message, file=file, row=row, field=field, value=value, hint=advice)
        ]
    return _make(given, start=start), []


def _check(given: Mapping[str, Any], *, start: datetime | None) -> tuple[str, str, str] | None:
    """What is wrong, the field, and what to do; None where nothing is."""
    kinds = [kind for kind in _KINDS if given.keys() & set(kind)]
    first, second = kinds[0]
    days = [given[name] for name in _KINDS[0] if name in given]
    most = DAYS_AHEAD * timedelta(days=1)
    checks = (
        (len(kinds) > 1, "a second kind of return date", kinds[-1][0], "give one kind in a row"),
        (first not in given, f"{second} without {first}", second, f"give {first} too"),
        (
            first == "returns_median_day" and second not in given,
            f"{first} without {second}",
            first,
            f"give {second} too; 0.5 is a usual spread",
        ),
        (
            first != "returns_median_day" and {first, second} <= given.keys()
            and given[second] < given[first],
            f"is before {first}",
            second,
            f"give {first} or later",
        ),
        (any(day != int(day) for day in days), "is not a whole day", first, "give 0, 1, 2, ..."),
        (
            first == "returns_at" and start is None,
            "a time of return needs a load with timestamps",
            first,
            "give returns_day, or a load with timestamps",
        ),
        (
            first == "returns_at" and start is not None
            and any(given[name] - start > most for name in (first, second) if name in given),
            "is more than ten years ahead",
            first,
            "leave units out that do not come back",
        ),
    )  # fmt: skip
    return next(((text, field, advice) for bad, text, field, advice in checks if bad), None)


def _make(given: Mapping[str, Any], *, start: datetime | None) -> ReturnDate:
    if "returns_median_day" in given:
        return return_lognormal_days(given["returns_median_day"], given["returns_sigma"])
    if "returns_day" in given:
        earliest = int(given["returns_day"])
        latest = int(given.get("returns_latest_day", earliest))
        single = earliest == latest
        return return_on_day(earliest) if single else return_between_days(earliest, latest)
    assert start is not None  # checked before
    first = max(0.0, (given["returns_at"] - start) / _HOUR)
    last = (given.get("returns_latest", given["returns_at"]) - start) / _HOUR
    return return_after_hours(np.arange(first, max(first, last) + 1e-9))
