"""Rates by hand, and blocks that grow to what they should take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.jobs.sweeps.pace import BlockSize, Pace, format_duration


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_rate_and_time_left():
    clock = Clock()
    pace = Pace(clock, done=20, count=1020)
    assert (pace.rate, pace.remaining_s) == (0.0, None)
    assert str(pace) == "20 of 1,020 scenarios, 0.0 a minute"
    clock.now += 10
    pace.advance(200)
    assert (pace.rate, pace.remaining_s) == (20.0, 40.0)  # what was there before is not counted
    assert str(pace) == "220 of 1,020 scenarios, 20 a second, 40 s left"


def test_the_rate_is_that_of_the_last_half_minute():
    clock = Clock()
    pace = Pace(clock, done=0, count=10_000)
    for _ in range(60):  # a minute at 10 a second
        clock.now += 1
        pace.advance(10)
    for _ in range(60):  # more workers: 30 a second
        clock.now += 1
        pace.advance(30)
    assert pace.rate == pytest.approx(30.0)
    assert pace.remaining_s == pytest.approx((10_000 - 2_400) / 30)
    clock.now += 30
    assert pace.rate == pytest.approx(15.0)  # nothing came for half a minute


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (18_420, "5 h 07 min"),
        (400_000, "111 h 07 min"),
    ],
)
def test_durations_in_words(seconds, words):
    assert format_duration(seconds) == words


def test_a_block_grows_to_what_it_should_take():
    size = BlockSize(target_s=0.5, most=1000)
    assert size.choose(left=100_000, slots=4) == 1
    chosen = []
    for _ in range(8):
        scenarios = size.choose(left=100_000, slots=4)
        chosen.append(scenarios)
        size.measure(scenarios, scenarios * 0.002)
    assert chosen == [1, 4, 16, 64, 250, 250, 250, 250]


def test_a_slow_first_scenario_does_not_decide():
    size = BlockSize(target_s=0.5, most=1000)
    size.measure(1, 3.0)  # something was compiled
    assert size.choose(left=1000, slots=2) == 1
    size.measure(1, 0.01)
    assert size.choose(left=1000, slots=2) in range(1, 5)
    for _ in range(30):
        scenarios = size.choose(left=100_000, slots=2)
        size.measure(scenarios, scenarios * 0.01)
    assert size.choose(left=100_000, slots=2) == 50


def test_expensive_scenarios_go_one_by_one_and_the_last_ones_are_shared():
    size = BlockSize(target_s=0.5, most=1000)
    size.measure(1, 20.0)
    assert size.choose(left=49, slots=4) == 1
    size = BlockSize(target_s=0.5, most=1000)
    size.measure(1000, 0.1)
    assert size.choose(left=100, slots=4) == 25
    assert size.choose(left=3, slots=4) == 1


@given(
    left=st.integers(1, 10**6),
    slots=st.integers(1, 2000),
    cost=st.floats(0, 1e4),
    scenarios=st.integers(1, 1000),
)
def test_a_block_has_scenarios_and_not_too_many(left, slots, cost, scenarios):
    size = BlockSize(target_s=0.5, most=1000)
    size.measure(scenarios, cost)
    assert 1 <= size.choose(left=left, slots=slots) <= min(left, 1000)
