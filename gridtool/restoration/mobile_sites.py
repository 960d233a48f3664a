"""Where mobile units could help: substations with unserved load, and their sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.topology import apply_shares
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile_parts import Candidate, unit_limit_mw
from gridtool.restoration.model import MobileUnit

__all__ = [
    "SITES_PER_UNIT",
    "Shortage",
    "candidate_at",
    "energised_sections",
    "find_candidates",
    "find_shortage",
    "fitting_sites",
]

FloatArray = npt.NDArray[np.float64]

SITES_PER_UNIT = 8
"""Sites tried for a unit: those where it could serve the most energy."""

SECTIONS_PER_SITE = 2
"""Sections of a site's low voltage that a unit is tried at."""

VOLTAGE_TOLERANCE = 0.1
"""Rated voltages are up to a tenth above nominal ones: 110 kV fits 115 kV."""

LEAST_UNSERVED_MW = 1e-3
"""Below, nothing is to be won: the dispatch leaves hairs of load unserved."""


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """The load that stays unserved, by state of a plan without mobile units.

    Attributes
    ----------
    begins_h : (K,)
        Hours after the as-of time at which each state begins; the first is 0.
    hours : (K,)
        How long it lasts.
    unserved_mw : (K, B)
        By busbar section, at the highest demand.
    """

    case: CompiledCase
    begins_h: FloatArray
    hours: FloatArray
    unserved_mw: FloatArray

    @cached_property
    def site_mw(self) -> FloatArray:
        """Unserved load by state and substation (K, S), MW."""
        count = len(self.case.substation_ids)
        found = np.zeros((count, len(self.hours)))
        np.add.at(found, self.case.busbar_substation, self.unserved_mw.T)
        return np.where(found > LEAST_UNSERVED_MW, found, 0.0).T

    def unserved_at(self, site: str, hour: float) -> float:
        """Load unserved at the substation ``site`` at ``hour``, MW."""
        state = int(np.searchsorted(self.begins_h, hour + 1e-9, side="right")) - 1
        return float(self.site_mw[state, self.case.substation_ids.index(site)])

    def potential_mwh(self, limit_mw: float) -> FloatArray:
        """Energy by substation (S,) that ``limit_mw`` more could serve there, were it there at
        once and nothing else in the way."""
        found: FloatArray = self.hours @ np.minimum(self.site_mw, limit_mw)
        return found


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
    demand_mw = case.demand_mw * demand_factor if demand_factor != 1.0 else None
    unserved = [
        dispatcher.solve(
            shares, demand_mw=demand_mw, import_limit_mw=import_limit_mw
        ).unserved_mw.sum(axis=1)
        for _, shares in states
    ]
    begins = np.array([hour for hour, _ in states], dtype=np.float64)
    return Shortage(
        case=case,
        begins_h=begins,
        hours=np.diff(np.append(begins, max(end_h, float(begins[-1])))),
        unserved_mw=np.array(unserved),
    )


def energised_sections(case: CompiledCase, capacity_share: Mapping[str, float]) -> frozenset[str]:
    """Busbar sections with voltage when parts keep only a share of their rating."""
    topology = apply_shares(case, capacity_share)
    node = topology.node_of_busbar
    live = (node >= 0) & topology.energised[node]
    return frozenset(case.busbar_ids[place] for place in np.flatnonzero(live))


def fitting_sites(network: CityNetwork, unit: MobileUnit) -> tuple[str, ...]:
    """Substations among the unit's sites (empty: all) that have sections of its voltages."""
    allowed = set(unit.sites)
    return tuple(
        site
        for site in (str(key) for key in network.substations.index)
        if (not allowed or site in allowed) and _sections(network, site, unit.kv)
        if unit.kind == "generator" or _hv_sections(network, site, unit)
    )


def find_candidates(
    network: CityNetwork,
    units: Sequence[MobileUnit],
    *,
    shortage: Shortage,
    energised: frozenset[str],
    sites_per_unit: int = SITES_PER_UNIT,
) -> tuple[Candidate, ...]:
    """Places worth trying: for each unit the sites where it could serve most, and up to two
    sections at each, those that miss the most energy first.

    ``energised`` are the sections with voltage under the damage as it is.
    """
    case = shortage.case
    position = {site: place for place, site in enumerate(case.substation_ids)}
    missing = dict(zip(case.busbar_ids, shortage.hours @ shortage.unserved_mw, strict=True))
    found: list[Candidate] = []
    for unit in units:
        potential = shortage.potential_mwh(unit_limit_mw(unit))
        hurt = [s for s in fitting_sites(network, unit) if potential[position[s]] > 0.0]
        # Sorts are stable: what is equal stays in table order.
        hurt.sort(key=lambda site: -potential[position[site]])
        for site in hurt[:sites_per_unit]:
            sections = sorted(_sections(network, site, unit.kv), key=lambda key: -missing[key])
            found += [
                candidate_at(network, unit, section, energised=energised)
                for section in sections[:SECTIONS_PER_SITE]
            ]
    return tuple(found)


def candidate_at(
    network: CityNetwork, unit: MobileUnit, section: str, *, energised: frozenset[str]
) -> Candidate:
    """``unit`` at the busbar section ``section``.

    A mobile substation takes its power from a section with voltage, if there is one, rather from
    the one that feeds ``section`` otherwise than from others, and from the first of equals.
    """
    site = network.substation_of_busbar[section]
    hv_busbar = ""
    if unit.kind == "substation":
        own = _own_hv_sections(network, section)
        hv_busbar = min(
            _hv_sections(network, site, unit),
            key=lambda busbar: (busbar not in energised, busbar not in own),
        )
    return Candidate(
        unit=unit.id,
        site=site,
        part=f"{unit.id}@{section}",
        busbar=section,
        hv_busbar=hv_busbar,
    )


def _sections(network: CityNetwork, site: str, kv: float) -> list[str]:
    """Sections of ``site`` at ``kv``, in table order."""
    busbars = network.busbars
    here = (busbars["substation"] == site).to_numpy(dtype=np.bool_)
    nominal = busbars["vn_kv"].to_numpy(dtype=np.float64)
    fits = here & (np.abs(nominal / kv - 1.0) <= VOLTAGE_TOLERANCE + 1e-9)
    return [str(key) for key in busbars.index[fits]]


def _hv_sections(network: CityNetwork, site: str, unit: MobileUnit) -> list[str]:
    return [] if unit.hv_kv is None else _sections(network, site, unit.hv_kv)


def _own_hv_sections(network: CityNetwork, section: str) -> set[str]:
    table = network.transformers
    return {str(key) for key in table.loc[table["lv_busbar"] == section, "hv_busbar"]}
