"""A proven lower bound on the energy not served of any timetable.

Lagrangian decomposition in time and space. For any costs c_j(t) >= 0, constant in each interval,
the load served by the set S(t) of finished jobs is at most ``most(c) + sum of c over S(t)``
(:mod:`network_side`, a mixed-integer program per interval over sets that can be finished by
then), and the costs collected over time are a pure scheduling problem, bounded by pricing crew
time (:mod:`schedule_side`). Both hold for any costs and prices, whatever order, assignment or
idling; good ones come from a linear program fed with cuts and choices (:mod:`master`). Costs of
zero give the fluid bound (the most that crew time allows to be finished, moment by moment),
which is tried too: the result is never below it at the same intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.restoration.bound.crew_groups import CrewGroup, earliest_times, make_groups
from gridtool.restoration.bound.fleets import Fleet
from gridtool.restoration.bound.intervals import cut_intervals
from gridtool.restoration.bound.master import Master, Multipliers
from gridtool.restoration.bound.network_side import PricedState
from gridtool.restoration.bound.networks import NetworkModel, Networks
from gridtool.restoration.bound.reach import Reach
from gridtool.restoration.bound.schedule_side import ScheduleSide
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.search.seeds import backward_order
from gridtool.restoration.value.states import StateValues

__all__ = ["BoundEffort", "BoundResult", "energy_bound"]

FloatArray = npt.NDArray[np.float64]

_LOOSE_MW = 0.5
"""Load served beyond the dispatch of the same state from which the law of loops is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundEffort:
    """How hard the bound is worked at, in counts, so that it can be reproduced.

    ``intervals`` of costs, ``slots`` of crew time, ``rounds`` of cuts with flows that balance
    only, ``loop_rounds`` with the law of loops, ``nodes`` and ``loop_nodes`` of
    each program's search tree without and with that law. A round
    ends the work when it promises less than ``tolerance`` of the energy.
    """

    intervals: int = 32
    slots: int = 90
    rounds: int = 8
    loop_rounds: int = 2
    choice_rounds: int = 6
    nodes: int = 200
    loop_nodes: int = 10
    tolerance: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundResult:
    """The bound, MWh (weighted as the values are), in words how it was proven, and rounds.

    ``fluid_mwh`` is what the fluid bound alone gives at the same intervals. Where ``ends_by_h`` is
    finite the bound is for timetables that end by then: see :func:`energy_bound`.
    """

    weighted_mwh: float
    method: str
    rounds: int
    fluid_mwh: float = 0.0
    ends_by_h: float = float("inf")


def energy_bound(
    problem: ScheduleProblem,
    values: StateValues,
    *,
    case: CompiledCase,
    import_limit_mw: float | None = None,
    weights: FloatArray | None = None,
    fleets: Sequence[Fleet] = (),
    timetable: Timetable | None = None,
    effort: BoundEffort | None = None,
    seed: int = 1,
    interrupted: Callable[[], bool] | None = None,
) -> BoundResult:
    """A lower bound on ``values.energy_not_served`` over all timetables of ``problem``.

    Whatever the order, the assignment or idling, and with mobile units wherever they are placed.
    Only where a state serves more than the repaired network (a line that is better open, a
    mobile generator beside a short supply) could a plan gain without end by holding back a
    repair: then the bound is for timetables that end by ``ends_by_h``, no sooner than
    ``timetable`` and than the slowest crew alone, starting once all spares and equipment are
    there, would have done everything.

    Parameters
    ----------
    import_limit_mw, weights
        As ``values`` counts them: weights (B, 2) of a MW by busbar section and tier.
    case
        The network without mobile units' candidates, whatever ``values`` know of.
    fleets
        Mobile units that may be placed: see :func:`gridtool.restoration.bound.make_fleets`.
    timetable
        A good timetable; it decides where intervals are short.
    seed
        Of the solver of the mixed-integer programs.
    interrupted
        Asked between rounds; what is proven until then is returned.
    """
    known = case.part_position
    if any(part in known for part in values.effects.candidates):
        raise ValueError("the case has parts for candidates of mobile units")
    if not len(problem.jobs):
        return BoundResult(weighted_mwh=0.0, method="no repairs", rounds=0)
    effort = effort or BoundEffort()
    timetable = timetable or problem.schedule(backward_order(values, problem.expected_h, width=5))
    decomposition = _Decomposition(
        problem,
        values,
        model=NetworkModel(
            case=case,
            values=values,
            import_limit_mw=import_limit_mw,
            weights=weights,
            fleets=tuple(fleets),
            nodes=effort.nodes,
            loop_nodes=effort.loop_nodes,
            seed=seed,
        ),
        timetable=timetable,
        effort=effort,
    )
    return decomposition.improve(interrupted or (lambda: False))


