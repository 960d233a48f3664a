"""The section [schedule] of a job file."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from gridtool.jobs.schedule import Schedule
from gridtool.jobs.schedule_section import resolve_schedule
from gridtool.jobs.settings import check_settings

KYIV = ZoneInfo("Europe/Kyiv")
TABLES = {
    "format": "gridtool-job",
    "format_version": 1,
    "job": {"name": "night", "network": "rivercity"},
    "demand": {"history": "history.csv"},
    "damage": {"reports": ["a.csv", "more"]},
}


def read_section(**keys):
    """The schedule, and the findings in words."""
    settings, issues = check_settings(TABLES | {"schedule": keys}, file="night.toml")
    schedule = None
    if settings is not None and not issues:
        schedule, issues = resolve_schedule(settings.schedule, zone=KYIV, file="night.toml")
    return schedule, [str(issue) for issue in issues]


def test_only_the_expression_is_needed():
    schedule, issues = read_section(cron="30 5 * * *")
    assert issues == []
    assert schedule == Schedule(cron="30 5 * * *", zone=KYIV, grace=timedelta(days=1))


def test_every_key_has_its_place():
    schedule, issues = read_section(
        cron="30 5 * * *",
        timezone="America/New_York",
        grace_h=36.0,
        wait_min=90.0,
        wait_for=["history", "damage", "history"],
        fresh_h=2.5,
        deadline_min=45.0,
    )
    assert issues == []
    assert schedule == Schedule(
        cron="30 5 * * *",
        zone=ZoneInfo("America/New_York"),
        grace=timedelta(hours=36),
        wait=timedelta(minutes=90),
        wait_for=("history", "damage"),
        fresh=timedelta(hours=2, minutes=30),
        deadline=timedelta(minutes=45),
    )


def test_without_the_section_there_is_no_schedule():
    settings, issues = check_settings(TABLES, file="night.toml")
    assert issues == []
    assert resolve_schedule(settings.schedule, zone=KYIV, file="night.toml") == (None, [])


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "schedule.cron: is missing"),
        ({"cron": "30 5 * *"}, "five fields"),
        ({"cron": "R 5 * * *"}, "drawn anew"),
        ({"cron": "99 5 * * *"}, "is not a cron expression"),
        ({"cron": "30 5 * * *", "timezone": "Kyiv"}, "schedule.timezone: is not a time zone"),
        ({"cron": "30 5 * * *", "timezone": "../etc"}, "schedule.timezone: is not a time zone"),
        ({"cron": "30 5 * * *", "wait_min": 5.0}, "schedule.wait_for: is missing"),
        ({"cron": "30 5 * * *", "grace_h": -1.0}, "at least 0"),
        ({"cron": "30 5 * * *", "grace_h": 1e9}, "at most 744"),
        ({"cron": "30 5 * * *", "deadline_min": 0.0}, "above 0"),
        ({"cron": "30 5 * * *", "wait_for": ["weather"]}, "schedule.wait_for"),
        ({"cron": "30 5 * * *", "wait_for": ["model"]}, "accepted: damage, history"),
        ({"cron": "30 5 * * *", "hook": "rm -rf /"}, "is not a known key"),
    ],
)
def test_faulty_sections(keys, said):
    schedule, issues = read_section(**keys)
    assert schedule is None
    assert len(issues) == 1, issues
    assert said in issues[0]
