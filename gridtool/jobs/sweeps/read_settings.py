"""A file of scenarios as pydantic sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from gridtool.errors import Issue
from gridtool.jobs.findings import find_issues

__all__ = [
    "CHANGE_KEYS",
    "BaseSection",
    "ChangeSection",
    "DistributionSection",
    "FileSections",
    "GridSection",
    "NamedSection",
    "SampleSection",
    "ScenarioSection",
    "Section",
    "SweepFile",
    "SweepSection",
    "check_sections",
    "check_tables",
    "prefix_issue",
]

Found = TypeVar("Found", bound=BaseModel)

_Text = Annotated[str, Field(min_length=1)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Days = Annotated[float, Field(ge=0, le=3660)]
_State = Literal["slight", "moderate", "extensive", "complete"]


class Section(BaseModel):
    """A table of the file: no unknown keys, no values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SweepSection(Section):
    """What is wanted of all scenarios."""

    name: _Name | None = Field(default=None, description="name for people; default: the file's")
    level: Literal["assess", "plan", "forecast"] | None = Field(
        default=None,
        description="how far each scenario is evaluated; default: as far as the base goes",
    )
    seed: int | None = Field(default=None, ge=0, description="seed; default: the job's")
    samples: int | None = Field(
        default=None, ge=2, le=100_000, description="simulated futures; default: the job's"
    )
    months: int | None = Field(default=None, ge=1, le=24, description="default: the job's")
    evaluations: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="dispatches each plan's search may spend; default: the job's",
    )
    counted_days: int | None = Field(
        default=None,
        ge=1,
        le=3660,
        description="days over which energy not served by a plan is counted in every scenario; "
        "default: the months of the forecast",
    )


class BaseSection(Section):
    """The case as it is: a job file, or what a job file says, without its section [job]."""

    job: _Text | None = Field(
        default=None, description="job file, beside this file or a shipped one's name"
    )
    network: _Text | None = Field(
        default=None, description="name or path of a network, in place of a job file"
    )
    as_of: Any = Field(default=None, description="use what was known at this time")
    damage: dict[str, Any] | None = Field(default=None, description="as in a job file")
    resources: dict[str, Any] | None = Field(default=None, description="as in a job file")
    plan: dict[str, Any] | None = Field(default=None, description="as in a job file")
    demand: dict[str, Any] | None = Field(default=None, description="as in a job file")
    forecast: dict[str, Any] | None = Field(default=None, description="as in a job file")
    further_damage: dict[str, Any] | None = Field(default=None, description="as in a job file")


class ChangeSection(Section):
    """What a scenario changes against the base."""

    out: list[_Text] = Field(default=[], description="assets that are destroyed in addition")
    damage: dict[str, _State] = Field(
        default={}, description="assets left in a damage state, whatever was known of them"
    )
    back: list[_Text] = Field(
        default=[],
        description="damaged assets that work again; a substation stands for all in it",
    )
    delay_days: _Days = Field(default=0.0, description="days before which work on no repair begins")
    delays: dict[str, _Days] = Field(
        default={}, description="the same by asset; a substation stands for all in it"
    )
    crews: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="number of crews: the first so many, or copies in turn"
    )
    spares: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        default={}, description="stock now, in place of what is known, by spare"
    )
    arrivals_later_days: _Days = Field(
        default=0.0, description="days by which announced spares arrive later"
    )
    mobile_units: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        default=None, description="number of mobile units: the first so many, or copies in turn"
    )
    import_mw: Annotated[float, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="most that all infeeds together import, in every month"
    )
    import_change_mw: Annotated[float, Field(ge=-100_000, le=100_000)] = Field(
        default=0.0, description="added to what all infeeds together may import"
    )
    weather_year: Annotated[int, Field(ge=1900, le=2200)] | None = Field(
        default=None, description="year whose temperatures the months ahead have"
    )
    demand_growth_pct: Annotated[float, Field(ge=-99, le=1000)] = Field(
        default=0.0, description="percent by which demand is higher at all times"
    )
    further_damage_rate: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        default=None, description="events of further damage a month, in place of the base's"
    )


CHANGE_KEYS: tuple[str, ...] = tuple(ChangeSection.model_fields)


class NamedSection(ChangeSection):
    """Changes under a name."""

    name: _Name = Field(description="name for people, of its own")


class ScenarioSection(NamedSection):
    """A scenario by itself."""


