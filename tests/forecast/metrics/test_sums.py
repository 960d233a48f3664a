"""The compiled sums against a case worked by hand and against plain NumPy."""

import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from forecast.metrics.made import KYIV, hourly_of, layout_of, plain_sums, random_hours
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.metrics.model import SampleSums, make_layout
from gridtool.forecast.metrics.sums import sum_samples

HAND = layout_of([[8.0, 2.0], [10.0, 0.0]])
"""31 January and 1 February: two days, two months."""


def hand_hours():
    """Two samples of 48 hours; demand is full on the first day and half on the second."""
    unserved = np.zeros((2, 48, 2, 2))
    unserved[0, 22:26, 0, 0] = 4.0  # A: one event of 4 h over midnight and the month
    unserved[0, 23, 1, 0] = 5.0
    unserved[0, 40, 1, 0] = 2.0
    unserved[1, :24, 0] = (8.0, 2.0)  # A is off all of the first day
    unserved[1, 30:34, 0, 0] = 4.0  # ordinary customers of A are off 4 of 24 hours
    unserved[0, 10, 0, 0] = 1e-6  # the tolerance is no shortage
    unserved[0, 12, :, 0] = 5e-7
    factor = np.tile(np.repeat([1.0, 0.5], 24), (2, 1))
    return hourly_of(unserved), factor


@pytest.fixture(scope="module")
def hand():
    hourly, factor = hand_hours()
    return sum_samples(hourly, factor, layout=HAND)


def test_energy_by_month_place_and_tier(hand):
    # District A, B, city; ordinary, protected.
    assert hand.unserved_mwh[0].tolist() == [
        [[8.0, 0.0], [5.0, 0.0], [13.0, 0.0]],
        [[8.0, 0.0], [2.0, 0.0], [10.0, 0.0]],
    ]
    assert hand.unserved_mwh[1].tolist() == [
        [[192.0, 48.0], [0.0, 0.0], [192.0, 48.0]],
        [[16.0, 0.0], [0.0, 0.0], [16.0, 0.0]],
    ]


def test_hours_days_and_events(hand):
    assert hand.short_h[0].tolist() == [[2, 1, 2], [2, 1, 3]]
    assert hand.short_d[0].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert hand.events[0].tolist() == [[1, 1, 1], [0, 1, 1]]
    assert hand.short_h[1].tolist() == [[24, 0, 24], [4, 0, 4]]
    assert hand.events[1].tolist() == [[1, 0, 1], [1, 0, 1]]


def test_depths_and_durations(hand):
    assert hand.deepest_mw[0].tolist() == [[4, 5, 9], [4, 2, 4]]
    # Classes of durations: 1, 2, 3-4, 5-8, 9-12, 13-24, ... h.
    assert np.argwhere(hand.duration_events[0]).tolist() == [[0, 2], [1, 0], [2, 0], [2, 2]]
    assert hand.duration_events[0, 1, 0] == 2
    assert np.argwhere(hand.duration_events[1]).tolist() == [[0, 2], [0, 5], [2, 2], [2, 5]]
    # Of the peak: A 4/10; B 5/10 and 2/10; the city 9/20 and 2/20.
    assert np.argwhere(hand.depth_events[0]).tolist() == [[0, 6], [1, 4], [1, 6], [2, 3], [2, 6]]


def test_days_over_a_limit_are_those_above_it(hand):
    assert hand.over_d[0].sum() == 0
    # A is off 24 h on the first day, exactly 4 h on the second; the city 24 x 192 / 432 h.
    assert hand.over_d[1, 0].tolist() == [[1, 1, 1], [0, 0, 0], [1, 1, 0]]
    assert hand.over_d[1, 1].sum() == 0


def test_city_by_class_cause_clock_and_day(hand):
    assert hand.class_mwh[0].tolist() == [[6.5, 6.5], [5.0, 5.0]]
    assert hand.cause_mwh[0] == pytest.approx(np.array([[6.5, 3.9, 2.6], [5.0, 3.0, 2.0]]))
    assert hand.factor_h.tolist() == [[24.0, 12.0]] * 2
    assert hand.hour_mwh[0, 0, 22:].tolist() == [4.0, 9.0]
    assert hand.hour_mwh[0, 1, [0, 1, 16]].tolist() == [4.0, 4.0, 2.0]
    assert hand.hour_short_h.sum() == 33
    assert hand.day_mwh[1].tolist() == [[192.0, 48.0], [16.0, 0.0]]
    assert hand.day_short_h.tolist() == [[2, 3], [24, 4]]
    assert hand.day_factor_h.tolist() == [[24.0, 12.0]] * 2


