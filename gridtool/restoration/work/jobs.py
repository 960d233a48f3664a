"""Repair jobs from the damage of a state: the stages of every asset below full capacity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from gridtool.damage.model import GridState
from gridtool.errors import Issue, ResourcesError
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import DeclaredRepair, Duration, RepairJob, Resources
from gridtool.restoration.work.precedence import apply_precedence
from gridtool.restoration.work.stages import DEFAULT_SKILLS, DurationSource, Site, make_stages
from gridtool.restoration.work.started import check_started

__all__ = ["DEFAULT_SKILLS", "asset_place", "list_unused", "make_jobs"]

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
    durations: DurationSource = "hazus",
) -> tuple[RepairJob, ...]:
    """The repair jobs of ``state``, in the order of the network's tables and of their stages.

    A job's id is its asset's id, for other stages than the permanent one with the stage behind
    it. Skills, spares and times are those declared in ``repairs.csv``, else those of the report,
    else the skill of :data:`DEFAULT_SKILLS`, no spares, and the times of ``durations``; the work
    is where the asset stands (a line: halfway between its ends). What waits for what is told in
    :mod:`gridtool.restoration.work.precedence`.

    Parameters
    ----------
    durations
        "hazus", or "equipment" for lead times of new transformers
        (:mod:`gridtool.restoration.work.equipment`).

    Raises
    ------
    ResourcesError
        If declared repairs contradict the state, the crews or each other, with every finding;
        or if jobs wait for each other, with the cycle.
    """
    declared: dict[str, list[DeclaredRepair]] = {}
    for repair in resources.repairs if resources else ():
        declared.setdefault(repair.asset, []).append(repair)
    jobs: list[RepairJob] = []
    for damage in state.damage.values():
        if damage.capacity_share < 1.0:
            x_km, y_km = asset_place(state.network, damage.asset)
            asset = state.network.assets[damage.asset]
            jobs += make_stages(
                damage,
                declared.get(damage.asset, ()),
                site=Site(asset=asset, x_km=x_km, y_km=y_km),
                as_of=state.as_of,
                durations=durations,
            )
    if resources is not None and resources.held_h:
        jobs = list(_hold(jobs, resources.held_h))
    issues = check_started(jobs, resources.crews, as_of=state.as_of) if resources else []
    if issues:
        raise ResourcesError(issues, subject="resources")
    return apply_precedence(state, jobs, repairs=resources.repairs if resources else ())


def _hold(jobs: Sequence[RepairJob], held_h: Mapping[str, float]) -> Iterator[RepairJob]:
    """The jobs, those of held assets not before their time; a longer lead time stays."""
    for job in jobs:
        hours = held_h.get(job.asset, 0.0)
        if hours <= (job.lead.mean_h if job.lead else 0.0):
            yield job
        else:
            lead = Duration(mean_h=hours, sigma_h=0.0, basis="held back")
            yield replace(job, lead=lead)


def list_unused(state: GridState, resources: Resources) -> list[Issue]:
    """Warnings on declared repairs that do not count as of the state's time.

    ``repairs.csv`` may outlive the damage, and the as-of time may be before what it tells.
    """
    issues = []
    for repair in resources.repairs:
        damage = state.damage.get(repair.asset)
        if damage is None or damage.capacity_share >= 1.0:
            message = (
                f"{repair.asset} is not damaged as of then: its {repair.stage.value} is left out"
            )
        elif repair.started is not None and repair.started.started_at > state.as_of:
            message = f"{repair.asset}: {repair.stage.value} had not started as of then"
        else:
            continue
        issues.append(
            Issue(message=message, file="repairs.csv", ids=(repair.asset,), severity="warning")
        )
    return issues


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
    places = [network.place_of_substation[owner] for owner in owners]
    x_km, y_km = (sum(axis) / len(places) for axis in zip(*places, strict=True))
    return x_km, y_km
