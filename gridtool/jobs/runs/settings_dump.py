"""A job's settings as plain JSON that means the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gridtool.errors import JobFileError
from gridtool.formats.findings import refuse_on_errors
from gridtool.jobs.settings import JobSettings, check_settings

__all__ = ["Overrides", "dump_settings", "load_settings", "override_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line says instead of the job file; None: as the file has it.

    ``as_of`` is aware; ``workers`` is how many processes compute, and decides no number.
    """

    as_of: datetime | None = None
    seed: int | None = None
    samples: int | None = None
    months: int | None = None
    evaluations: int | None = None
    workers: int | None = None


def override_settings(settings: JobSettings, overrides: Overrides) -> JobSettings:
    """``settings`` with what the command line says instead, checked as the file was.

    Raises
    ------
    JobFileError
        If a value is out of range.
    """
    said: dict[str, dict[str, Any]] = {
        "job": {"as_of": _utc(overrides.as_of), "seed": overrides.seed},
        "forecast": {
            "samples": overrides.samples,
            "months": overrides.months,
            "workers": overrides.workers,
        },
        "plan": {"evaluations": overrides.evaluations},
    }
    tables = settings.model_dump(exclude_unset=True)
    for section, values in said.items():
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            tables[section] = {**tables.get(section, {}), **given}
    return load_settings(tables, file="command line")


def dump_settings(
    settings: JobSettings, *, places: Mapping[str, str | list[str]]
) -> dict[str, Any]:
    """``settings`` as plain JSON values, every default spelled out.

    What decides no number is left out: the schedule, and how many processes compute.

    Parameters
    ----------
    places
        What stands in place of the paths in the file, by key: ``{"demand.history": ...}``.
    """
    dumped = settings.model_dump(mode="json", exclude_none=True, exclude={"schedule"})
    dumped["forecast"].pop("workers", None)
    for field, place in places.items():
        section, _, key = field.partition(".")
        dumped[section][key] = place
    return dumped


def load_settings(tables: Mapping[str, Any], *, file: str) -> JobSettings:
    """The settings that ``tables`` of plain values say.

    Raises
    ------
    JobFileError
        With every finding.
    """
    settings, issues = check_settings(tables, file=file)
    refuse_on_errors(issues, error=JobFileError, subject=file)
    assert settings is not None
    return settings


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
