"""Reconciled forecasts: the closed form against the general one, coherent, no worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.demand.districts.reconcile import (
    LEAST_LEFT,
    draw_reconciled,
    reconcile_paths,
    shrink_covariance,
    trace_minimising,
)

CITY_OVER_TWO = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def test_a_gap_is_shared_by_variance_by_hand():
    """City 100 with variance 4, districts 50 and 40 with 1 and 5: the gap 10 goes 4 : 1 : 5."""
    city, districts = reconcile_paths(
        np.array([[100.0]]),
        districts_mw=np.array([[[50.0], [40.0]]]),
        variance=np.array([1.0, 5.0]),
        city_variance=4.0,
    )
    assert city[0, 0] == pytest.approx(96.0)
    np.testing.assert_allclose(districts[0, :, 0], [51.0, 45.0])


def test_equal_weights_are_least_squares():
    """W = 1: the projection on the coherent plane, (2 -1 -1) / 3 from each of the three."""
    found = trace_minimising(CITY_OVER_TWO, covariance=np.eye(3))
    np.testing.assert_allclose(found, np.array([[2, 1, 1], [1, 2, -1], [1, -1, 2]]) / 3)


@given(
    variance=st.lists(st.floats(0.1, 100), min_size=2, max_size=6),
    city_variance=st.floats(0.1, 100),
    seed=st.integers(0, 1000),
)
def test_the_closed_form_is_trace_minimisation(variance, city_variance, seed):
    count = len(variance)
    rng = np.random.default_rng(seed)
    districts = rng.uniform(90, 110, count)
    city = districts.sum() + rng.normal(0, 5)
    summing = np.vstack([np.ones(count), np.eye(count)])
    whole = trace_minimising(summing, covariance=np.diag([city_variance, *variance]))
    wanted = whole @ np.array([city, *districts])
    got_city, got = reconcile_paths(
        np.array([[city]]),
        districts_mw=districts[None, :, None],
        variance=np.array(variance),
        city_variance=city_variance,
    )
    np.testing.assert_allclose(got_city[0, 0], wanted[0], rtol=1e-9)
    np.testing.assert_allclose(got[0, :, 0], wanted[1:], rtol=1e-9)
    np.testing.assert_allclose(whole @ whole, whole, atol=1e-8)  # coherent ones stay


def test_reconciled_errors_have_less_variance_than_any_base_forecast():
    """A property of the minimum of the trace: checked on 20,000 drawn errors of a known W."""
    covariance = np.array([[9.0, 2.0, 3.0], [2.0, 4.0, 1.0], [3.0, 1.0, 6.0]])
    errors = np.random.default_rng(2).multivariate_normal(np.zeros(3), covariance, 20_000)
    best = errors @ trace_minimising(CITY_OVER_TWO, covariance=covariance).T
    plain = errors @ trace_minimising(CITY_OVER_TWO, covariance=np.eye(3)).T
    bottom_up = errors[:, 1:] @ CITY_OVER_TWO.T
    total = best.var(axis=0).sum()
    assert total < plain.var(axis=0).sum()
    assert total < bottom_up.var(axis=0).sum()
    assert (best.var(axis=0) < errors.var(axis=0)).all()


@settings(max_examples=60)
@given(st.data())
def test_district_paths_add_up_and_stay_positive_whatever_the_city(data):
    count, n, hours = data.draw(st.integers(1, 5)), 3, 4
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    districts = rng.uniform(0.1, 500, (n, count, hours))
    city = rng.uniform(0.1, 1500, (n, hours))
    variance = rng.uniform(0.0001, 400, (count, hours))
    kept, moved = reconcile_paths(city, districts_mw=districts, variance=variance)
    assert np.array_equal(kept, city)
    np.testing.assert_allclose(moved.sum(axis=1), city, rtol=1e-9)
    assert (moved > 0).all()
    floor = LEAST_LEFT * districts
    fits = floor.sum(axis=1, keepdims=True) <= city[:, None, :]
    assert (moved >= np.where(fits, floor, 0.0) * (1 - 1e-9)).all()
    turned = reconcile_paths(city, districts_mw=districts[:, ::-1], variance=variance[::-1])[1]
    np.testing.assert_allclose(turned[:, ::-1], moved, rtol=1e-9)


def test_shrinkage_keeps_variances_and_draws_correlations_towards_zero():
    rng = np.random.default_rng(5)
    apart = rng.normal(0, [1, 2, 3], (30, 3)).T
    found = shrink_covariance(apart)
    plain = np.cov(apart)
    np.testing.assert_allclose(np.diag(found), np.diag(plain))
    off = ~np.eye(3, dtype=bool)
    assert (np.abs(found[off]) <= np.abs(plain[off]) + 1e-12).all()
    assert np.abs(found[off]).sum() < 0.6 * np.abs(plain[off]).sum()
    common = rng.normal(0, 1, 4000)
    together = common + rng.normal(0, 0.5, (3, 4000))
    np.testing.assert_allclose(shrink_covariance(together), np.cov(together), rtol=0.01)
    assert (np.linalg.eigvalsh(shrink_covariance(rng.normal(size=(6, 4)))) > 0).all()


class FixedPaths:
    """A district's model whose path i is i % 3 % above a level."""

    def __init__(self, level, hours):
        self.level, self.hours = level, hours

    def prepare(self, _grid):
        return self

    def draw(self, n, *, seed, first=0):  # noqa: ARG002 - the contract of a model
        number = (first + np.arange(n)) % 3
        return self.level * (1 + 0.01 * number[:, None]) * np.ones((n, self.hours))


class FixedShares:
    def __init__(self, shares, hours):
        self.shares = np.array(shares)[:, None] * np.ones(hours)

    def expect(self):
        return self.shares

    def draw(self, n, *, seed, first=0):  # noqa: ARG002 - the contract of shares
        return np.repeat(self.shares[None], n, axis=0)


def test_top_down_and_bottom_up_are_averaged_by_hand():
    """Shares 1/2 and 1/2 from above, 4/5 and 1/5 from below: root means 2 : 1, so 2/3 and 1/3."""
    models = (FixedPaths(80.0, 4), FixedPaths(20.0, 4))
    city = 100.0 * (1 + 0.01 * (np.arange(6) % 3))[:, None] * np.ones((6, 4))
    shares = FixedShares([0.5, 0.5], 4)
    drawn = draw_reconciled(city, models, shares=shares, grid=None, seed=1)
    np.testing.assert_allclose(drawn.sum(axis=1), city)
    np.testing.assert_allclose(drawn[:, 0] / city, 2 / 3)
    later = draw_reconciled(city[4:], models, shares=shares, grid=None, seed=1, first=4)
    np.testing.assert_allclose(later, drawn[4:])
