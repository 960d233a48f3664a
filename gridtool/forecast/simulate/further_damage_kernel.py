"""Events of further damage and the assets they hit, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.stream_kernel import uniform

__all__ = ["DrawnHits", "Statement", "draw_hits"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

_EVENT_NUMBERS = 1 << 20
"""Places in a stream that belong to one event."""
_FIRST_SIZE = 1024


class Statement(NamedTuple):
    """A compound Poisson process: cumulated probabilities of sizes and states, and weights.

    Attributes
    ----------
    rate_per_h
        Events an hour.
    batch, states, weight : cumulated; the first two end with 1.
    """

    rate_per_h: float
    batch: FloatArray
    states: FloatArray
    weight: FloatArray


class DrawnHits(NamedTuple):
    """Assets hit in n samples, those of sample i ``first[i]:first[i + 1]``, by time.

    Attributes
    ----------
    events : (n,) int
        Events of each sample, those that leave their assets whole included.
    at_h : (m,)
        Hours after the as-of time.
    entry, state : (m,) int
        Exposed asset and damage state.
    work_share, lead_share : (m,)
        Quantiles of the work and of the lead time.
    """

    first: IntArray
    events: IntArray
    at_h: FloatArray
    entry: IntArray
    state: IntArray
    work_share: FloatArray
    lead_share: FloatArray


@numba.njit(cache=True)
def draw_hits(
    statement: Statement,
    whole: BoolArray,
    seed: np.uint64,
    samples: WordArray,
    repair_samples: WordArray,
    components: WordArray,
    until_h: float,
) -> DrawnHits:
    """Draw the events of each sample before ``until_h`` and what they hit.

    Event k of a sample takes its numbers from its own stretch of the streams: a higher rate brings
    the same events sooner, and more of them.

    Parameters
    ----------
    whole : (e, s) bool
        The state leaves the asset whole: such a hit is left out.
    components : (3,) uint64
        Of the events, of the work and of the lead times.
    """
    n, most = samples.shape[0], statement.batch.shape[0]
    first, events = np.zeros(n + 1, dtype=np.int64), np.zeros(n, dtype=np.int64)
    real, place = np.empty((3, _FIRST_SIZE)), np.empty((2, _FIRST_SIZE), dtype=np.int64)
    chosen = np.empty(most, dtype=np.int64)
    count = 0
    for i in range(n):
        moment, event = _next_event(0.0, 0, statement, seed, samples[i], components[0])
        while moment < until_h:
            start = event * _EVENT_NUMBERS
            drawn = uniform(seed, samples[i], components[0], start + 1)
            size = 1 + _first_above(statement.batch, drawn)
            if count + size > real.shape[1]:
                real, place = _grow(real, place)
            for k in range(size):
                drawn = uniform(seed, samples[i], components[0], start + 2 + 2 * k)
                entry = _choose_asset(drawn, statement.weight, chosen, k)
                drawn = uniform(seed, samples[i], components[0], start + 3 + 2 * k)
                state = _first_above(statement.states, drawn)
                if whole[entry, state]:
                    continue
                place[0, count], place[1, count], real[0, count] = entry, state, moment
                real[1, count] = uniform(seed, repair_samples[i], components[1], start + k)
                real[2, count] = uniform(seed, repair_samples[i], components[2], start + k)
                count += 1
            events[i] += 1
            moment, event = _next_event(
                moment, event + 1, statement, seed, samples[i], components[0]
            )
        first[i + 1] = count
    return DrawnHits(
        first,
        events,
        real[0, :count].copy(),
        place[0, :count].copy(),
        place[1, :count].copy(),
        real[1, :count].copy(),
        real[2, :count].copy(),
    )


@numba.njit(cache=True)
def _next_event(
    moment: float,
    event: int,
    statement: Statement,
    seed: np.uint64,
    sample: np.uint64,
    component: np.uint64,
) -> tuple[float, int]:
    """When event ``event`` comes, after the one at ``moment``, and its number."""
    drawn = uniform(seed, sample, component, event * _EVENT_NUMBERS)
    return moment - np.log1p(-drawn) / statement.rate_per_h, event


@numba.njit(cache=True)
def _first_above(cumulated: FloatArray, drawn: float) -> int:
    """First place whose cumulated value is above ``drawn``, by bisection; the last at most."""
    low, high = 0, cumulated.shape[0] - 1
    while low < high:
        middle = (low + high) // 2
        if cumulated[middle] > drawn:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True)
def _choose_asset(drawn: float, weight: FloatArray, chosen: IntArray, count: int) -> int:
    """An asset by weight among those not ``chosen`` yet, which are kept ascending.

    The draw is placed on the line of weights without the chosen ones, and moved over those of
    them that begin before it.
    """
    total = weight[-1]
    for k in range(count):
        total -= weight[chosen[k]] - (weight[chosen[k] - 1] if chosen[k] > 0 else 0.0)
    target = drawn * total
    for k in range(count):
        begin = weight[chosen[k] - 1] if chosen[k] > 0 else 0.0
        if target >= begin:
            target += weight[chosen[k]] - begin
    found = _first_above(weight, target)
    while _position(found, chosen, count) >= 0:  # rounding: to the next that is free
        found = (found + 1) % weight.shape[0]
    at = count
    while at > 0 and chosen[at - 1] > found:
        chosen[at] = chosen[at - 1]
        at -= 1
    chosen[at] = found
    return found


@numba.njit(cache=True)
def _position(asset: int, chosen: IntArray, count: int) -> int:
    found = -1
    for k in range(count):
        if chosen[k] == asset:
            found = k
    return found


@numba.njit(cache=True)
def _grow(real: FloatArray, place: IntArray) -> tuple[FloatArray, IntArray]:
    size = real.shape[1]
    more = max(size, 1 << 16)
    wide_real, wide_place = np.empty((3, size + more)), np.empty((2, size + more), dtype=np.int64)
    for k in range(size):
        for row in range(3):
            wide_real[row, k] = real[row, k]
        for row in range(2):
            wide_place[row, k] = place[row, k]
    return wide_real, wide_place
