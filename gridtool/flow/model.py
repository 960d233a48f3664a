"""Results of the flow package: topology, dispatch with its certificate, assessment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.flow.case import CompiledCase

__all__ = [
    "AcCheck",
    "Assessment",
    "Binding",
    "Certificate",
    "Dispatch",
    "HourlyShortage",
    "ParametricResult",
    "Stages",
    "Topology",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """A compiled case under damage: what is connected to what, and what is left of each rating.

    Attributes
    ----------
    node_of_busbar : (B,) int
        Electrical node after fusing closed couplers (automatic transfer included); -1 for a
        section that is out.
    island_of_node : (N,) int
        Island of each node; islands are numbered by their first busbar.
    energised : (N,) bool
        Whether the node's island has a source in service that can hold it.
    branch_limit_mw : (L,)
        DC limit left; 0 for a branch that is out.
    branch_in_service : (L,) bool
    coupler_closed : (C,) bool
        Position after automatic transfer.
    source_max_mw : (G,)
        Rating left; 0 for a source that is out or on a dead section.
    connectable_mw : (B, 2)
        Demand at the reference peak that feeders in service can take; the rest of the demand
        is unserved whatever the network does.
    """

    node_of_busbar: IntArray
    island_of_node: IntArray
    energised: BoolArray
    branch_limit_mw: FloatArray
    branch_in_service: BoolArray
    coupler_closed: BoolArray
    source_max_mw: FloatArray
    connectable_mw: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Why a dispatch may be believed, recomputed from its numbers, not taken from the solver.

    ``residual_mw`` is the largest nodal imbalance or limit violation, ``gap_mw`` the weighted
    shed above a lower bound proven by duality (LP) or by the supply and delivery limits of each
    island (closed form). ``method`` says which stage answered.
    """

    method: Literal["closed form", "LP"]
    residual_mw: float
    gap_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A limit that holds back supply: a branch at its limit or an island short of sources.

    ``price`` is the weighted load served more per MW of relief.
    """

    kind: Literal["branch", "supply"]
    id: str
    limit_mw: float
    price: float


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """Least-cost served load of one state.

    Attributes
    ----------
    served_mw, unserved_mw : (B, 2)
        By busbar and tier; they add up to the demand at every busbar.
    flow_mw : (L,)
        From the from end to the to end; 0 for a branch that is out.
    generation_mw : (G,)
    """

    case: CompiledCase
    topology: Topology
    demand_mw: FloatArray
    served_mw: FloatArray
    unserved_mw: FloatArray
    flow_mw: FloatArray
    generation_mw: FloatArray
    binding: tuple[Binding, ...]
    certificate: Certificate

    @property
    def total_served_mw(self) -> float:
        """Served load of the whole network, MW."""
        return float(self.served_mw.sum())

    @property
    def total_unserved_mw(self) -> float:
        """Unserved load of the whole network, MW."""
        return float(self.unserved_mw.sum())


@dataclass(frozen=True, kw_only=True)
class ParametricResult:
    """Unserved load of H hours of one topology, MW, and why.

    ``supply_mw``, ``network_mw`` and ``delivery_mw`` add up to the total of ``unserved_mw``.

    Attributes
    ----------
    unserved_mw : (H, n_district, 2)
        By district of the case and tier.
    class_mw : (H, C)
        The same by class of customers; no classes where none were asked for.
    supply_mw : (H,)
        What the energised islands would still lack if no branch had a limit.
    network_mw : (H,)
        The rest: limits of branches, and load of islands cut off from every source.
    delivery_mw : (H,)
        Demand of feeders, and at busbar sections, that are out or weakened.
    """

    unserved_mw: FloatArray
    class_mw: FloatArray
    supply_mw: FloatArray
    network_mw: FloatArray
    delivery_mw: FloatArray


@dataclass(frozen=True, kw_only=True)
class Stages:
    """k stages: stretches of hours in which nothing but demand changes.

    Together they cover every hour of n rows of demand (sampled futures) once, ordered by row and
    hour. Sources are kept apart from the other parts: one that is out gives nothing, and does
    not change the topology. Only one that a mobile unit brings is a part like the others: while
    it is not there it holds no busbar section.

    Attributes
    ----------
    row : (k,) int
    first, end : (k,) int
        Hours [first, end) of the row.
    parts : (k,) int
        Row of ``part_shares`` that holds.
    part_shares : (s, part_count)
        States of the parts (:func:`gridtool.flow.topology.share_vector`), each once; 1 for
        every source that no mobile unit brings.
    source_mw : (k, G)
        Most each source gives; never more than its rating.
    import_mw : (k,)
        Limit of all infeeds together; infinite for none.
    """

    row: IntArray
    first: IntArray
    end: IntArray
    parts: IntArray
    part_shares: FloatArray
    source_mw: FloatArray
    import_mw: FloatArray


@dataclass(frozen=True, kw_only=True)
class HourlyShortage:
    """Unserved load of n rows of H hours, MW, and why.

    ``supply_mw``, ``network_mw`` and ``delivery_mw`` (see :class:`ParametricResult`) add up to
    the total of ``district_mw``; so does ``class_mw``.

    Attributes
    ----------
    district_mw : (n, H, D, 2)
        By district of the case and tier.
    class_mw : (n, H, C)
        By class of customers.
    supply_mw, delivery_mw : (n, H)
    """

    district_mw: FloatArray
    class_mw: FloatArray
    supply_mw: FloatArray
    delivery_mw: FloatArray

    @property
    def network_mw(self) -> FloatArray:
        """What neither supply nor delivery explains (n, H)."""
        total = self.district_mw.sum(axis=(2, 3))
        return np.asarray(np.maximum(total - self.supply_mw - self.delivery_mw, 0.0))


@dataclass(frozen=True, kw_only=True)
class AcCheck:
    """AC power flow of a dispatched state.

    ``shed_added_mw`` is what had to be shed beyond the DC dispatch to respect ratings (0 when
    nothing had to), ``violations`` what is left, ``actions`` what was switched for it (reactors
    at low voltage). ``residual_mva`` is the largest nodal power mismatch recomputed from the
    result. ``voltage_pu`` and ``loading_pct`` are frames indexed by busbar and branch id.
    """

    converged: bool
    residual_mva: float
    losses_mw: float
    min_voltage_pu: float
    max_loading_pct: float
    shed_added_mw: float
    served_mw: float
    violations: tuple[str, ...]
    voltage_pu: pd.DataFrame
    loading_pct: pd.DataFrame
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What is out now.

    Frames have plain indices:

    - ``substations``: substation, name, district, energised (yes, partly, no), demand_mw,
      served_mw, unserved_mw, customers, customers_out, critical_out
    - ``districts``: district, name, demand_mw, served_mw, unserved_mw, unserved_pct,
      customers_out, critical_out
    - ``islands``: island, energised, substations, demand_mw, served_mw, source_mw
    - ``limits``: element, kind, substation, flow_mw, limit_mw, loading_pct, relief_value
    - ``contingencies``: element, kind, substation, extra_unserved_mw, extra_customers_out
    """

    as_of: datetime
    demand_mw: float
    served_mw: float
    unserved_mw: float
    customers_out: int
    critical_out: int
    dispatch: Dispatch
    substations: pd.DataFrame
    districts: pd.DataFrame
    islands: pd.DataFrame
    limits: pd.DataFrame
    contingencies: pd.DataFrame
    ac: AcCheck | None
