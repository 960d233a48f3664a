"""Repair jobs from the damage of a state: one for every asset below full capacity."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from gridtool.damage.model import AssetDamage, GridState
from gridtool.network.model import CityNetwork
from gridtool.restoration.durations import estimate_duration
from gridtool.restoration.model import RepairJob, Resources

__all__ = ["DEFAULT_SKILLS", "asset_place", "make_jobs"]

DEFAULT_SKILLS: Mapping[str, str] = MappingProxyType(
    {
        "substation": "substation",
        "busbar": "substation",
        "coupler": "substation",
        "bay": "substation",
        "transformer": "substation",
        "shunt": "substation",
        "infeed": "substation",
        "line": "line",
        "impedance": "line",
        "unit": "plant",
        "feeder": "cable",
    }
)
"""Skill a repair needs when its report names none, by kind of asset."""

_BRANCH_ENDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "line": ("lines", "from_busbar", "to_busbar"),
        "impedance": ("impedances", "from_busbar", "to_busbar"),
        "transformer": ("transformers", "hv_busbar", "lv_busbar"),
    }
)


def make_jobs(
    state: GridState,
    resources: Resources | None = None,
    *,
    durations: Literal["hazus", "equipment"] = "hazus",
) -> tuple[RepairJob, ...]:
    """The repair jobs of ``state``, in the order of the network's tables.

    A job's id is its asset's id. Skills and spares are those of the report, else the skill of
    :data:`DEFAULT_SKILLS` and no spares; the work is where the asset stands (a line: halfway
    between its ends).
    """
    return tuple(
        _make_job(state.network, damage)
        for damage in state.damage.values()
        if damage.capacity_share < 1.0
    )


def _make_job(network: CityNetwork, damage: AssetDamage) -> RepairJob:
    asset = network.assets[damage.asset]
    x_km, y_km = asset_place(network, asset.id)
    return RepairJob(
        id=asset.id,
        asset=asset.id,
        kind=asset.kind,
        substation=asset.substation,
        district=asset.district,
        x_km=x_km,
        y_km=y_km,
        duration=estimate_duration(damage),
        skills=damage.skills or (DEFAULT_SKILLS[asset.kind],),
        spares=damage.spares,
    )


def asset_place(network: CityNetwork, asset_id: str) -> tuple[float, float]:
    """Plane coordinates in km of an asset: its substation, or halfway between a line's ends."""
    asset = network.assets[asset_id]
    owners = [asset.substation]
    if asset.kind in _BRANCH_ENDS and not asset.substation:
        table, *ends = _BRANCH_ENDS[asset.kind]
        owners = [
            network.substation_of_busbar[str(network.tables[table].at[asset_id, end])]
            for end in ends
        ]
    owners = [owner for owner in owners if owner]
    if not owners:
        return 0.0, 0.0
    places = network.substations.loc[owners, ["x_km", "y_km"]].to_numpy(dtype=np.float64)
    x_km, y_km = places.mean(axis=0)
    return float(x_km), float(y_km)
