"""The schedule priced: the most that finishing jobs early can be worth to typed crews.

Given what each job is worth from its completion on and a price of crew time, every job may
choose its crew group and its time freely and pays for the crew; what all jobs choose, and the
price of all crew time, is no less than what any timetable is worth. Time is continuous: only
prices and values have steps, so the best choice is at one of their breakpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.bound.crew_groups import CrewGroup, EarliestTimes
from gridtool.restoration.bound.intervals import Intervals

__all__ = ["Choice", "ScheduleSide"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A job done by a group, finished when so many hours are worked."""

    group: int
    job: int
    worked_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """Moments at which a job may be finished by a group: P pairs, W moments each.

    ``worked_h`` (P, W); ``left_h`` (P, W, K) hours of each interval after it; impossible ones
    have ``possible`` (P, W) False.
    """

    jobs: IntArray
    occupied_h: FloatArray
    worked_h: FloatArray
    left_h: FloatArray
    possible: npt.NDArray[np.bool_]


class ScheduleSide:
    """Crew groups with slots of crew time, and all moments at which a job may be finished.

    Attributes
    ----------
    groups : tuple of CrewGroup
    slot_edges : by group, (slots + 1,) worked hours
    """

    def __init__(
        self,
        groups: tuple[CrewGroup, ...],
        earliest: EarliestTimes,
        intervals: Intervals,
        *,
        expected_h: FloatArray,
        slots: int,
    ) -> None:
        self.groups = groups
        self.intervals = intervals
        horizon = float(intervals.edge_h[-1])
        self.slot_edges = tuple(_slot_edges(group, horizon, slots) for group in groups)
        self._options = tuple(
            _options(group, earliest, intervals, edges=edges, expected_h=expected_h)
            for group, edges in zip(groups, self.slot_edges, strict=True)
        )
        self.jobs = len(expected_h)

    def bound(
        self, value: FloatArray, prices: tuple[FloatArray, ...]
    ) -> tuple[float, list[Choice]]:
        """The most that any timetable is worth, MWh, and the choices that say so.

        Parameters
        ----------
        value : (n, K)
            What an hour of each interval with the job finished is worth, MW.
        prices : by group, (slots,)
            Price of an hour of one crew's time, MW, not below 0.
        """
        best = np.zeros(self.jobs)
        total = 0.0
        chosen: list[Choice] = []
        for g, (group, edges, options) in enumerate(
            zip(self.groups, self.slot_edges, self._options, strict=True)
        ):
            paid = np.concatenate([[0.0], np.cumsum(prices[g] * np.diff(edges))])
            total += len(group.crews) * float(paid[-1])
            if not len(options.jobs):
                continue
            worth = np.einsum("pwk,pk->pw", options.left_h, value[options.jobs])
            begun = options.worked_h - options.occupied_h[:, None]
            worth -= np.interp(options.worked_h, edges, paid) - np.interp(begun, edges, paid)
            worth = np.where(options.possible, worth, -np.inf)
            place = worth.argmax(axis=1)
            row = np.arange(len(place))
            np.maximum.at(best, options.jobs, worth[row, place])
            chosen += [
                Choice(g, int(options.jobs[p]), float(options.worked_h[p, place[p]]))
                for p in np.flatnonzero(worth[row, place] > 0.0)
            ]
        return total + float(best.sum()), chosen

    def first_choices(self, every: int) -> list[Choice]:
        """Choices spread over the time: every so many slots' end, as far as possible."""
        found = []
        for g, (edges, options) in enumerate(zip(self.slot_edges, self._options, strict=True)):
            for p, j in enumerate(options.jobs.tolist()):
                ends = np.flatnonzero(options.possible[p, : len(edges)])[::every]
                found += [Choice(g, j, float(options.worked_h[p, w])) for w in ends]
        return found

    def column(self, choice: Choice) -> tuple[FloatArray, FloatArray]:
        """Crew time used by slot of the choice's group, and hours of each interval left (K,)."""
        group, edges = self.groups[choice.group], self.slot_edges[choice.group]
        begun = choice.worked_h - group.occupied_h[choice.job]
        used = np.clip(
            np.minimum(edges[1:], choice.worked_h) - np.maximum(edges[:-1], begun), 0.0, None
        )
        moment = group.moment_of(np.array(choice.worked_h))
        return used, self.intervals.left_of(moment)


def _slot_edges(group: CrewGroup, horizon_h: float, slots: int) -> FloatArray:
    """Slots of worked time until the horizon, of equal length inside a shift."""
    last = float(group.worked_until(np.array(horizon_h)))
    if last <= 0.0:
        return np.array([0.0, 1.0])
    shifts = group.worked_h[group.worked_h < last - 1e-9]
    bounds = np.append(shifts, last)
    bounds = bounds[:: max(1, len(bounds) // slots)]
    bounds = np.unique(np.concatenate([[0.0], bounds, [last]]))
    parts = np.maximum(1, np.round(np.diff(bounds) * slots / last)).astype(np.int64)
    inner = [
        np.linspace(a, b, k + 1)[:-1] for a, b, k in zip(bounds, bounds[1:], parts, strict=False)
    ]
    return np.append(np.concatenate(inner), last)


def _options(
    group: CrewGroup,
    earliest: EarliestTimes,
    intervals: Intervals,
    *,
    edges: FloatArray,
    expected_h: FloatArray,
) -> _Options:
    mine = group.able & ((earliest.frozen < 0) | np.isin(earliest.frozen, group.crews))
    jobs = np.flatnonzero(mine)
    occupied = group.occupied_h[jobs]
    begun = np.maximum(group.worked_until(earliest.work_h[jobs]), occupied - expected_h[jobs])
    first = begun + expected_h[jobs]
    shifts = group.worked_h[group.worked_h <= edges[-1]]
    common = np.concatenate([edges, shifts, group.worked_until(intervals.edge_h)])
    worked = np.concatenate(
        [np.tile(common, (len(jobs), 1)), edges[None, :] + occupied[:, None], first[:, None]],
        axis=1,
    )
    frozen = earliest.frozen[jobs] >= 0
    possible = np.where(
        frozen[:, None],
        np.abs(worked - first[:, None]) < 1e-12,
        worked >= first[:, None] - 1e-12,
    )
    left = intervals.left_of(group.moment_of(worked))
    return _Options(jobs=jobs, occupied_h=occupied, worked_h=worked, left_h=left, possible=possible)
