"""Damage as reported, and the state of the network it leaves.

Hazus words for damage states; restoration times in days and the share of equipment failed in
each state from Hazus 5.1 (substations 5, 40, 70, 100 % of breakers or disconnectors failed;
restoration mean and sigma as in ``HAZUS_RESTORATION_DAYS``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from gridtool.network.model import CityNetwork

__all__ = [
    "CAPACITY_SHARE",
    "HAZUS_RESTORATION_DAYS",
    "AssetDamage",
    "Conflict",
    "DamageReport",
    "DamageState",
    "Estimate3",
    "GridState",
]


class DamageState(StrEnum):
    """Hazus damage state of an asset."""

    NONE = "none"
    SLIGHT = "slight"
    MODERATE = "moderate"
    EXTENSIVE = "extensive"
    COMPLETE = "complete"

    @property
    def rank(self) -> int:
        """0 for none to 4 for complete."""
        return list(DamageState).index(self)


CAPACITY_SHARE: Mapping[DamageState, float] = MappingProxyType(
    {
        DamageState.NONE: 1.0,
        DamageState.SLIGHT: 0.95,
        DamageState.MODERATE: 0.60,
        DamageState.EXTENSIVE: 0.30,
        DamageState.COMPLETE: 0.0,
    }
)
"""Capacity left when a report gives the state alone, for assets that can run at part capacity
(substation, transformer, unit, infeed, feeder). Busbars, bays, couplers, lines and impedances
are in service or not: out from "moderate" on."""

HAZUS_RESTORATION_DAYS: Mapping[str, Mapping[DamageState, tuple[float, float]]] = MappingProxyType(
    {
        "substation": {
            DamageState.SLIGHT: (1.0, 0.5),
            DamageState.MODERATE: (3.0, 1.5),
            DamageState.EXTENSIVE: (7.0, 3.5),
            DamageState.COMPLETE: (30.0, 15.0),
        },
        "circuit": {
            DamageState.SLIGHT: (0.3, 0.2),
            DamageState.MODERATE: (1.0, 0.5),
            DamageState.EXTENSIVE: (3.0, 1.5),
            DamageState.COMPLETE: (7.0, 3.0),
        },
        "generation": {
            DamageState.SLIGHT: (0.5, 0.1),
            DamageState.MODERATE: (3.6, 3.6),
            DamageState.EXTENSIVE: (22.0, 21.0),
            DamageState.COMPLETE: (65.0, 30.0),
        },
    }
)
"""Mean and sigma of restoration in days by Hazus class. Sampled as a lognormal with this mean
and sigma, never as a plain normal, which would give negative times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate3:
    """A crew's own estimate of repair work in hours: low (P10), likely (mode), high (P90)."""

    low_h: float
    likely_h: float
    high_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageReport:
    """One row of a damage report, as read. Times are aware UTC.

    ``remaining_capacity`` (0 to 1) overrides the share that ``state`` stands for. A report of
    state "none" says that the asset works (inspected, or repaired). ``skills`` and ``spares``
    are what the repair needs. ``source`` and ``report_id`` name the report: the same pair with
    a later ``reported_at`` revises it. ``file`` and ``row`` are where it was read.
    """

    report_id: str
    source: str
    asset: str
    state: DamageState
    occurred_at: datetime
    reported_at: datetime
    recorded_at: datetime
    remaining_capacity: float | None = None
    confidence: float = 1.0
    estimate: Estimate3 | None = None
    skills: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    note: str = ""
    file: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDamage:
    """What is known of one damaged asset as of a time, after the ledger's rules.

    ``capacity_share`` is the share of the asset's rating that is left, 0 to 1.
    """

    asset: str
    kind: str
    state: DamageState
    capacity_share: float
    occurred_at: datetime
    reported_at: datetime
    confidence: float = 1.0
    estimate: Estimate3 | None = None
    skills: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Reports that contradicted, doubled or revised each other, and which rule decided."""

    asset: str
    rule: Literal["duplicate", "revised", "superseded", "contradiction", "late"]
    kept: str
    dropped: tuple[str, ...]
    message: str


@dataclass(frozen=True, kw_only=True)
class GridState:
    """A network and its damage as of a time: the input of every analysis.

    ``damage`` has one entry per damaged asset, by asset id, in the order of the network's
    tables. ``capacity_share`` is that damage carried to the electrical parts (see
    :func:`gridtool.damage.apply.spread_damage`): share of rating left by asset id, 0 out, only
    assets below 1 listed.
    """

    network: CityNetwork
    as_of: datetime
    damage: Mapping[str, AssetDamage]
    capacity_share: Mapping[str, float]
    conflicts: tuple[Conflict, ...] = ()
