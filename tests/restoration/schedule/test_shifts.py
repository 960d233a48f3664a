from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.restoration.check.plan import worked_hours
from gridtool.restoration.model import Crew
from gridtool.restoration.schedule.kernel_clock import next_working, work_until
from gridtool.restoration.schedule.shifts import make_calendar, shift_intervals
from gridtool.timegrid import parse_timestamp

KYIV = ZoneInfo("Europe/Kyiv")
WINTER = datetime(2027, 1, 12, 4, tzinfo=UTC)  # 06:00 in Kyiv


def crew(**changes):
    return Crew(**({"id": "C", "skills": ("line",), "x_km": 0.0, "y_km": 0.0} | changes))


def test_shifts_are_local():
    found = shift_intervals(crew(shift_start_h=8, shift_h=10), as_of=WINTER, zone=KYIV, days=2)
    assert found == [(2.0, 12.0), (26.0, 36.0)]


def test_a_shift_that_is_running_is_cut_at_the_start():
    noon = datetime(2027, 1, 12, 10, tzinfo=UTC)
    found = shift_intervals(crew(shift_start_h=8, shift_h=10), as_of=noon, zone=KYIV, days=1)
    assert found == [(0.0, 6.0), (20.0, 24.0)]


def test_a_night_shift_crosses_midnight():
    found = shift_intervals(crew(shift_start_h=20, shift_h=12), as_of=WINTER, zone=KYIV, days=1)
    assert found == [(0.0, 2.0), (14.0, 24.0)]


def test_round_the_clock_is_one_interval():
    assert shift_intervals(crew(shift_h=24), as_of=WINTER, zone=KYIV, days=3) == [(0.0, 72.0)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2027-03-28", 7.0), ("2027-10-31", 9.0), ("2027-06-01", 8.0)],
)
def test_a_shift_over_the_clock_change_is_shorter_or_longer(day, hours):
    """Kyiv changes at 03:00 and 04:00 local: a shift 00-08 loses or gains an hour."""
    as_of = parse_timestamp(day, zone=KYIV)
    found = shift_intervals(crew(shift_start_h=0, shift_h=8), as_of=as_of, zone=KYIV, days=1)
    assert found[0][1] - found[0][0] == hours


def test_availability_cuts_shifts():
    found = shift_intervals(
        crew(
            shift_start_h=8,
            shift_h=10,
            available_from=WINTER + timedelta(hours=4),
            available_to=WINTER + timedelta(hours=30),
        ),
        as_of=WINTER,
        zone=KYIV,
        days=5,
    )
    assert found == [(4.0, 12.0), (26.0, 30.0)]


def arrays(calendar):
    return calendar.start_h[0], calendar.end_h[0], calendar.worked_h[0], int(calendar.count[0])


def test_work_is_resumed_in_the_next_shift():
    calendar = make_calendar([crew(shift_start_h=8, shift_h=10)], as_of=WINTER, zone=KYIV, days=9)
    start, end, worked, count = arrays(calendar)
    assert next_working(start, end, count, 0.0) == 2.0
    assert work_until(start, end, worked, count, 2.0, 10.0) == 12.0
    assert work_until(start, end, worked, count, 2.0, 13.0) == 29.0
    assert work_until(start, end, worked, count, 12.0, 1.0) == 27.0
    assert work_until(start, end, worked, count, 5.0, 0.0) == 5.0
    assert work_until(start, end, worked, count, 2.0, 1e6) == np.inf
    assert next_working(start, end, count, 1e6) == np.inf


def test_a_crew_that_never_comes_never_works():
    gone = crew(available_to=WINTER)
    calendar = make_calendar([gone], as_of=WINTER, zone=KYIV, days=9)
    start, end, worked, count = arrays(calendar)
    assert count == 0
    assert work_until(start, end, worked, count, 0.0, 1.0) == np.inf


@settings(max_examples=60, deadline=None)
@given(
    begin_h=st.floats(0, 24),
    length_h=st.floats(1, 24),
    moment_h=st.floats(0, 200),
    work_h=st.floats(0.1, 120),
    start_day=st.integers(0, 360),
)
def test_the_kernels_clock_agrees_with_the_calendar(begin_h, length_h, moment_h, work_h, start_day):
    """The compiled work clock against hours counted shift by shift with datetimes."""
    as_of = WINTER + timedelta(days=start_day)
    one = crew(shift_start_h=begin_h, shift_h=length_h)
    start, end, worked, count = arrays(make_calendar([one], as_of=as_of, zone=KYIV, days=400))
    done = work_until(start, end, worked, count, moment_h, work_h)
    if not np.isfinite(done):
        return
    counted = worked_hours(
        one, as_of + timedelta(hours=moment_h), as_of + timedelta(hours=done), zone=KYIV
    )
    assert counted == pytest.approx(work_h, abs=1e-4)
