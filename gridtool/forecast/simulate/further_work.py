"""What repairs the assets that further damage may hit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.damage.hazus import lognormal_parameters
from gridtool.damage.model import AssetDamage, DamageState, GridState
from gridtool.damage.suppose import damage_assets
from gridtool.forecast.model import FurtherDamage
from gridtool.restoration.model import DeclaredRepair, Duration, RepairJob, RepairStage
from gridtool.restoration.work.jobs import asset_place
from gridtool.restoration.work.precedence import find_waits
from gridtool.restoration.work.stages import DurationSource, Site, make_stages

__all__ = ["FurtherWork", "find_hit_waits", "prepare_work"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FurtherWork:
    """What repairs the e exposed assets in the s damage states.

    Attributes
    ----------
    assets : ids
    jobs : by asset and state
        None where the state leaves the asset whole.
    mean_h, log_mean, log_sigma : (e, s)
        Expected working hours, and mu and sigma of their logarithm.
    lead_mean, lead_sigma : (e, s)
        Of the logarithm of the hours until equipment made for the job is there; -infinite: none.
    """

    assets: tuple[str, ...]
    jobs: tuple[tuple[RepairJob | None, ...], ...]
    mean_h: FloatArray
    log_mean: FloatArray
    log_sigma: FloatArray
    lead_mean: FloatArray
    lead_sigma: FloatArray


def prepare_work(
    further: FurtherDamage,
    state: GridState,
    *,
    shares: Mapping[str, tuple[float, ...]],
    declared: Sequence[DeclaredRepair] = (),
    durations: DurationSource = "hazus",
) -> FurtherWork:
    """The repair of each exposed asset in each damage state, as of a report of that state.

    Skills, people and spares are those declared for the asset's permanent repair, or reported of
    the damage it has now; else those of any report. Times are those of the damage state: what is
    declared or reported of today's damage says nothing about the next.
    """
    states = [DamageState(word) for word in further.states]
    permanent = {
        repair.asset: replace(repair, estimate=None, after=(), started=None)
        for repair in declared
        if repair.stage is RepairStage.PERMANENT
    }
    jobs = tuple(
        tuple(
            _make_job(state, asset, one, share, permanent.get(asset), durations)
            if share < 1.0
            else None
            for one, share in zip(states, found, strict=True)
        )
        for asset, found in shares.items()
    )
    size = (len(jobs), len(states))
    work = [_parameters(job.duration if job else None) for row in jobs for job in row]
    lead = [_parameters(job.lead if job else None) for row in jobs for job in row]
    log_mean, log_sigma = np.array(work, dtype=np.float64).reshape(*size, 2).transpose(2, 0, 1)
    lead_mean, lead_sigma = np.array(lead, dtype=np.float64).reshape(*size, 2).transpose(2, 0, 1)
    mean = [job.duration.mean_h if job else 0.0 for row in jobs for job in row]
    return FurtherWork(
        assets=tuple(shares),
        jobs=jobs,
        mean_h=np.array(mean, dtype=np.float64).reshape(size),
        log_mean=log_mean.copy(),
        log_sigma=log_sigma.copy(),
        lead_mean=lead_mean.copy(),
        lead_sigma=lead_sigma.copy(),
    )


def _make_job(
    state: GridState,
    asset_id: str,
    damage_state: DamageState,
    share: float,
    declared: DeclaredRepair | None,
    durations: DurationSource,
) -> RepairJob:
    asset = state.network.assets[asset_id]
    known = state.damage.get(asset_id)
    damage = AssetDamage(
        asset=asset_id,
        kind=asset.kind,
        state=damage_state,
        capacity_share=share,
        occurred_at=state.as_of,
        reported_at=state.as_of,
        skills=known.skills if known else (),
        spares=known.spares if known else (),
    )
    x_km, y_km = asset_place(state.network, asset_id)
    (job,) = make_stages(
        damage,
        (declared,) if declared else (),
        site=Site(asset=asset, x_km=x_km, y_km=y_km),
        as_of=state.as_of,
        durations=durations,
    )
    return job


def find_hit_waits(
    state: GridState, exposed: Sequence[str], *, known: Mapping[str, int]
) -> tuple[tuple[int, ...], ...]:
    """What the repair of each exposed asset waits for, if that is out altogether when it is hit.

    The rules of :mod:`gridtool.restoration.work.precedence` for one thing out beside it: a
    transformer holds up a feeder where it alone feeds its section.

    Parameters
    ----------
    known
        Position of every asset that is damaged or exposed.
    """
    network = state.network

    def waits_without(assets: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        lost = damage_assets(network, dict.fromkeys(assets, 0.0), state.as_of)
        return find_waits(lost, assets)

    waits = waits_without(known)
    found = []
    for asset in exposed:
        before = [
            other
            for other in waits[asset]
            if network.assets[other].kind != "transformer" or waits_without((asset, other))[asset]
        ]
        found.append(tuple(known[other] for other in before))
    return tuple(found)


def _parameters(duration: Duration | None) -> tuple[float, float]:
    if duration is None:
        return -math.inf, 0.0
    return lognormal_parameters(duration.mean_h, duration.sigma_h)
