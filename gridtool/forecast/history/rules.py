"""Rules by which hours of demand are found to be wrong. Each is a mask over the hours.

A shortage is no error of measurement: what is low may be true. So only what is too high, exactly
zero, exactly unchanged or a round factor away is taken for an error; what is low for an hour or
held at a low level is true, and short.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.forecast.history.quality import find_runs

__all__ = [
    "BESIDE_H",
    "CEILING",
    "CEILING_QUANTILE",
    "CLEAR_H",
    "DIP_H",
    "FLAT_H",
    "LARGEST_MW",
    "SPIKE_RATIO",
    "find_dips",
    "find_flat",
    "find_spikes",
    "find_unit_slips",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LARGEST_MW = 1e7
"""No country has this much: more is not a demand."""
FLAT_H = 24
"""Hours of exactly the same demand that are taken for a stuck meter."""
FLAT_STEPS = 3.0
"""A day's usual range in steps of the resolution below which flat hours say nothing."""
LOW_QUANTILE = 0.1
LOW_DAYS = 45
"""A flat line below this quantile of the days around is supply held down, no stuck meter;"""
BESIDE_H = 48
"""so is one that is not exceeded in the hours before it, or after it."""
SPIKE_RATIO = 2.0
"""An hour this many times above all of its neighbours may be a spike,"""
CEILING = 1.25
"""if it also exceeds by this factor"""
CEILING_QUANTILE = 0.97
"""what this share of the hours stay below."""
DIP_H = 3
"""Hours at most that demand is below half of the usual in a dip."""
CLEAR_H = 6
"""Hours at least that a slip of unit lasts."""
_UNIT = 3.0
_NEAR = 0.5


def find_unit_slips(load_mw: FloatArray) -> BoolArray:
    """Runs of ``CLEAR_H`` hours or more a factor of about a thousand away from the rest."""
    slipped = np.zeros(len(load_mw), dtype=np.bool_)
    known = np.isfinite(load_mw) & (load_mw > 0)
    if not known.any():
        return slipped
    decades = np.full(len(load_mw), np.nan)
    decades[known] = np.log10(load_mw[known] / np.median(load_mw[known]))
    for sign in (1.0, -1.0):
        with np.errstate(invalid="ignore"):
            away = np.abs(sign * decades - _UNIT) <= _NEAR
        for first, end in find_runs(away | ~known):
            # Gaps may interrupt a run, but do not make one.
            if away[first:end].sum() >= CLEAR_H:
                slipped[first:end] |= away[first:end]
    return slipped


def find_flat(load_mw: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Runs of ``FLAT_H`` equal hours: stuck meters, and supply held at a low level."""
    stuck = np.zeros(len(load_mw), dtype=np.bool_)
    held = np.zeros(len(load_mw), dtype=np.bool_)
    same = np.zeros(len(load_mw), dtype=np.bool_)
    same[1:] = load_mw[1:] == load_mw[:-1]
    runs = [(first - 1, end) for first, end in find_runs(same) if end - first + 1 >= FLAT_H]
    if not runs or _is_coarse(load_mw):
        return stuck, held
    flat = np.zeros(len(load_mw), dtype=np.bool_)
    for first, end in runs:
        flat[first:end] = True
    lively = np.where(flat, np.nan, load_mw)
    for first, end in runs:
        at_limit = _is_limit(lively, first, end=end, level=float(load_mw[first]))
        (held if at_limit else stuck)[first:end] = True
    return stuck, held


def _is_limit(lively: FloatArray, first: int, *, end: int, level: float) -> bool:
    """Whether a flat line is low, or the most that is served on one of its sides."""
    around = lively[max(first - 24 * LOW_DAYS, 0) : end + 24 * LOW_DAYS]
    around = around[np.isfinite(around)]
    if len(around) and level < np.quantile(around, LOW_QUANTILE):
        return True
    for side in (lively[max(first - BESIDE_H, 0) : first], lively[end : end + BESIDE_H]):
        known = side[np.isfinite(side)]
        if len(known) >= FLAT_H and known.max() <= level:
            return True
    return False


def _is_coarse(load_mw: FloatArray) -> bool:
    """Whether the numbers are so rough that a day may look flat."""
    values = np.unique(load_mw[np.isfinite(load_mw)])
    if len(values) < 2:
        return False
    resolution = float(np.diff(values).min())
    days = load_mw[: len(load_mw) // 24 * 24].reshape(-1, 24)
    days = days[np.isfinite(days).all(axis=1)]
    days = days[np.ptp(days, axis=1) > 0] if len(days) else days
    return bool(len(days)) and float(np.median(np.ptp(days, axis=1))) < FLAT_STEPS * resolution


def find_spikes(load_mw: FloatArray) -> BoolArray:
    """Hours far above their neighbours, or above the same hours two and seven days away."""
    known = load_mw[np.isfinite(load_mw)]
    if not len(known):
        return np.zeros(len(load_mw), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        high = load_mw > CEILING * np.quantile(known, CEILING_QUANTILE)
        if not high.any():
            return np.asarray(high)
        beside = load_mw > SPIKE_RATIO * _highest(load_mw, (-24, -1, 1, 24))
        apart = load_mw > SPIKE_RATIO * _highest(load_mw, (-168, -48, 48, 168))
    return np.asarray(high & (beside | apart))


def find_dips(load_mw: FloatArray) -> BoolArray:
    """Up to ``DIP_H`` hours below half of the usual at their time of day, usual on either side."""
    usual = _median(np.stack([_shifted(load_mw, by) for by in (-168, -24, 24, 168)]))
    with np.errstate(invalid="ignore"):
        low = load_mw * SPIKE_RATIO < usual
        sound = load_mw > 0.75 * usual
    dips = np.zeros(len(load_mw), dtype=np.bool_)
    for first, end in find_runs(low):
        inside = first > 0 and end < len(load_mw)
        if inside and end - first <= DIP_H and sound[first - 1] and sound[end]:
            dips[first:end] = True
    return dips


def _highest(load_mw: FloatArray, shifts: tuple[int, ...]) -> FloatArray:
    """The highest of the shifted hours; infinite where fewer than two are known."""
    beside = np.stack([_shifted(load_mw, by) for by in shifts])
    known = np.isfinite(beside)
    highest = np.where(known, beside, -np.inf).max(axis=0)
    return np.where(known.sum(axis=0) >= 2, highest, np.inf)


def _median(rows: FloatArray) -> FloatArray:
    """Median over the first axis of what is known, NaN where fewer than two are."""
    ordered = np.sort(rows, axis=0)  # NaN last
    count = np.isfinite(rows).sum(axis=0)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, (count // 2).clip(max=len(rows) - 1)[None], axis=0)[0]
    return np.where(count >= 2, (low + high) / 2, np.nan)


def _shifted(values: FloatArray, by: int) -> FloatArray:
    moved = np.full(len(values), np.nan)
    if abs(by) < len(values):
        if by > 0:
            moved[by:] = values[:-by]
        else:
            moved[:by] = values[-by:]
    return moved
