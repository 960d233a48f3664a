"""What happens in each sampled future, everything but demand.

Parts fail and come back, repairs finish, assets are damaged anew, mobile units come and go, and
the import that is allowed changes by month. Between two such events only demand changes: a stage.
All numbers depend on (seed, sample, component) only, so that a chunk of samples does not depend on
the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.model import Stages
from gridtool.forecast.simulate.further_damage import HitTimes, draw_further_hits
from gridtool.forecast.simulate.further_damage_kernel import DrawnHits
from gridtool.forecast.simulate.futures_inputs import FutureInputs, prepare_futures
from gridtool.forecast.simulate.futures_kernel import Calendar, Chains, World, merge_stages
from gridtool.forecast.simulate.import_limits import draw_import_limits
from gridtool.forecast.simulate.levels_kernel import Hits, LevelEvents, Works, find_level_events
from gridtool.forecast.simulate.mobile import draw_stays
from gridtool.forecast.simulate.repairs import execute_repairs
from gridtool.forecast.simulate.repairs_kernel import Executed
from gridtool.forecast.simulate.state_table_kernel import StateTable, fill_shares
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import FRESH

__all__ = ["FutureInputs", "draw_futures", "execute_futures", "prepare_futures"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]


def draw_futures(
    inputs: FutureInputs, *, first: int, n: int, fresh: frozenset[str] = frozenset()
) -> Stages:
    """The stages of samples ``first`` to ``first + n - 1``.

    Parameters
    ----------
    fresh
        Groups of :data:`gridtool.forecast.streams.UNCERTAINTIES` that are drawn anew.
    """
    case, arrays = inputs.case, inputs.levels.arrays
    imports = draw_import_limits(
        inputs.allocation,
        _number_samples("imports", first, n, fresh),
        seed=inputs.seed,
        change_mw=inputs.import_change_mw,
    )
    world = World(
        levels=arrays,
        start=inputs.levels.start,
        chains=_lay_out_chains(inputs, _number_samples("outages", first, n, fresh)),
        calendar=Calendar(
            first=inputs.month_first,
            rating_mw=case.source_max_mw * inputs.available,
            import_mw=imports,
            source_first=case.part_cuts[2],
            brought=inputs.brought,
        ),
        codes=_draw_codes(case.part_count, len(arrays.values)),
    )
    times, done = execute_futures(inputs, first=first, n=n, fresh=fresh)
    events = _find_events(inputs, times.hits, done)
    return _make_stages(merge_stages(events, world), arrays.values, case.part_count)


def _number_samples(group: str, first: int, n: int, fresh: frozenset[str]) -> WordArray:
    """Numbers of the samples of a chunk for what belongs to ``group``."""
    begin = first + (FRESH if group in fresh else 0)
    return np.arange(begin, begin + n, dtype=np.uint64)


def execute_futures(
    inputs: FutureInputs, *, first: int, n: int, fresh: frozenset[str] = frozenset()
) -> tuple[HitTimes, Executed]:
    """Further damage of each sample, and when which repair is carried out."""
    samples = _number_samples("repairs", first, n, fresh)
    times = _no_hits(n)
    asset, out = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    if inputs.further is not None:
        times = draw_further_hits(
            inputs.further.statement,
            inputs.further.work,
            seed=inputs.seed,
            samples=_number_samples("further damage", first, n, fresh),
            repair_samples=samples,
            until_h=inputs.later_h + inputs.hours,
        )
        asset = inputs.further.asset[times.hits.entry]
        out = inputs.further.out[times.hits.entry, times.hits.state]
    if inputs.queue is None:
        return times, _do_nothing(n, len(asset))
    done = execute_repairs(
        inputs.queue, samples, seed=inputs.seed, times=times, hit_asset=asset, hit_out=out
    )
    return times, done


def _no_hits(n: int) -> HitTimes:
    whole, real = np.empty(0, dtype=np.int64), np.empty(0)
    hits = DrawnHits(
        first=np.zeros(n + 1, dtype=np.int64),
        events=np.zeros(n, dtype=np.int64),
        at_h=real,
        entry=whole,
        state=whole,
        work_share=real,
        lead_share=real,
    )
    return HitTimes(hits=hits, work_h=real, ready_h=real)


def _do_nothing(n: int, hits: int) -> Executed:
    """Nothing is repaired."""
    return Executed(
        begin_h=np.empty((n, 0)),
        finish_h=np.empty((n, 0)),
        hit_begin_h=np.full(hits, np.inf),
        hit_finish_h=np.full(hits, np.inf),
        crew=np.empty((n, 0), dtype=np.int64),
        hit_crew=np.full(hits, -1),
    )


def _find_events(inputs: FutureInputs, drawn: DrawnHits, done: Executed) -> LevelEvents:
    """When which asset changes its level."""
    further = inputs.further
    none = np.empty(0, dtype=np.int64)
    comes, goes = draw_stays(inputs.stays, done.finish_h + inputs.slip_h)
    works = Works(
        begin_h=done.begin_h,
        finish_h=done.finish_h,
        asset=inputs.job_asset,
        level=inputs.job_level,
        comes_h=comes,
        goes_h=goes,
        stay=inputs.stay_asset,
    )
    hits = Hits(
        first=drawn.first,
        at_h=drawn.at_h,
        asset=further.asset[drawn.entry] if further else none,
        level=further.level[drawn.entry, drawn.state] if further else none,
        begin_h=done.hit_begin_h,
        finish_h=done.hit_finish_h,
        top=further.top[drawn.entry] if further else none,
    )
    start = inputs.levels.start
    return find_level_events(works, hits, start, inputs.later_h, inputs.slip_h, inputs.hours)


def _make_stages(table: StateTable, values: FloatArray, parts: int) -> Stages:
    count = table.sizes[0]
    row, first, end, state = np.ascontiguousarray(table.stage[:, :count])
    return Stages(
        row=row,
        first=first,
        end=end,
        parts=state,
        part_shares=fill_shares(table, values, parts),
        source_mw=table.source_mw[:count].copy(),
        import_mw=table.import_mw[:count].copy(),
    )


def _lay_out_chains(inputs: FutureInputs, samples: WordArray) -> Chains:
    outages = inputs.outages
    of_part = np.full(inputs.case.part_count, -1, dtype=np.int64)
    of_part[outages.part] = np.arange(len(outages.part))
    return Chains(
        part=outages.part,
        p_fail=outages.p_fail,
        p_repair=outages.p_repair,
        stream=outages.stream,
        of_part=of_part,
        seed=as_word(inputs.seed),
        samples=samples,
    )


def _draw_codes(parts: int, values: int) -> WordArray:
    """Random words by part and share: names of states within a chunk, nothing else."""
    words, most = np.random.default_rng(0), np.iinfo(np.uint64).max
    return words.integers(most, size=(2, parts, values), dtype=np.uint64, endpoint=True)
