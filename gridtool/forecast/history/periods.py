"""From readings by day, week, month or year to periods between local midnights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue
from gridtool.forecast.history.clock import begin_days
from gridtool.forecast.history.readings import Readings

__all__ = ["PeriodValues", "Step", "lay_periods", "name_step", "sum_days"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
Step = Literal["day", "week", "month", "year"]

HOUR_S = 3600
DAY_S = 86400
_DAYS: dict[Step, tuple[float, float]] = {
    "day": (0.9, 1.1),
    "week": (6.9, 7.1),
    "month": (27.0, 31.5),
    "year": (364.0, 367.0),
}
LEAST_SHARE = 0.9
"""Share of a day's readings that must be there for its energy to count."""
LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodValues:
    """Energy and temperature of consecutive periods.

    Attributes
    ----------
    edges : (n + 1,) datetime64[s]
        UTC.
    energy_mwh, shed_mwh, temp_c : (n,)
        NaN where missing.
    """

    step: Step
    edges: Times
    energy_mwh: FloatArray
    temp_c: FloatArray | None
    shed_mwh: FloatArray | None
    words: tuple[str, ...] = ()


def name_step(step_s: int) -> Step | None:
    """The kind of period of a usual distance of times; None for none of them."""
    days = step_s / DAY_S
    for step, (least, most) in _DAYS.items():
        if least <= days <= most:
            return step
    return None


def sum_days(readings: Readings, *, zone: ZoneInfo) -> PeriodValues:
    """Local days from readings several times a day, several hours apart."""
    hours = readings.step_s / HOUR_S
    days = readings.shown.astype("datetime64[D]")
    first = days.min()
    slots = (days - first).astype(np.int64)
    count = int(slots.max()) + 1
    edges = begin_days(first + np.arange(count + 1), zone)
    length = np.diff(edges).astype(np.int64) / HOUR_S

    def total(values: FloatArray, *, energy: bool) -> FloatArray:
        known = np.isfinite(values)
        number = np.bincount(slots[known], minlength=count)
        added = np.bincount(slots[known], weights=values[known], minlength=count)
        mean = np.where(number * hours >= LEAST_SHARE * length, added, np.nan) / np.maximum(
            number, 1
        )
        return np.asarray(mean / hours * length if energy else mean * length)

    temp = readings.temp_c
    days_of = PeriodValues(
        step="day",
        edges=edges,
        energy_mwh=total(readings.load, energy=readings.energy),
        temp_c=None if temp is None else total(temp, energy=False) / length,
        shed_mwh=None
        if readings.shed is None
        else total(readings.shed, energy=readings.shed_energy),
        words=(f"readings every {hours:g} hours, summed to days",),
    )
    return _cut_ends(days_of)


def lay_periods(
    readings: Readings, *, step: Step, zone: ZoneInfo, ending: bool, file: str
) -> tuple[PeriodValues | None, list[Issue]]:
    """Readings of whole periods laid end to end, gaps included; None where they do not fit.

    Parameters
    ----------
    ending
        The times are the ends of their periods: last days, or the instants they end at.
    """
    days, zone, words = _days_of(readings, zone)
    if step in {"month", "year"} and _are_last_days(days):
        unit = "datetime64[M]" if step == "month" else "datetime64[Y]"
        days = days.astype(unit).astype("datetime64[D]")
        words.append(f"{step}s named by their last day")
    elif ending:
        days = _step_back(days, step)
        words.append("times are ends of their periods")
    marks = _marks(days, step)
    if marks is None:
        message = f"times a {step} apart that do not fit a row of {step}s"
        issue = Issue(message=message, file=file, accepted="one row for each, at the same day")
        return None, [issue]
    numbers, bounds = marks
    edges = begin_days(bounds, zone)
    hours = np.diff(edges).astype(np.int64) / HOUR_S
    temp, shed = readings.temp_c, readings.shed
    energy = _spread(readings.load, numbers, len(hours)) * (1.0 if readings.energy else hours)
    shed_factor = 1.0 if readings.shed_energy else hours
    laid = PeriodValues(
        step=step,
        edges=edges,
        energy_mwh=energy,
        temp_c=None if temp is None else _spread(temp, numbers, len(hours)),
        shed_mwh=None if shed is None else _spread(shed, numbers, len(hours)) * shed_factor,
        words=tuple(words),
    )
    return _cut_ends(laid), []


def _cut_ends(values: PeriodValues) -> PeriodValues:
    """Without periods before anything is known and after the last demand."""
    demand = np.isfinite(values.energy_mwh)
    if not demand.any():
        return values
    known = demand if values.temp_c is None else demand | np.isfinite(values.temp_c)
    first, end = int(np.flatnonzero(known)[0]), int(np.flatnonzero(demand)[-1]) + 1
    return replace(
        values,
        edges=values.edges[first : end + 1],
        energy_mwh=values.energy_mwh[first:end],
        temp_c=None if values.temp_c is None else values.temp_c[first:end],
        shed_mwh=None if values.shed_mwh is None else values.shed_mwh[first:end],
    )


def _days_of(readings: Readings, zone: ZoneInfo) -> tuple[Times, ZoneInfo, list[str]]:
    """First days of the periods, and the zone of their midnights."""
    at_utc = not np.any(readings.utc.astype(np.int64) % DAY_S)
    at_local = not np.any(readings.shown.astype(np.int64) % DAY_S)
    if at_utc and not at_local:
        return readings.utc.astype("datetime64[D]"), ZoneInfo("UTC"), ["periods in UTC"]
    return readings.shown.astype("datetime64[D]"), zone, []


def _are_last_days(days: Times) -> bool:
    """Whether every day is the last of its month."""
    following = days + np.timedelta64(1, "D")
    return bool(np.all(following.astype("datetime64[M]") != days.astype("datetime64[M]")))


def _step_back(days: Times, step: Step) -> Times:
    if step in {"day", "week"}:
        return days - np.timedelta64(1 if step == "day" else 7, "D")
    months = 1 if step == "month" else 12
    index = pd.DatetimeIndex(days) - pd.DateOffset(months=months)
    return index.to_numpy(dtype="datetime64[D]")


def _marks(days: Times, step: Step) -> tuple[IntArray, Times] | None:
    """The number of each reading's period, and the first days of all and of the one after."""
    first = days[0]
    if step in {"day", "week"}:
        length = 1 if step == "day" else 7
        away = (days - first).astype(np.int64)
        numbers, rest = np.divmod(away, length)
        bounds = first + length * np.arange(int(numbers[-1]) + 2)
        return None if rest.any() or len(bounds) > LONGEST else (numbers, bounds)
    months = days.astype("datetime64[M]").astype(np.int64)
    length = 1 if step == "month" else 12
    numbers, rest = np.divmod(months - months[0], length)
    day = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    if rest.any() or (day != day[0]).any() or day[0] > 27:
        return None
    bounds = (months[0] + length * np.arange(int(numbers[-1]) + 2)).astype("datetime64[M]")
    return numbers, bounds.astype("datetime64[D]") + day[0]


def _spread(values: FloatArray, numbers: IntArray, count: int) -> FloatArray:
    laid = np.full(count, np.nan)
    laid[numbers] = values
    return laid
