"""What the loss of one more element would cost, by DC dispatch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from gridtool.damage.apply import spread_damage
from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Dispatch, Topology
from gridtool.flow.people import customers_out, dead_busbars

__all__ = ["NEXT_OUTAGE_COLUMNS", "next_outages"]

NEXT_OUTAGE_COLUMNS = ["element", "kind", "substation", "extra_unserved_mw", "extra_customers_out"]
_NOTHING_MW = 1e-6


def next_outages(
    state: GridState,
    dispatcher: Dispatcher,
    *,
    demand_factor: float = 1.0,
    import_limit_mw: float | None = None,
) -> pd.DataFrame:
    """Unserved load and customers out that one more outage adds, the worst first.

    Each branch and source in service, each busbar section and each substation is lost in turn,
    and the dispatch decided anew; outages that cost nothing are rows too. Ties keep that order.
    """
    network, case = state.network, dispatcher.case
    base_share = dict(state.capacity_share)
    demand = case.demand_mw * demand_factor

    def solve(share: Mapping[str, float]) -> Dispatch:
        return dispatcher.solve(share, demand_mw=demand, import_limit_mw=import_limit_mw)

    def is_free(share: Mapping[str, float]) -> bool:
        if import_limit_mw is not None or base.certificate.method == "LP":
            return False  # the quick answer would cost as much as the full one
        served = dispatcher.served_mw(share, demand_factor=demand_factor)
        return abs(served - base.total_served_mw) < _NOTHING_MW

    base = solve(base_share)
    base_out = _people_out(base)
    rows: list[tuple[str, str, str, float, int]] = []
    for element, kind, share in _outages(state, base.topology, case):
        substation = element if kind == "substation" else network.assets[element].substation
        if is_free(share):
            rows.append((element, kind, substation, 0.0, 0))
            continue
        after = solve(share)
        extra = after.total_unserved_mw - base.total_unserved_mw
        people = round(_people_out(after) - base_out)
        rows.append((element, kind, substation, max(extra, 0.0), max(people, 0)))
    frame = pd.DataFrame(rows, columns=NEXT_OUTAGE_COLUMNS)
    return frame.sort_values("extra_unserved_mw", ascending=False, kind="stable").reset_index(
        drop=True
    )


def _outages(
    state: GridState, topology: Topology, case: CompiledCase
) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Element, kind and shares with it out, for all that is still in service."""
    base = dict(state.capacity_share)
    for branch in np.flatnonzero(topology.branch_in_service).tolist():
        yield (
            case.branch_ids[branch],
            case.branch_kinds[branch],
            base | {case.branch_ids[branch]: 0.0},
        )
    for source in np.flatnonzero(topology.source_max_mw > 0.0).tolist():
        kind = "infeed" if case.source_infeed[source] else "unit"
        yield case.source_ids[source], kind, base | {case.source_ids[source]: 0.0}
    working = topology.node_of_busbar >= 0
    for busbar in np.flatnonzero(working).tolist():
        yield case.busbar_ids[busbar], "busbar", base | {case.busbar_ids[busbar]: 0.0}
    for position in np.unique(case.busbar_substation[working]).tolist():
        substation = case.substation_ids[position]
        yield substation, "substation", base | spread_damage(state.network, {substation: 0.0})


def _people_out(dispatch: Dispatch) -> float:
    case = dispatch.case
    out = customers_out(
        case,
        unserved_mw=dispatch.unserved_mw,
        demand_mw=dispatch.demand_mw,
        dead=dead_busbars(dispatch),
        customers=case.feeder_customers,
    )
    return float(out.sum())
