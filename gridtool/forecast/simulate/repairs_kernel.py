"""Executions of a plan whose queue further damage joins, compiled.

The planned jobs are called as :func:`gridtool.restoration.schedule.kernel_calls.call_jobs` calls
them. The repair of a hit comes after them, in order of occurrence, with these exceptions:

- A crew that would stand idle for a planned job takes the first hit before it that it is expected
  to finish, and to be back from, by then (backfilling as in Lifka 1995).
- A planned repair that has not begun when its asset is hit makes good the hit as well, in its
  place in the queue; of the two damages the one that is expected to take longer sets the work. So
  does the repair of a hit for later hits of the asset.
- After the planned jobs a hit whose spares or equipment are not there is put back until they are,
  if another can begin before.

No crew sets out for a hit before it has happened. Hits take the spares that the plan leaves over,
and wait for what holds them up and is out altogether when they happen; planned jobs wait for what
the plan has them wait for. Crews finish what they have begun, even if the asset is hit meanwhile:
it stays at the worse level, and is back when the repair of the hit is done as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.simulate.repairs_view_kernel import (
    Draws,
    Queue,
    Sheet,
    begin_with_crew,
    is_waiting,
    open_sheet,
    preceded_hit,
    supplied_hit,
)
from gridtool.restoration.schedule.kernel import (
    Given,
    assign_jobs,
    call_order,
    choose_crew,
    place_job,
)
from gridtool.restoration.schedule.kernel_calls import call_jobs, call_next
from gridtool.restoration.schedule.kernel_clock import TINY_H, work_until

__all__ = ["Executed", "execute_queue"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Executed(NamedTuple):
    """When work begins on site and ends, hours after the as-of time; infinite for never.

    Attributes
    ----------
    begin_h, finish_h : (n, J)
        Planned jobs. Of samples without hits the begin is not kept: 0.
    hit_begin_h, hit_finish_h : (m,)
        Repairs of hits; infinite for one made good by another repair.
    crew, hit_crew : (n, J) and (m,) int
        Who does it; -1: nobody, or not kept.
    """

    begin_h: FloatArray
    finish_h: FloatArray
    hit_begin_h: FloatArray
    hit_finish_h: FloatArray
    crew: IntArray
    hit_crew: IntArray


@numba.njit(cache=True)
def execute_queue(queue: Queue, draws: Draws, given: Given) -> Executed:
    """Execute the policy in each sample, with what is random in it.

    Parameters
    ----------
    given
        Of the planned jobs.
    """
    n, jobs = draws.work_h.shape
    hits = draws.at_h.shape[0]
    out = Executed(
        np.zeros((n, jobs)),
        np.empty((n, jobs)),
        np.full(hits, np.inf),
        np.full(hits, np.inf),
        np.full((n, jobs), -1),
        np.full(hits, -1),
    )
    called = call_order(queue.order, given)
    patience = np.full((2, jobs), np.inf)
    crew, unused = np.empty(jobs, dtype=np.int64), np.empty((3, jobs))
    assign_jobs(called, given[0], given, (crew, unused[0], unused[1], unused[2], patience[0]))
    for i in range(n):
        if draws.first[i] == draws.first[i + 1]:
            drawn = (*given[:8], draws.unit_times_h[i], draws.release_h[i], *given[10:])
            found = call_jobs(called, draws.work_h[i], patience, queue.farthest_h, drawn)
            out.finish_h[i] = found[1]
        else:
            sheet = open_sheet(i, queue, draws, given)
            _execute_sample(i, (called, patience), queue, sheet, out)
            _write_hits(draws.first[i], sheet, out)
    return out


@numba.njit(cache=True)
def _execute_sample(
    i: int, planned: tuple[IntArray, FloatArray], queue: Queue, sheet: Sheet, out: Executed
) -> None:
    """Call all jobs of sample ``i`` and write what comes of them to ``out``.

    Parameters
    ----------
    planned
        The planned jobs as they are called, and their patience.
    """
    jobs = sheet.jobs
    _call_planned(planned[0], planned[1], queue, sheet)
    _call_hits(sheet)
    out.begin_h[i], out.finish_h[i] = sheet.begin_h[:jobs], sheet.finish_h[:jobs]
    out.crew[i] = sheet.crew[:jobs]


@numba.njit(cache=True)
def _write_hits(first: int, sheet: Sheet, out: Executed) -> None:
    """Write the repairs of hits that are not made good by others, from ``first`` on."""
    for one in range(sheet.jobs, sheet.asset.shape[0]):
        if sheet.done_by[one] == one:
            h = first + one - sheet.jobs
            out.hit_begin_h[h], out.hit_finish_h[h] = sheet.begin_h[one], sheet.finish_h[one]
            out.hit_crew[h] = sheet.crew[one]


@numba.njit(cache=True)
def _call_planned(called: IntArray, patience: FloatArray, queue: Queue, sheet: Sheet) -> None:
    """Call the planned jobs, and hits where a crew would stand idle."""
    crews = sheet.free_h, sheet.place, sheet.planned_used
    reach = queue.farthest_h, np.array([-1.0, 0.0])
    none = np.full_like(patience, -1.0)
    left = 0
    for j in called:
        left += sheet.open[j]
    while left > 0:
        j, c, begin = call_next(
            called, sheet.open, patience, reach, sheet.finish_h, crews, sheet.given
        )
        if j < 0:
            j, c, begin = call_next(
                called, sheet.open, none, reach, sheet.finish_h, crews, sheet.given
            )
        if c >= 0:
            one, one_begin = _find_backfill(j, c, begin, queue, sheet)
            if one >= 0:
                _make_good(one, one_begin, sheet)
                _do_job(one, c, one_begin, sheet)
                continue
            if queue.permanent[j]:
                _make_good(j, begin, sheet)
        _do_job(j, c, begin, sheet)
        left -= 1


@numba.njit(cache=True)
def _find_backfill(j: int, c: int, begin: float, queue: Queue, sheet: Sheet) -> tuple[int, float]:
    """The first hit that crew ``c`` is expected to have repaired before it begins with job ``j``,
    and when it begins with it; -1 for none."""
    expected, able, travel, starts, ends, worked, counts = sheet.given[:7]
    clock = starts[c], ends[c], worked[c], counts[c]
    for k in range(sheet.at_h.shape[0]):
        if sheet.at_h[k] >= begin:
            break
        one = sheet.jobs + k
        if not sheet.open[one] or not able[c, one] or is_waiting(one, sheet):
            continue
        if _is_planned(sheet.asset[one], queue, sheet.open):
            continue
        earliest = max(supplied_hit(one, sheet), preceded_hit(one, sheet))
        leaves = max(sheet.free_h[c], sheet.at_h[k])
        start = begin_with_crew(one, c, leaves, earliest, sheet)
        done = work_until(clock[0], clock[1], clock[2], clock[3], start, expected[one])
        back = work_until(clock[0], clock[1], clock[2], clock[3], done, travel[c, one, j])
        if back <= begin + TINY_H:
            return one, start
    return -1, np.inf


@numba.njit(cache=True)
def _is_planned(asset: int, queue: Queue, open_: BoolArray) -> bool:
    """Whether a planned repair that would make good a hit of ``asset`` has not begun."""
    found = False
    for j in range(queue.asset.shape[0]):
        found = found or (queue.asset[j] == asset and queue.permanent[j] and open_[j])
    return found


@numba.njit(cache=True)
def _do_job(one: int, c: int, begin: float, sheet: Sheet) -> None:
    """Job ``one`` begins at ``begin`` with crew ``c`` (-1: never)."""
    used = sheet.planned_used if one < sheet.jobs else sheet.used
    sheet.open[one] = False
    crews = sheet.free_h, sheet.place, used
    place_job(one, c, begin, sheet.work_h[one], sheet.finish_h, crews, sheet.given)
    sheet.begin_h[one], sheet.crew[one], sheet.done_by[one] = begin, c, one


@numba.njit(cache=True)
def _make_good(one: int, begin: float, sheet: Sheet) -> None:
    """Job ``one``, about to begin, makes good the other open hits of its asset until then."""
    expected = sheet.given[0][one]
    for other in range(sheet.jobs, sheet.asset.shape[0]):
        k = other - sheet.jobs
        if other == one or not sheet.open[other] or sheet.asset[other] != sheet.asset[one]:
            continue
        if sheet.at_h[k] <= begin and sheet.ready_h[k] <= begin:
            sheet.open[other] = False
            sheet.done_by[other] = one
            if sheet.given[0][other] > expected:
                sheet.work_h[one], expected = sheet.work_h[other], sheet.given[0][other]


@numba.njit(cache=True)
def _call_hits(sheet: Sheet) -> None:
    """Call the hits that are left, when all planned jobs have their crews."""
    moved = np.empty_like(sheet.free_h)
    left = True
    while left:
        left = False
        chosen, chosen_crew, earliest = -1, -1, np.inf
        for k in range(sheet.at_h.shape[0]):
            one = sheet.jobs + k
            if sheet.at_h[k] >= earliest:
                break
            if not sheet.open[one] or is_waiting(one, sheet):
                continue
            for c in range(moved.shape[0]):
                moved[c] = max(sheet.free_h[c], sheet.at_h[k])
            supplied, preceded = supplied_hit(one, sheet), preceded_hit(one, sheet)
            standing = moved, sheet.place, sheet.used
            c, begin, _, _, idles = choose_crew(one, supplied, preceded, standing, sheet.given)
            if c < 0:
                _do_job(one, -1, np.inf, sheet)
                left = True
            elif begin < earliest - TINY_H:
                chosen, chosen_crew, earliest = one, c, begin
                if idles <= TINY_H:
                    break
        if chosen >= 0:
            _make_good(chosen, earliest, sheet)
            _do_job(chosen, chosen_crew, earliest, sheet)
            left = True
