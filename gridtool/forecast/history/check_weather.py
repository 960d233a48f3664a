"""What is wrong with the temperatures of a history, found by stated rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.quality import (
    QualityFinding,
    find_runs,
    list_findings,
    note_runs,
)

__all__ = ["CheckedTemperature", "check_temperature"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)

FILLED_GAP_H = 6
"""Temperature gaps up to this long are interpolated."""
TEMPERATURE_C = (-60.0, 55.0)
LARGEST_WRONG_SHARE = 0.05
"""Above it not single readings are wrong, but their unit."""
LATE_END_H = 60 * 24
"""Demand after the last temperature from which on a part of it is without weather."""


@dataclass(frozen=True, kw_only=True)
class CheckedTemperature:
    """Temperature, (n,) or None where there is none to use, and what was found."""

    temp_c: FloatArray | None
    findings: tuple[QualityFinding, ...] = ()
    issues: tuple[Issue, ...] = ()
    set_aside: str | None = None


def check_temperature(
    temp_c: FloatArray, load_mw: FloatArray, *, start: datetime, file: str
) -> CheckedTemperature:
    """Hourly temperature with single impossible readings left out and short gaps interpolated.

    Values that are no air temperature are an error where they are many. ``set_aside`` says what
    of the demand has no temperature: all of it, half or more, or its last months.
    """
    known = np.isfinite(temp_c)
    if not known.any():
        message = "the temperature column is empty: there is no weather to learn from"
        warning = Issue(message=message, file=file, severity="warning")
        aside = "the temperature column is empty"
        return CheckedTemperature(temp_c=None, issues=(warning,), set_aside=aside)
    low, high = TEMPERATURE_C
    with np.errstate(invalid="ignore"):
        wrong = (temp_c < low) | (temp_c > high)
    if wrong.sum() > LARGEST_WRONG_SHARE * known.sum():
        lowest, highest = float(np.nanmin(temp_c)), float(np.nanmax(temp_c))
        impossible = Issue(
            message=f"temperatures from {lowest:.1f} to {highest:.1f} degrees Celsius",
            file=file,
            accepted=f"{low:.0f} to {high:.0f}",
            hint="degrees Fahrenheit are read from a column temp_f",
        )
        return CheckedTemperature(temp_c=None, issues=(impossible,))
    rule = f"a temperature outside {low:.0f} to {high:.0f} degrees Celsius"
    findings = note_runs(wrong, "no temperature", rule=rule, start=start, masked=True)
    issues = list_findings(findings, "impossible temperature, left out", file=file)
    temp = np.where(wrong, np.nan, temp_c)
    demand = np.flatnonzero(np.isfinite(load_mw))
    inside = np.zeros(len(temp), dtype=np.bool_)
    inside[int(demand[0]) if len(demand) else 0 :] = True
    rule = f"no temperature beside the demand; up to {FILLED_GAP_H} hours are interpolated"
    gaps = note_runs(
        np.isnan(temp) & inside & ~wrong, "temperature gap", rule=rule, start=start, masked=True
    )
    issues += list_findings(gaps, "no temperature", file=file)
    temp = _fill_short(temp)
    return CheckedTemperature(
        temp_c=temp,
        findings=(*findings, *gaps),
        issues=tuple(issues),
        set_aside=_without_weather(temp, load_mw, start=start),
    )


def _fill_short(temp_c: FloatArray) -> FloatArray:
    gaps = np.isnan(temp_c)
    filled = temp_c.copy()
    hours = np.arange(len(temp_c))
    for first, end in find_runs(gaps):
        if end - first <= FILLED_GAP_H and first > 0 and end < len(temp_c):
            filled[first:end] = np.interp(
                hours[first:end], [first - 1, end], [temp_c[first - 1], temp_c[end]]
            )
    return filled


def _without_weather(temp_c: FloatArray, load_mw: FloatArray, *, start: datetime) -> str | None:
    """What of the demand has no temperature, in words; None if little."""
    demand, weather = np.isfinite(load_mw), np.isfinite(temp_c)
    if not demand.any() or not weather.any():
        return None
    bare = float((demand & ~weather).sum() / demand.sum())
    last = int(np.flatnonzero(weather)[-1])
    late = int(demand[last + 1 :].sum())
    if late >= LATE_END_H:
        return (
            f"temperatures end at {start + (last + 1) * HOUR:%Y-%m-%d}: {late / 24:.0f} days of "
            "demand after them are without weather"
        )
    if bare >= 0.5:
        return f"{100 * bare:.0f} % of the demand has no temperature"
    return None
