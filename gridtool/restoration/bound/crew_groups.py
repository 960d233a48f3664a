"""Crews that are alike, and when jobs can be finished at the earliest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.schedule.problem import ScheduleProblem

__all__ = ["CrewGroup", "EarliestTimes", "earliest_times", "make_groups"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_TINY_H = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewGroup:
    """Crews with the same working hours that can do the same jobs.

    Attributes
    ----------
    crews : tuple of crew positions
    able : (n,) bool
    occupied_h : (n,)
        Least that a job keeps a crew of the group busy without a break: the work and the least
        way to it, from the depot or from any other job.
    start_h, end_h, worked_h : (I,)
        Working intervals, and hours worked before each.
    """

    crews: tuple[int, ...]
    able: BoolArray
    occupied_h: FloatArray
    start_h: FloatArray
    end_h: FloatArray
    worked_h: FloatArray

    @property
    def total_h(self) -> float:
        """Hours that one crew works in all its calendar."""
        return float(self.worked_h[-1] + self.end_h[-1] - self.start_h[-1])

    def moment_of(self, worked_h: FloatArray) -> FloatArray:
        """The moment so many hours are worked: at the end of a shift, not the start of the next.

        Infinite beyond the calendar.
        """
        worked = np.asarray(worked_h, dtype=np.float64)
        place = np.searchsorted(self.worked_h, worked - _TINY_H, side="left") - 1
        place = np.clip(place, 0, None)
        found = self.start_h[place] + np.maximum(worked - self.worked_h[place], 0.0)
        return np.where(worked > self.total_h + _TINY_H, np.inf, found)

    def worked_until(self, moment_h: FloatArray) -> FloatArray:
        """Hours worked until each moment."""
        moment = np.asarray(moment_h, dtype=np.float64)
        place = np.searchsorted(self.start_h, moment, side="right") - 1
        inside = np.clip(moment - self.start_h[place], 0.0, self.end_h[place] - self.start_h[place])
        return np.where(place < 0, 0.0, self.worked_h[place] + inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarliestTimes:
    """Before which moments nothing can be, whatever the plan.

    Attributes
    ----------
    work_h : (n,)
        Start of work: releases, the first units of the spares, predecessors.
    finish_h : (n,)
    frozen : (n,) int
        The crew that is at work on a job already, -1 if none.
    """

    work_h: FloatArray
    finish_h: FloatArray
    frozen: npt.NDArray[np.int64]


def make_groups(problem: ScheduleProblem) -> tuple[CrewGroup, ...]:
    """The groups of crews that ever work, in the order of their first crew."""
    calendar = problem.calendar
    found: dict[bytes, list[int]] = {}
    for crew in range(len(problem.resources.crews)):
        hours = int(calendar.count[crew])
        if hours:
            key = calendar.start_h[crew, :hours].tobytes() + calendar.end_h[crew, :hours].tobytes()
            found.setdefault(problem.able[crew].tobytes() + key, []).append(crew)
    groups = []
    for crews in found.values():
        rows = slice(0, int(calendar.count[crews[0]]))
        groups.append(
            CrewGroup(
                crews=tuple(crews),
                able=problem.able[crews[0]],
                occupied_h=problem.expected_h + _least_way(problem, crews),
                start_h=calendar.start_h[crews[0], rows],
                end_h=calendar.end_h[crews[0], rows],
                worked_h=calendar.worked_h[crews[0], rows],
            )
        )
    return tuple(groups)


def _least_way(problem: ScheduleProblem, crews: list[int]) -> FloatArray:
    n = len(problem.jobs)
    ways = problem.travel_h[crews].copy()
    ways[:, np.arange(n), np.arange(n)] = np.inf  # nobody travels from a job to itself
    found: FloatArray = ways.min(axis=(0, 1)) if n else np.zeros(0)
    return np.where(problem.frozen >= 0, 0.0, found)


def earliest_times(problem: ScheduleProblem, groups: tuple[CrewGroup, ...]) -> EarliestTimes:
    """Earliest starts and finishes, by the longest chain of predecessors."""
    n = len(problem.jobs)
    frozen = problem.frozen
    work = np.array(problem.release_h, dtype=np.float64)
    for j, s in zip(*np.nonzero(problem.need), strict=True):
        work[j] = max(work[j], problem.unit_times_h[s, problem.need[j, s] - 1])
    finish = np.zeros(n)
    for _ in range(n + 1):
        finish = _finish_from(work, problem, groups, frozen)
        waited = np.where(problem.before, finish[:, None], 0.0).max(axis=0, initial=0.0)
        waited[frozen >= 0] = 0.0
        if (waited <= work).all():
            break
        work = np.maximum(work, waited)
    return EarliestTimes(work_h=work, finish_h=finish, frozen=frozen)


def _finish_from(
    work: FloatArray,
    problem: ScheduleProblem,
    groups: tuple[CrewGroup, ...],
    frozen: npt.NDArray[np.int64],
) -> FloatArray:
    finish = np.full(len(work), np.inf)
    for group in groups:
        begun = np.maximum(group.worked_until(work), group.occupied_h - problem.expected_h)
        mine = group.able & ((frozen < 0) | np.isin(frozen, group.crews))
        done = group.moment_of(begun + problem.expected_h)
        finish = np.where(mine, np.minimum(finish, done), finish)
    return finish
