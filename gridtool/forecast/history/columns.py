"""Which column of a history is what, recognised by name and unit or named by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gridtool.errors import Issue
from gridtool.forecast.history.column_words import (
    ACCEPTED,
    DATE_RANK,
    ColumnName,
    Role,
    read_column_name,
)
from gridtool.formats.spelling import list_words

__all__ = ["ColumnMatch", "LoadColumn", "find_columns"]

_ROLES: tuple[Role, ...] = ("timestamp", "load", "temp", "shed", "hour", "available")
_CLOCK_OF_WORD: dict[str, Literal["utc", "local"]] = {"utc": "utc", "local": "local"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadColumn:
    """A column of load or shed load; ``mw_per_unit`` gives MW, or MWh where it is ``energy``."""

    name: str
    unit: str
    mw_per_unit: float
    energy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMatch:
    """The columns of a history file.

    Attributes
    ----------
    time
        The column of the times, or of the dates where ``hour`` is there.
    hour
        Hours of the day beside a column of dates.
    date
        A column of dates beside the times, which may be times of day.
    clock
        What the time column's name says ("auto": nothing).
    ending
        The name says that times are the ends of their intervals.
    temps
        Temperature columns, one for each station.
    fahrenheit
        None where the names give no unit.
    assumed
        What the names left open, in words.
    available, available_utc
        The column that says since when a row is known, and whether its name says UTC.
    """

    time: str
    hour: str | None
    date: str | None
    clock: Literal["auto", "utc", "local"]
    ending: bool
    load: LoadColumn
    temps: tuple[str, ...]
    fahrenheit: bool | None
    shed: LoadColumn | None
    assumed: tuple[str, ...]
    available: str | None = None
    available_utc: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in use."""
        shed = self.shed.name if self.shed else None
        used = (self.time, self.hour, self.date, self.load.name, *self.temps, shed, self.available)
        return tuple(dict.fromkeys(name for name in used if name is not None))


_Found = dict[Role, list[tuple[str, ColumnName]]]


def find_columns(
    header: Sequence[str], *, named: Mapping[str, str], file: str
) -> tuple[ColumnMatch | None, list[Issue]]:
    """Match the header of a history.

    Parameters
    ----------
    named
        Columns the user named: header by role, where the role carries the unit
        (``timestamp``, ``timestamp_utc``, ``load_kw``, ``energy_mwh``, ``temp_f``, ``shed_mw``,
        ``hour``); several temperature columns separated by commas.

    Returns
    -------
    The match, or None with the issues that prevent it.
    """
    pointed, issues = _named_columns(header, named=named, file=file)
    found: _Found = {role: [] for role in _ROLES}
    for column in header:
        for meaning in read_column_name(column):
            found[meaning.role].append((column, meaning))
    found |= pointed
    assumed: list[str] = []
    chosen: _Found = {}
    for role in _ROLES:
        chosen[role], said = _choose(role, found[role])
        assumed += said
        issues += _check_choice(role, chosen[role], header=header, file=file)
    if issues:
        return None, issues
    return _match(chosen, assumed, dates=_dates_beside(found["timestamp"])), []


def _dates_beside(found: list[tuple[str, ColumnName]]) -> str | None:
    """A lone column of dates beside a better column of times."""
    dates = [column for column, meaning in found if meaning.rank == DATE_RANK]
    better = any(meaning.rank < DATE_RANK for _, meaning in found)
    return dates[0] if better and len(dates) == 1 else None


def _choose(
    role: Role, found: list[tuple[str, ColumnName]]
) -> tuple[list[tuple[str, ColumnName]], list[str]]:
    """The columns of the lowest rank, and what is said of the others."""
    if not found:
        return [], []
    least = min(meaning.rank for _, meaning in found)
    chosen = [(column, meaning) for column, meaning in found if meaning.rank == least]
    left = [column for column, meaning in found if meaning.rank > least]
    if role != "load" or not left:
        return chosen, []
    others = ", ".join(map(repr, left))
    return chosen, [f"column {chosen[0][0]!r} is what was served; {others} not used"]


