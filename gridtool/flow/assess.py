"""What is out now: served load, customers, islands, limits and what the next outage would cost.

That an AC power flow converges says nothing about who is supplied. Served load comes from the
dispatch, which knows limits and sources; AC only takes away from it.
"""

from __future__ import annotations

import pandas as pd

from gridtool.damage.model import GridState
from gridtool.flow.assess_tables import (
    Tally,
    district_table,
    island_table,
    limit_table,
    substation_table,
)
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import AcCheck, Assessment, Dispatch
from gridtool.flow.next_outage import NEXT_OUTAGE_COLUMNS, next_outages
from gridtool.flow.people import (
    critical_customers,
    customers_out,
    dead_busbars,
    round_shares,
)
from gridtool.network.model import CityNetwork

__all__ = ["assess"]


def assess(
    state: GridState,
    *,
    ac: bool = True,
    contingencies: bool = True,
    demand_factor: float = 1.0,
    import_limit_mw: float | None = None,
) -> Assessment:
    """Assess ``state`` at ``demand_factor`` times the reference peak.

    Parameters
    ----------
    ac
        Check the dispatch by AC power flow; what has to be shed beyond it is then part of the
        result, and ``ac.shed_added_mw`` says how much that is.
    contingencies
        Add what the loss of each further branch, source and substation would cost.
    import_limit_mw
        Limit of all infeeds together.

    Raises
    ------
    AnalysisError
        If the dispatch's solver fails. A power flow that finds no state is a violation in
        ``ac``, not an error.
    """
    network = state.network
    case = compile_case(network)
    dispatcher = Dispatcher(case)
    dispatch = dispatcher.solve(
        state.capacity_share,
        demand_mw=None if demand_factor == 1.0 else case.demand_mw * demand_factor,
        import_limit_mw=import_limit_mw,
    )
    check: AcCheck | None = None
    if ac:
        from gridtool.flow.ac_verify import check_repaired

        check, dispatch = check_repaired(
            network,
            dispatch,
            dispatcher=dispatcher,
            import_limit_mw=import_limit_mw,
            capacity_share=state.capacity_share,
        )
    tally = _count(network, dispatch)
    return Assessment(
        as_of=state.as_of,
        demand_mw=float(dispatch.demand_mw.sum()),
        served_mw=dispatch.total_served_mw,
        unserved_mw=dispatch.total_unserved_mw,
        customers_out=int(tally.customers_out.sum()),
        critical_out=int(tally.critical_out.sum()),
        dispatch=dispatch,
        substations=substation_table(network, dispatch, tally),
        districts=district_table(network, dispatch, tally),
        islands=island_table(dispatch),
        limits=limit_table(network, dispatch, check),
        contingencies=next_outages(
            state,
            dispatcher,
            demand_factor=demand_factor,
            import_limit_mw=import_limit_mw,
        )
        if contingencies
        else pd.DataFrame(columns=NEXT_OUTAGE_COLUMNS),
        ac=check,
    )


def _count(network: CityNetwork, dispatch: Dispatch) -> Tally:
    case = dispatch.case
    dead = dead_busbars(dispatch)
    out = [
        customers_out(
            case,
            unserved_mw=dispatch.unserved_mw,
            demand_mw=dispatch.demand_mw,
            dead=dead,
            customers=customers,
        )
        for customers in (case.feeder_customers, critical_customers(network))
    ]
    return Tally(dead=dead, customers_out=round_shares(out[0]), critical_out=round_shares(out[1]))
