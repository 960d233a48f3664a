"""The clock of a time zone over a span, for many times at once."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["PlacedTimes", "ZoneClock", "make_zone_clock"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

HALF_HOUR_S, DAY_S = 1800, 86400
YEAR = np.timedelta64(366, "D")
_NOWHERE = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTimes:
    """Local times in UTC.

    Attributes
    ----------
    utc : (n,) datetime64[s]
        NaT where the clock skips the time.
    skipped, repeated : (n,) bool
        Times that the clock skips, and second ones of those that it shows twice.
    """

    utc: Times
    skipped: BoolArray
    repeated: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneClock:
    """Offsets from UTC in seconds, (k,), each valid from the UTC second ``starts`` (k,) on."""

    starts: IntArray
    offsets: IntArray

    @property
    def standard_s(self) -> int:
        """The offset in winter."""
        return int(self.offsets.min())

    def changes(self) -> list[tuple[np.datetime64, int]]:
        """UTC instants at which the clock is set by an hour, and by how many hours."""
        moved = np.diff(self.offsets)
        whole = np.flatnonzero(np.abs(moved) == 2 * HALF_HOUR_S)
        return [
            (self.starts[at + 1].astype("datetime64[s]"), int(np.sign(moved[at]))) for at in whole
        ]

    def show(self, utc: Times) -> Times:
        """What the clock shows at UTC times."""
        seconds = utc.astype("datetime64[s]").astype(np.int64)
        return np.asarray((seconds + self._offset_at(seconds)).astype("datetime64[s]"))

    def place(self, local: Times) -> PlacedTimes:
        """UTC of times that the clock shows.

        A time that is shown twice and listed twice is first the earlier one, in files written
        newest first the later one; listed once it is the earlier one, in summer time.
        """
        seconds = local.astype("datetime64[s]").astype(np.int64)
        early = np.full(len(seconds), _NOWHERE)
        late = early.copy()
        for offset in np.unique(self.offsets):  # larger offsets are earlier instants
            instant = seconds - offset
            fits = self._offset_at(instant) == offset
            late = np.where(fits & (late == _NOWHERE), instant, late)
            early = np.where(fits, instant, early)
        newest_first = len(seconds) > 1 and seconds[0] > seconds[-1]
        again = pd.Index(seconds).duplicated(keep="last" if newest_first else "first")
        repeated = again & (early != late)
        utc = np.where(repeated, late, early)
        return PlacedTimes(
            utc=utc.astype("datetime64[s]"),  # the least number of seconds is NaT
            skipped=utc == _NOWHERE,
            repeated=repeated,
        )

    def _offset_at(self, utc_s: IntArray) -> IntArray:
        at = np.searchsorted(self.starts, utc_s, side="right") - 1
        return np.asarray(self.offsets[at.clip(min=0)])


def make_zone_clock(zone: ZoneInfo, first: np.datetime64, last: np.datetime64) -> ZoneClock:
    """The clock of ``zone`` from a year before ``first`` to a year after ``last``."""
    days = np.arange(first - YEAR, last + YEAR, dtype="datetime64[D]")
    day_s = days.astype("datetime64[s]").astype(np.int64)
    changed = np.flatnonzero(np.diff(_offsets(day_s, zone)))
    # A day that ends at another offset holds a change, found to the half hour.
    halves = day_s[changed][:, None] + np.arange(0, DAY_S + 1, HALF_HOUR_S)
    grid = np.unique(np.concatenate((day_s[:1], halves.ravel())))
    offsets = _offsets(grid, zone)
    at = np.concatenate(([0], np.flatnonzero(np.diff(offsets)) + 1))
    return ZoneClock(starts=grid[at], offsets=offsets[at])


def _offsets(utc_s: IntArray, zone: ZoneInfo) -> IntArray:
    index = pd.DatetimeIndex(utc_s.astype("datetime64[s]")).tz_localize("UTC").tz_convert(zone)
    shown = index.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
    return np.asarray(shown - utc_s)
