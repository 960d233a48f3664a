"""Repair jobs, the resources they need, and the plan that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.damage.model import GridState

__all__ = [
    "CompletionSamples",
    "Crew",
    "Duration",
    "PlanConfig",
    "RepairJob",
    "Resources",
    "RestorationPlan",
    "ScheduledJob",
    "SpareArrival",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a job's work takes: a lognormal with this mean and sigma, hours.

    Hours are crew working hours; ``basis`` says where they come from: the crew's own estimate,
    or Hazus (see :mod:`gridtool.restoration.durations`).
    """

    mean_h: float
    sigma_h: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairJob:
    """The repair of one damaged asset. Restores it to full capacity when finished.

    ``skills`` must all be held by the crew that does it; ``spares`` are used up, one of each.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A crew: skills, where it starts, when it works.

    It works ``[shift_start_h, shift_start_h + shift_h)`` of every local day between
    ``available_from`` and ``available_to`` (aware UTC, None: no limit); 24 h shifts work around
    the clock. Travel counts as working time.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareArrival:
    """``quantity`` spares of ``spare`` usable from ``arrives_at`` (aware UTC) on."""

    spare: str
    quantity: int
    arrives_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Crews and spares. ``stock`` is what is there now, by spare type."""

    crews: tuple[Crew, ...]
    stock: Mapping[str, int]
    arrivals: tuple[SpareArrival, ...] = ()


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
class PlanConfig:
    """How a plan is searched and valued.

    ``evaluations`` is the budget of the search, counted in dispatches of distinct states (not in
    seconds, so that a plan can be reproduced). ``horizon_days`` is how far the crews' calendar
    goes; None: as far as the work needs. ``demand_factor`` times the reference peak is the
    demand that energy not served is counted at. ``protected_weight`` is what a MW of protected
    load counts in the search (energy not served itself is always plain MWh).
    ``import_limit_mw`` limits all infeeds together.
    """

    evaluations: int = 4000
    horizon_days: int | None = None
    demand_factor: float = 1.0
    protected_weight: float = 1.0
    import_limit_mw: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionSamples:
    """When jobs finish if a plan's policy is executed with random durations.

    Attributes
    ----------
    asset_ids : tuple of str
    finish_h : (n, n_jobs)
        Hours after the plan's as-of time; infinite for a job that is not finished within the
        crews' calendar.
    """

    asset_ids: tuple[str, ...]
    finish_h: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RestorationPlan:
    """A checked plan for all jobs.

    ``order`` is the priority order the crews follow: executing it again with other durations
    gives another timetable, the same policy. Frames have plain indices:

    - ``curve``: time (UTC), served_mw, unserved_mw, customers_out; one row per step
    - ``etr``: level (substation, district), id, name, unserved_mw, customers_out, etr (UTC, NaT
      when it never comes back in the plan), by the plan's expected durations
    - ``comparison``: rule, ens_mwh, excess_pct, complete_at; the plan itself first

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
