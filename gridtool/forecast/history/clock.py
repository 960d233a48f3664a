"""The clock of a history: time cells to UTC, with what had to be inferred said in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.history.cells import ColumnPlace
from gridtool.forecast.history.habits import follows_local_clock, keeps_standard_time
from gridtool.forecast.history.stamps import Stamps, parse_stamps
from gridtool.forecast.history.zone_clock import ZoneClock, make_zone_clock

__all__ = ["Clock", "ReadTimes", "begin_days", "parse_times"]

Clock = Literal["auto", "utc", "local", "standard"]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
DAY_S = 86400


@dataclass(frozen=True, kw_only=True)
class ReadTimes:
    """Times of a history's rows: the beginnings of their intervals, if shorter than a day.

    Attributes
    ----------
    utc : (n,) datetime64[s]
        NaT where the row has no place on the clock (listed in the issues).
    shown : (n,) datetime64[s]
        What the local clock shows then.
    step_s
        The usual distance of two times; 0 for a single one.
    clock
        In words.
    """

    utc: Times
    shown: Times
    step_s: int
    clock: str


def parse_times(
    cells: Sequence[str],
    place: ColumnPlace,
    *,
    filled: BoolArray,
    zone: ZoneInfo,
    clock: Clock,
    ending: bool = False,
    load: FloatArray | None = None,
) -> tuple[ReadTimes | None, list[Issue]]:
    """Read the time column.

    Offsets in the cells decide; else ``clock``; else the hours that the clock of ``zone`` skips
    and repeats: a history that has demand in the skipped ones and repeats none is in UTC, or in
    standard time all the year, unless people's habits (``load``) stay on its clock when the
    clock changes.

    Parameters
    ----------
    filled : (n,) bool
        Rows that hold a demand: a local history may list the skipped hour with an empty cell.
    ending
        The times are the ends of their intervals.
    load : (n,)
        Demand, to tell a local clock from a fixed one; None: not asked.
    """
    stamps, issues = parse_stamps(cells, place)
    if stamps is None:
        return None, issues
    step_s = _usual_step(stamps.times) or _named_step(cells[0])
    times, words = stamps.times, [stamps.said] if stamps.said else []
    if (ending or stamps.ending) and 0 < step_s < DAY_S:
        times = times - np.timedelta64(step_s, "s")
        words.append("times are ends of their intervals")
    city = make_zone_clock(zone, times.min(), times.max())
    if stamps.offsets_min:
        issues = _check_offsets(stamps, city=city, place=place)
        utc, how = times, "offsets in the file"
    elif step_s >= DAY_S:  # periods begin at the midnights of their clock
        how = "UTC" if clock == "utc" or zone.key == "UTC" else f"local time of {zone.key}"
        utc = times if clock == "utc" else begin_days(times, zone)
    else:
        utc, how, issues = _place_naive(
            times, place, filled=filled, zone=zone, city=city, clock=clock, load=load
        )
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    shown = times if not stamps.offsets_min and clock != "utc" else city.show(utc)
    return ReadTimes(utc=utc, shown=shown, step_s=step_s, clock="; ".join([how, *words])), issues


def begin_days(midnights: Times, zone: ZoneInfo) -> Times:
    """UTC of local midnights; the first instant of a day whose midnight the clock skips."""
    index = pd.DatetimeIndex(midnights.astype("datetime64[ns]"))
    summer = np.ones(len(index), dtype=np.bool_)
    local = index.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward")
    return local.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[s]")


def _usual_step(times: Times) -> int:
    steps = np.diff(np.unique(times)).astype("timedelta64[s]").astype(np.int64)
    return int(np.median(steps)) if len(steps) else 0


def _named_step(cell: str) -> int:
    """The length of a year or month that is named as such, for a file of one row; else 0."""
    if re.fullmatch(r"\d{4}", cell, re.ASCII):
        return 365 * DAY_S
    return 30 * DAY_S if re.fullmatch(r"\d{4}-\d{2}|\d{2}\.\d{4}", cell, re.ASCII) else 0


def _check_offsets(stamps: Stamps, *, city: ZoneClock, place: ColumnPlace) -> list[Issue]:
    """Refuse times of several zones: offsets further apart than summer time moves a clock."""
    offsets = stamps.offsets_min
    if max(offsets) - min(offsets) <= 60:
        return []
    if offsets <= set((city.offsets // 60).tolist()):
        return []
    shown = ", ".join(f"{m // 60:+03d}:{m % 60:02d}" for m in sorted(offsets)[:8])
    return [
        Issue(
            message="the times are in several zones",
            file=place.file,
            field=place.field,
            value=shown,
            accepted="one offset from UTC, or those of summer and winter time",
            hint="write all times in UTC",
        )
    ]


def _place_naive(
    times: Times,
    place: ColumnPlace,
    *,
    filled: BoolArray,
    zone: ZoneInfo,
    city: ZoneClock,
    clock: Clock,
    load: FloatArray | None,
) -> tuple[Times, str, list[Issue]]:
    local = city.place(times)
    skipped = np.flatnonzero(local.skipped & filled)
    how = "as stated"
    if clock == "auto":
        clock, how = _infer_clock(
            times, skipped=len(skipped), repeated=int(local.repeated.sum()), city=city, load=load
        )
    if clock == "utc":
        return times, f"UTC, {how}", []
    if clock == "standard":
        standard = times - np.timedelta64(city.standard_s, "s")
        return standard, f"standard time of {zone.key} all the year, {how}", []
    words = "UTC" if zone.key == "UTC" else f"local time of {zone.key}, {how}"
    if not len(skipped):
        return local.utc, words, []
    issue = place.issue(
        f"{len(skipped)} rows at local times that the clock of {zone.key} skips; left out",
        int(skipped[0]),
        value=str(times[skipped[0]]).replace("T", " "),
        hint="if the file is in UTC, say so with --clock utc",
        severity="warning",
    )
    return local.utc, words, [issue]


def _infer_clock(
    times: Times, *, skipped: int, repeated: int, city: ZoneClock, load: FloatArray | None
) -> tuple[Clock, str]:
    """The clock by what the file holds where the local clock changes, and why."""
    if repeated:
        come = "1 time that the clock repeats comes" if repeated == 1 else f"{repeated} times come"
        return "local", f"inferred: {come} twice where the clock is set back"
    if not skipped:
        springs = sum(
            moved > 0 and times.min() < day < times.max() for day, moved in city.changes()
        )
        if springs:
            return "local", f"inferred: no demand in the hours that the clock skips ({springs})"
        return "local", "assumed: nothing in the file speaks against it"
    if load is not None and follows_local_clock(times, load, city=city):
        return "local", "inferred: the day's course stays on its clock when the clock changes"
    why = "inferred: demand in hours the local clock skips"
    if load is not None and keeps_standard_time(times, load, city=city):
        return "standard", f"{why}, lowest demand at night"
    return "utc", why
