"""Repair jobs, the resources they need, and the plan that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from gridtool.damage.model import GridState

__all__ = [
    "Crew",
    "Duration",
    "RepairJob",
    "Resources",
    "RestorationPlan",
    "ScheduledJob",
    "SpareArrival",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a job's work takes: a lognormal with this mean and sigma, hours.

    ``basis`` says where it comes from: the crew's own estimate, or Hazus.
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


@dataclass(frozen=True, kw_only=True)
class RestorationPlan:
    """A checked plan for all jobs.

    ``order`` is the priority order the crews follow: executing it again with other durations
    gives another timetable, the same policy. Frames have plain indices:

    - ``curve``: time (UTC), served_mw, unserved_mw, customers_out; one row per step
    - ``etr``: level (substation, district), id, name, unserved_mw, customers_out, etr (UTC, NaT
      when it never comes back in the plan), by the plan's expected durations
    - ``comparison``: rule, ens_mwh, excess_pct, complete_at; the plan itself first
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
