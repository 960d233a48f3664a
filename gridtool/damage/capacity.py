"""How much of an asset a report leaves."""

from __future__ import annotations

from gridtool.damage.model import CAPACITY_SHARE, DamageReport, DamageState

__all__ = ["BINARY_KINDS", "SWITCHED_KINDS", "capacity_share", "state_for_share", "state_share"]

SWITCHED_KINDS = frozenset({"busbar", "coupler", "shunt"})
"""In service or out, whatever a report says of remaining capacity."""

BINARY_KINDS = SWITCHED_KINDS | {"bay", "line", "impedance"}
"""In service or out when only the damage state is known: out from "moderate" on."""


def state_share(state: DamageState, kind: str) -> float:
    """Share of rating left, 0 to 1, of an asset of ``kind`` when only its state is known."""
    if kind in BINARY_KINDS:
        return 0.0 if state.rank >= DamageState.MODERATE.rank else 1.0
    return CAPACITY_SHARE[state]


def capacity_share(report: DamageReport, kind: str) -> float:
    """Share of rating left, 0 to 1, by a report about an asset of ``kind``."""
    given = report.remaining_capacity
    if given is None:
        return state_share(report.state, kind)
    if kind in SWITCHED_KINDS:
        return 1.0 if given > 0 else 0.0
    return given


def state_for_share(share: float | None) -> DamageState:
    """The damage state of a report that gives the remaining capacity alone.

    All left is "none", nothing left is "complete", between them the state with the nearest
    usual share.

    >>> state_for_share(0.5).value
    'moderate'
    """
    if share is None or share >= 1.0:
        return DamageState.NONE
    if share <= 0.0:
        return DamageState.COMPLETE
    partial = (DamageState.EXTENSIVE, DamageState.MODERATE, DamageState.SLIGHT)
    return min(partial, key=lambda state: abs(CAPACITY_SHARE[state] - share))
