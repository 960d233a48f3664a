"""Simulated shortages of one area with constant units: by outages, and days they could matter.

A day is looked at hour by hour only if its highest load exceeds what is left when all units out
at any time of the day are out together.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.chains_kernel import Chains, Outages, draw_outages
from gridtool.forecast.adequacy.sampled_tally_kernel import (
    TOLERANCE_MW,
    Calendar,
    Sums,
    tally_sample,
)

__all__ = ["Pool", "simulate_pool"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Pool(NamedTuple):
    """One area.

    Attributes
    ----------
    net_mw : (H,)
        Load less what the units that are all up give.
    highest_mw : (D,)
        Highest of it by day.
    capacity_mw : (U,)
        Of the units, the components of the chains.
    """

    net_mw: FloatArray
    highest_mw: FloatArray
    capacity_mw: FloatArray


class _Changes(NamedTuple):
    """Capacity out, as changes: by hour; at the beginning of days; at any time of days."""

    hour: FloatArray
    day_begin: FloatArray
    day_any: FloatArray


@numba.njit(cache=True)
def _note_outages(
    outages: Outages, count: int, pool: Pool, calendar: Calendar, changes: _Changes
) -> None:
    hours = pool.net_mw.shape[0]
    for k in range(count):
        begin, end = outages.begin[k], outages.end[k]
        lost = pool.capacity_mw[outages.unit[k]]
        first, last = calendar.day[begin], calendar.day[end - 1]
        changes.hour[begin] += lost
        if end < hours:
            changes.hour[end] -= lost
        changes.day_any[first] += lost
        changes.day_any[last + 1] -= lost
        if calendar.day_first[first] != begin:
            first += 1
        changes.day_begin[first] += lost
        changes.day_begin[last + 1] -= lost


@numba.njit(cache=True)
def _find_shortages(
    pool: Pool, calendar: Calendar, changes: _Changes, short_hour: IntArray, short_mw: FloatArray
) -> int:
    """Hours that are short and by how much, from the capacity out; gives their number."""
    found = 0
    out_begin, out_any = 0.0, 0.0
    for day in range(pool.highest_mw.shape[0]):
        out_begin += changes.day_begin[day]
        out_any += changes.day_any[day]
        if pool.highest_mw[day] + out_any <= TOLERANCE_MW:
            continue
        first = calendar.day_first[day]
        out = out_begin
        for hour in range(first, calendar.day_first[day + 1]):
            if hour > first:
                out += changes.hour[hour]
            lacking = pool.net_mw[hour] + out
            if lacking > TOLERANCE_MW:
                short_hour[found] = hour
                short_mw[found, 0] = lacking
                found += 1
    return found


@numba.njit(cache=True)
def simulate_pool(
    pool: Pool,
    chains: Chains,
    calendar: Calendar,
    outages: Outages,
    seed: np.uint64,
    first: int,
    sums: Sums,
) -> None:
    """Simulate samples ``first`` and on, one for each row of ``sums.samples``, and add them.

    ``pool.net_mw`` and ``pool.highest_mw`` are less the capacity of all units.
    """
    hours = pool.net_mw.shape[0]
    days = pool.highest_mw.shape[0]
    changes = _Changes(np.zeros(hours), np.zeros(days + 1), np.zeros(days + 1))
    short_hour = np.empty(hours, np.int64)
    short_mw = np.empty((hours, 1))
    for at in range(sums.samples.shape[0]):
        count = draw_outages(chains, seed, np.uint64(first + at), hours, outages)
        _note_outages(outages, count, pool, calendar, changes)
        found = _find_shortages(pool, calendar, changes, short_hour, short_mw)
        tally_sample(short_hour, short_mw, found, calendar, at, sums)
        for k in range(count):
            changes.hour[outages.begin[k]] = 0.0
            if outages.end[k] < hours:
                changes.hour[outages.end[k]] = 0.0
        changes.day_begin[:] = 0.0
        changes.day_any[:] = 0.0
