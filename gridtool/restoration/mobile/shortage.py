"""The load that stays unserved in a plan without mobile units, and where units could reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.dispatch import Dispatcher

__all__ = ["Shortage", "find_shortage"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LEAST_UNSERVED_MW = 1e-3
"""Below, nothing is to be won: the dispatch leaves hairs of load unserved."""

COMMON_WEIGHT = 0.01
"""What a MW counts for the choice of sites that is unserved as everywhere in a short city: it is
a choice between equals, by size."""


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """The load that stays unserved, by state of a plan without mobile units.

    Attributes
    ----------
    begins_h : (K,)
        Hours after the as-of time at which each state begins; the first is 0.
    hours : (K,)
        How long it lasts.
    demand_mw : (B,)
        By busbar section, the highest demand.
    unserved_mw : (K, B)
        Of that demand.
    in_service, energised : (K, B) bool
        Whether the section is there, and whether it has voltage.
    """

    case: CompiledCase
    begins_h: FloatArray
    hours: FloatArray
    demand_mw: FloatArray
    unserved_mw: FloatArray
    in_service: BoolArray
    energised: BoolArray

    @cached_property
    def site_mw(self) -> FloatArray:
        """Unserved load by state and substation (K, S), MW."""
        found = self._by_site(self.unserved_mw)
        return np.where(found > LEAST_UNSERVED_MW, found, 0.0)

    @cached_property
    def excess_mw(self) -> FloatArray:
        """Unserved load beyond the share that is unserved everywhere (K, S), MW.

        Where a whole city is short, the load that damage cuts off stands out so.
        """
        demand = self._by_site(self.demand_mw[None, :])
        share = np.divide(self.site_mw, demand, out=np.zeros_like(self.site_mw), where=demand > 0)
        common = np.median(share[:, demand[0] > 0], axis=1) if (demand > 0).any() else 0.0
        return np.maximum(self.site_mw - np.reshape(common, (-1, 1)) * demand, 0.0)

    def unserved_at(self, site: str, hour: float) -> float:
        """Load unserved at the substation ``site`` at ``hour``, MW."""
        state = int(np.searchsorted(self.begins_h, hour + 1e-9, side="right")) - 1
        return float(self.site_mw[state, self.case.substation_ids.index(site)])

    def potential_mw(
        self, limit_mw: float, *, fed: BoolArray, feeding: BoolArray | None = None
    ) -> FloatArray:
        """Load that a unit of ``limit_mw`` could serve by state and substation (K, S), MW.

        Only in states in which a section of ``fed`` (B,) is in service there and, if
        ``feeding`` (B,) is given, one of these has voltage. Load that is unserved as everywhere
        counts little, see :attr:`excess_mw`.
        """
        able = self._at_site(self.in_service & fed)
        if feeding is not None:
            able &= self._at_site(self.energised & feeding)
        common = np.minimum(self.site_mw, limit_mw) * COMMON_WEIGHT
        return np.where(able, np.minimum(self.excess_mw, limit_mw) + common, 0.0)

    def _by_site(self, by_section: FloatArray) -> FloatArray:
        found = np.zeros((len(self.case.substation_ids), len(by_section)))
        np.add.at(found, self.case.busbar_substation, by_section.T)
        return found.T

    def _at_site(self, flags: BoolArray) -> BoolArray:
        return self._by_site(flags.astype(np.float64)) > 0.0


def find_shortage(
    dispatcher: Dispatcher,
    states: Sequence[tuple[float, Mapping[str, float]]],
    *,
    end_h: float,
    demand_factor: float = 1.0,
    import_limit_mw: float | None = None,
) -> Shortage:
    """The unserved load of ``states``: hour each begins, and the shares of rating left in it.

    ``dispatcher`` is that of the network without mobile units; ``end_h`` is when the last state
    ends.
    """
    case = dispatcher.case
    demand = case.demand_mw * demand_factor
    found = [
        dispatcher.solve(shares, demand_mw=demand, import_limit_mw=import_limit_mw)
        for _, shares in states
    ]
    nodes = [dispatch.topology.node_of_busbar for dispatch in found]
    begins = np.array([hour for hour, _ in states], dtype=np.float64)
    return Shortage(
        case=case,
        begins_h=begins,
        hours=np.diff(np.append(begins, max(end_h, float(begins[-1])))),
        demand_mw=demand.sum(axis=1),
        unserved_mw=np.array([dispatch.unserved_mw.sum(axis=1) for dispatch in found]),
        in_service=np.array([node >= 0 for node in nodes]),
        energised=np.array(
            [
                (node >= 0) & dispatch.topology.energised[node]
                for node, dispatch in zip(nodes, found, strict=True)
            ]
        ),
    )
