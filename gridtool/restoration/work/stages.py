"""The repair stages of one damaged asset: the permanent one, and those that are declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from gridtool.damage.capacity import SWITCHED_KINDS
from gridtool.damage.model import AssetDamage
from gridtool.network.model import Asset
from gridtool.restoration.model import DeclaredRepair, Duration, RepairJob, RepairStage
from gridtool.restoration.work.durations import estimate_duration, fit_estimate
from gridtool.restoration.work.equipment import (
    INSTALLATION,
    TRANSFORMER_LEAD,
    needs_new_transformer,
)

__all__ = ["DEFAULT_SKILLS", "DurationSource", "Site", "job_id", "make_stages"]

DurationSource = Literal["hazus", "equipment"]

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
        "storage": "plant",
        "feeder": "cable",
    }
)
"""Skill a repair needs when its report names none, by kind of asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The asset that is repaired, and where the work is."""

    asset: Asset
    x_km: float
    y_km: float


def job_id(asset: str, stage: RepairStage) -> str:
    """Id of a stage's job: the asset's for the permanent one.

    >>> job_id("SS-07/T1", RepairStage.MAKE_SAFE)
    'SS-07/T1:make-safe'
    """
    return asset if stage is RepairStage.PERMANENT else f"{asset}:{stage.value.replace(' ', '-')}"


def make_stages(
    damage: AssetDamage,
    declared: Iterable[DeclaredRepair],
    *,
    site: Site,
    as_of: datetime,
    durations: DurationSource,
) -> list[RepairJob]:
    """The jobs of one asset in the order of their stages, without precedence.

    The permanent stage is always there. Work declared as started after ``as_of`` had not started
    then.
    """
    rows = {repair.stage: repair for repair in declared}
    rows.setdefault(
        RepairStage.PERMANENT,
        DeclaredRepair(asset=damage.asset, stage=RepairStage.PERMANENT),
    )
    share = damage.capacity_share
    jobs = []
    for stage in RepairStage:
        if stage in rows:
            row = rows[stage]
            share = _capacity_after(row, kind=damage.kind, before=share)
            started = row.started if row.started and row.started.started_at <= as_of else None
            work, lead = _duration(damage, row, durations, waits=started is None)
            jobs.append(
                RepairJob(
                    id=job_id(damage.asset, stage),
                    asset=damage.asset,
                    kind=site.asset.kind,
                    substation=site.asset.substation,
                    district=site.asset.district,
                    x_km=site.x_km,
                    y_km=site.y_km,
                    duration=work,
                    skills=row.skills or damage.skills or (DEFAULT_SKILLS[site.asset.kind],),
                    spares=_spares(damage, row),
                    stage=stage,
                    capacity_after=share,
                    crew_size=row.crew_size or 1,
                    lead=lead,
                    started=started,
                )
            )
    return jobs


def _capacity_after(row: DeclaredRepair, *, kind: str, before: float) -> float:
    """Share of rating after a stage; never below what was left before it."""
    if row.stage is RepairStage.PERMANENT:
        return 1.0
    share = max(before, row.capacity_after or 0.0)
    return 1.0 if kind in SWITCHED_KINDS and share > 0 else share


def _spares(damage: AssetDamage, row: DeclaredRepair) -> tuple[str, ...]:
    """A report's spares are what the permanent repair uses up."""
    if row.spares or row.stage is not RepairStage.PERMANENT:
        return row.spares
    return damage.spares


def _duration(
    damage: AssetDamage, row: DeclaredRepair, durations: DurationSource, *, waits: bool
) -> tuple[Duration, Duration | None]:
    """Work of a stage, and the lead time of the equipment it ``waits`` for, if any."""
    if row.estimate is not None:
        return fit_estimate(row.estimate), None
    known = damage.estimate is not None or _spares(damage, row)
    permanent = row.stage is RepairStage.PERMANENT
    if durations == "hazus" or not permanent or known or not needs_new_transformer(damage):
        return estimate_duration(damage), None
    return INSTALLATION, TRANSFORMER_LEAD if waits else None
