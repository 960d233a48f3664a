"""Checks of a dispatch from its numbers alone: residuals, bounds, what binds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.model import Binding, Topology
from gridtool.flow.program import TIER_PRICE
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.tally import tally

__all__ = ["closed_form_bindings", "closed_form_gap", "dispatch_residual", "relaxation_bound"]

FloatArray = npt.NDArray[np.float64]


def dispatch_residual(
    case: CompiledCase,
    topology: Topology,
    *,
    demand_mw: FloatArray,
    served_mw: FloatArray,
    flow_mw: FloatArray,
    generation_mw: FloatArray,
    source_max_mw: FloatArray,
) -> float:
    """Largest nodal imbalance or violation of a limit, MW.

    Counts power balance at every node, branch limits, served load outside 0 to demand,
    generation outside 0 to the source's maximum, and anything at a section that is out.
    """
    node = topology.node_of_busbar
    nodes = len(topology.island_of_node)
    place = np.where(node < 0, nodes, node)  # the last place collects sections that are out
    imbalance = (
        tally(place[case.source_busbar], generation_mw, nodes + 1)
        - tally(place, served_mw.sum(axis=1), nodes + 1)
        - tally(place[case.branch_from], flow_mw, nodes + 1)
        + tally(place[case.branch_to], flow_mw, nodes + 1)
    )
    violations = (
        np.abs(imbalance),
        np.abs(flow_mw) - topology.branch_limit_mw,
        -served_mw,
        served_mw - demand_mw,
        -generation_mw,
        generation_mw - source_max_mw,
    )
    return max(float(part.max(initial=0.0)) for part in violations)


def relaxation_bound(reduced: ReducedGrid, demand_mw: FloatArray, supply_mw: FloatArray) -> float:
    """Weighted load (MW) that no dispatch can serve, from supply and leaf caps of each island.

    With caps forcing F of the protected tier and A of both tiers, supply S and demand P of the
    protected tier and D of both: protected shed is at least ``max(F, P - S)``, all shed at least
    ``max(A, D - S)``.
    """
    over = np.maximum(demand_mw.sum(axis=1) - reduced.terminal_cap_mw, 0.0)
    forced = np.maximum(over - demand_mw[:, 0], 0.0)

    def by_island(amount: FloatArray) -> FloatArray:
        return tally(reduced.terminal_island, amount, reduced.islands)

    protected = np.maximum(by_island(forced), by_island(demand_mw[:, 1]) - supply_mw)
    both = np.maximum(by_island(over), by_island(demand_mw.sum(axis=1)) - supply_mw)
    ordinary_price, protected_price = TIER_PRICE
    step = protected_price - ordinary_price
    return float((ordinary_price * both + step * protected).sum())


def closed_form_gap(
    reduced: ReducedGrid, demand_mw: FloatArray, supply_mw: FloatArray, shed_mw: FloatArray
) -> float:
    """Weighted shed above :func:`relaxation_bound`."""
    weighted = float((shed_mw @ np.array(TIER_PRICE)).sum())
    return max(weighted - relaxation_bound(reduced, demand_mw, supply_mw), 0.0)


def closed_form_bindings(
    case: CompiledCase,
    reduced: ReducedGrid,
    *,
    demand_mw: FloatArray,
    shed_mw: FloatArray,
    supply_mw: FloatArray,
) -> tuple[Binding, ...]:
    """Islands short of sources, and leaf branches that hold back load."""
    marginal = _marginal_price(shed_mw)
    served = (demand_mw - shed_mw).sum(axis=1)
    found = []
    short = np.zeros(reduced.islands, dtype=np.bool_)
    for i in range(reduced.islands):
        members = reduced.terminal_island == i
        free = members & (served < reduced.terminal_cap_mw - 1e-6)
        price = float(marginal[free].max(initial=0.0))
        if price > 0.0:
            short[i] = True
            name = case.busbar_ids[int(reduced.terminal_busbar[members].min())]
            found.append(Binding(kind="supply", id=name, limit_mw=float(supply_mw[i]), price=price))
    held = (marginal > 0.0) & (served >= reduced.terminal_cap_mw - 1e-6)
    for terminal in np.flatnonzero(held & ~short[reduced.terminal_island]).tolist():
        branch = case.branch_ids[int(reduced.terminal_branch[terminal])]
        limit = float(reduced.terminal_cap_mw[terminal])
        found.append(
            Binding(kind="branch", id=branch, limit_mw=limit, price=float(marginal[terminal]))
        )
    return tuple(found)


def _marginal_price(shed_mw: FloatArray) -> FloatArray:
    """Price of the next MW that each terminal would get: protected load comes back first."""
    ordinary_price, protected_price = TIER_PRICE
    price = np.where(shed_mw[:, 0] > 1e-6, ordinary_price, 0.0)
    return np.where(shed_mw[:, 1] > 1e-6, protected_price, price)
