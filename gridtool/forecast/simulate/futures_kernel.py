"""All that happens in each sampled future merged into stages, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.simulate.levels_kernel import LevelEvents
from gridtool.forecast.simulate.state_table_kernel import (
    StateTable,
    add_stage,
    find_parts,
    make_table,
)
from gridtool.forecast.stream_kernel import STREAM_WORDS, next_uniform, start_stream

__all__ = ["Calendar", "Chains", "LevelArrays", "World", "merge_stages", "spread_level"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]
BoolArray = npt.NDArray[np.bool_]

_NEVER = 1 << 62
_LONG = 1e15


class LevelArrays(NamedTuple):
    """What the levels of u assets leave of the parts.

    Attributes
    ----------
    values : (v,)
        All shares of rating there are, ascending from 0 to 1.
    part_first : (u + 1,) int
    part : int
        Parts that asset a acts on: ``part[part_first[a]:part_first[a + 1]]``, k of them.
    effect_first : (u + 1,) int
    effect : int
        Number of the share among ``values`` by asset, level and part (levels x k from
        ``effect_first[a]`` on).
    touch_first : (P + 1,) int
    touch_asset, touch_place : int
        Assets that act on a part, and its place among their parts.
    """

    values: FloatArray
    part_first: IntArray
    part: IntArray
    effect_first: IntArray
    effect: IntArray
    touch_first: IntArray
    touch_asset: IntArray
    touch_place: IntArray


class Chains(NamedTuple):
    """The two-state chains of c parts, and the streams of n samples they are drawn from.

    ``of_part`` (P,) is the chain of each part, -1 for none.
    """

    part: IntArray
    p_fail: FloatArray
    p_repair: FloatArray
    stream: WordArray
    of_part: IntArray
    seed: np.uint64
    samples: WordArray


class Calendar(NamedTuple):
    """What changes by month: M months of ``hours`` hours, G sources.

    Attributes
    ----------
    first : (M + 1,) int
        Hour at which each month begins; the last is ``hours``.
    rating_mw : (M, G)
        Rating of the sources available in the month, 0 for the others.
    import_mw : (n, M)
    source_first : int
        Position of the first source among the parts.
    brought : (G,) bool
        Sources that mobile units bring: one that is not there holds no busbar section, which
        changes the topology. Other sources that are out only give nothing.
    """

    first: IntArray
    rating_mw: FloatArray
    import_mw: FloatArray
    source_first: int
    brought: BoolArray


class World(NamedTuple):
    """What all samples share.

    Attributes
    ----------
    levels
    start : (u,) int
        Levels of the assets before the first event.
    chains
    calendar
    codes : (2, P, v) uint64
        Random words; a state is known by the exclusive or of those of its parts below 1.
    """

    levels: LevelArrays
    start: IntArray
    chains: Chains
    calendar: Calendar
    codes: WordArray


class _Now(NamedTuple):
    """A sample as it is at an hour.

    ``share`` (P,) is what damage leaves of each part (a number among the values), ``forced``
    whether it is forced out; ``next_h``, ``up`` and ``streams`` are of the chains;
    ``active[:listed[0]]`` are the chains that change before the end, and maybe others. The state
    of the parts that make the topology is known by ``words`` (2,); ``low[:listed[1]]`` are those
    below 1, and ``place`` is where each of them is in it.
    """

    level: IntArray
    share: IntArray
    forced: BoolArray
    next_h: IntArray
    up: BoolArray
    streams: WordArray
    active: IntArray
    listed: IntArray
    words: WordArray
    low: IntArray
    place: IntArray


@numba.njit(cache=True)
def merge_stages(events: LevelEvents, world: World) -> StateTable:
    """The stages of n samples, whose assets change their levels by ``events``."""
    levels = world.levels
    table = make_table(world.calendar.rating_mw.shape[1])
    top = levels.values.shape[0] - 1
    share = np.full(world.chains.of_part.shape[0], top)
    for asset in range(world.start.shape[0]):
        spread_level(asset, world.start, share, levels)
    now = _open_sample(share, world)
    low, words = now.low[: now.listed[1]].copy(), now.words.copy()
    for i in range(world.chains.samples.shape[0]):
        if i > 0:
            _reset_parts(share, low, words, now, world.start)
        _start_chains(i, now, world)
        table = _follow_sample(i, now, events, world, table)
    return table


@numba.njit(cache=True)
def _open_sample(share: IntArray, world: World) -> _Now:
    """Room for a sample, with the parts as they are now: shares ``share`` (P,)."""
    parts, chains = share.shape[0], world.chains.part.shape[0]
    now = _Now(
        world.start.copy(),
        share.copy(),
        np.zeros(parts, dtype=np.bool_),
        np.empty(chains, dtype=np.int64),
        np.empty(chains, dtype=np.bool_),
        np.empty((chains, STREAM_WORDS), dtype=np.uint64),
        np.empty(chains, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.zeros(2, dtype=np.uint64),
        np.empty(parts, dtype=np.int64),
        np.empty(parts, dtype=np.int64),
    )
    for part in range(parts):
        _note_part(part, world.levels.values.shape[0] - 1, now, world)
    return now


@numba.njit(cache=True)
def _reset_parts(
    share: IntArray, low: IntArray, words: WordArray, now: _Now, start: IntArray
) -> None:
    """The parts as they are now once more, of which ``low`` are below 1."""
    level, held, forced, listed, place = now.level, now.share, now.forced, now.low, now.place
    for asset in range(start.shape[0]):
        level[asset] = start[asset]
    for part in range(share.shape[0]):
        held[part], forced[part] = share[part], False
    for k in range(low.shape[0]):
        listed[k], place[low[k]] = low[k], k
    now.listed[1] = low.shape[0]
    now.words[0], now.words[1] = words[0], words[1]


@numba.njit(cache=True)
def _note_part(part: int, before: int, now: _Now, world: World) -> None:
    """Keep in step what tells the state of the parts: ``part`` had the share numbered
    ``before``."""
    top = world.levels.values.shape[0] - 1
    after = 0 if now.forced[part] else now.share[part]
    source = part - world.calendar.source_first
    if after == before:
        return
    if 0 <= source < world.calendar.brought.shape[0] and not world.calendar.brought[source]:
        return
    for k in range(2):
        if before < top:
            now.words[k] ^= world.codes[k, part, before]
        if after < top:
            now.words[k] ^= world.codes[k, part, after]
    if before == top:
        now.low[now.listed[1]], now.place[part] = part, now.listed[1]
        now.listed[1] += 1
    elif after == top:
        now.listed[1] -= 1
        last = now.low[now.listed[1]]
        now.low[now.place[part]], now.place[last] = last, now.place[part]


@numba.njit(cache=True)
def _follow_sample(
    i: int, now: _Now, events: LevelEvents, world: World, table: StateTable
) -> StateTable:
    """Add the stages of sample ``i``, which stands at its beginning."""
    calendar = world.calendar
    source_mw = np.empty(calendar.rating_mw.shape[1])
    event, month, hour = events.first[i], 0, 0
    while hour < calendar.first[-1]:
        while event < events.first[i + 1] and events.hour[event] <= hour:
            now.level[events.asset[event]] = events.level[event]
            _change_level(events.asset[event], hour, now, world)
            event += 1
        _switch_chains(hour, now, world)
        while calendar.first[month + 1] <= hour:
            month += 1
        end = _next_change(now, calendar.first[month + 1])
        if event < events.first[i + 1]:
            end = min(end, events.hour[event])
        low = now.low, now.listed[1]
        parts, table = find_parts(now.words, low, now.share, now.forced, table)
        for g in range(source_mw.shape[0]):
            part = calendar.source_first + g
            left = 0.0 if now.forced[part] else world.levels.values[now.share[part]]
            source_mw[g] = calendar.rating_mw[month, g] * left
        span = i, hour, end
        table = add_stage(span, parts, source_mw, calendar.import_mw[i, month], table)
        hour = end
    return table


@numba.njit(cache=True)
def _next_change(now: _Now, end: int) -> int:
    """The first hour at which a chain changes, ``end`` at the latest."""
    for k in range(now.listed[0]):
        end = min(end, now.next_h[now.active[k]])
    return end


@numba.njit(cache=True)
def _start_chains(i: int, now: _Now, world: World) -> None:
    """Open the streams of sample ``i`` and draw the first failure of each chain."""
    # Apart from the tuples they come in: this loop runs over every chain of every sample.
    seed, sample = world.chains.seed, world.chains.samples[i]
    part, stream, p_fail = world.chains.part, world.chains.stream, world.chains.p_fail
    share, up, next_h, streams, active = now.share, now.up, now.next_h, now.streams, now.active
    hours = world.calendar.first[-1]
    count = 0
    for c in range(part.shape[0]):
        start_stream(streams[c], seed, sample, stream[c])
        up[c], next_h[c] = True, _NEVER
        if share[part[c]] > 0:
            next_h[c] = _draw_sojourn(streams[c], p_fail[c])
            if next_h[c] < hours:
                active[count] = c
                count += 1
    now.listed[0] = count


@numba.njit(cache=True)
def _bring_back(c: int, hour: int, now: _Now, world: World) -> None:
    """Chain ``c`` is up from ``hour`` on; draw when it fails."""
    now.up[c] = True
    now.next_h[c] = hour + _draw_sojourn(now.streams[c], world.chains.p_fail[c])
    if now.next_h[c] < world.calendar.first[-1]:
        known = False
        for k in range(now.listed[0]):
            known = known or now.active[k] == c
        if not known:
            now.active[now.listed[0]] = c
            now.listed[0] += 1


@numba.njit(cache=True)
def _draw_sojourn(stream: WordArray, p: float) -> int:
    """Hours until a change that comes in any hour with probability ``p``: geometric, 1 or more."""
    drawn = np.log1p(-next_uniform(stream)) / np.log1p(-p) if p < 1.0 else 0.0
    return 1 + int(min(drawn, _LONG))


@numba.njit(cache=True)
def _switch_chains(hour: int, now: _Now, world: World) -> None:
    """Switch the chains that change at ``hour``."""
    chains = world.chains
    for k in range(now.listed[0]):
        c = now.active[k]
        if now.next_h[c] == hour:
            part = chains.part[c]
            before = 0 if now.forced[part] else now.share[part]
            now.forced[part] = now.up[c]
            _note_part(part, before, now, world)
            now.up[c] = not now.up[c]
            p = chains.p_fail[c] if now.up[c] else chains.p_repair[c]
            now.next_h[c] = hour + _draw_sojourn(now.streams[c], p)


@numba.njit(cache=True)
def spread_level(asset: int, level: IntArray, share: IntArray, levels: LevelArrays) -> None:
    """Set ``share`` of the parts of ``asset`` by the levels of all assets that act on them."""
    for at in range(levels.part_first[asset], levels.part_first[asset + 1]):
        part = levels.part[at]
        least = levels.values.shape[0] - 1
        for touch in range(levels.touch_first[part], levels.touch_first[part + 1]):
            other = levels.touch_asset[touch]
            width = levels.part_first[other + 1] - levels.part_first[other]
            row = levels.effect_first[other] + level[other] * width
            least = min(least, levels.effect[row + levels.touch_place[touch]])
        share[part] = least


@numba.njit(cache=True)
def _change_level(asset: int, hour: int, now: _Now, world: World) -> None:
    """Carry a new level of ``asset`` to its parts.

    A part that damage takes out altogether is not forced out beside; when it is back it is up,
    and fails from then on as it did.
    """
    levels, chains = world.levels, world.chains
    first, last = levels.part_first[asset], levels.part_first[asset + 1]
    before = np.empty(last - first, dtype=np.int64)
    for at in range(first, last):
        before[at - first] = now.share[levels.part[at]]
    spread_level(asset, now.level, now.share, levels)
    for at in range(first, last):
        part, was = levels.part[at], before[at - first]
        c = chains.of_part[part]
        number = 0 if now.forced[part] else was
        if c >= 0 and (was > 0) != (now.share[part] > 0):
            now.forced[part], now.next_h[c] = False, _NEVER
            if now.share[part] > 0:
                _bring_back(c, hour, now, world)
        _note_part(part, number, now, world)
