"""Late inputs: what is new, how long a run waits, and what it says of those that did not come."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridtool.jobs.schedule import Schedule
from gridtool.jobs.settings import check_settings
from gridtool.jobs.wait_inputs import age_inputs, wait_for_inputs

SLOT = datetime(2027, 1, 12, 4, tzinfo=UTC)
SCHEDULE = Schedule(
    cron="0 6 * * *",
    zone=ZoneInfo("Europe/Kyiv"),
    wait=timedelta(minutes=30),
    wait_for=("history", "damage"),
    fresh=timedelta(hours=2),
)


class World:
    """Files and a clock; what is to happen at a second of the wait happens when it has come."""

    def __init__(self, folder):
        self.folder, self.second, self.events, self.words, self.signal = folder, 0.0, {}, [], 0
        (folder / "reports").mkdir()
        self.write("history.csv", minutes=-60)
        self.write("reports/a.csv", minutes=-60)

    def write(self, name, *, minutes, text="x"):
        """A file as written so many minutes after the slot."""
        path = self.folder / name
        path.write_text(text)
        moment = (SLOT + timedelta(minutes=minutes)).timestamp()
        os.utime(path, (moment, moment))

    def sleep(self, seconds):
        assert 0 < seconds <= 0.25
        self.second += seconds
        for when in sorted(self.events):
            if when <= self.second:
                self.events.pop(when)()

    def wait(self, *, schedule=SCHEDULE, after=timedelta(0)):
        tables = {
            "format": "gridtool-job",
            "format_version": 1,
            "job": {"name": "night", "network": "rivercity"},
            "demand": {"history": "history.csv"},
            "damage": {"reports": ["reports"]},
        }
        settings, issues = check_settings(tables, file="job.toml")
        assert issues == []
        return wait_for_inputs(
            self.folder / "job.toml",
            settings,
            schedule,
            slot=SLOT,
            now=SLOT + after,
            told=self.words.append,
            stop=lambda: self.signal,
            sleep=self.sleep,
            monotonic=lambda: self.second,
        )


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_what_is_there_is_not_waited_for(world):
    waited = world.wait()
    assert (waited.late, waited.waited_s, world.words) == ((), 0.0, [])


def test_a_run_goes_on_soon_after_the_last_input_came(world):
    world.write("history.csv", minutes=-121)
    world.events[300.0] = lambda: world.write("history.csv", minutes=5)
    waited = world.wait()
    assert waited.late == ()
    assert 300.0 <= waited.waited_s <= 305.0
    assert world.words == ["waiting for history until 2027-01-12 06:30 EET"]


def test_what_does_not_come_is_named_with_its_age_and_the_run_goes_on(world):
    world.write("history.csv", minutes=-60 * 9)
    world.write("reports/a.csv", minutes=-60 * 24 * 9)
    waited = world.wait()
    assert waited.waited_s == pytest.approx(1800.0)
    assert waited.late == (
        "history is late: the last one was written 9.0 h before the slot and is used",
        "damage is late: the last one was written 9.0 days before the slot and is used",
    )


def test_a_slot_caught_up_late_is_not_waited_for_anew(world):
    world.write("history.csv", minutes=-60 * 9)
    assert world.wait(after=timedelta(minutes=20)).waited_s == pytest.approx(600.0)
    world.second = 0.0
    waited = world.wait(after=timedelta(hours=5))
    assert waited.waited_s == 0.0
    assert len(waited.late) == 1


def test_a_file_that_is_not_there_yet_may_come(world):
    (world.folder / "history.csv").unlink()
    world.events[60.0] = lambda: world.write("history.csv", minutes=1)
    assert world.wait().late == ()
    (world.folder / "history.csv").unlink()
    world.second = 0.0
    assert world.wait().late == ("history is late: there is no file",)


def test_a_new_report_in_a_folder_counts_another_file_does_not(world):
    world.write("reports/a.csv", minutes=-60 * 9)
    world.write("reports/notes.md", minutes=0)
    world.events[60.0] = lambda: world.write("reports/b.csv", minutes=1)
    waited = world.wait()
    assert waited.late == ()
    assert waited.waited_s >= 60.0


def test_a_file_still_being_written_is_not_taken(world):
    world.write("history.csv", minutes=-60 * 9)

    def grow(text):
        world.write("history.csv", minutes=5, text=text)
        if len(text) < 20:
            world.events[world.second + 1.5] = lambda: grow(text + "x")

    world.events[100.0] = lambda: grow("x")
    waited = world.wait()
    assert waited.late == ()
    assert waited.waited_s >= 100.0 + 19 * 1.5
    assert (world.folder / "history.csv").read_text() == "x" * 20


def test_one_that_grows_to_the_end_is_said_to_be_unfinished(world):
    world.write("history.csv", minutes=-60 * 9)

    def grow(size=1):
        world.write("history.csv", minutes=5, text="x" * size)
        world.events[world.second + 1.0] = lambda: grow(size + 1)

    world.events[1.0] = grow
    waited = world.wait(schedule=replace(SCHEDULE, wait=timedelta(seconds=90)))
    assert waited.late == ("history is late: it was still being written",)


def test_one_written_a_moment_ago_is_looked_at_twice(world):
    world.write("history.csv", minutes=0)
    waited = world.wait()
    assert waited.late == ()
    assert waited.waited_s == pytest.approx(2.0)


def test_a_signal_ends_the_wait_at_once(world):
    world.write("history.csv", minutes=-60 * 9)
    world.events[100.0] = lambda: setattr(world, "signal", signal.SIGTERM)
    waited = world.wait()
    assert waited.signal_number == signal.SIGTERM
    assert waited.waited_s <= 100.5


def test_nothing_is_waited_for_where_nothing_is_stated(world):
    world.write("history.csv", minutes=-60 * 9)
    waited = world.wait(schedule=replace(SCHEDULE, wait_for=()))
    assert (waited.late, waited.waited_s) == ((), 0.0)


def test_the_network_folder_is_looked_into_after_that_of_the_job(world):
    """The shipped city has a folder of damage reports; the job file's is gone."""
    (world.folder / "reports" / "a.csv").unlink()
    (world.folder / "reports").rmdir()
    waited = world.wait(schedule=replace(SCHEDULE, wait_for=("damage",), wait=timedelta(0)))
    assert waited.late == ("damage is late: there is no file",)


def test_an_unknown_network_is_left_to_the_reader(world):
    settings, _ = check_settings(
        {
            "format": "gridtool-job",
            "format_version": 1,
            "job": {"name": "night", "network": "nowhere"},
            "demand": {"history": "history.csv"},
        },
        file="job.toml",
    )
    schedule = replace(SCHEDULE, wait_for=("history",))
    path = world.folder / "job.toml"
    assert wait_for_inputs(path, settings, schedule, slot=SLOT, now=SLOT).late == ()


def test_the_age_of_an_input_is_that_of_its_newest_file(world):
    world.write("reports/b.csv", minutes=-5)
    world.write("future.csv", minutes=5)
    ages = age_inputs(
        [
            ("damage", world.folder / "reports" / "a.csv"),
            ("damage", world.folder / "reports" / "b.csv"),
            ("history", world.folder / "history.csv"),
            ("model", world.folder / "none"),
            ("resources", world.folder / "reports"),
            ("outages", world.folder / "future.csv"),
        ],
        now=SLOT,
    )
    assert ages == {
        "input_age_s_damage": 300.0,
        "input_age_s_history": 3600.0,
        "input_age_s_outages": 0.0,
        "input_age_s_resources": 300.0,
    }
