"""Slots of cron expressions, on days with 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.jobs.schedule import Schedule, _latest_slots, check_cron, find_due, list_slots

KYIV = ZoneInfo("Europe/Kyiv")
NIGHT = Schedule(cron="30 3 * * *", zone=KYIV)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_nightly_job_runs_once_on_every_day_of_the_year():
    """In Kyiv 30 March 2025 has no 03:30, 26 October 2025 has two."""
    slots = list_slots(NIGHT, after=utc("2025-01-01T00:00"), until=utc("2025-12-31T12:00"))
    days = [slot.astimezone(KYIV).date() for slot in slots]
    assert len(days) == len(set(days)) == 365
    by_day = dict(zip(days, slots, strict=True))
    spring, autumn = date(2025, 3, 30), date(2025, 10, 26)
    assert by_day[spring] == utc("2025-03-30T01:00")  # when 03:00 became 04:00
    assert by_day[autumn] == utc("2025-10-26T00:30")  # the first 03:30, in summer time
    ordinary = [slot for day, slot in by_day.items() if day not in {spring, autumn}]
    assert {slot.astimezone(KYIV).strftime("%H:%M") for slot in ordinary} == {"03:30"}


def test_an_hourly_job_runs_every_hour_that_passes():
    hourly = Schedule(cron="5 * * * *", zone=KYIV)
    for day, hours in (("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)):
        begin = datetime.fromisoformat(day).replace(tzinfo=KYIV).astimezone(UTC)
        end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=KYIV)
        slots = list_slots(hourly, after=begin, until=end.astimezone(UTC))
        assert len(slots) == hours
        assert {later - sooner for sooner, later in pairwise(slots)} == {timedelta(hours=1)}


@settings(max_examples=60, deadline=None)
@given(
    cron=st.sampled_from(["30 3 * * *", "*/20 * * * *", "0 6 * * 1-5", "15 2,14 1 * *"]),
    minutes=st.integers(0, 4 * 365 * 1440),
    cut=st.floats(0.0, 1.0),
)
def test_a_stretch_has_the_slots_of_its_parts(cron, minutes, cut):
    schedule = Schedule(cron=cron, zone=KYIV)
    begin = utc("2024-01-01T00:00") + timedelta(minutes=minutes)
    end = begin + timedelta(days=3)
    middle = begin + cut * (end - begin)
    whole = list_slots(schedule, after=begin, until=end)
    parts = [list_slots(schedule, after=a, until=b) for a, b in ((begin, middle), (middle, end))]
    assert whole == parts[0] + parts[1]
    assert list(whole) == sorted(set(whole))


@settings(max_examples=60, deadline=None)
@given(
    cron=st.sampled_from(["30 3 * * *", "*/20 * * * *", "5 * * * *", "15 2,14 1 * *"]),
    hours=st.integers(0, 3 * 365 * 24),
    days=st.floats(0.0, 9.0),
    zone=st.sampled_from(["Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_walking_back_finds_the_slots_of_walking_on(cron, hours, days, zone):
    schedule = Schedule(cron=cron, zone=ZoneInfo(zone))
    begin = utc("2024-01-01T00:00") + timedelta(hours=hours)
    end = begin + timedelta(days=days)
    found = list_slots(schedule, after=begin, until=end)
    assert _latest_slots(schedule, after=begin, until=end) == found
    assert _latest_slots(schedule, after=begin, until=end, most=3) == found[-3:]


def test_a_job_of_every_minute_off_for_a_month_has_its_newest_slot_due():
    schedule = Schedule(cron="* * * * *", zone=KYIV, grace=timedelta(hours=1))
    due = find_due(schedule, last=utc("2027-01-01T00:00"), now=utc("2027-02-01T00:00:30"))
    assert due.slot == utc("2027-02-01T00:00")
    assert len(due.covered) == 59
    assert len(due.expired) == 10_000 - 60  # the newest


def test_missed_slots_are_caught_up_once():
    schedule = Schedule(cron="0 6 * * *", zone=KYIV, grace=timedelta(days=2))
    due = find_due(schedule, last=utc("2027-01-05T04:00"), now=utc("2027-01-10T09:00"))
    assert due.slot == utc("2027-01-10T04:00")
    assert due.covered == (utc("2027-01-09T04:00"),)
    assert due.expired == tuple(utc(f"2027-01-0{day}T04:00") for day in (6, 7, 8))
    assert due.following == utc("2027-01-11T04:00")
    after = find_due(schedule, last=due.slot, now=utc("2027-01-10T09:00"))
    assert (after.slot, after.covered, after.expired) == (None, (), ())


def test_a_clock_set_back_makes_nothing_due_again():
    schedule = Schedule(cron="0 6 * * *", zone=KYIV)
    due = find_due(schedule, last=utc("2027-01-10T04:00"), now=utc("2027-01-08T09:00"))
    assert due.slot is None
    assert due.following == utc("2027-01-11T04:00")  # 9 and 10 January are done


def test_the_first_run_takes_the_newest_slot_within_the_grace():
    weekly = Schedule(cron="0 6 * * 1", zone=KYIV, grace=timedelta(days=3))
    assert find_due(weekly, last=None, now=utc("2027-01-12T09:00")).slot == utc("2027-01-11T04:00")
    assert find_due(weekly, last=None, now=utc("2027-01-16T09:00")).slot is None


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("30 3 * *", "five fields"),
        ("30 3 * * * *", "five fields"),
        ("61 3 * * *", "range"),
        ("x 3 * * *", "x"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("R 3 * * *", "drawn anew"),
        ("R(0-9) 3 * * *", "drawn anew"),
        ("H 3 * * *", "hash"),
        ("*/0 3 * * *", "step"),
        ("0 6 30 2 *", "no such time ever comes"),
    ],
)
def test_cron_expressions_that_are_none(cron, said):
    assert said in (check_cron(cron) or "")


@pytest.mark.parametrize(
    "cron", ["30 3 * * *", "*/5 6-20 * * MON-FRI", "0 0 1 1 *", "0 0 29 2 *", "0 3 * mar,APR FRI"]
)
def test_cron_expressions_in_use(cron):
    assert check_cron(cron) is None


def test_a_day_that_never_comes_has_no_slots():
    never = Schedule(cron="0 6 30 2 *", zone=KYIV)
    assert list_slots(never, after=utc("2027-01-01T00:00"), until=utc("2027-06-01T00:00")) == ()
