"""Which jobs can be finished by a moment: work against crew time, spares, releases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.bound.crew_groups import CrewGroup, EarliestTimes
from gridtool.restoration.schedule.problem import ScheduleProblem

__all__ = ["Reach"]

FloatArray = npt.NDArray[np.float64]


class Reach:
    """What can be finished by a moment: work against crew time, spares, releases.

    The jobs that only some groups can do have no more crew time than these groups work.
    """

    def __init__(
        self, problem: ScheduleProblem, groups: tuple[CrewGroup, ...], earliest: EarliestTimes
    ) -> None:
        self.earliest = earliest
        self.need = problem.need
        self.unit_times_h = problem.unit_times_h
        pairs = np.argwhere(problem.before)
        self.pairs = [(int(i), int(j)) for i, j in pairs if earliest.frozen[j] < 0]
        able = np.array([group.able for group in groups]).reshape(len(groups), -1)
        least = np.array([group.occupied_h for group in groups]).reshape(len(groups), -1)
        least = np.where(able, least, np.inf).min(axis=0, initial=np.inf)
        self.work_h = np.where(np.isfinite(least), least, 0.0)
        patterns = {able[:, j].tobytes(): able[:, j] for j in range(able.shape[1])}
        patterns[np.ones(len(groups), dtype=np.bool_).tobytes()] = np.ones(len(groups), np.bool_)
        self.teams = [
            (np.flatnonzero(~(able & ~team[:, None]).any(axis=0)), np.flatnonzero(team))
            for team in patterns.values()
        ]
        self._groups = groups

    def crew_hours(self, moment_h: float) -> FloatArray:
        """Crew time of each team until a moment."""
        worked = [
            len(group.crews) * float(group.worked_until(np.array(moment_h)))
            for group in self._groups
        ]
        return np.array([sum(worked[g] for g in groups) for _, groups in self.teams])

    def units(self, moment_h: float) -> FloatArray:
        """Units of each spare there until a moment."""
        found: FloatArray = (self.unit_times_h <= moment_h + 1e-9).sum(axis=1).astype(np.float64)
        return found
