"""The closed form: what a dispatch is when only supply and leaf caps bind.

Dropping the limits of the core network leaves a relaxation with a closed solution. If that
solution, with one of a few simple splits of generation, respects the core's limits too, it is
optimal and no LP is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import branch_flows
from gridtool.flow.reduction import ReducedGrid
from gridtool.flow.screen_kernel import GENERATION_RULES, share_generation, share_shortage
from gridtool.flow.tally import tally

__all__ = [
    "FLOW_TOLERANCE_MW",
    "CoreFlow",
    "ScreenResult",
    "island_supply",
    "relax_limits",
    "screen",
]

FloatArray = npt.NDArray[np.float64]

FLOW_TOLERANCE_MW = 1e-7
"""A flow this far above its limit counts as within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenResult:
    """Shed (T, 2), generation (K,) and core flows (M,) of the closed form, MW.

    ``exceeded`` (M,) bool marks core branches beyond their limit and ``optimal`` says that there
    are none and that the import limit is kept: the result is then the dispatch.
    """

    shed_mw: FloatArray
    generation_mw: FloatArray
    flow_mw: FloatArray
    exceeded: npt.NDArray[np.bool_]
    optimal: bool


class CoreFlow:
    """DC flows of the core for given injections."""

    def __init__(self, reduced: ReducedGrid) -> None:
        self.reduced = reduced
        n = len(reduced.core_island)
        self.reference = np.zeros(n, dtype=np.bool_)
        last = np.full(reduced.islands, -1, dtype=np.int64)
        last[reduced.core_island] = np.arange(n)
        self.reference[last[last >= 0]] = True
        self._branches = (
            reduced.core_from,
            reduced.core_to,
            reduced.susceptance_mw,
            reduced.offset_mw,
        )

    def flows(self, served_mw: FloatArray, generation_mw: FloatArray) -> FloatArray:
        """Flows (M,) for served load by terminal (T,) and generation by source (K,)."""
        n = len(self.reduced.core_island)
        injection = tally(self.reduced.source_core, generation_mw, n) - tally(
            self.reduced.terminal_core, served_mw, n
        )
        return self.flows_of(injection)

    def flows_of(self, injection_mw: FloatArray) -> FloatArray:
        """Flows (M,) for injections by core node (C,)."""
        flow: FloatArray = branch_flows(
            self.reduced.factor, self._branches, injection_mw, self.reference
        )
        return flow


def island_supply(
    reduced: ReducedGrid, rating_mw: FloatArray, import_limit_mw: float
) -> FloatArray:
    """Most that the sources of each island could give if it had the import for itself (I,)."""
    units = _by_island(reduced, np.where(reduced.source_infeed, 0.0, rating_mw))
    infeeds = _by_island(reduced, np.where(reduced.source_infeed, rating_mw, 0.0))
    return units + np.minimum(infeeds, import_limit_mw)


def _by_island(reduced: ReducedGrid, amount: FloatArray) -> FloatArray:
    return tally(reduced.source_island, amount, reduced.islands)


def relax_limits(reduced: ReducedGrid, demand_mw: FloatArray, supply_mw: FloatArray) -> FloatArray:
    """Least shed (T, 2) with the core's limits lifted: a lower bound in every tier."""
    shed: FloatArray = share_shortage(
        demand_mw, reduced.terminal_cap_mw, reduced.terminal_island, supply_mw
    )
    return shed


def screen(
    core: CoreFlow, demand_mw: FloatArray, rating_mw: FloatArray, *, import_limit_mw: float
) -> ScreenResult:
    """The dispatch in closed form where it is optimal, else the best try.

    Parameters
    ----------
    demand_mw : (T, 2)
        Demand by terminal and tier.
    rating_mw : (K,)
        Most each source gives.
    """
    reduced = core.reduced
    supply = island_supply(reduced, rating_mw, import_limit_mw)
    shed = relax_limits(reduced, demand_mw, supply)
    served = (demand_mw - shed).sum(axis=1)
    need = tally(reduced.terminal_island, served, reduced.islands)
    need = np.minimum(need, supply)
    sources = (rating_mw, reduced.source_island, reduced.source_infeed)
    bound = reduced.limit_mw + FLOW_TOLERANCE_MW
    tries = []
    for rule in range(GENERATION_RULES):
        generation = share_generation(rule, need, sources, import_limit_mw)
        imported = generation[reduced.source_infeed].sum()
        flow = core.flows(served, generation)
        exceeded = np.abs(flow) > bound
        found = ScreenResult(
            shed_mw=shed,
            generation_mw=generation,
            flow_mw=flow,
            exceeded=exceeded,
            optimal=not exceeded.any() and imported <= import_limit_mw + FLOW_TOLERANCE_MW,
        )
        if found.optimal:
            return found
        tries.append(found)
    return min(tries, key=lambda found: int(found.exceeded.sum()))
