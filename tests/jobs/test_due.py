"""What is due of jobs whose runs are kept: missed slots, failures, midnight, clocks set back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from store_cases import HOLDER, NOW

from gridtool.errors import JobFileError
from gridtool.jobs.due import describe_due, due_jobs
from gridtool.jobs.schedule import Schedule, find_due
from gridtool.jobs.store.model import Closing
from gridtool.jobs.store.open import open_store, read_store

KYIV = ZoneInfo("Europe/Kyiv")
DAILY = Schedule(cron="0 8 * * *", zone=KYIV, grace=timedelta(days=2))


@dataclass
class Case:
    name: str = "night"
    schedule: Schedule | None = DAILY
    path: Path = Path("night.toml")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def address(sqlite_address):
    return sqlite_address


@pytest.fixture
def keep(address, identity):
    """Keeps a run of a slot that ended in a state; ``None`` leaves it running."""

    def keep_run(slot, state="done", quality="full", job="night"):
        with open_store(address, holder=HOLDER, now=NOW) as store:
            run = store.rows.begin(identity(job=job, slot=slot), holder=HOLDER, now=slot or NOW)
            if state is not None:
                closing = Closing(finished_at=NOW, state=state, quality=quality)
                store.rows.end(run, closing)

    return keep_run


def look(address, now, *jobs):
    found = due_jobs(jobs or [Case()], read_store(address).rows, now=now)
    return found[0] if len(found) == 1 else found


def test_without_a_history_the_newest_slot_is_due():
    (entry,) = due_jobs([Case()], None, now=utc("2027-01-12T09:00"))
    assert entry.due.slot == utc("2027-01-12T06:00")
    assert (entry.last, entry.attempts, entry.running) == (None, 0, None)


def test_slots_missed_are_caught_up_once(address, keep):
    keep(utc("2027-01-05T06:00"))
    now = utc("2027-01-12T09:00")
    entry = look(address, now)
    assert entry.last == utc("2027-01-05T06:00")
    assert entry.due.slot == utc("2027-01-12T06:00")
    assert entry.due.covered == (utc("2027-01-11T06:00"),)
    assert len(entry.due.expired) == 5
    assert describe_due(entry, now=now) == (
        "the slot 2027-01-12 08:00 EET is due, since 3 h; it stands for 1 slot missed before it; "
        "5 slots missed for longer than the grace. Next slot: 2027-01-13 08:00 EET."
    )
    keep(entry.due.slot)
    after = look(address, now)
    assert after.due.slot is None
    assert after.due.covered == after.due.expired == ()
    said = "nothing is due. Next slot: 2027-01-13 08:00 EET."
    assert describe_due(after, now=now) == said


def test_a_slot_stays_due_until_a_run_for_it_is_done(address, keep):
    slot, now = utc("2027-01-12T06:00"), utc("2027-01-12T06:30")
    keep(slot - timedelta(days=1))
    keep(slot, "failed")
    keep(slot, "interrupted")
    entry = look(address, now)
    assert (entry.due.slot, entry.attempts) == (slot, 2)
    assert "2 runs for it did not end well" in describe_due(entry, now=now)
    keep(slot, quality="fewer_samples")
    assert look(address, now).due.slot is None  # on a fallback, labelled, but run


def test_runs_by_hand_and_of_older_slots_do_not_count(address, keep):
    keep(utc("2027-01-12T06:00"))
    keep(None)
    keep(utc("2027-01-03T06:00"))
    assert look(address, utc("2027-01-12T09:00")).due.slot is None


def test_a_run_begun_and_not_ended_is_named(address, keep):
    slot = utc("2027-01-12T06:00")
    keep(slot, None)
    entry = look(address, slot + timedelta(minutes=5))
    assert (entry.due.slot, entry.running) == (slot, slot)
    assert "a run began at 2027-01-12 08:00 EET" in describe_due(entry, now=slot)


def test_a_job_over_midnight_is_of_the_slot_it_began_for(address, keep):
    """Begun at 23:50 and done after the slot of 00:10: that one is due, once, and its day is the
    next one.
    """
    schedule = Schedule(cron="50 23,0 * * *", zone=KYIV, grace=timedelta(days=1))
    job = Case(schedule=schedule)
    keep(utc("2027-01-11T21:50"))
    entry = look(address, utc("2027-01-11T22:40"), job)  # 00:40 local: still nothing
    assert entry.due.slot is None
    entry = look(address, utc("2027-01-11T23:10"), job)
    assert entry.due.slot == utc("2027-01-11T22:50")
    assert entry.due.slot.astimezone(KYIV).date() == date(2027, 1, 12)
    assert entry.due.covered == ()


def test_a_clock_set_back_runs_nothing_twice_and_is_said(address, keep):
    keep(utc("2027-01-12T06:00"))
    now = utc("2027-01-09T09:00")
    entry = look(address, now)
    assert entry.due.slot is None
    assert entry.due.following == utc("2027-01-13T06:00")
    assert "the clock is 2 days behind the last slot" in describe_due(entry, now=now)


@pytest.mark.parametrize(
    ("day", "slots"),
    [
        ("2027-03-28", ["2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30"]),
        ("2027-10-31", ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]),
    ],
)
def test_looked_at_every_ten_minutes_a_job_runs_once_a_day_over_a_clock_change(day, slots):
    """In Kyiv 28 March 2027 has no 03:30, 31 October has two."""
    begin = utc(f"{day}T00:00") - timedelta(hours=30)
    last, done = begin, []
    for step in range(6 * 60):
        now = begin + timedelta(minutes=10 * step)
        due = find_due(Schedule(cron="30 3 * * *", zone=KYIV), last=last, now=now)
        if due.slot is not None:
            assert due.covered == due.expired == ()
            assert now - due.slot < timedelta(minutes=10)
            last = due.slot
            done.append(last)
    assert done == [utc(text) for text in slots]


def test_jobs_are_told_apart_and_those_without_a_schedule_left_out(address, keep):
    keep(utc("2027-01-12T06:00"), job="day")
    jobs = [Case(), Case(name="hand", schedule=None), Case(name="day")]
    night, day = look(address, utc("2027-01-12T09:00"), *jobs)
    assert night.due.slot is not None
    assert day.due.slot is None


def test_two_jobs_of_one_name_are_refused():
    with pytest.raises(JobFileError) as caught:
        due_jobs([Case(), Case(path=Path("other.toml"))], None, now=NOW)
    assert [issue.file for issue in caught.value.issues] == ["night.toml", "other.toml"]


class TestPostgresql:
    """The same rows, asked of the other database."""

    @pytest.fixture
    def address(self, postgresql_address):
        return postgresql_address

    def test_what_is_due(self, address, keep):
        test_a_slot_stays_due_until_a_run_for_it_is_done(address, keep)