class GridSection(NamedSection):
    """Every combination of the values in ``over``; what stands beside is the same in all."""

    over: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)] = (
        Field(description="lists of values by key of a scenario")
    )


class SampleSection(NamedSection):
    """Draws of the distributions in ``of``; what stands beside is the same in all."""

    draws: int = Field(ge=1, le=10_000_000, description="how many scenarios")
    seed: int | None = Field(default=None, ge=0, description="default: the sweep's")
    of: Annotated[dict[str, dict[str, Any]], Field(min_length=1)] = Field(
        description="distributions by key of a scenario"
    )


_Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class DistributionSection(Section):
    """A distribution: exactly one of its kinds."""

    uniform: _Pair | None = Field(default=None, description="[low, high]")
    normal: _Pair | None = Field(default=None, description="[mean, standard deviation]")
    triangular: Annotated[list[float], Field(min_length=3, max_length=3)] | None = Field(
        default=None, description="[low, likely, high]"
    )
    integers: Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="[low, high], both included"
    )
    values: Annotated[list[Any], Field(min_length=1)] | None = Field(
        default=None, description="values as in a scenario"
    )
    choose: int | Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="how many assets, or [fewest, most]"
    )
    low: float | None = Field(default=None, description="least value of normal")
    high: float | None = Field(default=None, description="largest value of normal")
    weights: list[Annotated[float, Field(gt=0)]] | None = Field(
        default=None, description="how likely each of values is, against the others"
    )
    among: list[_Text] = Field(default=[], description="assets to choose of")
    kinds: list[_Text] = Field(
        default=[], description="kinds of assets to choose of: substation, line, unit, ..."
    )
    state: _State | None = Field(
        default=None, description="state in which chosen assets are left, for the key damage"
    )


class SweepFile(Section):
    """A file of scenarios."""

    format: Literal["gridtool-scenarios"] = Field(description="the kind of file")
    format_version: Literal[1] = Field(description="the version of its format")
    sweep: SweepSection = SweepSection()
    base: BaseSection
    scenario: list[dict[str, Any]] = []
    grid: list[dict[str, Any]] = []
    sample: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSections:
    """The sections of a file in its order of kinds, each with its place in the file."""

    file: SweepFile
    scenarios: tuple[tuple[str, ScenarioSection], ...]
    grids: tuple[tuple[str, GridSection], ...]
    samples: tuple[tuple[str, SampleSection], ...]


def check_tables(
    tables: Mapping[str, Any], *, file: str
) -> tuple[FileSections | None, list[Issue]]:
    """The sections, or None and every finding about their form."""
    found, issues = find_issues(SweepFile, tables, file=file)

    def listed(key: str) -> list[dict[str, Any]]:
        """Also where another section is refused: all findings are told at once."""
        entries = tables.get(key, [])
        known = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
        return entries if known else []

    scenarios, more = check_sections(
        ScenarioSection, listed("scenario"), place="scenario", file=file
    )
    grids, grid_issues = check_sections(GridSection, listed("grid"), place="grid", file=file)
    samples, drawn_issues = check_sections(
        SampleSection, listed("sample"), place="sample", file=file
    )
    issues += [*more, *grid_issues, *drawn_issues]
    if found is None or issues:
        return None, issues
    return FileSections(file=found, scenarios=scenarios, grids=grids, samples=samples), []


def check_sections(
    model: type[Found], tables: list[dict[str, Any]], *, place: str, file: str
) -> tuple[tuple[tuple[str, Found], ...], list[Issue]]:
    """The sections of one kind with their places, as ``grid[2]``, and what is wrong with others."""
    found: list[tuple[str, Found]] = []
    issues: list[Issue] = []
    for number, table in enumerate(tables, start=1):
        section, own = find_issues(model, table, file=file)
        if section is not None:
            found.append((f"{place}[{number}]", section))
        issues += [prefix_issue(issue, f"{place}[{number}]", model) for issue in own]
    return tuple(found), issues


def prefix_issue(issue: Issue, place: str, model: type[BaseModel]) -> Issue:
    """The finding about a key of a section, with the section's place in the file."""
    hint = issue.hint
    if issue.message == "is missing" and issue.field in model.model_fields:
        hint = f"it is the {model.model_fields[issue.field].description}"
    return replace(issue, field=f"{place}.{issue.field}", hint=hint)
