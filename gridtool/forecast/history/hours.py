"""From rows at any regular step to whole hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue

__all__ = ["HourlyValues", "average_hours"]

FloatArray = npt.NDArray[np.float64]
LONGEST_YEARS = 60
LEAST_SHARE = 0.5
"""Share of an hour's readings that must be there for its mean to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyValues:
    """Means of the hours from ``start`` (UTC) on; NaN for an hour without (enough) readings."""

    start: datetime
    load_mw: FloatArray
    temp_c: FloatArray | None


def average_hours(
    utc: npt.NDArray[np.datetime64],
    load_mw: FloatArray,
    *,
    temp_c: FloatArray | None,
    file: str,
) -> tuple[HourlyValues | None, list[Issue]]:
    """Hourly means of readings at UTC times (NaT: left out).

    Two different readings of one time contradict each other: both are left out. Readings less
    often than hourly are refused.
    """
    placed = ~np.isnat(utc)
    order = np.flatnonzero(placed)[np.argsort(utc[placed], kind="stable")]
    stamps = utc[order].astype("datetime64[s]").astype(np.int64)
    load, temp = load_mw[order], None if temp_c is None else temp_c[order]
    steps = np.diff(stamps)
    step_s = int(np.median(steps[steps > 0])) if (steps > 0).any() else 0
    refusal = _refuse_span(stamps, step_s=step_s, file=file)
    if refusal:
        return None, [refusal]
    issues = []
    twice = np.zeros(len(stamps), dtype=np.bool_)
    twice[1:] = steps == 0
    if twice.any():
        issues.append(_resolve_twice(twice, load, file=file))
        keep = ~twice
        stamps, load = stamps[keep], load[keep]
        temp = None if temp is None else temp[keep]
    if step_s < 3600:
        message = f"readings every {step_s / 60:g} minutes, averaged to hours"
        issues.append(Issue(message=message, file=file, severity="warning"))
    first = int(stamps[0] // 3600)
    slots = stamps // 3600 - first
    least = LEAST_SHARE * 3600 / step_s
    hourly = HourlyValues(
        start=datetime.fromtimestamp(first * 3600, tz=UTC),
        load_mw=_slot_means(load, slots=slots, least=least),
        temp_c=None if temp is None else _slot_means(temp, slots=slots, least=least),
    )
    return hourly, issues


def _refuse_span(stamps: npt.NDArray[np.int64], *, step_s: int, file: str) -> Issue | None:
    if step_s == 0:
        return Issue(message="fewer than two different times", file=file)
    if step_s > 3600:
        return Issue(
            message=f"readings every {step_s / 3600:g} hours",
            file=file,
            accepted="a step of an hour or less",
            hint="a shortage forecast needs the hours of the day",
        )
    years = (stamps[-1] - stamps[0]) / (365.25 * 86400)
    if years > LONGEST_YEARS:
        return Issue(
            message=f"times span {years:.0f} years",
            file=file,
            accepted=f"up to {LONGEST_YEARS}",
            hint="a time may be wrong by a century",
        )
    return None


def _resolve_twice(twice: npt.NDArray[np.bool_], load: FloatArray, *, file: str) -> Issue:
    """Mark contradicting readings of one time as missing (in ``load``); the finding."""
    contradictions = 0
    for position in np.flatnonzero(twice):
        first, second = load[position - 1], load[position]
        if np.isnan(first) and np.isfinite(second):
            load[position - 1] = second
        elif np.isfinite(second) and first != second:
            contradictions += 1
            load[position - 1] = load[position] = np.nan
    message = f"{int(twice.sum())} times come twice"
    if contradictions:
        message += f"; {contradictions} of them with different demand, left out"
    return Issue(message=message, file=file, severity="warning")


def _slot_means(readings: FloatArray, *, slots: npt.NDArray[np.int64], least: float) -> FloatArray:
    known = np.isfinite(readings)
    hours = int(slots[-1]) + 1
    count = np.bincount(slots[known], minlength=hours)
    total = np.bincount(slots[known], weights=readings[known], minlength=hours)
    enough = (count >= least) & (count > 0)
    return np.where(enough, total / np.maximum(count, 1), np.nan)
