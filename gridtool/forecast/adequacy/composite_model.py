"""Composite (generation and network) adequacy: the system, and what is found.

Units and branches are independent two-state components in their stationary state; all loads
scale with one factor, the load of the hour over the demand at the reference peak. The dispatch
is DC with the full limits of the network package. A source that is out gives nothing and leaves
the topology as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import CompiledCase
from gridtool.flow.load_profile import FactorSeries
from gridtool.flow.shedding import Shedding
from gridtool.units import Estimate

__all__ = ["CompositeResult", "CompositeSystem", "Season"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Hours in which the same units are available, forced outages apart.

    Attributes
    ----------
    series
        Load of these hours.
    available : (U,) bool
    """

    series: FactorSeries
    available: BoolArray


@dataclass(frozen=True, kw_only=True)
class CompositeSystem:
    """A network with its outage data and a load series.

    Attributes
    ----------
    case
        As the shedding policy sees it, like sources of a busbar merged.
    seasons
        The hours of the load series, parted by the months that units are available in.
    unit_source, unit_mw, unit_outage_rate : (U,)
        Source of the case that a unit belongs to, its rating, share of time out.
    steady_mw : (G,)
        What is always available of each source: infeeds.
    branch, branch_outage_rate : (L,)
        Positions of the branches that fail, and their share of time out.
    like : (L,) int
        Branches of one number are alike (same ends, impedance, limit and outage rate): which of
        them are out makes no difference.
    notes
        What was assumed, in words.
    """

    case: CompiledCase
    shedding: Shedding
    seasons: tuple[Season, ...]
    unit_ids: tuple[str, ...]
    unit_source: IntArray
    unit_mw: FloatArray
    unit_outage_rate: FloatArray
    steady_mw: FloatArray
    branch: IntArray
    branch_outage_rate: FloatArray
    like: IntArray
    notes: tuple[str, ...] = ()

    @property
    def hours(self) -> int:
        """Hours of the load series."""
        return sum(len(season.series.factor) for season in self.seasons)

    @property
    def peak_mw(self) -> float:
        """Demand at factor 1."""
        return float(self.case.demand_mw.sum())

    def ratings(self, up: BoolArray, season: Season) -> FloatArray:
        """Rating left by source (n, G) where the units ``up`` (n, U) are not forced out."""
        rating = np.tile(self.steady_mw, (len(up), 1))
        for unit in np.flatnonzero(season.available & (self.unit_mw > 0.0)).tolist():
            rating[:, self.unit_source[unit]] += self.unit_mw[unit] * up[:, unit]
        return rating

    def topology_shares(self, out: IntArray) -> dict[str, float]:
        """Shares by branch id with the branches at ``out`` (positions in the case) out."""
        return {self.case.branch_ids[at]: 0.0 for at in out.tolist()}


@dataclass(frozen=True, kw_only=True)
class CompositeResult:
    """Expected shortage over the hours of the load series; standard error 0 where exact.

    Attributes
    ----------
    lole_hours, lole_days, eue_mwh
        Hours and days (any hour short) with unserved load, expected unserved energy.
    supply_mwh, network_mwh
        What energised islands would lack if no branch had a limit, and the rest: limits, and
        load cut off from every source. They add up to ``eue_mwh``.
    left_out
        Probability of the states that were left out (enumeration with a cut): the LOLP is at
        most that much higher.
    states, programs
        States evaluated and linear programs solved for them.
    generation
        Means without the network, known exactly by convolution: lole_hours, lole_days, eue_mwh.
    busbars, districts
        None under the policy ``total``. busbar (or district), name or district, demand_mw,
        lole_hours, lole_hours_se, eue_mwh, eue_mwh_se, edns_mw, share_pct.
    """

    method: Literal["enumerate", "sample"]
    shedding: Shedding
    hours: int
    lole_hours: Estimate
    lole_days: Estimate
    eue_mwh: Estimate
    supply_mwh: Estimate
    network_mwh: Estimate
    states: int
    programs: int
    generation: dict[str, float]
    busbars: pd.DataFrame | None
    districts: pd.DataFrame | None
    left_out: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def lolp(self) -> Estimate:
        """Probability of unserved load in an hour of the series."""
        return _scaled(self.lole_hours, 1.0 / self.hours)

    @property
    def edns_mw(self) -> Estimate:
        """Expected demand not supplied, mean over the hours."""
        return _scaled(self.eue_mwh, 1.0 / self.hours)


def _scaled(estimate: Estimate, by: float) -> Estimate:
    return Estimate(estimate.value * by, estimate.standard_error * by)
