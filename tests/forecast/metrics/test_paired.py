"""Differences of variants, sample by sample."""

import numpy as np
import pandas as pd
import pytest
from forecast.metrics.made import hourly_of, layout_of, random_hours
from scipy.stats import norm

from gridtool.forecast.metrics.paired import PairedTally, describe_better
from gridtool.forecast.metrics.sums import sum_samples

LAYOUT = layout_of([[8.0, 2.0], [10.0, 0.0], [0.0, 1.0]])


def sums_of(ordinary_a, ordinary_b):
    """Samples that lack the given MW of ordinary load for one hour in districts A and B."""
    unserved = np.zeros((len(ordinary_a), 48, 3, 2))
    unserved[:, 5, 0, 0], unserved[:, 5, 1, 0] = ordinary_a, ordinary_b
    return sum_samples(hourly_of(unserved), np.ones((len(ordinary_a), 48)), layout=LAYOUT)


@pytest.fixture
def tally():
    found = PairedTally(LAYOUT)
    # District A: a - b is -1, -2, 0, 3; B: a is always less by 1.
    found.add(sums_of([1, 2], [0, 1]), sums_of([2, 4], [1, 2]))
    found.add(sums_of([3, 5], [2, 3]), sums_of([3, 2], [3, 4]))
    return found


def row(tally, **keys):
    frame = tally.differences()
    found = frame[np.logical_and.reduce([frame[key] == value for key, value in keys.items()])]
    assert len(found) == 1
    return found.iloc[0]


def test_hand_worked_energy(tally):
    a = row(tally, month="2027-01", district="A", metric="eue_mwh")
    assert (a.a, a.b, a.difference) == (2.75, 2.75, pytest.approx(0.0))
    assert a.difference_se == pytest.approx(np.std([-1, -2, 0, 3], ddof=1) / 2)
    assert a.unpaired_se == pytest.approx(
        np.hypot(np.std([1, 2, 3, 5], ddof=1), np.std([2, 4, 3, 2], ddof=1)) / 2
    )
    assert a.se_ratio == pytest.approx(a.unpaired_se / a.difference_se)
    assert a.a_better == 0.625  # two wins and half a tie of four
    assert a.a_better_se == pytest.approx(np.std([1, 1, 0.5, 0], ddof=1) / 2)
    assert a.a_lower == pytest.approx(0.5)


def test_a_sure_difference(tally):
    b = row(tally, month="all", district="B", metric="eue_mwh")
    assert (b.difference, b.difference_se, b.a_better, b.a_lower) == (-1.0, 0.0, 1.0, 1.0)
    assert np.isnan(b.se_ratio)
    hours = row(tally, month="2027-01", district="B", metric="hours_off")
    assert hours.difference == pytest.approx(-24.0 / 240.0)
    city = row(tally, month="all", district="*", metric="eue_mwh")
    differences = np.array([-2.0, -3.0, -1.0, 2.0])
    error = differences.std(ddof=1) / 2
    assert city.difference == pytest.approx(-1.0)
    assert city.a_lower == pytest.approx(norm.cdf(1.0 / error))


def test_hours_short_tie_when_as_many(tally):
    city = row(tally, month="2027-01", district="*", metric="lole_h")
    assert (city.difference, city.a_better, city.a_lower) == (0.0, 0.5, 0.5)
    a = row(tally, month="2027-01", district="B", metric="lole_h")
    assert a.difference == pytest.approx(-0.25)  # in one sample a lacks nothing


def test_rounding_of_the_dispatch_is_a_tie():
    tally = PairedTally(LAYOUT)
    tally.add(sums_of([1.0, 2.0], [0, 0]), sums_of([1.0 + 1e-8, 2.0 - 1e-8], [0, 0]))
    for metric in ("eue_mwh", "hours_off"):
        assert row(tally, month="all", district="A", metric=metric).a_better == 0.5


def test_without_ordinary_demand_there_is_no_telling(tally):
    c = row(tally, month="all", district="C", metric="hours_off")
    assert np.isnan([c.a, c.difference, c.a_better, c.a_lower]).all()


def test_merged_is_one_go_and_counts_must_agree(tally):
    one, other = PairedTally(LAYOUT), PairedTally(LAYOUT)
    one.add(sums_of([1, 2], [0, 1]), sums_of([2, 4], [1, 2]))
    other.add(sums_of([3, 5], [2, 3]), sums_of([3, 2], [3, 4]))
    one.merge(other)
    assert one.samples == 4
    pd.testing.assert_frame_equal(one.differences(), tally.differences())
    with pytest.raises(ValueError, match="2 samples of a, 1 of b"):
        one.add(sums_of([1, 2], [0, 1]), sums_of([2], [1]))


def test_common_chance_cancels():
    """b lacks 2 % more than a in every hour: paired errors know only that."""
    rng = np.random.default_rng(4)
    layout = layout_of([[30.0, 5.0], [20.0, 10.0]], hours=200)
    unserved, factor = random_hours(rng, n=200, layout=layout, short=0.1)
    a = sum_samples(hourly_of(unserved), factor, layout=layout)
    b = sum_samples(hourly_of(1.02 * unserved), factor, layout=layout)
    tally = PairedTally(layout)
    tally.add(a, b)
    found = row(tally, month="all", district="*", metric="eue_mwh")
    assert found.difference == pytest.approx(-0.02 * found.a)
    assert found.se_ratio > 50
    assert found.a_lower > 0.999


@pytest.mark.parametrize(
    ("a_lower", "words"),
    [
        (0.999, "A is almost certainly better than B"),
        (0.96, "A is very likely better than B"),
        (0.08, "B is likely better than A"),
        (0.7, "A is rather better than B"),
        (0.6, "no telling which of A and B is better"),
    ],
)
def test_words(a_lower, words):
    assert describe_better(a_lower, a="A", b="B") == words
