"""The network with mobile units: one more part for every place a unit could stand at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from gridtool.damage.model import GridState
from gridtool.formats.frames import make_frame
from gridtool.network.model import CityNetwork
from gridtool.network.schema import table_schema
from gridtool.restoration.model import MobileUnit

__all__ = ["Candidate", "add_candidates", "unit_limit_mw"]

VK_PCT, VKR_PCT = 10.0, 0.5
"""Short-circuit voltage of a mobile transformer, and its resistive part, where the network has no
transformer of its voltages to go by; usual for 110 kV units of 10 to 40 MVA."""

LEAST_MVAR, MOST_MVAR = -0.3, 0.75
"""Reactive power of a generator over its MW: sets are rated at a power factor of 0.8 lagging and
take up much less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A unit at a place it could stand at: the part ``part`` of the network with mobile units.

    ``busbar`` is the section it feeds, ``hv_busbar`` the section a mobile substation takes its
    power from (empty for a generator).
    """

    unit: str
    site: str
    part: str
    busbar: str
    hv_busbar: str = ""


def unit_limit_mw(unit: MobileUnit) -> float:
    """Most MW a generator gives all day long (its rating or its fuel), or a substation's MVA."""
    if unit.kind == "generator" and unit.fuel_mwh_per_day is not None:
        return min(unit.capacity_mva, unit.fuel_mwh_per_day / 24.0)
    return unit.capacity_mva


def add_candidates(
    state: GridState, candidates: Sequence[Candidate], units: Iterable[MobileUnit]
) -> GridState:
    """``state`` on its network with the part of each candidate, none of them placed.

    A mobile substation becomes a transformer, a generator a unit on standby: it holds its section
    only where neither transformers nor an automatic transfer give it voltage, and feeds in
    parallel where one does. Its operators see to that; else a section that the neighbouring
    transformer could feed would be left with what the generator gives. So generators never leave
    less load served than none would, whatever is repaired sooner or later than planned. The
    damage stays as reported: it does not act on what is brought afterwards. Without candidates it
    is ``state`` itself.
    """
    if not candidates:
        return state
    known = {unit.id: unit for unit in units}
    network = state.network
    transformers, sources = [], []
    for candidate in candidates:
        unit = known[candidate.unit]
        if unit.kind == "substation":
            transformers.append(_transformer_row(network, candidate, unit))
        else:
            sources.append(_source_row(candidate, unit))
    added = {"transformers": transformers, "units": sources}
    tables = dict(network.tables) | {
        name: _append(network.tables[name], name, rows) for name, rows in added.items() if rows
    }
    return replace(
        state,
        network=replace(
            network,
            tables=tables,
            standby=network.standby | {str(row["id"]) for row in sources},
            sha256="",
        ),
        capacity_share=dict(state.capacity_share) | {c.part: 0.0 for c in candidates},
    )


def _append(frame: pd.DataFrame, name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    added = make_frame(table_schema(name), rows)
    return pd.concat([frame, added]) if len(frame) else added


def _source_row(candidate: Candidate, unit: MobileUnit) -> dict[str, Any]:
    limit = unit_limit_mw(unit)
    return {
        "id": candidate.part,
        "name": unit.id,
        "busbar": candidate.busbar,
        "max_mw": limit,
        "p_mw": limit,
        "min_mvar": LEAST_MVAR * limit,
        "max_mvar": MOST_MVAR * limit,
        "vm_pu": 1.0,
        "grid_forming": True,
    }


def _transformer_row(
    network: CityNetwork, candidate: Candidate, unit: MobileUnit
) -> dict[str, Any]:
    """Like the network's transformer nearest in rating between the same voltages.

    Percentages are on the unit's own rating, so they carry over; iron losses go with the rating.
    Its rated voltages and phase shift are taken as well, so that the two can work in parallel.
    """
    vn_kv = network.busbars["vn_kv"]
    hv_kv, lv_kv = float(vn_kv[candidate.hv_busbar]), float(vn_kv[candidate.busbar])
    row: dict[str, Any] = {
        "id": candidate.part,
        "hv_busbar": candidate.hv_busbar,
        "lv_busbar": candidate.busbar,
        "sn_mva": unit.capacity_mva,
        "vn_hv_kv": hv_kv,
        "vn_lv_kv": lv_kv,
        "vk_pct": VK_PCT,
        "vkr_pct": VKR_PCT,
    }
    alike = _transformers_between(network, hv_kv, lv_kv)
    if not len(alike):
        return row
    away = np.abs(np.log(alike["sn_mva"].to_numpy(dtype=np.float64) / unit.capacity_mva))
    model = alike.iloc[int(np.argmin(away))]
    copied = ("vn_hv_kv", "vn_lv_kv", "vk_pct", "vkr_pct", "i0_pct", "shift_degree")
    row |= {name: float(model[name]) for name in copied}
    row["pfe_kw"] = float(model["pfe_kw"]) * unit.capacity_mva / float(model["sn_mva"])
    row |= {"tap_side": str(model["tap_side"]), "tap_step_pct": float(model["tap_step_pct"])}
    return row


def _transformers_between(network: CityNetwork, hv_kv: float, lv_kv: float) -> pd.DataFrame:
    vn_kv = network.busbars["vn_kv"]
    table = network.transformers
    same = (table["hv_busbar"].map(vn_kv) == hv_kv) & (table["lv_busbar"].map(vn_kv) == lv_kv)
    # A negative or missing reactance is an artefact of a converted star, not a rating plate.
    return table[same.to_numpy(dtype=np.bool_) & (table["vk_pct"] > 0).to_numpy(dtype=np.bool_)]
