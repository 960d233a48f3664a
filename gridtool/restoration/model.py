"""Repair jobs, the resources they need, and the plan that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import Estimate3, GridState
from gridtool.restoration.budget import LONG_SEARCH

__all__ = [
    "ColdLoad",
    "CompletionSamples",
    "Crew",
    "DeclaredRepair",
    "DemandBlocks",
    "Duration",
    "MobileUnit",
    "PlacedUnit",
    "PlanBound",
    "PlanConfig",
    "RepairJob",
    "RepairStage",
    "Resources",
    "RestorationPlan",
    "ScheduledJob",
    "SpareArrival",
    "StartedWork",
]


class RepairStage(StrEnum):
    """Stage of a repair. Make safe comes before temporary, temporary before permanent."""

    MAKE_SAFE = "make safe"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"

    @property
    def rank(self) -> int:
        """0 for make safe to 2 for permanent."""
        return list(RepairStage).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a job's work takes: a lognormal with this mean and sigma, hours.

    Hours are crew working hours; ``basis`` says where they come from: the crew's own estimate,
    or Hazus (see :mod:`gridtool.restoration.work.durations`).
    """

    mean_h: float
    sigma_h: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedWork:
    """Work that a crew had begun before the as-of time: it stays with that crew."""

    crew: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairJob:
    """One stage of the repair of one damaged asset.

    The id of the permanent stage is the asset's id, that of another stage
    ``<asset>:make-safe`` or ``<asset>:temporary``. ``capacity_after`` is the share of the
    asset's rating that is left once the job is finished (a later stage never lowers it).

    ``skills`` must all be held by the crew that does it, which has at least ``crew_size`` people;
    ``spares`` are used up, one of each (two of a kind are listed twice). ``after`` names the jobs
    that must be finished before work starts. ``lead`` is the time from the as-of time until
    equipment that has to be made is there, or the work may begin, in hours of the calendar; work
    cannot start before.
    ``x_km, y_km`` is where the work is.
    """

    id: str
    asset: str
    kind: str
    substation: str
    district: str
    x_km: float
    y_km: float
    duration: Duration
    skills: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    stage: RepairStage = RepairStage.PERMANENT
    capacity_after: float = 1.0
    crew_size: int = 1
    after: tuple[str, ...] = ()
    lead: Duration | None = None
    started: StartedWork | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRepair:
    """A row of ``repairs.csv``: what is known of one stage beyond the damage report.

    What is None (or empty) is taken from the damage report or the defaults.
    """

    asset: str
    stage: RepairStage
    capacity_after: float | None = None
    estimate: Estimate3 | None = None
    skills: tuple[str, ...] = ()
    crew_size: int | None = None
    spares: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    started: StartedWork | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A crew: what it can do, where it starts, when it works.

    It works ``[shift_start_h, shift_start_h + shift_h)`` of every local day between
    ``available_from`` and ``available_to`` (aware UTC, None: no limit); 24 h shifts work around
    the clock. Travel counts as working time. ``crew_type`` groups crews that are alike for the
    planner (empty: its skills do), ``size`` is its people.
    """

    id: str
    skills: tuple[str, ...]
    x_km: float
    y_km: float
    shift_start_h: float = 8.0
    shift_h: float = 12.0
    speed_kmh: float = 30.0
    available_from: datetime | None = None
    available_to: datetime | None = None
    crew_type: str = ""
    size: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareArrival:
    """``quantity`` spares of ``spare`` usable from ``arrives_at`` (aware UTC) on.

    ``arrives_at`` is what is announced. With ``latest_at`` it is the P50 and ``latest_at`` the
    P90 of the date; plans count on ``arrives_at``, executions draw the date.
    """

    spare: str
    quantity: int
    arrives_at: datetime
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileUnit:
    """A mobile substation (a transformer on wheels) or a mobile generator.

    A substation of ``capacity_mva`` joins a section of ``hv_kv`` to one of ``kv`` at its site, a
    generator of ``capacity_mva`` (MW at unity power factor) feeds a section of ``kv``. It travels
    from its depot, is set up in ``setup_h`` and taken down in ``teardown_h`` hours around the
    clock by its own team. ``fuel_mwh_per_day`` is the energy a generator's fuel gives a day on
    average (None: no limit). ``sites`` are the substations it may stand at (empty: all where the
    voltages fit).
    """

    id: str
    kind: Literal["substation", "generator"]
    capacity_mva: float
    kv: float
    x_km: float
    y_km: float
    hv_kv: float | None = None
    setup_h: float = 4.0
    teardown_h: float = 2.0
    speed_kmh: float = 30.0
    fuel_mwh_per_day: float | None = None
    sites: tuple[str, ...] = ()
    available_from: datetime | None = None
    available_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Crews, spares, mobile units, and what is known of the repairs.

    ``stock`` is what is there now, by spare type. ``held_h`` is the time after the as-of time, by
    asset and in hours of the calendar, before which no work on it begins; work that has started
    goes on.
    """

    crews: tuple[Crew, ...]
    stock: Mapping[str, int]
    arrivals: tuple[SpareArrival, ...] = ()
    mobile_units: tuple[MobileUnit, ...] = ()
    repairs: tuple[DeclaredRepair, ...] = ()
    held_h: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedUnit:
    """A mobile unit at a site: set up from ``start``, giving from ``online`` to ``offline``.

    Times are aware UTC; ``offline`` None: it stays. ``part`` is the id of the part that it is in
    the network with mobile units (see :mod:`gridtool.restoration.mobile.units`).
    ``served_gain_mw`` is the mean load served more while it gives and energy is counted, all else
    in the plan being as it is.
    """

    unit: str
    site: str
    part: str
    start: datetime
    online: datetime
    offline: datetime | None
    travel_h: float
    served_gain_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """When which crew does a job. Times are aware UTC; ``start`` is the start of work on site,
    ``travel_h`` is spent before it. ``served_gain_mw`` is the load served more (at the
    reference demand) once it is finished."""

    job: RepairJob
    crew: str
    start: datetime
    finish: datetime
    travel_h: float
    served_gain_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdLoad:
    """Cold-load pickup: load that was out for ``after_h`` hours or more comes back at ``factor``
    times its demand, for ``lasts_h`` hours."""

    factor: float
    after_h: float = 4.0
    lasts_h: float = 2.0


