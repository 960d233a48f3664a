"""The job file as pydantic sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gridtool.errors import Issue
from gridtool.jobs.findings import find_issues, section_model
from gridtool.jobs.further_damage import FurtherDamageSection, check_section
from gridtool.jobs.schedule_section import ScheduleSection, check_awaited
from gridtool.jobs.settings_words import describe_key
from gridtool.restoration.budget import QUICK_SEARCH

__all__ = [
    "OUTLOOK_SAMPLES",
    "SHARE_SAMPLES",
    "DamageSection",
    "DemandSection",
    "ForecastSection",
    "JobSection",
    "JobSettings",
    "PlanSection",
    "ResourcesSection",
    "check_settings",
    "list_keys",
]

OUTLOOK_SAMPLES, SHARE_SAMPLES = 200, 200
"""Futures of each case of the outlook, and of each uncertainty drawn anew, unless told
otherwise."""

_Text = Annotated[str, Field(min_length=1)]
_Header = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class JobSection(_Section):
    """What the job is about."""

    name: _Text = Field(description="name of the job, for people")
    network: _Text = Field(
        description="name of a shipped network, or path of a network package or foreign file"
    )
    as_of: _Text | datetime | date | None = Field(
        default=None,
        description="use what was known at this time; without an offset it is local to the "
        "network; default: the latest report",
    )
    seed: int = Field(default=1, ge=0, description="seed of everything random")


class DamageSection(_Section):
    """Damage reports."""

    reports: Annotated[list[_Text], Field(min_length=1)] = Field(
        description="files of damage reports, or folders of them"
    )
    quarantine: bool = Field(
        default=False, description="set refused rows aside and go on with the rest"
    )


class ResourcesSection(_Section):
    """Crews and spares."""

    folder: _Text = Field(description="folder with crews.csv and the other resource tables")


class PlanSection(_Section):
    """How the restoration plan is searched."""

    evaluations: int = Field(
        default=QUICK_SEARCH, ge=1, le=10_000_000, description="dispatches the search may spend"
    )
    horizon_days: int | None = Field(
        default=None,
        ge=1,
        le=3660,
        description="days that the crews' calendar goes; default: as far as the work needs",
    )
    deadline: _Text | datetime | date | None = Field(
        default=None,
        description="count energy not served until this time only; without an offset it is local "
        "to the network",
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="what a MW counts by customer class, as {hospital = 5}; 1 where none is given",
    )
    protected_weight: float = Field(
        default=1.0, ge=0, le=1000, description="how many times a MW of critical feeders counts"
    )
    durations: Literal["hazus", "equipment"] = Field(
        default="hazus",
        description="times where a report has no estimate: Hazus, or with the lead times of "
        "transformers that have to be made",
    )
    cold_load: Annotated[float, Field(ge=1, le=10)] | None = Field(
        default=None,
        description="factor on load that comes back after a long interruption",
    )
    time_limit_s: Annotated[float, Field(gt=0, le=86_400)] | None = Field(
        default=None,
        description="seconds after which the search stops; a plan it cuts is labelled and cannot "
        "be repeated exactly",
    )
    bound: bool = Field(
        default=False, description="prove how far from the best possible the plan can be at most"
    )
    ac: bool = Field(default=False, description="verify the plan's stages by AC power flow")


class DemandSection(_Section):
    """History of demand, with temperature if there is, or a model that was fitted to one."""

    history: _Text | None = Field(
        default=None, description="CSV file, also .csv.gz, or .xlsx; required without a model"
    )
    model: _Text | None = Field(
        default=None,
        description="file of a fitted model (gridtool demand fit --save), in place of a fit; with "
        "a history it is said when a refit is due",
    )
    columns: dict[str, _Header] = Field(
        default_factory=dict,
        description="header by role where the names do not tell: timestamp, load_mw, load_kw, "
        "temp_c, temp_f",
    )
    clock: Literal["auto", "utc", "local", "standard"] = Field(
        default="auto",
        description="whether times without offset are UTC, local, or local without summer time",
    )
    hour_ending: bool | None = Field(
        default=None,
        description="whether times are the ends of their intervals; default: as the column's name "
        "says",
    )
    sheet: _Text | None = Field(default=None, description="sheet of a workbook; default: the first")
    outages: _Text | None = Field(
        default=None, description="CSV file of hours in which less was served than wanted"
    )
    timezone: _Text | None = Field(
        default=None, description="zone of local times; default: the network's"
    )
    country: _Text | None = Field(
        default=None,
        description="country whose public holidays are kept, with its region if need be: UA, US-NY",
    )
    special_days: _Text | None = Field(
        default=None,
        description="CSV file of days and periods lived otherwise; it overrules the country's",
    )
    events: _Text | None = Field(
        default=None,
        description="CSV file of outages, moves of the level and rebounds: kind, from, to, "
        "change_pct, note",
    )
    model_kind: _Text = Field(
        default="auto", description="name of the model to fit; auto: what the history can carry"
    )
    district_history: _Text | None = Field(
        default=None,
        description="CSV file of what each district took; it overrules the shares of the network's "
        "feeders",
    )
    scale: Annotated[float, Field(gt=0)] | Literal["peak"] = Field(
        default="peak",
        description="factor on the history's demand; 'peak' scales its peak to the network's",
    )


class ForecastSection(_Section):
    """How the shortage is simulated."""

    months: int = Field(default=6, ge=1, le=24, description="local calendar months")
    samples: int = Field(default=1000, ge=2, le=1_000_000, description="simulated futures")
    workers: int = Field(
        default=2, ge=1, le=256, description="worker processes; they do not change the result"
    )
    until: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="stop when the standard error of all unserved energy is at most this share "
        "of it, 0.02 for 2 %; samples is then the most",
    )
    outlook: int = Field(
        default=OUTLOOK_SAMPLES,
        ge=0,
        le=100_000,
        description="futures of each case of the outlook (repairs later, less import); 0: none",
    )
    shares: int = Field(
        default=SHARE_SAMPLES,
        ge=0,
        le=100_000,
        description="futures that show which uncertainty decides; 0: none",
    )
    slip_weeks: Annotated[float, Field(ge=0, le=104)] = Field(
        default=0.0, description="weeks by which every repair ends later than executed"
    )
    import_change_mw: Annotated[float, Field(ge=-100_000, le=100_000)] = Field(
        default=0.0, description="added to what may be imported in every month"
    )


class JobSettings(_Section):
    """A job file."""

    format: Literal["gridtool-job"] = Field(description="the kind of file")
    format_version: Literal[1] = Field(description="the version of its format")
    job: JobSection
    damage: DamageSection | None = None
    resources: ResourcesSection | None = None
    plan: PlanSection = PlanSection()
    demand: DemandSection | None = None
    forecast: ForecastSection = ForecastSection()
    further_damage: FurtherDamageSection | None = None
    schedule: ScheduleSection | None = None

    @property
    def given_inputs(self) -> dict[str, tuple[str, ...]]:
        """The paths given for inputs that come anew: those that a schedule may wait for."""
        given: dict[str, list[str | None]] = {}
        if self.damage:
            given["damage"] = [*self.damage.reports]
        if self.resources:
            given["resources"] = [self.resources.folder]
        if self.demand:
            keys = ("history", "model", "outages", "district_history")
            given |= {key: [getattr(self.demand, key)] for key in keys}
        found = {role: tuple(path for path in paths if path) for role, paths in given.items()}
        return {role: paths for role, paths in found.items() if paths}


def check_settings(
    tables: Mapping[str, Any], *, file: str
) -> tuple[JobSettings | None, list[Issue]]:
    """The settings, or None and every finding in words."""
    settings, issues = find_issues(JobSettings, tables, file=file)
    if settings is not None and settings.further_damage is not None:
        issues = check_section(settings.further_damage, file=file)
    if settings is not None and settings.schedule is not None:
        issues += check_awaited(settings.schedule, settings.given_inputs, file=file)
    return settings, issues


def list_keys() -> list[dict[str, str]]:
    """Every key of a job file: section, key, type, whether it is required, default, meaning."""
    schema = JobSettings.model_json_schema()
    rows = [describe_key("", name, schema) for name in ("format", "format_version")]
    for name in list(JobSettings.model_fields)[len(rows) :]:
        inner = section_model(JobSettings, [name]).model_json_schema()
        rows += [describe_key(name, key, inner) for key in inner["properties"]]
    return rows
