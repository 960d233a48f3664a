"""What the regressions of log demand contain, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.calendar import LocalCalendar
from gridtool.forecast.demand.model import SpecialDays

__all__ = ["Terms", "calendar_terms", "slow_terms", "trailing_mean"]

FloatArray = npt.NDArray[np.float64]
YEAR_H = 8766.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the regressions contain.

    ``harmonics`` pairs of annual sine and cosine; for each of ``memories_h`` a natural cubic
    spline with ``knots`` knots of the mean temperature of that many hours (1: the hour itself).
    """

    harmonics: int
    knots: int = 0
    memories_h: tuple[int, ...] = ()


def trailing_mean(values: FloatArray, *, hours: int) -> FloatArray:
    """Mean of the last ``hours`` values up to and including each, along the last axis.

    Near the beginning, of those there are. NaN values are left out; NaN where fewer than half
    are known.
    """
    if hours == 1:
        return values
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0), axis=-1)
    count = np.cumsum(known, axis=-1).astype(np.float64)
    for sums in (total, count):
        sums[..., hours:] -= sums[..., :-hours].copy()
    window = np.minimum(np.arange(values.shape[-1]) + 1, hours)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(2 * count >= window, total / count, np.nan)


def calendar_terms(
    calendar: LocalCalendar, *, terms: Terms, special_days: SpecialDays
) -> FloatArray:
    """Constant, six weekdays against Monday, kinds of special days, harmonics, year's end, (n, c).

    A special day takes the effect of its weekday (of the one it resembles) and that of its kind.
    """
    hours = len(calendar.hour)
    weekdays = special_days.resembled(calendar.weekday, day=calendar.day)
    year = 2 * np.pi * (calendar.day_of_year + calendar.hour / 24.0) / 365.25
    columns = [np.ones(hours)]
    columns += [(weekdays == weekday).astype(np.float64) for weekday in range(1, 7)]
    for kind in special_days.kinds:
        columns.append(np.isin(calendar.day, special_days.numbers(kind)).astype(np.float64))
    for k in range(1, terms.harmonics + 1):
        columns += [np.sin(k * year), np.cos(k * year)]
    return np.stack(columns + _year_end(calendar), axis=1)


def _year_end(calendar: LocalCalendar) -> list[FloatArray]:
    """24 December to 2 January, 25 December and 1 January, 3 to 10 January.

    Business slackens around the turn of the year nearly everywhere, whatever list of holidays
    the user gives, and harmonics are too slow to follow. Where it does not, the effect is zero.
    """
    days = calendar.day.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    date = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    december, january = month == 12, month == 1
    spans = (
        (december & (date >= 24)) | (january & (date <= 2)),
        (december & (date == 25)) | (january & (date == 1)),
        january & (date >= 3) & (date <= 10),
    )
    return [span.astype(np.float64) for span in spans]


def slow_terms(usable: npt.NDArray[np.bool_]) -> FloatArray:
    """A course of the level through the fit, (n, y): straight between knots about a year apart.

    It keeps growth out of the seasons, which would take it up where years are few; ahead it is
    not continued, and the level model estimates the level anew. Zero at the end, so that all
    else is told at the level of the end.
    """
    first, hours = int(np.flatnonzero(usable)[0]), len(usable)
    pieces = max(1, round((hours - first) / YEAR_H))
    knots = np.linspace(first, hours, pieces + 1)
    at = np.arange(hours)
    rows = [np.interp(at, knots, heights) for heights in np.eye(pieces + 1)[:-1]]
    return np.stack(rows, axis=1)
