"""Outages of two-state chains, drawn as intervals: from failure to failure, not hour by hour.

A component that is up fails from one beginning of an hour to the next with ``p_fail``, one that
is down is repaired with ``p_repair``; so times in a state are geometric and are drawn whole.
Each component has a stream of its own: number 0 draws its return date, number 1 its state then
(or at hour 0), the others its times in each state.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.stream_kernel import fill_blocks, uniform

__all__ = ["BUFFER", "Chains", "Outages", "draw_outages", "open_outages"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

BUFFER = 8
"""Numbers drawn at a time for a component; whole blocks of four."""


class Chains(NamedTuple):
    """U components, each an independent chain, and C common causes that take some of them.

    Attributes
    ----------
    fail, repair : (U,)
        1 / log(1 - p) of the chances to leave each state; infinite where it is never left.
    up_chance : (U,)
        Chance to be up at hour 0, or at the return date.
    component : (U,) uint64
        Of the streams.
    return_first : (U + 1,) int
        Where the return dates of each component begin; none: it is not damaged.
    return_hour, return_share : (r,)
        Hours, rising, and the chance to be back by each.
    cause_chance : (C,)
    cause_component : (C,) uint64
    takes : (C, U) bool
        A cause that is present keeps these out in all hours.
    """

    fail: FloatArray
    repair: FloatArray
    up_chance: FloatArray
    component: WordArray
    return_first: IntArray
    return_hour: IntArray
    return_share: FloatArray
    cause_chance: FloatArray
    cause_component: WordArray
    takes: BoolArray


class Outages(NamedTuple):
    """Room for the outages of one sample: which component is out in which half-open interval."""

    unit: npt.NDArray[np.int32]
    begin: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    numbers: FloatArray


def open_outages(chains: Chains, hours: int) -> Outages:
    """Room for the outages of any sample.

    Failures are at most binomial with ``p_fail`` in each hour: mean m, and never seen above
    m + 12 sqrt(m) + 50; nor can there be more than one for every second hour.
    """
    with np.errstate(divide="ignore"):
        p_fail = -np.expm1(1.0 / chains.fail)  # of -inf 0, of -0 1
    mean = hours * p_fail
    most = np.minimum(mean + 12.0 * np.sqrt(mean) + 50.0, hours // 2 + 2)
    room = int(np.ceil(most).sum()) + 1
    return Outages(
        unit=np.empty(room, np.int32),
        begin=np.empty(room, np.int32),
        end=np.empty(room, np.int32),
        numbers=np.empty(BUFFER),
    )


@numba.njit(cache=True)
def _add_outage(outages: Outages, count: int, unit: int, begin: int, end: int) -> int:
    if count >= outages.unit.shape[0]:  # once in 1e30 samples: see open_outages
        raise IndexError("more outages than there is room for")
    outages.unit[count] = unit
    outages.begin[count] = begin
    outages.end[count] = end
    return count + 1


@numba.njit(cache=True)
def _return_hour(chains: Chains, unit: int, number: float, hours: int) -> int:
    """First hour in which a component is back; 0 if it is not damaged, ``hours`` if later."""
    first, last = chains.return_first[unit], chains.return_first[unit + 1]
    end = last
    if first == last:
        return 0
    while first < end:  # the first with a larger share
        middle = (first + end) // 2
        if number < chains.return_share[middle]:
            end = middle
        else:
            first = middle + 1
    return min(chains.return_hour[first], hours) if first < last else hours


@numba.njit(cache=True)
def _follow_chain(
    chains: Chains,
    unit: int,
    seed: np.uint64,
    sample: np.uint64,
    hours: int,
    outages: Outages,
    count: int,
) -> int:
    """Add the outages of one component; gives the number of outages so far."""
    numbers = outages.numbers
    component = chains.component[unit]
    fill_blocks(seed, sample, component, 0, numbers)
    now = _return_hour(chains, unit, numbers[0], hours)
    if now >= hours:
        return _add_outage(outages, count, unit, 0, hours)
    up = numbers[1] < chains.up_chance[unit]
    if up and now > 0:
        count = _add_outage(outages, count, unit, 0, now)
    down_since = 0
    place, block = 2, 0
    while now < hours:
        leave = chains.fail[unit] if up else chains.repair[unit]
        if math.isinf(leave):
            break
        if place == numbers.shape[0]:
            block += place >> 2
            fill_blocks(seed, sample, component, block, numbers)
            place = 0
        stay = math.floor(math.log(1.0 - numbers[place]) * leave) + 1.0
        place += 1
        if stay >= hours - now:
            break
        now += int(stay)
        if up:
            down_since = now
        else:
            count = _add_outage(outages, count, unit, down_since, now)
        up = not up
    if not up:
        count = _add_outage(outages, count, unit, down_since, hours)
    return count


@numba.njit(cache=True)
def draw_outages(
    chains: Chains, seed: np.uint64, sample: np.uint64, hours: int, outages: Outages
) -> int:
    """Draw the outages of all components in the first ``hours`` hours of a sample.

    They are written to ``outages`` by component, then in time; gives their number.
    """
    causes, units = chains.takes.shape
    present = np.zeros(causes, np.bool_)
    for cause in range(causes):
        number = uniform(seed, sample, chains.cause_component[cause], 0)
        present[cause] = number < chains.cause_chance[cause]
    count = 0
    for unit in range(units):
        taken = False
        for cause in range(causes):
            taken = taken or (present[cause] and chains.takes[cause, unit])
        if taken:
            count = _add_outage(outages, count, unit, 0, hours)
        else:
            count = _follow_chain(chains, unit, seed, sample, hours, outages, count)
    return count
