"""A job: what is read, for which time, and how the chain is run on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from gridtool.forecast.model import ForecastConfig
from gridtool.jobs.history_options import HistoryOptions
from gridtool.jobs.schedule import Schedule
from gridtool.restoration.model import PlanConfig

__all__ = ["DemandSource", "Job", "StatedDamage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandSource:
    """The demand history, and how it is to be understood, or a model fitted to one before.

    At least one of ``history`` and ``saved`` is given; with both the model is the saved one, and
    the history says whether it should be fitted again. ``timezone`` is the zone of local times,
    None the network's. ``scale`` is a factor on the history's demand; "peak" scales the model to
    the network's reference peak.
    """

    history: Path | None = None
    saved: Path | None = None
    options: HistoryOptions = field(default_factory=HistoryOptions)
    timezone: str | None = None
    scale: float | Literal["peak"] = "peak"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file read."""
        own = (self.saved, self.history)
        return (*(path for path in own if path is not None), *self.options.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDamage:
    """Damage still to come as stated, before it is known which assets the network has.

    ``kinds`` weighs every asset of a kind, ``exposure`` single assets by id (before their kind).
    The rest as in :class:`gridtool.forecast.model.FurtherDamage`.
    """

    rate_per_month: float
    batch: tuple[float, ...]
    states: Mapping[str, float]
    kinds: Mapping[str, float]
    exposure: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job file, checked: every path is an existing file or folder.

    ``as_of`` is aware UTC; None means the latest report. Parts that the file leaves out are
    None and are not run: no ``resources``, no plan; no ``demand``, no forecast. The forecast's
    ``further_damage`` is made from that of the job once the network is read. ``schedule`` is None
    for a job that runs by hand only.
    """

    name: str
    path: Path
    network: Path
    as_of: datetime | None
    seed: int
    reports: tuple[Path, ...]
    quarantine: bool
    resources: Path | None
    plan: PlanConfig
    demand: DemandSource | None
    forecast: ForecastConfig
    further_damage: StatedDamage | None
    schedule: Schedule | None = None

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every file and folder read."""
        resources = () if self.resources is None else (self.resources,)
        demand = self.demand.files if self.demand else ()
        return (self.path, self.network, *self.reports, *resources, *demand)
