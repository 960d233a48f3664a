"""Single outages by AC power flow: every branch and every source, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.ac_leaf import LeafSections
from gridtool.flow.ac_model import (
    AcModel,
    build_ac_model,
    busbar_load,
    choose_slack_sources,
)
from gridtool.flow.ac_outage import Outage, find_bridges, make_base, outage_of
from gridtool.flow.ac_states import ContingencyStates, OutageState, gather
from gridtool.flow.fast_ac import AcSolution, newton, solve_fast
from gridtool.flow.model import Topology
from gridtool.flow.topology import apply_shares
from gridtool.network.model import CityNetwork

__all__ = ["ContingencyStates", "ac_contingencies", "run_contingencies"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def ac_contingencies(
    network: CityNetwork, *, capacity_share: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """What each single outage leads to, by AC power flow of the base case.

    Loads are those of the reference peak, units stay as dispatched, infeeds balance; automatic
    transfer acts. Nothing is redispatched or shed, so an overload shows as one. Branches and
    sources in service each make a row.

    Returns
    -------
    Frame with element, kind, converged, max_loading_pct and the branch it is at (percent of what
    is allowed, overload of transformers included), min_voltage_pu and its busbar, overloaded
    (number of branches), unserved_mw (demand on what is dead), residual_mva. Where nothing
    converged, loading and voltage are NaN: not a state, and not a supply.
    """
    states = run_contingencies(network, capacity_share=capacity_share)
    case = states.case
    ok = states.converged
    loading = np.where(ok[:, None], states.loading, np.nan)
    magnitude = np.abs(states.v)
    alive: BoolArray = np.asarray(np.isfinite(magnitude).any(axis=1), dtype=np.bool_)
    rows = np.arange(len(ok))
    at_branch = _first_largest(states.loading)
    at_busbar = _first_largest(np.where(np.isfinite(magnitude), -magnitude, -np.inf))
    most: FloatArray = loading[rows, at_branch] if loading.shape[1] else np.zeros(len(ok))
    return pd.DataFrame(
        {
            "element": np.array(states.elements, dtype=object),
            "kind": np.array(states.kinds, dtype=object),
            "converged": ok,
            "max_loading_pct": 100.0 * most,
            "max_loading_branch": _named(case.branch_ids, at_branch, np.greater(most, 0.0)),
            "min_voltage_pu": np.where(alive, magnitude[rows, at_busbar], np.nan),
            "min_voltage_busbar": _named(case.busbar_ids, at_busbar, alive),
            "overloaded": (states.loading > 1.0).sum(axis=1) * ok,
            "unserved_mw": states.unserved_mw,
            "residual_mva": states.residual_mva,
        }
    )


def _first_largest(values: FloatArray) -> IntArray:
    """Column of the largest value of each row; 0 where there are no columns."""
    if not values.shape[1]:
        return np.zeros(len(values), dtype=np.int64)
    return np.asarray(values.argmax(axis=1), dtype=np.int64)


def _named(ids: tuple[str, ...], positions: IntArray, shown: BoolArray) -> npt.NDArray[np.object_]:
    names = [ids[p] if show else None for p, show in zip(positions, shown, strict=True)]
    return np.array(names, dtype=object)


def run_contingencies(
    network: CityNetwork,
    *,
    capacity_share: Mapping[str, float] | None = None,
    model: AcModel | None = None,
) -> ContingencyStates:
    """AC states after the outage of each branch and source in service.

    See :func:`ac_contingencies`; ``model`` is the network's if it was built already.
    """
    share = dict(capacity_share or {})
    model = model or build_ac_model(network, capacity_share=share)
    case = model.case
    sweep = _Sweep(model, share)
    branches = np.flatnonzero(sweep.base.topology.branch_in_service)
    sources = np.flatnonzero(sweep.base.topology.source_max_mw > 0.0)
    for branch in branches.tolist():
        sweep.add_branch(branch)
    for source in sources.tolist():
        sweep.add_source(source)
    kinds = [case.branch_kinds[b] for b in branches]
    kinds += ["infeed" if case.source_infeed[g] else "unit" for g in sources]
    elements = [case.branch_ids[b] for b in branches] + [case.source_ids[g] for g in sources]
    return gather(sweep.base, sweep.rows, elements=elements, kinds=kinds)


class _Sweep:
    """Solves outages of one base case and keeps what they lead to."""

    def __init__(self, model: AcModel, share: dict[str, float]) -> None:
        self.model = model
        self.share = share
        topology = apply_shares(model.case, share)
        self.base = make_base(
            model,
            topology,
            load_mva=busbar_load(model, topology.connectable_mw),
            source_mw=np.minimum(model.source_base_mw, topology.source_max_mw),
        )
        intact = self.solve_own(topology)
        self.start = intact.v[self.base.first_busbar]
        self.usable = intact.converged and self.base.system.count > 0
        self.intact_entries = self.base.system.y.data.copy()
        self.bridge = find_bridges(self.base)
        self.leaves = LeafSections(self.base, share)
        self.rows: list[OutageState] = []

    def solve_own(self, topology: Topology) -> AcSolution:
        """The power flow of a topology from its own equations and a DC start."""
        return solve_fast(
            self.model,
            topology,
            load_mva=self.base.load_mva,
            source_mw=np.minimum(self.base.source_mw, topology.source_max_mw),
            slack=choose_slack_sources(self.model, topology),
        )

    def add_branch(self, branch: int) -> None:
        """Solve the outage of one branch."""
        if self.usable:
            found = self._solve_change(self._plain_outage(branch))
            if found is not None:
                self.rows.append(found)
                return
        self._add_outage(self.model.case.branch_ids[branch])

    def _plain_outage(self, branch: int) -> Outage | None:
        """The change by one branch where no new topology is needed to know it."""
        if not self.bridge[branch]:
            return outage_of(self.base, None, removed=np.array([branch]))
        return self.leaves.outage(branch)

    def add_source(self, source: int) -> None:
        """Solve the outage of one source."""
        self._add_outage(self.model.case.source_ids[source])

    def _add_outage(self, element: str) -> None:
        after = apply_shares(self.model.case, self.share | {element: 0.0})
        before = self.base.topology.branch_in_service
        found = None
        if self.usable:
            removed = np.flatnonzero(before & ~after.branch_in_service)
            found = self._solve_change(outage_of(self.base, after, removed=removed))
        self.rows.append(found or OutageState(own=self.solve_own(after), topology=after))

    def _solve_change(self, outage: Outage | None) -> OutageState | None:
        """The state after ``outage`` from the base case's equations, None if they do not do."""
        if outage is None:
            return None
        system = self.base.system
        entries = system.y.data
        for branch in outage.removed:
            place = system.position[branch]
            if place[0] >= 0:
                model = self.model
                entries[place] -= (
                    model.y_ff[branch],
                    model.y_tf[branch],
                    model.y_ft[branch],
                    model.y_tt[branch],
                )
        start = self.start.copy()
        fixed = outage.kinds.fixed
        start[outage.kinds.ref] = fixed[outage.kinds.ref]
        pv = outage.kinds.pv
        start[pv] *= np.abs(fixed[pv]) / np.abs(start[pv])
        found = newton(system.y, start, outage.power, outage.kinds)
        entries[:] = self.intact_entries
        return None if found is None else OutageState(outage=outage, found=found)
