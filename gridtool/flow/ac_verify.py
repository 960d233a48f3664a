"""The AC check of a dispatch: losses balanced, ratings respected by shedding more, or said.

The DC dispatch knows neither losses nor reactive power. Here its served load and generation are
put into an AC power flow. A branch over its rating gets a tighter DC limit, an island whose
sources cannot carry the losses a smaller supply, and the dispatcher decides again who is shed,
until nothing is violated. The rounds run on the fast engine; the state that is published is
solved once more by pandapower, and the two must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import PowerFlowDiverged
from gridtool.flow.ac_model import AcModel, build_ac_model
from gridtool.flow.ac_nodes import live_nodes
from gridtool.flow.ac_settle import (
    HIGHEST_PU,
    LOWEST_PU,
    SUPPLY_TOLERANCE_MW,
    AcPoint,
    island_of_source,
    settle,
    sum_by,
)
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.fast_ac import AcSolution
from gridtool.flow.model import AcCheck, Dispatch, Topology
from gridtool.network.model import CityNetwork

__all__ = ["AcRepair", "check_repaired", "mostly_reactive", "repair_ac", "verify_ac"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LOADING_TOLERANCE = 1e-3
"""A branch is violated above 100.1 % of its rating: ratings are not known better."""
ENGINE_TOLERANCE_PU = 1e-6
_STEP_BELOW = 0.998
_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class AcRepair:
    """A dispatch that holds under AC, its state, and how many times it was decided again."""

    dispatch: Dispatch
    point: AcPoint
    rounds: int


def verify_ac(
    network: CityNetwork,
    dispatch: Dispatch,
    *,
    import_limit_mw: float | None = None,
    capacity_share: Mapping[str, float] | None = None,
) -> AcCheck:
    """AC power flow of a dispatched state, with what must be shed beyond it.

    Parameters
    ----------
    import_limit_mw
        Limit of all infeeds together, where the dispatch had one.
    capacity_share
        Damage of parts that the dispatch does not know: shunts.

    Returns
    -------
    The check of the state after the added shedding; see :func:`repair_ac` for the dispatch that
    goes with it.
    """
    return check_repaired(
        network, dispatch, import_limit_mw=import_limit_mw, capacity_share=capacity_share
    )[0]


def check_repaired(
    network: CityNetwork,
    dispatch: Dispatch,
    *,
    dispatcher: Dispatcher | None = None,
    import_limit_mw: float | None = None,
    capacity_share: Mapping[str, float] | None = None,
    model: AcModel | None = None,
    reference: bool = True,
) -> tuple[AcCheck, Dispatch]:
    """:func:`verify_ac` and the dispatch it is about.

    Parameters
    ----------
    model
        The AC model of this damage (``capacity_share`` is not read then), where it is built
        already.
    reference
        Whether pandapower solves the state once more, which takes ten times as long.
    """
    model = model or build_ac_model(network, dispatch.case, capacity_share=capacity_share)
    repaired = repair_ac(
        model, dispatch, dispatcher or Dispatcher(dispatch.case), import_limit_mw=import_limit_mw
    )
    check = _check(network, model, dispatch, repaired, reference=reference)
    return check, repaired.dispatch


def repair_ac(
    model: AcModel,
    dispatch: Dispatch,
    dispatcher: Dispatcher,
    *,
    import_limit_mw: float | None = None,
) -> AcRepair:
    """``dispatch`` tightened until its AC power flow respects ratings and supply.

    Where no round finds a state the dispatch is returned as it was, with the last attempt.
    """
    intact, first = dispatch.topology, dispatch
    limits = _Limits(model, intact, import_limit_mw=import_limit_mw)
    for rounds in range(_ROUNDS + 1):
        point = settle(model, dispatch, intact, import_limit_mw=import_limit_mw)
        changed = limits.adapt(dispatch.flow_mw, point, relax=rounds < _ROUNDS // 2)
        if not changed or rounds == _ROUNDS:
            break
        dispatch = dispatcher.solve(
            {},
            demand_mw=dispatch.demand_mw,
            source_max_mw=limits.supply_mw,
            import_limit_mw=import_limit_mw,
            topology=replace(intact, branch_limit_mw=limits.branch_mw),
        )
    if not point.solution.converged:
        # Shedding was in vain (it takes a switched shunt or a voltage): leave the DC dispatch.
        return AcRepair(dispatch=first, point=point, rounds=rounds)
    return AcRepair(dispatch=replace(dispatch, topology=intact), point=point, rounds=rounds)


class _Limits:
    """DC limits of branches and sources that stand for what AC allows."""

    def __init__(
        self, model: AcModel, topology: Topology, *, import_limit_mw: float | None = None
    ) -> None:
        self.topology = topology
        self.branch_mw = topology.branch_limit_mw.copy()
        self.supply_mw = topology.source_max_mw.copy()
        self.tightened = np.zeros(len(self.branch_mw), dtype=bool)
        self.island = island_of_source(model, topology)
        infeed = model.case.source_infeed
        imports = float(topology.source_max_mw[infeed].sum())
        scale = 1.0
        if import_limit_mw is not None and imports > import_limit_mw:
            scale = import_limit_mw / imports
        self.rated_mw = np.where(infeed, scale, 1.0) * topology.source_max_mw
        self.short = np.zeros(int(topology.island_of_node.max(initial=-1)) + 1, dtype=bool)

    def adapt(self, flow_mw: FloatArray, point: AcPoint, *, relax: bool) -> bool:
        """Adapt to an AC state; whether the dispatch must be decided again."""
        branches = self._adapt_branches(np.abs(flow_mw), point.solution, relax=relax)
        return self._adapt_supply(point) or branches

    def _adapt_branches(self, flow: FloatArray, solution: AcSolution, *, relax: bool) -> bool:
        if not solution.converged:
            # Beyond collapse there is no loading to go by: hold back what is heavily loaded.
            heavy = flow > 0.5 * self.branch_mw
            self.branch_mw = np.where(heavy, 0.95 * flow, self.branch_mw)
            return bool(heavy.any())
        loading = np.maximum(solution.loading, 1e-6)
        over = (loading > 1.0 + LOADING_TOLERANCE) & (flow > 1e-6) & ~mostly_reactive(solution)
        self.tightened |= over
        # Active power at which the current would just be allowed, at this power factor.
        usable = np.minimum(flow / loading * _STEP_BELOW, self.topology.branch_limit_mw)
        binding = self.tightened & (flow > 0.99 * self.branch_mw) & (usable > self.branch_mw)
        loose = binding & (usable > 1.004 * self.branch_mw) if relax else np.zeros_like(over)
        self.branch_mw = np.where(over, np.minimum(self.branch_mw, usable), self.branch_mw)
        self.branch_mw = np.where(loose, usable, self.branch_mw)
        return bool(over.any() or loose.any())

    def _adapt_supply(self, point: AcPoint) -> bool:
        """Leave to load what the sources of an island short of supply give beyond losses."""
        self.short |= point.deficit_mw > SUPPLY_TOLERANCE_MW
        if not self.short.any() or not point.solution.converged:
            return False
        rated = sum_by(self.island, self.rated_mw, len(self.short))
        now = sum_by(self.island, np.minimum(self.supply_mw, self.rated_mw), len(self.short))
        left = np.where(self.short, np.maximum(rated - point.losses_mw, 0.0), now)
        if np.abs(left - now).max() <= SUPPLY_TOLERANCE_MW:
            return False
        part = np.divide(left, rated, out=np.ones(len(left)), where=rated > 0.0)
        is_short = np.append(self.short, False)[self.island]  # the last one is for the dead
        scaled = self.rated_mw * np.append(part, 1.0)[self.island]
        self.supply_mw = np.where(is_short, scaled, self.supply_mw)
        return True


def _check(
    network: CityNetwork,
    model: AcModel,
    first: Dispatch,
    repaired: AcRepair,
    *,
    reference: bool,
) -> AcCheck:
    from gridtool.flow.ac import solve_reference

    dispatch, point = repaired.dispatch, repaired.point
    violations = _violations(model, dispatch, point)
    solution = point.solution
    if solution.converged and reference:
        try:
            solution = solve_reference(
                network,
                point.model,
                dispatch.topology,
                served_mw=dispatch.served_mw,
                source_mw=point.source_mw,
                slack=point.slack,
            )
        except PowerFlowDiverged as error:
            violations.append(str(error))
        else:
            apart = float(np.nanmax(np.abs(solution.v - point.solution.v), initial=0.0))
            if apart > ENGINE_TOLERANCE_PU:
                violations.append(f"the two power flow engines differ by {apart:.1e} p.u.")
    magnitude = np.abs(solution.v)
    alive = np.isfinite(magnitude).any()
    return AcCheck(
        converged=solution.converged,
        residual_mva=solution.residual_mva if solution.converged else np.nan,
        losses_mw=solution.losses_mw if solution.converged else np.nan,
        min_voltage_pu=float(np.nanmin(magnitude)) if alive else np.nan,
        max_loading_pct=float(100.0 * solution.loading.max(initial=0.0))
        if solution.converged
        else np.nan,
        shed_added_mw=first.total_served_mw - dispatch.total_served_mw,
        served_mw=dispatch.total_served_mw,
        violations=tuple(violations),
        actions=tuple(
            f"{model.shunt_ids[shunt]} switched off"
            for shunt in np.flatnonzero(model.shunt_on & ~point.model.shunt_on)
        ),
        voltage_pu=pd.DataFrame(
            {"voltage_pu": magnitude}, index=pd.Index(model.case.busbar_ids, name="busbar")
        ),
        loading_pct=pd.DataFrame(
            {"loading_pct": 100.0 * solution.loading},
            index=pd.Index(model.case.branch_ids, name="branch"),
        ),
    )


def mostly_reactive(solution: AcSolution) -> BoolArray:
    """Branches (L,) that carry more reactive than active power.

    Shedding load hardly relieves them: voltages have to change, by taps or set points. They are
    said to be violated, not shed for.
    """
    active = np.maximum(np.abs(solution.s_from.real), np.abs(solution.s_to.real))
    reactive = np.maximum(np.abs(solution.s_from.imag), np.abs(solution.s_to.imag))
    return np.asarray(reactive > active, dtype=np.bool_)


def _violations(model: AcModel, dispatch: Dispatch, point: AcPoint) -> list[str]:
    """What the state violates, in words, the worst of each kind first."""
    solution, case = point.solution, model.case
    if not solution.converged:
        return ["no AC power flow was found for the dispatched state"]
    found = []
    reactive = mostly_reactive(solution)
    for branch in np.argsort(-solution.loading, kind="stable"):
        if solution.loading[branch] <= 1.0 + LOADING_TOLERANCE:
            break
        percent = 100 * solution.loading[branch]
        why = ", mostly reactive power" if reactive[branch] else ""
        found.append(f"{case.branch_ids[branch]} carries {percent:.1f} % of its rating{why}")
    topology = dispatch.topology
    over = solution.source_mva.real - topology.source_max_mw
    found += [
        f"{case.source_ids[g]} gives {over[g]:.1f} MW above its rating"
        for g in np.flatnonzero(over > 2 * SUPPLY_TOLERANCE_MW)
    ]
    found += _reactive_excess(model, point)
    magnitude = np.abs(solution.v)
    node = live_nodes(topology)
    seen: set[int] = set()
    for busbar in np.flatnonzero((magnitude < LOWEST_PU) | (magnitude > HIGHEST_PU)):
        if int(node[busbar]) not in seen:
            seen.add(int(node[busbar]))
            found.append(f"{case.busbar_ids[busbar]} is at {magnitude[busbar]:.3f} p.u.")
    return found


def _reactive_excess(model: AcModel, point: AcPoint) -> list[str]:
    reactive = point.solution.source_mva.imag
    excess = np.fmax(reactive - model.source_max_mvar, model.source_min_mvar - reactive)
    return [
        f"{model.case.source_ids[g]} is {excess[g]:.1f} Mvar beyond its reactive limit"
        for g in np.flatnonzero(excess > 0.1)
    ]
