"""What people's habits say of a history's clock: the day's course moves with the local clock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.forecast.history.zone_clock import ZoneClock

__all__ = ["follows_local_clock", "keeps_standard_time"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

WEEKS = 2
"""Length of the time before and after a change of the clock that is compared."""
LEAST_CHANGES = 2
LEAST_GAIN = 0.2
"""Mean gain that makes a habit certain; real histories have 0.6 and more either way."""
RISE_H = 4
AROUND_H = 2
NIGHT_H = 3.5
"""Hour of standard time about which demand is lowest over a year."""
NEAR_H, FAR_H = 2.0, 3.0


def follows_local_clock(times: Times, load: FloatArray, *, city: ZoneClock) -> bool:
    """Whether the morning rise stays where it is on the file's clock when clocks change.

    On a fixed clock people rise an hour earlier in summer. The hourly changes of the mean day
    about its steepest rise, two weeks before and after each change, are compared as they stand
    and an hour shifted; the mean gain over at least ``LEAST_CHANGES`` changes decides. The
    morning alone is judged: water heaters follow time switches, the evening follows the sun.
    """
    gains = [
        gain
        for day, moved in city.changes()
        if (gain := _gain(times, load, day=day, moved=moved)) is not None
    ]
    return len(gains) >= LEAST_CHANGES and float(np.mean(gains)) > LEAST_GAIN


def keeps_standard_time(times: Times, load: FloatArray, *, city: ZoneClock) -> bool:
    """Whether a fixed clock is the zone's standard time, not UTC: by when demand is lowest.

    Decided only where one of them puts the lowest
    demand at night and the other does not.
    """
    course = _mean_course(times, load, first=times.min(), end=times.max())
    if course is None:
        return False
    lowest = float(np.argmin(np.convolve(np.tile(course, 3), np.ones(3), "same")[24:48]))
    standard = _from_night(lowest)
    utc = _from_night(lowest + city.standard_s / 3600)
    return standard <= NEAR_H and utc >= FAR_H


def _from_night(hour: float) -> float:
    away = abs(hour - NIGHT_H) % 24
    return min(away, 24 - away)


def _gain(times: Times, load: FloatArray, *, day: np.datetime64, moved: int) -> float | None:
    """How much better the mornings before and after agree unshifted; None if one is unknown.

    In shares of the variance of the hourly changes.
    """
    span = np.timedelta64(7 * WEEKS, "D")
    before = _mean_course(times, load, first=day - span, end=day)
    after = _mean_course(times, load, first=day + np.timedelta64(2, "D"), end=day + span)
    if before is None or after is None:
        return None
    steps, later = (np.diff(course, append=course[:1]) for course in (before, after))
    rise = [steps.take(range(hour, hour + RISE_H), mode="wrap").sum() for hour in range(24)]
    first = int(np.argmax(rise))
    morning = np.arange(first - AROUND_H, first + RISE_H + AROUND_H) % 24
    spread = float(np.sum((steps[morning] - steps[morning].mean()) ** 2))
    if spread == 0.0:
        return None
    still = float(np.sum((steps - later)[morning] ** 2))
    shifted = float(np.sum((steps - np.roll(later, moved))[morning] ** 2))
    return (shifted - still) / spread


def _mean_course(
    times: Times, load: FloatArray, *, first: np.datetime64, end: np.datetime64
) -> FloatArray | None:
    """Mean demand by hour of the file's clock, (24,); None unless every hour is known."""
    inside = (times >= first) & (times < end) & np.isfinite(load)
    seconds = times[inside].astype("datetime64[s]").astype(np.int64)
    hour: IntArray = seconds // 3600 % 24
    count = np.bincount(hour, minlength=24)
    if count.min() == 0:
        return None
    return np.asarray(np.bincount(hour, weights=load[inside], minlength=24) / count)