def _check_choice(
    role: Role, chosen: list[tuple[str, ColumnName]], *, header: Sequence[str], file: str
) -> list[Issue]:
    if not chosen:
        return [_no_column(role, header=header, file=file)] if role in {"timestamp", "load"} else []
    stations = role == "temp" and all(meaning.numbered for _, meaning in chosen)
    if stations and len({meaning.unit for _, meaning in chosen}) == 1:
        return []
    if len(chosen) == 1 or role == "hour":
        return []
    return [
        Issue(
            message=f"several columns could be the {role}",
            file=file,
            row=1,
            value=", ".join(column for column, _ in chosen),
            hint=f"name the right one with --column {role}=NAME",
        )
    ]


def _match(chosen: _Found, assumed: list[str], *, dates: str | None) -> ColumnMatch:
    time, meaning = chosen["timestamp"][0]
    hour, ending = None, meaning.ending
    hours = [(column, beside) for column, beside in chosen["hour"] if column != time]
    if meaning.rank == DATE_RANK and len(hours) == 1:
        hour, ending = hours[0][0], hours[0][1].ending
    load = _load_column(chosen["load"][0], "MW", assumed=assumed)
    shed = _load_column(chosen["shed"][0], "MW", assumed=assumed) if chosen["shed"] else None
    if shed is not None and chosen["load"][0][1].rank == 1:
        assumed.append(
            f"column {load.name!r} is taken as what was served, without {shed.name!r}; if it "
            "counts the shed load, give a column of served load"
        )
    temps = tuple(column for column, _ in chosen["temp"])
    units = {known.unit for _, known in chosen["temp"]}
    since = chosen["available"][0] if chosen["available"] else None
    return ColumnMatch(
        time=time,
        hour=hour,
        date=dates,
        clock=_CLOCK_OF_WORD.get(meaning.unit, "auto"),
        ending=ending,
        load=load,
        temps=temps,
        fahrenheit=None if units <= {""} else units == {"f"},
        shed=shed,
        assumed=tuple(assumed),
        available=None if since is None else since[0],
        available_utc=since is not None and since[1].unit == "utc",
    )


def _load_column(found: tuple[str, ColumnName], default: str, *, assumed: list[str]) -> LoadColumn:
    column, meaning = found
    if not meaning.unit:
        assumed.append(f"column {column!r} names no unit: taken as {default}")
    return LoadColumn(
        name=column,
        unit=meaning.unit or default.lower(),
        mw_per_unit=meaning.mw_per_unit,
        energy=meaning.energy,
    )


def _named_columns(
    header: Sequence[str], *, named: Mapping[str, str], file: str
) -> tuple[_Found, list[Issue]]:
    pointed: _Found = {}
    issues: list[Issue] = []
    for key, given in named.items():
        columns = [given] if given in header else [part.strip() for part in given.split(",")]
        meanings = read_column_name(key)
        if not meanings:
            accepted = "; ".join(ACCEPTED.values())
            issues.append(
                Issue(message=f"a history has no column {key!r}", value=key, accepted=accepted)
            )
            continue
        for column in columns:
            if column not in header:
                message = f"there is no column {column!r} to take as {key}"
                accepted = list_words(header, limit=30)
                issues.append(Issue(message=message, file=file, row=1, accepted=accepted))
                continue
            for meaning in meanings:
                several = ColumnName(role="temp", unit=meaning.unit, numbered=True)
                taken = several if len(columns) > 1 and meaning.role == "temp" else meaning
                pointed.setdefault(meaning.role, []).append((column, taken))
    return pointed, issues


def _no_column(role: Role, *, header: Sequence[str], file: str) -> Issue:
    return Issue(
        message=f"no column for the {role}",
        file=file,
        row=1,
        value=", ".join(header),
        accepted=ACCEPTED[role],
        hint=f"or name it with --column {role}=NAME",
    )
