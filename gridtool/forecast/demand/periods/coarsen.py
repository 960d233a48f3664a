"""Hours to local days, and days to weeks or months: a history as one that holds less."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.periods.ahead import Step, add_steps
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.history.model import History, PeriodHistory

__all__ = ["coarsen_days", "sum_hours"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LEAST_HOURS = 4
"""Known hours from which a day's energy is told, by the shape of its other hours."""
LEAST_SHARE = 0.7
"""Share of the days of a longer period that must be known."""


def sum_hours(history: History, *, shape: HourShape, zone: ZoneInfo) -> PeriodHistory:
    """Energy of the whole local days of an hourly history.

    Hours known to be short, whose shed load is not known, are left out. What is missing of a day
    is filled by its known hours and the shape.

    Raises
    ------
    HistoryError
        If there is no whole day.
    """
    calendar = make_calendar(history.start, history.hours, zone=zone)
    first = np.flatnonzero(np.diff(calendar.day, prepend=calendar.day[0] - 1))
    load, shed = history.load_mw.copy(), history.shed_mw
    if history.short is not None:
        told = np.zeros(history.hours, dtype=np.bool_) if shed is None else np.isfinite(shed)
        load[history.short & ~told] = np.nan
    known = np.isfinite(load)
    shaped = shape.follow(calendar, seasons=True)
    scale = np.add.reduceat(np.where(known, load, 0.0), first)
    scale /= np.maximum(np.add.reduceat(np.where(known, shaped, 0.0), first), 1e-9)
    energy = scale * np.add.reduceat(shaped, first)
    energy[np.add.reduceat(known.astype(np.int64), first) < LEAST_HOURS] = np.nan
    rows = _whole_days(history, calendar.hour, first=first, zone=zone)
    edges = history.start.timestamp() + 3600.0 * np.append(first, history.hours)
    return PeriodHistory(
        step="day",
        edges=edges[rows.start : rows.stop + 1].astype(np.int64).astype("datetime64[s]"),
        energy_mwh=energy[rows],
        temp_c=None if history.temp_c is None else _means(history.temp_c, first=first)[rows],
        zone=zone,
        shed_mwh=None if shed is None else np.add.reduceat(np.nan_to_num(shed), first)[rows],
        clock=history.clock,
        origin=history.origin,
        sha256=history.sha256,
        warnings=history.warnings,
        findings=history.findings,
        understood=history.understood,
        set_aside=history.set_aside,
    )


def coarsen_days(days: PeriodHistory, *, step: Step) -> PeriodHistory:
    """The whole weeks (counted back from the end) or local months or years of a daily history.

    A period of which some days are unknown has the mean of the others on them.

    Raises
    ------
    HistoryError
        If there is no whole period.
    """
    begins = _begin_periods(days, step=step)
    if len(begins) < 2:
        raise HistoryError(
            Issue(message=f"the history holds no whole {step}", file=days.origin or None)
        )
    inside = slice(int(begins[0]), int(begins[-1]))
    first = begins[:-1] - begins[0]
    hours = np.diff(days.edges.astype("datetime64[s]").astype(np.int64))[inside] / 3600.0
    energy, shed = days.energy_mwh[inside], days.shed_mwh
    known = np.isfinite(energy)
    known_h = np.add.reduceat(np.where(known, hours, 0.0), first)
    whole_h = np.add.reduceat(hours, first)
    mean = np.add.reduceat(np.where(known, energy, 0.0), first) / np.maximum(known_h, 1e-9)
    return PeriodHistory(
        step=step,
        edges=days.edges[begins],
        energy_mwh=np.where(known_h >= LEAST_SHARE * whole_h, mean * whole_h, np.nan),
        temp_c=None if days.temp_c is None else _means(days.temp_c[inside], first=first),
        zone=days.zone,
        shed_mwh=None if shed is None else np.add.reduceat(np.nan_to_num(shed[inside]), first),
        clock=days.clock,
        origin=days.origin,
        sha256=days.sha256,
        warnings=days.warnings,
        findings=days.findings,
        understood=days.understood,
        set_aside=days.set_aside,
    )


def _whole_days(history: History, hour: IntArray, *, first: IntArray, zone: ZoneInfo) -> slice:
    """The days that lie in the history from their first hour to their last."""
    begin = 0 if hour[0] == 0 else 1
    last = datetime.fromtimestamp(history.start.timestamp() + 3600.0 * first[-1], tz=UTC)
    whole = add_steps(last, 1, step="day", zone=zone) <= history.end
    end = len(first) if whole else len(first) - 1
    if end <= begin:
        raise HistoryError(
            Issue(message="the history holds no whole day", file=history.origin or None)
        )
    return slice(begin, end)


def _means(values: FloatArray, *, first: IntArray) -> FloatArray:
    """Mean of the known values from each position on to the next, NaN where half are unknown."""
    known = np.isfinite(values)
    count = np.add.reduceat(known.astype(np.int64), first)
    number = np.diff(np.append(first, len(values)))
    total = np.add.reduceat(np.where(known, values, 0.0), first)
    least = np.minimum(number / 2, LEAST_HOURS)
    return np.where(count >= least, total / np.maximum(count, 1), np.nan)


def _begin_periods(days: PeriodHistory, *, step: Step) -> IntArray:
    """Positions of the edges at which whole periods begin, the last one's end included."""
    number = len(days.energy_mwh)
    if step == "week":
        return np.arange(number % 7, number + 1, 7)
    local = [
        datetime.fromtimestamp(int(edge), tz=UTC).astimezone(days.zone).date()
        for edge in days.edges.astype("datetime64[s]").astype(np.int64)
    ]
    return np.array(
        [
            row
            for row, day in enumerate(local)
            if day.day == 1 and (step != "year" or day.month == 1)
        ],
        dtype=np.int64,
    )