class _Decomposition:
    """The bound being worked at."""

    def __init__(
        self,
        problem: ScheduleProblem,
        values: StateValues,
        *,
        model: NetworkModel,
        timetable: Timetable,
        effort: BoundEffort,
    ) -> None:
        self.values = values
        self.effort = effort
        self.fleets = model.fleets
        self.ends_by_h = np.inf
        intervals = cut_intervals(values, timetable, count=effort.intervals)
        intervals = intervals.cut_at(
            [one.before_h for fleet in model.fleets for one in fleet.presences]
        )
        groups = make_groups(problem)
        earliest = earliest_times(problem, groups)
        reach = Reach(problem, groups, earliest)
        self._networks = Networks(model, reach, intervals)
        self._tail = 0.0
        excess = self._networks.excess_mw()
        if excess > 0.0:
            last = timetable.finish_h[np.isfinite(timetable.finish_h)].max(initial=0.0)
            self.ends_by_h = latest = max(_latest_end(problem, groups), float(last))
            intervals = intervals.until(min(latest, float(intervals.edge_h[-1])))
            self._networks = Networks(model, reach, intervals)
            self._tail = excess * (latest - float(intervals.edge_h[-1]))
        self.intervals = intervals
        self.full_mw = intervals.weight @ values.full_levels_mw
        self.schedule = ScheduleSide(
            groups,
            earliest,
            intervals,
            expected_h=problem.expected_h,
            slots=effort.slots,
        )
        self.best = -np.inf
        self.multipliers: Multipliers | None = None
        self.loose = np.zeros(intervals.count, dtype=np.bool_)

    def improve(self, interrupted: Callable[[], bool]) -> BoundResult:
        fluid = self._fluid()
        self.best = fluid
        master = Master(
            self.schedule,
            [self._networks.relaxed(k) for k in range(self.intervals.count)],
        )
        master.add_choices(self.schedule.first_choices(max(1, self.effort.slots // 30)))
        done = 0
        for loops, rounds in ((False, self.effort.rounds), (True, self.effort.loop_rounds)):
            for _ in range(rounds):
                if interrupted() or (loops and not self.loose.any()):
                    break
                done += 1
                if self._round(master, loops=loops) < self.effort.tolerance * max(self.best, 1.0):
                    break
        method = "work volume of the crews" if self.best <= fluid else "network and crews priced"
        return BoundResult(
            weighted_mwh=self.best,
            method=method + self._provisos(),
            rounds=done,
            fluid_mwh=fluid,
            ends_by_h=self.ends_by_h,
        )

    def _provisos(self) -> str:
        said = ""
        if self.fleets:
            said += "; mobile units give all they can, wherever, once they can be there"
        if np.isfinite(self.ends_by_h):
            said += f"; for plans that end within {np.ceil(self.ends_by_h / 24.0):.0f} days"
        return said

    def _round(self, master: Master, *, loops: bool) -> float:
        """Improve schedule and network once; by how much the master still exceeds them, MWh."""
        for _ in range(self.effort.choice_rounds):
            found = master.solve()
            earned, choices = self.schedule.bound(found.cost, found.prices)
            if not master.add_choices(choices):
                break
        states = [
            self._networks.solve(k, found.cost[:, k], loops=loops and bool(self.loose[k]))
            for k in range(self.intervals.count)
        ]
        bound = self._total(states) - earned
        if bound > self.best:
            self.best, self.multipliers = bound, found
        self._add_cuts(master, found, states)
        if not loops:
            self.loose = np.array([self._is_loose(k, state) for k, state in enumerate(states)])
        collected = found.cost * found.done
        over = found.served_mw - collected.sum(axis=0) - [state.most for state in states]
        length = self.intervals.length_h
        return float(np.maximum(over, 0.0) @ length + earned - collected.sum(axis=0) @ length)

    def _add_cuts(self, master: Master, found: Multipliers, states: list[PricedState]) -> None:
        """Cuts where they were found, and in earlier intervals that violate them: what cannot be
        reached later cannot be reached earlier."""
        for k, state in enumerate(states):
            cost = found.cost[:, k]
            for earlier in range(k + 1):
                if self._networks.mix_of[earlier] != self._networks.mix_of[k]:
                    continue
                most = state.most + float(cost @ found.done[:, earlier])
                if earlier == k or found.served_mw[earlier] > most + 1e-3:
                    master.add_cut(earlier, cost, state.most)

    def _total(self, states: list[PricedState]) -> float:
        """Energy not served if each state were served all the time, MWh."""
        most = np.array([state.most for state in states])
        return float((self.full_mw - most) @ self.intervals.length_h) - self._tail

    def _fluid(self) -> float:
        nothing = np.zeros(self.schedule.jobs)
        return self._total([self._networks.solve(k, nothing) for k in range(self.intervals.count)])

    def _is_loose(self, k: int, state: PricedState) -> bool:
        mask = sum(1 << int(j) for j in np.flatnonzero(state.done))
        served = float(self.intervals.weight[k] @ self.values.levels_mw(mask))
        return state.served_mw > served + _LOOSE_MW


def _latest_end(problem: ScheduleProblem, groups: tuple[CrewGroup, ...]) -> float:
    """When the slowest crew alone would have done all jobs after the last thing has come, h."""
    there = float(problem.release_h.max(initial=0.0))
    units = problem.unit_times_h[np.isfinite(problem.unit_times_h)]
    there = max(there, float(units.max(initial=0.0)))
    ends = [there]
    for group in groups:
        ways = problem.travel_h[list(group.crews)].max(axis=(0, 1), initial=0.0)
        work = float((problem.expected_h + ways).sum())
        worked = float(group.worked_until(np.array(there))) + work
        ends.append(float(group.moment_of(np.array(min(worked, group.total_h)))))
    return max(ends)