@dataclass(frozen=True, kw_only=True)
class DemandBlocks:
    """The demand over the time of a plan: L levels, mixed by the hours of each period.

    Attributes
    ----------
    level : (L,)
        Demand over the reference peak, ascending.
    begins_h : (M,)
        Hours after the as-of time at which each period (a month) begins; the first is 0, the
        last period has no end.
    weight : (M, L)
        Share of each period's hours spent at each level. A row sums to 1, or to 0 where energy is
        not counted (beyond the horizon or the deadline).
    """

    level: npt.NDArray[np.float64]
    begins_h: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanConfig:
    """How a plan is searched and valued.

    ``evaluations`` is the budget of the search, counted in dispatches of distinct states (not in
    seconds, so that a plan can be reproduced; one that needs a linear program counts more).
    ``horizon_days`` is how far energy is counted and crews are planned; None: as far as the work
    needs. ``deadline``: energy not served is counted until then only, so that what is back by then
    is worth most. ``demand_factor`` times the reference peak is the demand that energy not served
    is counted at, unless ``demand`` gives blocks. ``protected_weight`` is what a MW of protected
    load counts in the search, and ``class_weights`` what a MW of a customer class counts (1 where
    none is given; energy not served itself is always plain MWh). ``import_limit_mw`` limits all
    infeeds together. ``durations``: whose times are taken where a report has no estimate (see
    :mod:`gridtool.restoration.work.durations`). ``time_limit_s`` is a safety net; a plan it cuts is
    labelled. ``bound``: whether the lower bound is computed; ``ac``: whether stages are verified by
    AC power flow.
    """

    evaluations: int = LONG_SEARCH
    horizon_days: int | None = None
    demand_factor: float = 1.0
    protected_weight: float = 1.0
    import_limit_mw: float | None = None
    demand: DemandBlocks | None = None
    class_weights: Mapping[str, float] = field(default_factory=dict)
    deadline: datetime | None = None
    durations: Literal["hazus", "equipment"] = "hazus"
    cold_load: ColdLoad | None = None
    time_limit_s: float | None = None
    bound: bool = False
    ac: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBound:
    """A proven lower bound on what any plan with these resources leaves unserved.

    ``weighted_mwh`` bounds the searched objective (the energy not served where nothing is
    weighted) from below; ``gap_pct`` is the plan's distance from it in percent of the plan's.
    ``method`` says in words which relaxation gave it.
    """

    weighted_mwh: float
    gap_pct: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionSamples:
    """When jobs finish if a plan's policy is executed with random durations.

    Attributes
    ----------
    job_ids, asset_ids : tuple of str
        By job; an asset with several stages is there several times.
    finish_h : (n, n_jobs)
        Hours after the plan's as-of time; infinite for a job that is not finished within the
        crews' calendar.
    """

    asset_ids: tuple[str, ...]
    finish_h: npt.NDArray[np.float64]
    job_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RestorationPlan:
    """A checked plan for all jobs.

    ``order`` is the priority order the crews follow: executing it again with other durations
    gives another timetable, the same policy. Frames have plain indices:

    - ``curve``: time (UTC), served_mw, unserved_mw, customers_out; one row per step
    - ``etr``: level (substation, district), id, name, unserved_mw, customers_out, etr (UTC, NaT
      when it never comes back in the plan), by the plan's expected durations
    - ``comparison``: rule, ens_mwh, excess_pct, complete_at; the plan itself first
    - ``ac``: time, hours, demand_factor, dc_served_mw, ac_served_mw, shed_added_mw,
      min_voltage_pu, max_loading_pct, violations, actions, energy_difference_mwh, residual_mva,
      converged, reference; one row per distinct stage (see
      :func:`gridtool.restoration.outcome.verify.verify_stages`); None if not verified

    ``weighted_mwh`` is what the search made small: ``ens_mwh`` with the configured weights.
    ``stopped`` says what cut the search short ("time limit", "interrupted"), or is empty.

    ``ens_mwh`` is the energy not served because of the damage, at the reference demand: the load
    the repaired network serves less the load served, summed until the last repair. Load that is
    unserved even then (a city short of supply) is in ``curve`` but not in it, so that plans of
    different length compare.
    """

    state: GridState
    resources: Resources
    jobs: tuple[ScheduledJob, ...]
    order: tuple[str, ...]
    ens_mwh: float
    curve: pd.DataFrame
    etr: pd.DataFrame
    comparison: pd.DataFrame
    evaluations: int
    seed: int
    config: PlanConfig = field(default_factory=PlanConfig)
    weighted_mwh: float = float("nan")
    bound: PlanBound | None = None
    placements: tuple[PlacedUnit, ...] = ()
    ac: pd.DataFrame | None = None
    stopped: str = ""
