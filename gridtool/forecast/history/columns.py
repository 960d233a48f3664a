"""Which column of a history is what, recognised by name and unit or named by the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gridtool.errors import Issue

__all__ = ["ColumnMatch", "find_columns"]

_TIME_WORDS = frozenset(
    [
        "timestamp",
        "time",
        "datetime",
        "date_time",
        "date",
        "ds",
        "utc",
        "period_start",
        "start",
        "дата",
        "час",
        "дата_час",
    ]
)
_DATE_WORDS = frozenset({"date", "дата"})
_TIME_CLOCKS = {"local": "local", "utc": "utc", "gmt": "utc"}
_CLOCK_OF_WORD: dict[str, Literal["utc", "local"]] = {"utc": "utc", "local": "local"}
_LOAD_WORDS = frozenset(
    [
        "load",
        "demand",
        "consumption",
        "power",
        "навантаження",
        "споживання",
        "попит",
        "total_load",
        "system_load",
        "actual_load",
        "total_demand",
    ]
)
_MW_PER_UNIT = {"kw": 1e-3, "mw": 1.0, "gw": 1e3, "квт": 1e-3, "мвт": 1.0, "гвт": 1e3}
_TEMP_WORDS = frozenset(
    ["temp", "temperature", "air_temp", "air_temperature", "t2m", "температура"]
)
_TEMP_UNITS = {"c": "c", "degc": "c", "celsius": "c", "с": "c", "f": "f", "degf": "f"} | {
    "fahrenheit": "f"
}
_ACCEPTED = {
    "timestamp": "timestamp, time, datetime, date, each also with _utc or _local",
    "load": "load, demand, consumption or power with _mw, _kw or _gw; without a unit: MW",
    "temp": "temp or temperature with _c or _f; without a unit: degrees Celsius",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMatch:
    """The columns of a history file.

    ``clock`` is what the time column's name says ("auto": nothing),
    ``mw_per_unit`` turns the demand column into MW, ``assumed`` says in words what the names
    left open.
    """

    timestamp: str
    clock: Literal["auto", "utc", "local"]
    load: str
    mw_per_unit: float
    temp: str | None
    fahrenheit: bool
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A column that can play a role: its header and the unit or clock in its name."""

    header: str
    unit: str


def find_columns(
    header: Sequence[str], *, named: Mapping[str, str], file: str
) -> tuple[ColumnMatch | None, list[Issue]]:
    """Match the header of a history.

    Parameters
    ----------
    named
        Columns the user named: header by role, where the role carries the unit
        (``timestamp``, ``timestamp_utc``, ``load_kw``, ``temp_f``, ...).

    Returns
    -------
    The match, or None with the issues that prevent it.
    """
    issues: list[Issue] = []
    found: dict[str, _Candidate | None] = {}
    pointed = _named_candidates(header, named=named, file=file, issues=issues)
    for role in ("timestamp", "load", "temp"):
        if role in pointed:
            found[role] = pointed[role]
            continue
        candidates = [c for column in header if (c := _candidate(column, column, role=role))]
        if len(candidates) > 1:  # beside a time of day, a column of dates is no rival
            candidates = [c for c in candidates if _normalise(c.header) not in _DATE_WORDS]
        found[role] = candidates[0] if len(candidates) == 1 else None
        if len(candidates) > 1:
            issues.append(_several_columns(role, candidates=candidates, file=file))
        elif not candidates and role != "temp":
            issues.append(_no_column(role, header=header, file=file))
    if issues or found["timestamp"] is None or found["load"] is None:
        return None, issues
    return _match(found["timestamp"], found["load"], temp=found["temp"]), []


def _match(time: _Candidate, load: _Candidate, *, temp: _Candidate | None) -> ColumnMatch:
    assumed = []
    if not load.unit:
        assumed.append(f"column {load.header!r} names no unit: taken as MW")
    if temp is not None and not temp.unit:
        assumed.append(f"column {temp.header!r} names no unit: taken as degrees Celsius")
    return ColumnMatch(
        timestamp=time.header,
        clock=_CLOCK_OF_WORD.get(time.unit, "auto"),
        load=load.header,
        mw_per_unit=_MW_PER_UNIT.get(load.unit, 1.0),
        temp=temp.header if temp else None,
        fahrenheit=bool(temp and temp.unit == "f"),
        assumed=tuple(assumed),
    )


def _normalise(name: str) -> str:
    return re.sub(r"[^\w]+|_+", "_", name.strip().lower().replace("°", "")).strip("_")


def _candidate(name: str, header: str, *, role: str) -> _Candidate | None:
    """``header`` as a column for ``role`` if ``name`` says so."""
    word = _normalise(name)
    stem, _, last = word.rpartition("_")
    if role == "timestamp":
        if word == "utc":
            return _Candidate(header, "utc")
        first, _, rest = word.partition("_")
        if last in _TIME_CLOCKS and stem in _TIME_WORDS:
            return _Candidate(header, _TIME_CLOCKS[last])
        if first in _TIME_CLOCKS and rest in _TIME_WORDS:
            return _Candidate(header, _TIME_CLOCKS[first])
        return _Candidate(header, "") if word in _TIME_WORDS else None
    words, units = (
        (_LOAD_WORDS, dict.fromkeys(_MW_PER_UNIT)) if role == "load" else (_TEMP_WORDS, _TEMP_UNITS)
    )
    if stem in words and last in units:
        return _Candidate(header, units[last] or last)
    return _Candidate(header, "") if word in words else None


def _named_candidates(
    header: Sequence[str], *, named: Mapping[str, str], file: str, issues: list[Issue]
) -> dict[str, _Candidate]:
    pointed: dict[str, _Candidate] = {}
    for key, column in named.items():
        if column not in header:
            issues.append(
                Issue(
                    message=f"there is no column {column!r} to take as {key}",
                    file=file,
                    row=1,
                    accepted=", ".join(header),
                )
            )
            continue
        for role in ("timestamp", "load", "temp"):
            if candidate := _candidate(key, column, role=role):
                pointed[role] = candidate
                break
        else:
            issues.append(
                Issue(
                    message=f"a history has no column {key!r}",
                    value=key,
                    accepted="; ".join(_ACCEPTED.values()),
                )
            )
    return pointed


def _several_columns(role: str, *, candidates: Sequence[_Candidate], file: str) -> Issue:
    return Issue(
        message=f"several columns could be the {role}",
        file=file,
        row=1,
        value=", ".join(candidate.header for candidate in candidates),
        hint=f"name the right one with --column {role}=NAME",
    )


def _no_column(role: str, *, header: Sequence[str], file: str) -> Issue:
    return Issue(
        message=f"no column for the {role}",
        file=file,
        row=1,
        value=", ".join(header),
        accepted=_ACCEPTED[role],
        hint=f"or name it with --column {role}=NAME",
    )
