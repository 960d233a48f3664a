"""What is wrong with an hourly history, found by stated rules; doubtful hours are left out."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue

__all__ = ["check_load", "check_temperature", "find_runs"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

SHOWN = 5
"""Findings of one kind listed one by one; more are counted."""
FLAT_H = 24
"""Hours of exactly the same demand that are taken for a stuck meter."""
SPIKE_RATIO = 2.0
"""An hour this many times above (or below) all of its neighbours is a spike."""
LARGEST_MW = 1e7
"""No country has this much: more is not a demand."""
LEAST_VALID_SHARE = 0.5
FILLED_GAP_H = 6
"""Temperature gaps up to this long are interpolated."""
TEMPERATURE_C = (-60.0, 55.0)


def find_runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Half-open runs ``[first, end)`` of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def check_load(
    load_mw: FloatArray, *, start: datetime, file: str
) -> tuple[FloatArray, list[Issue]]:
    """Hourly demand with impossible hours left out (NaN), and the findings.

    Rules: demand of zero or less, or above ``LARGEST_MW``, is not a demand; an hour
    ``SPIKE_RATIO`` times above or below both its neighbours and the same hour of the days before
    and after is a spike; ``FLAT_H`` hours or more of the same value are a stuck meter. Fewer
    than ``LEAST_VALID_SHARE`` of valid hours refuse the history.
    """
    issues: list[Issue] = []
    cleaned = load_mw.copy()
    gaps = np.isnan(cleaned)
    issues += _list_runs(gaps, "no demand", start=start, file=file)
    with np.errstate(invalid="ignore"):
        below = cleaned <= 0
    issues += _list_runs(below, "demand of zero or less, left out", start=start, file=file)
    cleaned[below] = np.nan
    with np.errstate(invalid="ignore"):
        above = cleaned > LARGEST_MW
    issues += _list_runs(
        above, f"demand above {LARGEST_MW:,.0f} MW, left out", start=start, file=file
    )
    cleaned[above] = np.nan
    flat = _flat_hours(cleaned)
    issues += _list_runs(
        flat, "demand does not change for a day or longer, left out", start=start, file=file
    )
    cleaned[flat] = np.nan
    spikes = _spike_hours(cleaned)
    issues += _list_runs(spikes, "spike, left out", start=start, file=file)
    cleaned[spikes] = np.nan
    valid = float(np.isfinite(cleaned).mean())
    if valid < LEAST_VALID_SHARE:
        issues.append(
            Issue(
                message=f"only {100 * valid:.0f} % of the hours hold a usable demand",
                file=file,
                accepted=f"at least {100 * LEAST_VALID_SHARE:.0f} %",
                hint="see the other findings",
            )
        )
    return cleaned, issues


def check_temperature(
    temp_c: FloatArray, *, start: datetime, file: str
) -> tuple[FloatArray, list[Issue]]:
    """Hourly temperature with short gaps interpolated, and the findings.

    Raises nothing: values that are no air temperature are an error among the findings.
    """
    if np.isnan(temp_c).all():
        message = "the temperature column is empty: there is no weather to learn from"
        return temp_c, [Issue(message=message, file=file, severity="warning")]
    low, high = float(np.nanmin(temp_c)), float(np.nanmax(temp_c))
    if low < TEMPERATURE_C[0] or high > TEMPERATURE_C[1]:
        impossible = Issue(
            message=f"temperatures from {low:.1f} to {high:.1f} degrees Celsius",
            file=file,
            accepted=f"{TEMPERATURE_C[0]:.0f} to {TEMPERATURE_C[1]:.0f}",
            hint="degrees Fahrenheit are read from a column temp_f",
        )
        return temp_c, [impossible]
    gaps = np.isnan(temp_c)
    issues = _list_runs(gaps, "no temperature", start=start, file=file)
    filled = temp_c.copy()
    positions = np.arange(len(temp_c))
    for first, end in find_runs(gaps):
        if end - first <= FILLED_GAP_H and first > 0 and end < len(temp_c):
            filled[first:end] = np.interp(positions[first:end], positions[~gaps], temp_c[~gaps])
    return filled, issues


def _flat_hours(load_mw: FloatArray) -> BoolArray:
    same = np.zeros(len(load_mw), dtype=np.bool_)
    same[1:] = load_mw[1:] == load_mw[:-1]
    flat = np.zeros(len(load_mw), dtype=np.bool_)
    for first, end in find_runs(same):
        if end - first + 1 >= FLAT_H:
            flat[first - 1 : end] = True
    return flat


def _spike_hours(load_mw: FloatArray) -> BoolArray:
    neighbours = np.stack([_shifted(load_mw, by) for by in (-24, -1, 1, 24)])
    known = np.isfinite(neighbours).sum(axis=0) >= 2
    highest = np.where(np.isfinite(neighbours), neighbours, -np.inf).max(axis=0)
    lowest = np.where(np.isfinite(neighbours), neighbours, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        far: BoolArray = (load_mw > SPIKE_RATIO * highest) | (load_mw * SPIKE_RATIO < lowest)
    return np.asarray(known & far)  # NaN compares false


def _shifted(values: FloatArray, by: int) -> FloatArray:
    moved = np.full(len(values), np.nan)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


def _list_runs(mask: BoolArray, what: str, *, start: datetime, file: str) -> list[Issue]:
    runs = find_runs(mask)
    if not runs:
        return []
    total = int(mask.sum())
    origin = np.datetime64(start.replace(tzinfo=None), "h")
    listed = sorted(runs, key=lambda run: run[0] - run[1])[:SHOWN]
    shown = "; ".join(
        f"{str(origin + first).replace('T', ' ')}h UTC ({end - first} h)" for first, end in listed
    )
    more = f" and {len(runs) - SHOWN} more" if len(runs) > SHOWN else ""
    hours = "1 hour" if total == 1 else f"{total} hours"
    message = f"{what}: {hours} in {len(runs)} places: {shown}{more}"
    return [Issue(message=message, file=file, severity="warning")]
