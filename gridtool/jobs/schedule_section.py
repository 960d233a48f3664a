"""The section [schedule] of a job file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from gridtool.errors import Issue
from gridtool.formats.spelling import list_words
from gridtool.jobs.schedule import Schedule, check_cron

__all__ = ["Awaited", "ScheduleSection", "check_awaited", "resolve_schedule"]

Awaited = Literal["damage", "resources", "history", "model", "outages", "district_history"]
"""Inputs that come from outside again and again."""

_Text = Annotated[str, Field(min_length=1)]


class ScheduleSection(BaseModel):
    """When the job is due, and what it waits for."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    cron: _Text = Field(
        description="cron expression: minute, hour, day of the month, month, weekday"
    )
    timezone: _Text | None = Field(
        default=None, description="zone of its clock; default: the network's"
    )
    grace_h: Annotated[float, Field(ge=0, le=744)] = Field(
        default=24.0, description="hours after which a slot that was missed is not caught up"
    )
    wait_min: Annotated[float, Field(ge=0, le=10_080)] = Field(
        default=0.0, description="minutes after its slot that a run waits for inputs that are late"
    )
    wait_for: list[Awaited] = Field(
        default_factory=list, description="inputs that are waited for until they are new"
    )
    fresh_h: Annotated[float, Field(ge=0, le=8784)] = Field(
        default=0.0,
        description="an input is new if its file was written at most so many hours before the slot",
    )
    deadline_min: Annotated[float, Field(gt=0, le=10_080)] | None = Field(
        default=None,
        description="minutes after its start by which a run ends, if need be with fewer samples, "
        "labelled",
    )


def check_awaited(section: ScheduleSection, given: Iterable[str], *, file: str) -> list[Issue]:
    """A finding for each input that is waited for, but is not among those ``given``."""
    known = list(given)
    return [
        Issue(
            message="is no input of this job",
            file=file,
            field="schedule.wait_for",
            value=role,
            accepted=list_words(known),
        )
        for role in dict.fromkeys(section.wait_for)
        if role not in known
    ]


def resolve_schedule(
    section: ScheduleSection | None, *, zone: ZoneInfo, file: str
) -> tuple[Schedule | None, list[Issue]]:
    """The schedule that ``section`` states, or None and every finding in words.

    Parameters
    ----------
    zone
        Of the network: that of the schedule, unless the section names one.
    file
        Name of the job file, for findings.
    """
    if section is None:
        return None, []
    named, issues = _find_zone(section.timezone, zone, file=file)
    wrong = check_cron(section.cron)
    if wrong is not None:
        issues.append(
            Issue(
                message=f"is not a cron expression: {wrong}",
                file=file,
                field="schedule.cron",
                value=section.cron,
                accepted='five fields, as "30 5 * * *" for half past five every morning',
            )
        )
    if section.wait_min > 0 and not section.wait_for:
        hint = 'say for what: wait_for = ["history"]'
        message = "is missing; there is schedule.wait_min"
        issues.append(Issue(message=message, file=file, field="schedule.wait_for", hint=hint))
    if issues:
        return None, issues
    schedule = Schedule(
        cron=section.cron,
        zone=named,
        grace=timedelta(hours=section.grace_h),
        wait=timedelta(minutes=section.wait_min),
        wait_for=tuple(dict.fromkeys(section.wait_for)),
        fresh=timedelta(hours=section.fresh_h),
        deadline=None if section.deadline_min is None else timedelta(minutes=section.deadline_min),
    )
    return schedule, []


def _find_zone(
    given: str | None, otherwise: ZoneInfo, *, file: str
) -> tuple[ZoneInfo, list[Issue]]:
    if given is None:
        return otherwise, []
    try:
        return ZoneInfo(given), []
    except (KeyError, ValueError, OSError):
        issue = Issue(
            message="is not a time zone",
            file=file,
            field="schedule.timezone",
            value=given,
            accepted="an IANA name such as Europe/Kyiv",
        )
        return otherwise, [issue]
