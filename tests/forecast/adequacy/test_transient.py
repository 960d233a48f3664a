"""Chances to be up on the way out of today's state, against the chain itself."""

from __future__ import annotations

import numpy as np
import pytest

from gridtool.errors import InputError
from gridtool.forecast.adequacy.model import UnitGroup, chain_chances
from gridtool.forecast.adequacy.returns import (
    return_after_hours,
    return_between_days,
    return_lognormal_days,
    return_on_day,
)
from gridtool.forecast.adequacy.transient import availability_by_hour, availability_from_up


def walk(hours, *, back_at, p_fail, p_repair):
    """Chance to be up by multiplying the transition matrix, hour by hour."""
    chance = np.zeros(hours)
    state = np.array([1.0, 0.0])
    step = np.array([[1 - p_fail, p_fail], [p_repair, 1 - p_repair]])
    for hour in range(back_at, hours):
        chance[hour] = state[0]
        state = state @ step
    return chance


def test_hourly_chances_are_those_of_the_continuous_process():
    fail, repair = chain_chances(1100.0, 150.0)
    assert fail / (fail + repair) == pytest.approx(150 / 1250, rel=1e-14)
    assert 1 - fail - repair == pytest.approx(np.exp(-1 / 1100 - 1 / 150), rel=1e-14)


def test_transient_is_the_mixture_of_chains_over_the_return_dates():
    fail, repair = 0.03, 0.2
    date = return_after_hours(np.array([3.2, 10.0, 10.0, np.inf]))  # back at hour 4 or 10, or never
    group = UnitGroup(
        id="u",
        capacity_mw=np.ones(1),
        outage_rate=fail / (fail + repair),
        p_fail=fail,
        p_repair=repair,
        returns=date,
    )
    found = availability_by_hour(group, hours=60, start="up")
    expected = 0.25 * walk(60, back_at=4, p_fail=fail, p_repair=repair)
    expected += 0.5 * walk(60, back_at=10, p_fail=fail, p_repair=repair)
    assert found == pytest.approx(expected, abs=1e-14)


def test_stationary_after_return():
    group = UnitGroup(
        id="u", capacity_mw=np.ones(1), outage_rate=0.1, returns=return_between_days(1, 2)
    )
    found = availability_by_hour(group, hours=72)
    assert found[:24].tolist() == [0] * 24
    assert found[24:48] == pytest.approx([0.45] * 24)
    assert found[48:] == pytest.approx([0.9] * 24)


def test_undamaged_and_up_now_decays_to_the_stationary_chance():
    found = availability_from_up(np.ones(4000), p_fail=0.001, p_repair=0.01)
    assert found[0] == 1
    assert found[-1] == pytest.approx(1 / 1.1, rel=1e-9)
    assert np.all(np.diff(found) <= 0)


def test_up_needs_the_times():
    group = UnitGroup(id="U7", capacity_mw=np.ones(1), outage_rate=0.1)
    with pytest.raises(InputError, match="times to failure"):
        availability_by_hour(group, hours=5, start="up")


def test_return_dates_draw_what_they_say():
    uniform = (np.arange(20_000) + 0.5) / 20_000
    for date in (return_on_day(60), return_between_days(90, 150), return_lognormal_days(120, 0.5)):
        drawn = date.draw(uniform)
        share = np.array([(drawn <= hour).mean() for hour in (0, 1440, 2400, 2880, 8736)])
        at = np.minimum([0, 1440, 2400, 2880, 8736], 8736)
        assert date.back_by(8737)[at] == pytest.approx(share, abs=1e-4)


def test_lognormal_median_is_half():
    assert return_lognormal_days(120, 0.5).back_by(121 * 24)[120 * 24] == pytest.approx(0.5)
