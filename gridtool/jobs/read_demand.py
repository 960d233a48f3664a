"""The section [demand] of a job file as what is read for it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gridtool.errors import Issue
from gridtool.jobs.history_options import HistoryOptions
from gridtool.jobs.model import DemandSource
from gridtool.jobs.paths import PathFinder
from gridtool.jobs.settings import DemandSection

__all__ = ["FILES", "check_demand", "resolve_demand"]

FILES = ("outages", "special_days", "events", "district_history")
"""Keys that name a file beside the history."""


def resolve_demand(
    section: DemandSection | None, finder: PathFinder, *, file: str
) -> tuple[DemandSource | None, list[Issue]]:
    """The files and settings of ``section``; files that are not there are told by ``finder``."""
    if section is None:
        return None, []
    issues = check_demand(section, file=file)
    history, saved = (
        None if given is None else finder.find_file(given, field=f"demand.{key}")
        for key, given in (("history", section.history), ("model", section.model))
    )
    beside = {
        key: finder.find_file(given, field=f"demand.{key}")
        for key in FILES
        if (given := getattr(section, key)) is not None
    }
    if issues or (history is None and saved is None):
        return None, issues
    options = HistoryOptions(
        columns=section.columns,
        clock=section.clock,
        hour_ending=section.hour_ending,
        sheet=section.sheet,
        country=section.country,
        model_kind=section.model_kind,
        **beside,
    )
    source = DemandSource(
        history=history,
        saved=saved,
        options=options,
        timezone=section.timezone,
        scale=section.scale,
    )
    return source, issues


def check_demand(section: DemandSection | None, *, file: str) -> list[Issue]:
    """What is wrong with ``section`` whatever its files hold."""
    if section is None:
        return []
    issues = [] if section.timezone is None else _check_zone(section.timezone, file=file)
    if section.history is None and section.model is None:
        issues.append(
            Issue(message="is missing; so is demand.model", file=file, field="demand.history")
        )
    return issues


def _check_zone(name: str, *, file: str) -> list[Issue]:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return [
            Issue(
                message="is not a time zone",
                file=file,
                field="demand.timezone",
                value=name,
                accepted="an IANA name such as Europe/Kyiv",
            )
        ]
    return []
