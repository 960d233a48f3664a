"""The keys of a file of scenarios in words, for people who write one."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from pydantic import BaseModel

from gridtool.jobs.settings_words import describe_key
from gridtool.jobs.sweeps.read_settings import (
    BaseSection,
    DistributionSection,
    GridSection,
    SampleSection,
    ScenarioSection,
    SweepFile,
    SweepSection,
)

__all__ = ["list_sweep_keys"]

_JOB = "as in a job file"
_TYPES = MappingProxyType(
    {
        "as_of": "time",
        "damage": "table of damage states",
        "spares": "table of whole numbers from 0",
        "over": "table of lists",
        "of": "table of distributions",
        "uniform": "list of 2 numbers",
        "normal": "list of 2 numbers",
        "triangular": "list of 3 numbers",
        "integers": "list of 2 whole numbers",
        "values": "list",
        "choose": "whole number or list of 2",
    }
)
"""Types that a JSON schema says less shortly, by key."""
_BASE_TABLES = ("damage", "resources", "plan", "demand", "forecast", "further_damage")


def list_sweep_keys() -> list[dict[str, str]]:
    """Every key of a file of scenarios: section, key, type, whether it is required, default,
    meaning. Those of changes, which scenarios, grids and samples share, are told once."""
    whole = SweepFile.model_json_schema()
    rows = [describe_key("", name, whole) for name in ("format", "format_version")]
    shared = set(ScenarioSection.model_fields) - {"name"}
    for words, model, without in (
        ("[sweep]", SweepSection, ()),
        ("[base]", BaseSection, ()),
        ("[[scenario]]", ScenarioSection, ()),
        ("[[grid]]", GridSection, shared),
        ("[[sample]]", SampleSection, shared),
        ("[sample.of] of a key", DistributionSection, ()),
    ):
        rows += _describe_section(words, model, without=without)
    return rows


def _describe_section(
    words: str, model: type[BaseModel], *, without: Collection[str]
) -> list[dict[str, str]]:
    schema = model.model_json_schema()
    of_base = model is BaseSection
    rows = []
    for name, declared in schema["properties"].items():
        if name in without:
            continue
        kind = _JOB if of_base and name in _BASE_TABLES else _TYPES.get(name)
        if kind is not None:
            schema["properties"][name] = {
                "type": kind,
                "description": declared.get("description", ""),
            }
        elif declared.get("default") in ([], 0.0):
            declared["default"] = None
        rows.append({**describe_key("", name, schema), "section": words})
    return rows