@given(seed=st.integers(0, 2**32), districts=st.integers(1, 4), start=st.integers(0, 9000))
@settings(max_examples=40, deadline=None)
def test_sums_are_those_of_plain_numpy(seed, districts, start):
    """Any stretch of the calendar of Kyiv, with its days of 23 and 25 hours."""
    rng = np.random.default_rng(seed)
    layout = layout_of(
        rng.uniform(1.0, 50.0, (districts, 2)),
        hours=int(rng.integers(1, 200)),
        start=datetime.fromtimestamp(1_780_000_000 // 3600 * 3600 + 3600 * start, UTC),
        zone=KYIV,
    )
    unserved, factor = random_hours(rng, n=3, layout=layout)
    hourly = hourly_of(unserved)
    found = sum_samples(hourly, factor, layout=layout)
    expected = plain_sums(hourly, factor, layout=layout)
    for field in fields(SampleSums):
        values = getattr(found, field.name)
        assert values.shape == getattr(expected, field.name).shape
        assert values == pytest.approx(getattr(expected, field.name), abs=1e-9), field.name
    city = found.unserved_mwh[:, :, -1].sum(axis=-1)
    assert found.unserved_mwh[:, :, :-1].sum(axis=(2, 3)) == pytest.approx(city)
    assert found.class_mwh.sum(axis=2) == pytest.approx(city)
    assert found.cause_mwh.sum(axis=2) == pytest.approx(city)
    assert found.hour_mwh.sum(axis=2) == pytest.approx(city)


def test_samples_do_not_depend_on_their_chunk():
    rng = np.random.default_rng(3)
    layout = layout_of(rng.uniform(1.0, 50.0, (3, 2)), hours=100)
    unserved, factor = random_hours(rng, n=4, layout=layout)
    whole = sum_samples(hourly_of(unserved), factor, layout=layout)
    last = sum_samples(hourly_of(unserved[3:]), factor[3:], layout=layout)
    for field in fields(SampleSums):
        assert np.array_equal(getattr(whole, field.name)[3:], getattr(last, field.name))


def test_axes_must_be_those_of_the_layout():
    hourly, factor = hand_hours()
    with pytest.raises(ValueError, match=r"factor has shape \(2, 47\)"):
        sum_samples(hourly, factor[:, 1:], layout=HAND)
    with pytest.raises(ValueError, match="class_mw has shape"):
        sum_samples(replace(hourly, class_mw=hourly.class_mw[..., :1]), factor, layout=HAND)


def test_layout_of_a_case():
    case = type("Case", (), {})()
    case.district_ids, case.busbar_district = ("D-1", "D-2"), np.array([0, 1, 1])
    case.demand_mw = np.array([[1.0, 2.0], [3.0, 0.0], [4.0, 1.0]])
    share = np.zeros((3, 2, 2))
    share[:, 0, 0], share[:, 1, 1] = 1.0, 1.0
    layout = make_layout(
        case,
        HAND.grid,
        names={"D-1": "Left", "D-2": "Right"},
        class_share=share,
        class_names=("household", "hospital"),
    )
    assert layout.peak_mw.tolist() == [[1.0, 2.0], [7.0, 1.0]]
    assert layout.place_peak_mw[-1].tolist() == [8.0, 3.0]
    assert layout.class_peak_mw.tolist() == [8.0, 3.0]
    assert layout.district_names == ("Left", "Right")
    assert layout.weeks == ("2027-W04", "2027-W05")
    assert layout.days.tolist() == [1, 1]


def test_without_compilation_the_bytes_are_the_same():
    script = (
        "from forecast.metrics.test_sums import HAND, hand_hours\n"
        "from dataclasses import astuple\n"
        "from gridtool.forecast.metrics.sums import sum_samples\n"
        "hourly, factor = hand_hours()\n"
        "sums = sum_samples(hourly, factor, layout=HAND)\n"
        "print(b''.join(a.tobytes() for a in astuple(sums)).hex())\n"
        "from gridtool.forecast.metrics.tally import ShortageTally\n"
        "tally = ShortageTally(HAND)\n"
        "tally.add(sums)\n"
        "print(tally.monthly().to_csv(), tally.daily().to_csv())\n"
    )
    tests = Path(__file__).parent.parent.parent
    shown = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": str(tests), "NUMBA_DISABLE_JIT": flag},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) > 1000
