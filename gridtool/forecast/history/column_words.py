"""The names that columns of histories go by: one header to the role, unit and clock it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["ACCEPTED", "DATE_RANK", "ColumnName", "Role", "read_column_name"]

Role = Literal["timestamp", "hour", "load", "temp", "shed", "available"]

ACCEPTED = {
    "timestamp": "timestamp, time, datetime, date, each also with _utc or _local; date and hour "
    "in two columns; day, week, month, year; period_end, hour_ending where times are ends",
    "load": "load, demand, consumption or power with _mw, _kw or _gw, energy with _mwh, _kwh or "
    "_gwh; without a unit: MW",
    "temp": "temp or temperature with _c or _f, several with numbers; without a unit: degrees "
    "Celsius, unless no air is as warm",
    "shed": "shed, load_shed, loadshed with _mw, _kw or _gw; without a unit: MW",
    "hour": "hour, hr, he, hour_ending: 0 to 23, or 1 to 24 where the hours are ends",
    "available": "available_at, also with _utc or _local: since when the row is known",
}
MW_PER_UNIT = {"kw": 1e-3, "mw": 1.0, "gw": 1e3, "квт": 1e-3, "мвт": 1.0, "гвт": 1e3}
MWH_PER_UNIT = {"kwh": 1e-3, "mwh": 1.0, "gwh": 1e3, "twh": 1e6} | {
    "квтгод": 1e-3,
    "мвтгод": 1.0,
    "гвтгод": 1e3,
}
DATE_RANK = 1
"""Rank of a column of dates, which may have the hours beside it."""
_CLOCKS = {"local": "local", "utc": "utc", "gmt": "utc"}
_TIME_WORDS = frozenset(
    [
        "timestamp",
        "time",
        "datetime",
        "date_time",
        "time_stamp",
        "ds",
        "period_start",
        "start",
        "interval_start",
        "valid_time",
        "час",
        "дата_час",
        "дата_і_час",
    ]
)
_END_WORDS = frozenset(
    [
        "period_end",
        "end",
        "interval_end",
        "time_end",
        "end_time",
        "period_ending",
        "interval_ending",
        "datetime_ending",
        "settlementdate",
    ]
)
_DATE_WORDS = frozenset({"date", "дата"})
_PERIOD_WORDS = frozenset(
    ["day", "week", "week_start", "month", "period", "year", "день", "тиждень", "місяць", "рік"]
)
_HOUR_WORDS = frozenset(["hour", "hr", "hour_of_day", "година"])
_HOUR_END_WORDS = frozenset(["he", "hour_ending", "hour_end", "hr_end", "hr_ending"])
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
        "actual_total_load",
        "totaldemand",
        "system_demand",
        "load_actual",
        "electricity_demand",
        "electric_demand",
    ]
)
_SERVED_WORDS = frozenset(
    ["served", "served_load", "load_served", "supply", "supplied", "served_demand"]
)
_ENERGY_WORDS = frozenset(["energy", "sales", "electricity", "електроенергія", "енергія"])
_TEMP_WORDS = frozenset(
    [
        "temp",
        "temperature",
        "air_temp",
        "air_temperature",
        "t2m",
        "температура",
        "mean_temp",
        "temp_mean",
        "avg_temp",
        "temp_avg",
        "mean_temperature",
        "average_temperature",
        "temperature_2m",
        "dry_bulb",
        "drybulb",
        "station_temp",
        "temp_station",
    ]
)
_TEMP_UNITS = {"c": "c", "degc": "c", "celsius": "c", "с": "c"} | {
    "f": "f",
    "degf": "f",
    "fahrenheit": "f",
}
_SHED_WORDS = frozenset(
    [
        "shed",
        "load_shed",
        "loadshed",
        "shed_load",
        "loadshedding",
        "load_shedding",
        "unserved",
        "unserved_load",
        "відключено",
        "обмеження",
    ]
)
_STATION = re.compile(r"w_?\d{1,3}")
_NUMBER = re.compile(r"_?\d{1,3}(?=_|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnName:
    """What the name of a column says.

    Attributes
    ----------
    unit
        Of a load or shed load as written (``mw``, ``kwh``), ``c`` or ``f`` of a temperature,
        ``utc`` or ``local`` of a time; empty where the name has none.
    rank
        Among columns of one role those of the lowest rank are meant.
    ending
        The times are the ends of their intervals.
    numbered
        One of several temperature stations.
    """

    role: Role
    unit: str = ""
    rank: int = 0
    ending: bool = False
    numbered: bool = False

    @property
    def mw_per_unit(self) -> float:
        """Factor to MW, or to MWh of an energy."""
        return MW_PER_UNIT.get(self.unit, MWH_PER_UNIT.get(self.unit, 1.0))

    @property
    def energy(self) -> bool:
        """Whether the cells are energy, not power."""
        return self.unit in MWH_PER_UNIT


def read_column_name(name: str) -> tuple[ColumnName, ...]:
    """Every role a column of this name can play, none for a name that says nothing."""
    word = _normalise(name)
    found = (
        _as_time(word),
        _as_hour(word),
        _as_load(word),
        _as_temp(word),
        _as_shed(word),
        _as_available(word),
    )
    return tuple(role for role in found if role is not None)


def _normalise(name: str) -> str:
    word = re.sub(r"[^\w]+|_+", "_", name.strip().lower().replace("°", "")).strip("_")
    return re.sub(r"(квт|мвт|гвт|kw|mw|gw)_(год|h)$", r"\1\2", word)


def _as_time(word: str) -> ColumnName | None:
    if word in {"utc", "gmt"}:
        return ColumnName(role="timestamp", unit="utc")
    clock, stem = "", word
    first, _, rest = word.partition("_")
    begun, _, last = word.rpartition("_")
    if last in _CLOCKS:
        clock, stem = _CLOCKS[last], begun
    elif first in _CLOCKS:
        clock, stem = _CLOCKS[first], rest
    ranks = (
        (_TIME_WORDS, 0, False),
        (_END_WORDS, 0, True),
        (_DATE_WORDS, DATE_RANK, False),
        (_HOUR_END_WORDS - {"he"}, 2, True),
        (_PERIOD_WORDS, 3, False),
    )
    for words, rank, ending in ranks:
        if stem in words:
            return ColumnName(role="timestamp", unit=clock, rank=rank, ending=ending)
    return None


def _as_available(word: str) -> ColumnName | None:
    stem, _, last = word.rpartition("_")
    if last in _CLOCKS and stem == "available_at":
        return ColumnName(role="available", unit=_CLOCKS[last])
    return ColumnName(role="available") if word == "available_at" else None


def _as_hour(word: str) -> ColumnName | None:
    if word in _HOUR_END_WORDS:
        return ColumnName(role="hour", ending=True)
    return ColumnName(role="hour") if word in _HOUR_WORDS else None


def _as_load(word: str) -> ColumnName | None:
    """Load, or energy; served load before demand, which may count what was shed."""
    stem, _, last = word.rpartition("_")
    if last in MW_PER_UNIT or last in MWH_PER_UNIT:
        unit = last
    else:
        stem, unit = word, ""
    if stem in _SERVED_WORDS:
        return ColumnName(role="load", unit=unit, rank=0)
    if stem in _LOAD_WORDS or (stem == "" and unit):
        return ColumnName(role="load", unit=unit, rank=1)
    if stem in _ENERGY_WORDS and unit not in MW_PER_UNIT:
        return ColumnName(role="load", unit=unit or "mwh", rank=1)
    return None


def _as_temp(word: str) -> ColumnName | None:
    if _STATION.fullmatch(word):
        return ColumnName(role="temp", rank=1, numbered=True)
    plain = _temp_unit(word)
    if plain is not None:
        return ColumnName(role="temp", unit=plain)
    without = _NUMBER.sub("", word, count=1)
    unit = _temp_unit(without) if without != word else None
    return None if unit is None else ColumnName(role="temp", unit=unit, rank=1, numbered=True)


def _temp_unit(word: str) -> str | None:
    """The unit in a name of a temperature, empty if it has none; None for another name."""
    stem, _, last = word.rpartition("_")
    if stem in _TEMP_WORDS and last in _TEMP_UNITS:
        return _TEMP_UNITS[last]
    return "" if word in _TEMP_WORDS else None


def _as_shed(word: str) -> ColumnName | None:
    stem, _, last = word.rpartition("_")
    if stem in _SHED_WORDS and (last in MW_PER_UNIT or last in MWH_PER_UNIT):
        return ColumnName(role="shed", unit=last)
    return ColumnName(role="shed") if word in _SHED_WORDS else None
