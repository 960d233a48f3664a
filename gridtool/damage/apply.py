"""From damaged assets to the electrical parts they take out or weaken. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from gridtool.damage.model import AssetDamage, Conflict, GridState
from gridtool.network.model import CityNetwork

__all__ = ["make_state", "spread_damage"]


_SITE_KINDS = frozenset({"busbar", "transformer", "unit", "infeed", "storage"})
"""Kinds of asset that a substation's damage acts on."""


def spread_damage(network: CityNetwork, shares: Mapping[str, float]) -> dict[str, float]:
    """Share of rating left of each electrical part, from shares by reported asset.

    A substation's share acts on its transformers, units, infeeds and storages; at 0 it also takes
    out its busbar sections, and with them every line that ends there. A bay out opens its line or
    transformer. Parts of a busbar section that is out are left as they are: the section decides.
    The smallest share wins where several act on one part. Only shares below 1 are returned.

    Parameters
    ----------
    shares
        Share of rating left, 0 to 1, by asset id.
    """
    spread: dict[str, float] = {}

    def limit(part: str, share: float) -> None:
        spread[part] = min(spread.get(part, 1.0), share)

    by_substation = _parts_by_substation(network) if _has_substation(network, shares) else {}
    for asset, share in shares.items():
        kind = network.assets[asset].kind
        if share >= 1.0:
            continue
        if kind == "substation":
            for part, part_kind in by_substation.get(asset, ()):
                if part_kind != "busbar":
                    limit(part, share)
                elif share <= 0.0:
                    limit(part, 0.0)
        elif kind == "bay":
            limit(str(network.bays.at[asset, "element"]), share)
        else:
            limit(asset, share)
    return spread


def _has_substation(network: CityNetwork, shares: Mapping[str, float]) -> bool:
    return any(network.assets[asset].kind == "substation" for asset in shares)


def _parts_by_substation(network: CityNetwork) -> dict[str, list[tuple[str, str]]]:
    parts: dict[str, list[tuple[str, str]]] = {}
    for asset in network.assets.values():
        if asset.substation and asset.kind in _SITE_KINDS:
            parts.setdefault(asset.substation, []).append((asset.id, asset.kind))
    return parts


def make_state(
    network: CityNetwork,
    damage: Iterable[AssetDamage],
    *,
    as_of: datetime,
    conflicts: tuple[Conflict, ...] = (),
) -> GridState:
    """The state of ``network`` with ``damage`` as of ``as_of`` (aware UTC)."""
    found = {entry.asset: entry for entry in damage}
    ordered = {asset: found[asset] for asset in network.assets if asset in found}
    shares = {asset: entry.capacity_share for asset, entry in ordered.items()}
    return GridState(
        network=network,
        as_of=as_of,
        damage=ordered,
        capacity_share=spread_damage(network, shares),
        conflicts=conflicts,
    )
