"""Where mobile units could help: substations with unserved load, and their sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.topology import apply_shares
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.parts import Candidate, unit_limit_mw
from gridtool.restoration.mobile.shortage import Shortage
from gridtool.restoration.model import MobileUnit

__all__ = [
    "SITES_PER_UNIT",
    "candidate_at",
    "energised_sections",
    "find_candidates",
    "fitting_sites",
    "potential_of",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

SITES_PER_UNIT = 6
"""Sites tried for a unit: those where it could serve the most energy."""

SECTIONS_PER_SITE = 2
"""Sections of a site's low voltage that a unit is tried at."""

VOLTAGE_TOLERANCE = 0.1
"""Rated voltages are up to a tenth above nominal ones: 110 kV fits 115 kV."""


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


def potential_of(unit: MobileUnit, shortage: Shortage) -> FloatArray:
    """Load that ``unit`` could serve by state and substation (K, S), MW, as far as can be said
    without a dispatch; see :meth:`Shortage.potential_mw`."""
    kv = shortage.case.busbar_vn_kv
    feeding = None
    if unit.kind == "substation":
        feeding = _fits(kv, unit.hv_kv) if unit.hv_kv else np.zeros(len(kv), dtype=np.bool_)
    return shortage.potential_mw(unit_limit_mw(unit), fed=_fits(kv, unit.kv), feeding=feeding)


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
        potential = shortage.hours @ potential_of(unit, shortage)
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
    fits = here & _fits(busbars["vn_kv"].to_numpy(dtype=np.float64), kv)
    return [str(key) for key in busbars.index[fits]]


def _fits(vn_kv: FloatArray, kv: float) -> BoolArray:
    return np.abs(vn_kv / kv - 1.0) <= VOLTAGE_TOLERANCE + 1e-9


def _hv_sections(network: CityNetwork, site: str, unit: MobileUnit) -> list[str]:
    return [] if unit.hv_kv is None else _sections(network, site, unit.hv_kv)


def _own_hv_sections(network: CityNetwork, section: str) -> set[str]:
    table = network.transformers
    return {str(key) for key in table.loc[table["lv_busbar"] == section, "hv_busbar"]}
