"""The clock of a history: time cells to UTC, with what had to be inferred said in words."""

from __future__ import annotations

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

__all__ = ["Clock", "ReadTimes", "parse_times"]

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
    utc : (n,) datetime64[ns]
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
    step_s = _usual_step(stamps.times)
    times, words = stamps.times, [stamps.said] if stamps.said else []
    if (ending or stamps.ending) and 0 < step_s < DAY_S:
        times = times - np.timedelta64(step_s, "s")
        words.append("times are ends of their intervals")
    if stamps.offsets_min:
        issues = _check_offsets(stamps, zone=zone, place=place)
        utc, how = times.astype("datetime64[ns]"), "offsets in the file"
    elif step_s >= DAY_S:  # periods begin at the midnights of their clock
        how = "UTC" if clock == "utc" or zone.key == "UTC" else f"local time of {zone.key}"
        utc = times.astype("datetime64[ns]") if clock == "utc" else _begin_days(times, zone)
    else:
        utc, how, issues = _place_naive(
            times, place, filled=filled, zone=zone, clock=clock, load=load
        )
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    shown = times if not stamps.offsets_min and clock != "utc" else _show(utc, zone)
    return ReadTimes(utc=utc, shown=shown, step_s=step_s, clock="; ".join([how, *words])), issues


def _usual_step(times: Times) -> int:
    steps = np.diff(np.unique(times)).astype("timedelta64[s]").astype(np.int64)
    return int(np.median(steps)) if len(steps) else 0


def _show(utc: Times, zone: ZoneInfo) -> Times:
    local = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return local.to_numpy(dtype="datetime64[s]")


def _localise(times: Times, zone: ZoneInfo) -> tuple[Times, BoolArray]:
    """UTC of local times, NaT where the clock skips them, and which those are.

    An hour that the clock repeats comes twice: first in summer time, then in winter time.
    """
    index = pd.DatetimeIndex(times.astype("datetime64[ns]"))
    newest_first = len(times) > 1 and times[0] > times[-1]
    summer = ~index.duplicated(keep="last" if newest_first else "first")
    local = index.tz_localize(zone, ambiguous=summer, nonexistent="NaT")
    utc = local.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return utc, np.isnat(utc)


def _begin_days(times: Times, zone: ZoneInfo) -> Times:
    """UTC of local midnights; the first instant of a day whose midnight the clock skips."""
    index = pd.DatetimeIndex(times.astype("datetime64[ns]"))
    summer = np.ones(len(index), dtype=np.bool_)
    local = index.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward")
    return local.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[ns]")


def _check_offsets(stamps: Stamps, *, zone: ZoneInfo, place: ColumnPlace) -> list[Issue]:
    """Refuse times of several zones: offsets further apart than summer time moves a clock."""
    offsets = stamps.offsets_min
    if max(offsets) - min(offsets) <= 60:
        return []
    own = np.unique((_show(stamps.times, zone) - stamps.times).astype("timedelta64[m]"))
    if offsets <= set(own.astype(np.int64).tolist()):
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
    clock: Clock,
    load: FloatArray | None,
) -> tuple[Times, str, list[Issue]]:
    utc, missing = _localise(times, zone)
    skipped = np.flatnonzero(missing & filled)
    said = clock != "auto"
    how = "as stated"
    if not said:
        clock, how = _infer_clock(times, skipped=len(skipped), zone=zone, load=load)
    if clock == "utc":
        return times.astype("datetime64[ns]"), f"UTC, {how}", []
    if clock == "standard":
        offset = _standard_offset(times, zone)
        return (times - offset).astype("datetime64[ns]"), f"standard time of {zone.key}, {how}", []
    words = "UTC" if zone.key == "UTC" else f"local time of {zone.key}, {how}"
    if not len(skipped):
        return utc, words, []
    issue = place.issue(
        f"{len(skipped)} rows at local times that the clock of {zone.key} skips; left out",
        int(skipped[0]),
        value=str(times[skipped[0]]).replace("T", " "),
        hint="if the file is in UTC, say so with --clock utc",
        severity="warning",
    )
    return utc, words, [issue]


def _infer_clock(
    times: Times, *, skipped: int, zone: ZoneInfo, load: FloatArray | None
) -> tuple[Clock, str]:
    """The clock by what the file holds where the local clock changes, and why."""
    twice = _count_repeated(times, zone)
    if twice:
        hours = "1 hour" if twice == 1 else f"{twice} hours"
        return "local", f"inferred: {hours} that the clock repeats come twice"
    if not skipped:
        return "local", "assumed: nothing in the file speaks against it"
    if load is not None and follows_local_clock(times, load, zone=zone):
        return "local", "inferred: the day's course stays on its clock when the clock changes"
    why = "inferred: demand in hours the local clock skips"
    if load is not None:
        offset = _standard_offset(times, zone)
        if keeps_standard_time(times, load, offset=offset):
            return "standard", f"{why}, the lowest demand at night"
    return "utc", why


def _standard_offset(times: Times, zone: ZoneInfo) -> np.timedelta64:
    """The zone's offset from UTC in winter, of the times' first year."""
    year = times[0].astype("datetime64[Y]").astype("datetime64[s]")
    days = year + np.arange(0, 366, 7).astype("timedelta64[D]")
    return np.timedelta64((_show(days, zone) - days).min(), "s")


def _count_repeated(times: Times, zone: ZoneInfo) -> int:
    """How many local times come twice when the clock is set back."""
    index = pd.DatetimeIndex(times.astype("datetime64[ns]"))
    twice = index[index.duplicated()]
    if not len(twice):
        return 0
    placed = twice.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return int(np.isnat(placed.to_numpy(dtype="datetime64[ns]")).sum())
