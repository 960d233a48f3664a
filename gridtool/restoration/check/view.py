"""The states of a plan as the independent check sees them: by date, from certified dispatches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.flow.case import PROTECTED, CompiledCase
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Dispatch
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import PlacedUnit, PlanConfig, RestorationPlan

__all__ = ["PlanState", "StateViews", "follow_plan"]

FloatArray = npt.NDArray[np.float64]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """What stands from ``begins`` on: the capacity of damaged assets and the mobile units.

    ``job`` is the id of the job that has just been finished, empty for a unit that came or went
    and for the first state.
    """

    begins: datetime
    capacity: Mapping[str, float]
    placed: frozenset[str]
    job: str = ""


def follow_plan(
    plan: RestorationPlan, *, positions: Mapping[str, int], placements: Sequence[PlacedUnit]
) -> list[PlanState]:
    """The states of ``plan`` one after the other; what happens in the same second is apart.

    Mobile units come first, then jobs by ``positions``. A job never takes capacity away.
    """
    events: list[tuple[datetime, int, int]] = [
        (entry.finish, positions[entry.job.id], k) for k, entry in enumerate(plan.jobs)
    ]
    for k, placed in enumerate(placements):
        events.append((placed.online, -1, k))
        if placed.offline is not None:
            events.append((placed.offline, -2, k))
    capacity = {
        asset: entry.capacity_share
        for asset, entry in plan.state.damage.items()
        if entry.capacity_share < 1.0
    }
    standing: frozenset[str] = frozenset()
    states = [PlanState(begins=plan.state.as_of, capacity=capacity, placed=standing)]
    for moment, kind, k in sorted(events):
        finished = ""
        if kind >= 0:
            job = plan.jobs[k].job
            best = max(capacity.get(job.asset, 0.0), job.capacity_after)
            capacity, finished = {**capacity, job.asset: best}, job.id
        elif kind == -1:
            standing |= {placements[k].part}
        else:
            standing -= {placements[k].part}
        states.append(PlanState(begins=moment, capacity=capacity, placed=standing, job=finished))
    return states


@dataclass
class StateViews:
    """Dispatches of the states of one plan, each made once for each demand.

    Parameters
    ----------
    weights : (B, 2)
        What a MW counts by busbar section and tier, as the plan's configuration has it.
    """

    network: CityNetwork
    dispatcher: Dispatcher
    config: PlanConfig
    parts: frozenset[str]
    weights: FloatArray
    _dispatches: dict[tuple[frozenset[tuple[str, float]], float], Dispatch] = field(
        default_factory=dict
    )
    _spread: dict[frozenset[tuple[str, float]], dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: RestorationPlan, dispatcher: Dispatcher | None) -> StateViews:
        """Views by ``dispatcher`` if it has all parts of the plan, else by one of its own."""
        parts = frozenset(placed.part for placed in plan.placements)
        known: Mapping[str, int] = dispatcher.case.part_position if dispatcher else {}
        if dispatcher is None or not parts <= set(known):
            placed = view_placements(
                plan.state, plan.placements, plan.resources.mobile_units, jobs=len(plan.jobs)
            )
            dispatcher = Dispatcher(compile_case(placed.state.network))
        return cls(
            network=plan.state.network,
            dispatcher=dispatcher,
            config=plan.config,
            parts=parts,
            weights=_count_weights(plan.state.network, dispatcher.case, plan.config),
        )

    def dispatch(self, state: PlanState, factor: float) -> Dispatch:
        """The certified dispatch of ``state`` at ``factor`` times the reference peak."""
        shares = dict(self._shares(state.capacity))
        shares |= dict.fromkeys(self.parts - state.placed, 0.0)
        key = frozenset(shares.items()), factor
        found = self._dispatches.get(key)
        if found is None:
            found = self.dispatcher.solve(
                shares,
                demand_mw=self.dispatcher.case.demand_mw * factor,
                import_limit_mw=self.config.import_limit_mw,
            )
            self._dispatches[key] = found
        return found

    def served(self, state: PlanState, levels: FloatArray) -> FloatArray:
        """Load served at each demand level, MW, in plain and as weighted (2, L)."""
        served = [self.dispatch(state, float(level)).served_mw for level in levels]
        return np.array([[mw.sum() for mw in served], [(mw * self.weights).sum() for mw in served]])

    def _shares(self, capacity: Mapping[str, float]) -> dict[str, float]:
        left = {asset: share for asset, share in capacity.items() if share < 1.0}
        key = frozenset(left.items())
        if key not in self._spread:
            self._spread[key] = spread_damage(self.network, left)
        return self._spread[key]


def _count_weights(network: CityNetwork, case: CompiledCase, config: PlanConfig) -> FloatArray:
    """What a MW counts by busbar section and tier (B, 2), feeder by feeder."""
    weights = np.ones((len(case.busbar_ids), 2))
    if config.class_weights:
        classes: dict[str, list[tuple[float, float]]] = {}
        columns = ("feeder", "customer_class", "demand_share")
        rows = zip(*(network.customers[column].tolist() for column in columns), strict=True)
        for feeder, name, share in rows:
            classes.setdefault(feeder, []).append((share, config.class_weights.get(name, 1.0)))
        peak, counted = np.zeros_like(weights), np.zeros_like(weights)
        for row, feeder in enumerate(case.feeder_ids):
            served = classes.get(feeder, [])
            total = sum(share for share, _ in served)
            weight = sum(share * w for share, w in served) / total if total > 0 else 1.0
            cell = case.feeder_busbar[row], case.feeder_tier[row]
            peak[cell] += case.feeder_peak_mw[row]
            counted[cell] += case.feeder_peak_mw[row] * weight
        weights = np.where(peak > 0, counted / np.where(peak > 0, peak, 1.0), 1.0)
    weights[:, PROTECTED] *= config.protected_weight
    return weights
