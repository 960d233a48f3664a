"""Quantiles, their intervals and the worst samples, from bins."""

import numpy as np
import pytest
from forecast.metrics.made import layout_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from gridtool.forecast.metrics.histogram import Histogram, bins_within
from gridtool.forecast.metrics.histogram_kernel import find_bin
from gridtool.forecast.metrics.tally import ShortageTally


def filled(values, *, top=24.0, bins=12_000):
    spread = Histogram(np.array([top]), bins=bins)
    spread.add(np.asarray(values, dtype=float)[:, None])
    return spread


def test_few_values_are_kept_exactly():
    values = np.array([0.0, 0.5, 3.25, 11.0, 23.999])
    spread = filled(values)
    for share in (0.0, 0.1, 0.5, 0.77, 1.0):
        assert spread.quantile(share)[0] == pytest.approx(np.quantile(values, share), abs=1e-12)


@given(seed=st.integers(0, 2**32), n=st.integers(1, 3000), nothing=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_quantiles_are_within_a_bin_of_those_of_the_samples(seed, n, nothing):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(n) < nothing, 0.0, 24.0 * rng.beta(1.0, 4.0, n))
    spread = filled(values)
    found = [spread.quantile(share)[0] for share in (0.05, 0.1, 0.5, 0.9, 0.95)]
    assert found == sorted(found)
    expected = np.quantile(values, (0.05, 0.1, 0.5, 0.9, 0.95))
    assert found == pytest.approx(expected, abs=3 * 24 / 12_000)
    for share, value in zip((0.05, 0.1, 0.5, 0.9, 0.95), found, strict=True):
        low, high = spread.interval(share)
        assert low[0] <= value + 1e-9
        assert value <= high[0] + 1e-9


def test_intervals_are_order_statistics():
    """100 values 1 to 100: the ranks are those at which the binomial leaves 2.5 % on each side."""
    spread = filled(np.arange(1.0, 101.0), top=100.0)
    for share in (0.05, 0.1, 0.5, 0.9):
        low, high = (float(end[0]) for end in spread.interval(share))
        # low-th smallest <= quantile < high-th smallest with probability P(low <= B < high).
        covered = binom.cdf(high - 1, 100, share) - binom.cdf(low - 1, 100, share)
        assert covered >= 0.95
        assert binom.cdf(low, 100, share) > 0.025
        assert binom.sf(high - 2, 100, share) > 0.025
    low, high = spread.interval(0.5)
    assert (low[0], high[0]) == (40.0, 61.0)  # David and Nagaraja: ranks 40 and 61 for n = 100


def test_too_few_samples_leave_an_interval_open():
    # All three lie below the 90 % quantile with probability 0.73, none or one with 0.028.
    low, high = filled([5.0, 6.0, 7.0]).interval(0.9)
    assert (low[0], high[0]) == (5.0, 24.0)
    low, high = filled([5.0, 6.0, 7.0]).interval(0.1)
    assert (low[0], high[0]) == (0.0, 7.0)


def test_the_tail_is_the_mean_of_the_worst_samples():
    values = np.arange(1.0, 101.0)
    mean, error = filled(values, top=100.0).tail_mean()
    assert mean[0] == pytest.approx(98.0)  # 96 to 100
    excess = np.maximum(values - 96.0, 0.0)
    assert error[0] == pytest.approx(np.sqrt(5 / 4) * excess.std(ddof=1) / 10 / 0.05)
    # 5 % of 50 samples are 2 and a half: the third worst counts half.
    mean, _ = filled(np.arange(1.0, 51.0), top=100.0).tail_mean()
    assert mean[0] == pytest.approx((50 + 49 + 48 / 2) / 2.5)
    mean, error = filled([1.0, 2.0, 9.0]).tail_mean()
    assert mean[0] == pytest.approx(9.0)
    assert np.isnan(error[0])


def test_values_above_the_top_are_counted_with_their_sum():
    spread = filled([1.0, 30.0, 40.0], top=24.0)
    assert spread.quantile(1.0)[0] == pytest.approx(35.0)
    assert spread.tail_mean()[0][0] == pytest.approx(35.0)


def test_merged_is_one_go_and_gaps_are_nan():
    rng = np.random.default_rng(5)
    values = rng.uniform(0.0, 24.0, (300, 2, 3))
    values[7, 0, 1] = np.nan
    whole, one, other = (Histogram(np.full((2, 3), 24.0), bins=500) for _ in range(3))
    whole.add(values)
    one.add(values[:100])
    other.add(values[100:])
    one.merge(other)
    assert np.array_equal(one.counts, whole.counts)
    assert one.sums == pytest.approx(whole.sums)
    found = one.quantile(0.5)
    assert np.isnan(found[0, 1])
    assert np.isfinite(np.delete(found.ravel(), 1)).all()


def test_shares_below_and_at_a_value():
    spread = filled([0.0, 0.0, 1.0, 2.0])
    below, own = spread.shares(np.array([1.0]))
    assert (below[0], own[0]) == (0.5, 0.25)
    below, own = spread.shares(np.array([0.0]))
    assert (below[0], own[0]) == (0.0, 0.5)


def test_the_resolution_is_that_of_the_bins():
    """Two values share a bin only if they are as close as the tally says."""
    tally = ShortageTally(layout_of([[8.0, 2.0]]))
    bins = tally.hours_off_spread.counts.shape[1]
    assert (bins, tally.resolution_h) == (8_000, pytest.approx(0.009))
    for value in (0.001, 0.5, 5.0, 12.0, 23.9):
        width = tally.resolution_h * (value / 24) ** (2 / 3)
        at = find_bin(value, 24.0, bins)
        assert find_bin(value + 1.01 * width, 24.0, bins) > at
        assert find_bin(value + 0.45 * width, 24.0, bins) <= at + 1
    assert tally.resolution_h * (5 / 24) ** (2 / 3) < 0.0033


def test_bins_fit_the_memory():
    assert bins_within(32_000_000, quantities=154) == 8_000
    assert bins_within(32_000_000, quantities=1000) == 2666
    assert bins_within(32_000_000, quantities=10**6) == 200
    assert np.isnan(Histogram(np.array([1.0]), bins=200).quantile(0.5)[0])
