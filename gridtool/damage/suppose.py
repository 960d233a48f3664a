"""States of the network that are supposed, not reported: for what-ifs, and for no damage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gridtool.damage.apply import make_state
from gridtool.damage.capacity import state_for_share, state_share
from gridtool.damage.model import AssetDamage, DamageState, GridState
from gridtool.errors import DamageReportError, Issue
from gridtool.formats.spelling import did_you_mean
from gridtool.network.model import CityNetwork

__all__ = ["damage_assets", "intact"]


def intact(network: CityNetwork, as_of: datetime) -> GridState:
    """``network`` without damage, as of ``as_of`` (aware UTC)."""
    return make_state(network, (), as_of=as_of)


def damage_assets(
    network: CityNetwork,
    damage: Mapping[str, float | DamageState],
    as_of: datetime,
) -> GridState:
    """``network`` with supposed damage: by asset id, the share of rating left or a state.

    Raises
    ------
    DamageReportError
        If an asset is not in the network, or a share is not within 0 to 1.
    """
    issues = [issue for asset, left in damage.items() for issue in _check(network, asset, left)]
    if issues:
        raise DamageReportError(issues, subject="supposed damage")
    entries = [_suppose(network, asset, left, as_of) for asset, left in damage.items()]
    worse = [entry for entry in entries if entry.state is not DamageState.NONE]
    return make_state(network, worse, as_of=as_of)


def _check(network: CityNetwork, asset: str, left: float | DamageState) -> list[Issue]:
    if asset not in network.assets:
        hint = did_you_mean(asset, network.assets)
        return [Issue(message="is not an asset of the network", value=asset, hint=hint)]
    if not isinstance(left, DamageState) and not 0.0 <= left <= 1.0:
        return [Issue(message="share left is out of range", value=f"{left:g}", accepted="0 to 1")]
    return []


def _suppose(
    network: CityNetwork, asset: str, left: float | DamageState, as_of: datetime
) -> AssetDamage:
    kind = network.assets[asset].kind
    if isinstance(left, DamageState):
        state, share = left, state_share(left, kind)
    else:
        state, share = state_for_share(left), float(left)
    return AssetDamage(
        asset=asset,
        kind=kind,
        state=state,
        capacity_share=share,
        occurred_at=as_of,
        reported_at=as_of,
    )
