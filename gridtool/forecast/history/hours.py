"""From readings at any step up to an hour to whole hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.readings import Readings

__all__ = ["HourlyValues", "average_hours"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HOUR_S = 3600
QUARTER_S = 900
LEAST_SHARE = 0.5
"""Share of an hour's readings that must be there for its mean to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyValues:
    """Means of the hours from ``start`` (UTC) on; NaN for an hour without (enough) readings."""

    start: datetime
    load_mw: FloatArray
    temp_c: FloatArray | None
    shed_mw: FloatArray | None


def average_hours(readings: Readings, *, file: str) -> tuple[HourlyValues, list[Issue]]:
    """Hourly means, from the first row with a demand or a temperature to the last demand."""
    readings = _as_power(_cut_ends(readings))
    issues: list[Issue] = []
    if readings.step_s < HOUR_S:
        message = f"readings every {readings.step_s / 60:g} minutes, averaged to hours"
        issues.append(Issue(message=message, file=file, severity="warning"))
    stamps = readings.utc.astype(np.int64)
    if readings.step_s == HOUR_S and np.mean(stamps % HOUR_S != 0) > LEAST_SHARE:
        readings, stamps = _quarter(readings, stamps)
        message = "hours of the file begin between UTC hours: averaged over both they lie in"
        issues.append(Issue(message=message, file=file, severity="warning"))
    first = int(stamps[0] // HOUR_S)
    slots = stamps // HOUR_S - first
    least = LEAST_SHARE * HOUR_S / readings.step_s
    temp, shed = readings.temp_c, readings.shed
    hourly = HourlyValues(
        start=datetime.fromtimestamp(first * HOUR_S, tz=UTC),
        load_mw=_slot_means(readings.load, slots=slots, least=least),
        temp_c=None if temp is None else _slot_means(temp, slots=slots, least=least),
        shed_mw=None if shed is None else _slot_means(shed, slots=slots, least=least),
    )
    return hourly, issues


def _cut_ends(readings: Readings) -> Readings:
    """Without rows before anything is known and after the last demand.

    The history ends with its last demand: what comes later says nothing of demand.
    """
    load = np.flatnonzero(np.isfinite(readings.load))
    if not len(load):
        return readings
    known = np.isfinite(readings.load)
    if readings.temp_c is not None:
        known |= np.isfinite(readings.temp_c)
    return readings.pick(np.arange(int(np.flatnonzero(known)[0]), int(load[-1]) + 1))


def _as_power(readings: Readings) -> Readings:
    """Energies of the interval as mean power."""
    per_hour = HOUR_S / readings.step_s
    load = readings.load * per_hour if readings.energy else readings.load
    shed = readings.shed
    if shed is not None and readings.shed_energy:
        shed = shed * per_hour
    return replace(readings, load=load, shed=shed, energy=False, shed_energy=False)


def _quarter(readings: Readings, stamps: IntArray) -> tuple[Readings, IntArray]:
    """Each reading as four quarter hours, for zones whose hours lie between those of UTC."""
    rows = np.repeat(np.arange(len(stamps)), 4)
    quarters = stamps[rows] + np.tile(QUARTER_S * np.arange(4), len(stamps))
    return replace(readings.pick(rows), step_s=QUARTER_S), quarters


def _slot_means(readings: FloatArray, *, slots: IntArray, least: float) -> FloatArray:
    known = np.isfinite(readings)
    hours = int(slots[-1]) + 1
    count = np.bincount(slots[known], minlength=hours)
    total = np.bincount(slots[known], weights=readings[known], minlength=hours)
    enough = (count >= least) & (count > 0)
    return np.where(enough, total / np.maximum(count, 1), np.nan)
