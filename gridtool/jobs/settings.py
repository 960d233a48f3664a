"""The job file as pydantic sees it, and pydantic's findings in the words of an issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.restoration.budget import QUICK_SEARCH

__all__ = [
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
    """Hourly history of demand, and temperature if there is."""

    history: _Text = Field(description="CSV file, also .csv.gz")
    columns: dict[str, _Header] = Field(
        default_factory=dict,
        description="header by role where the names do not tell: timestamp, load_mw, load_kw, "
        "temp_c, temp_f",
    )
    clock: Literal["auto", "utc", "local"] = Field(
        default="auto", description="whether times without offset are UTC or local"
    )
    timezone: _Text | None = Field(
        default=None, description="zone of local times; default: the network's"
    )
    special_days: _Text | None = Field(
        default=None, description="CSV file of dates on which people live as on holidays"
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


_SECTIONS: dict[str, type[BaseModel]] = {
    "job": JobSection,
    "damage": DamageSection,
    "resources": ResourcesSection,
    "plan": PlanSection,
    "demand": DemandSection,
    "forecast": ForecastSection,
}


def check_settings(
    tables: Mapping[str, Any], *, file: str
) -> tuple[JobSettings | None, list[Issue]]:
    """The settings, or None and every finding in words."""
    try:
        return JobSettings.model_validate(tables), []
    except ValidationError as problem:
        found = [_issue(detail, file) for detail in problem.errors(include_url=False)]
        return None, _join_alternatives(found)


def _join_alternatives(issues: list[Issue]) -> list[Issue]:
    """One finding per key: pydantic gives one for each type that a key may have."""
    joined: dict[str | None, Issue] = {}
    for issue in issues:
        first = joined.get(issue.field)
        if first is None:
            joined[issue.field] = issue
        else:
            ways = [way for way in (first.accepted, issue.accepted) if way]
            joined[issue.field] = replace(first, accepted=", or ".join(dict.fromkeys(ways)))
    return list(joined.values())


def _issue(detail: ErrorDetails, file: str) -> Issue:
    kind, keys = detail["type"], [str(part) for part in detail["loc"] if _is_key(part)]
    given, context = detail["input"], detail.get("ctx", {})
    place = ".".join(keys)
    if kind == "missing":
        return Issue(message="is missing", file=file, field=place, hint=_meaning(keys))
    if kind == "extra_forbidden":
        known = list(_model_of(keys[:-1]).model_fields)
        return Issue(
            message="is not a known key",
            file=file,
            field=place,
            accepted=list_words(known),
            hint=did_you_mean(keys[-1], known),
        )
    message, accepted = _describe(kind, context)
    return Issue(message=message, file=file, field=place, value=str(given), accepted=accepted)


def _is_key(part: int | str) -> bool:
    """Whether a part of pydantic's place is a key of the file, not the name of a union's arm."""
    arms = ("float", "literal[", "str", "constrained-", "datetime", "date")
    return isinstance(part, int) or not part.startswith(arms)


def _describe(kind: str, context: Mapping[str, Any]) -> tuple[str, str | None]:
    """Message and what is accepted, for a kind of pydantic's findings."""
    bounds = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    for name, words in bounds.items():
        if name in context:
            return "is out of range", f"{words} {context[name]}"
    kinds = {
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "string_type": 'text in quotes: "..."',
        "string_too_short": "text that is not empty",
        "list_type": 'a list: ["...", "..."]',
        "too_short": "at least one entry",
        "dict_type": "a table of keys and values",
        "model_type": "a table: [name] and its keys on the lines below",
        "literal_error": str(context.get("expected", "")),
        "datetime_type": "a time: 2027-01-12T08:00:00+02:00",
        "date_type": "a date: 2027-01-12",
    }
    return "has a value that is not accepted", kinds.get(kind, kind.replace("_", " "))


def _model_of(keys: list[str]) -> type[BaseModel]:
    """The model of the section at ``keys``."""
    if not keys:
        return JobSettings
    return _SECTIONS[keys[0]]


def _meaning(keys: list[str]) -> str | None:
    if len(keys) == 1 and keys[0] in {"format", "format_version"}:
        return 'a job file begins with format = "gridtool-job" and format_version = 1'
    if len(keys) == 1:
        return f"add the section [{keys[0]}]"
    field = _model_of(keys[:-1]).model_fields.get(keys[-1])
    return f"it is the {field.description}" if field and field.description else None


def list_keys() -> list[dict[str, str]]:
    """Every key of a job file: section, key, type, whether it is required, default, meaning."""
    schema = JobSettings.model_json_schema()
    rows = [_describe_key("", name, schema) for name in ("format", "format_version")]
    for name in JobSettings.model_fields:
        section = _SECTIONS.get(name)
        if section is not None:
            inner = section.model_json_schema()
            rows += [_describe_key(name, key, inner) for key in inner["properties"]]
    return rows


def _describe_key(section: str, key: str, schema: Mapping[str, Any]) -> dict[str, str]:
    found = schema["properties"][key]
    default = found.get("default")
    return {
        "section": f"[{section}]" if section else "",
        "key": key,
        "type": _type_words(found),
        "required": "yes" if key in schema.get("required", ()) else "no",
        "default": "" if default in (None, {}) else str(default).lower(),
        "meaning": found.get("description", ""),
    }


def _type_words(found: Mapping[str, Any]) -> str:
    """Type and range of a key in words, from its JSON schema."""
    if "anyOf" in found:
        words = [_type_words(arm) for arm in found["anyOf"] if arm.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if "const" in found or "enum" in found:
        return " or ".join(repr(value) for value in found.get("enum", [found.get("const")]))
    if found.get("format") in {"date", "date-time"}:
        return "time"
    kinds = {"integer": "whole number", "boolean": "true or false", "string": "text"} | {
        "array": "list of text",
        "object": "table of text",
    }
    if found.get("additionalProperties", {}).get("type") == "number":
        return _type_words(found["additionalProperties"]).replace("number", "table of numbers", 1)
    words = kinds.get(found["type"], found["type"])
    bounds = (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
    return " ".join([words, *(f"{word} {found[name]}" for name, word in bounds if name in found)])
