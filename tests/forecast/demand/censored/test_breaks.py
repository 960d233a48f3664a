"""Steps of the level: by hand, in made walks, and false alarms counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.censored.breaks import find_breaks, level_offset
from gridtool.forecast.demand.censored.level import (
    WEEK_H,
    LevelVariances,
    median_course,
    smooth_level,
    week_values,
)
from gridtool.forecast.demand.model import DemandEvent, LevelBreak

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2023, 1, 1, tzinfo=UTC)
WEEKS = 104
HOURS = WEEKS * WEEK_H
HOUR = timedelta(hours=1)
AT = 60 * WEEK_H + 50
CALENDAR = make_calendar(START, HOURS, zone=KYIV)


def left_over(seed, *, step=0.0, at=AT, walk=0.004, noise=0.02):
    """A random walk by week, days that err together, and a step."""
    random = np.random.default_rng(seed)
    level = np.repeat(np.cumsum(walk * random.standard_normal(WEEKS)), WEEK_H)
    days = np.repeat(noise * random.standard_normal(WEEKS * 7), 24)
    left = level + days + 0.01 * random.standard_normal(HOURS)
    left[at:] += step
    return left


def search(left, *events):
    return find_breaks(left, calendar=CALENDAR, start=START, events=events)


@pytest.mark.parametrize("step", [-0.29, -0.1, 0.12])
def test_a_step_is_found_with_date_size_and_error(step):
    errors = []
    for seed in range(8):
        (found,) = search(left_over(seed, step=step))
        assert abs(found.at - (START + AT * HOUR)) <= timedelta(days=3)
        assert not found.stated
        errors.append((found.step - step) / found.step_se)
    assert abs(np.mean(errors)) < 3 / np.sqrt(8)
    assert np.abs(errors).max() < 4


def test_false_alarms_are_rare():
    """Thirty walks of two years without a step; as many of a walk twice as fast."""
    alarms = sum(len(search(left_over(100 + seed))) for seed in range(30))
    alarms += sum(len(search(left_over(200 + seed, walk=0.008))) for seed in range(30))
    assert alarms <= 1


def test_what_passes_is_no_step():
    left = left_over(1)
    left[AT : AT + 3 * WEEK_H] -= 0.3
    assert search(left) == ()


def test_two_steps_are_found_in_order():
    left = left_over(2, step=-0.25)
    left[AT + 20 * WEEK_H :] += 0.15
    first, second = search(left)
    assert (first.at, second.at) == tuple(sorted((first.at, second.at)))
    assert first.step == pytest.approx(-0.25, abs=4 * first.step_se)
    assert second.step == pytest.approx(0.15, abs=4 * second.step_se)


def test_a_step_within_unknown_weeks_is_dated_at_their_first_day():
    left = left_over(3, step=-0.25)
    gap = AT - 20
    left[gap : gap + 4 * WEEK_H] = np.nan
    (found,) = search(left)
    assert timedelta(0) <= found.at - (START + gap * HOUR) <= timedelta(days=1)
    assert found.step == pytest.approx(-0.25, abs=4 * found.step_se)


def test_stated_levels_enter_as_given_or_estimated():
    left = left_over(4, step=-0.2)
    at = START + AT * HOUR
    (given,) = search(left, DemandEvent(kind="level", start=at, change=-0.18))
    assert given == LevelBreak(at=at, step=float(np.log1p(-0.18)), step_se=0.0, stated=True)
    (estimated,) = search(left, DemandEvent(kind="level", start=at))
    assert (estimated.at, estimated.stated) == (at, True)
    assert estimated.step == pytest.approx(-0.2, abs=3 * estimated.step_se)
    assert 0.002 < estimated.step_se < 0.05
    later = DemandEvent(kind="level", start=START + 2 * HOURS * HOUR, change=-0.5)
    assert search(left_over(5), later) == ()


def test_the_offset_sums_the_steps_behind_each_hour():
    breaks = tuple(
        LevelBreak(at=START + hour * HOUR, step=step, step_se=0.01, stated=False)
        for hour, step in ((2, -0.3), (5, 0.1))
    )
    np.testing.assert_allclose(
        level_offset(breaks, start=START, hours=7), [0, 0, -0.3, -0.3, -0.3, -0.2, -0.2]
    )


def test_the_smoother_by_hand():
    """Three weeks, the middle one unknown, step and noise of variance 1 each.

    Given 0 and 3, the level's posterior means solve (2 -1 0; -1 2 -1; 0 -1 2) x = (0, 0, 3).
    """
    left = np.repeat([0.0, np.nan, 3.0], WEEK_H)
    level, variance = smooth_level(week_values(left), LevelVariances(step=1.0, noise=1.0))
    np.testing.assert_allclose(level, [0.75, 1.5, 2.25], atol=1e-6)
    np.testing.assert_allclose(variance, [0.75, 1.0, 0.75], atol=1e-6)
    left[-84:] = np.nan  # half a week counts half: (1.5, -1; ...) at its place
    level, _ = smooth_level(week_values(left), LevelVariances(step=1.0, noise=1.0))
    exact = np.linalg.solve([[2, -1, 0], [-1, 2, -1], [0, -1, 1.5]], [0, 0, 1.5])
    np.testing.assert_allclose(level, exact, atol=1e-6)


def test_a_median_keeps_a_step_and_drops_what_passes():
    weekly = np.zeros(40)
    weekly[20:] = -0.3
    weekly[8:12] = -0.4
    weekly[30:33] = np.nan
    expected = np.where(np.arange(40) < 20, 0.0, -0.3)
    np.testing.assert_allclose(median_course(weekly), expected)
