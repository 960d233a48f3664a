"""The weekly level: its likelihood, its prior, its weeks."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from gridtool.forecast.demand import level as module
from gridtool.forecast.demand.level import PRIOR_SIGMA, WEEK_H, fit_level, weekly_means


def walk(weeks, *, step, noise, seed=1):
    """Hourly residuals whose weekly means are a random walk and noise."""
    rng = np.random.default_rng(seed)
    course = np.cumsum(step * rng.standard_normal(weeks))
    return np.repeat(course + noise * rng.standard_normal(weeks), WEEK_H), course


def test_means_of_weeks_are_counted_back_from_the_end():
    values = np.r_[np.full(50, 9.0), np.full(WEEK_H, 1.0), np.full(WEEK_H, 3.0)]
    values[50 : 50 + WEEK_H - 23] = np.nan  # 23 known hours of 168 are too few
    values[-1] = np.nan
    means, known = weekly_means(values)
    np.testing.assert_array_equal(means, [np.nan, 3.0])
    np.testing.assert_array_equal(known, [0, WEEK_H - 1])
    short, count = weekly_means(np.full(30, 2.0))
    np.testing.assert_array_equal((short, count), ([2.0], [30]))


def test_the_posterior_is_statsmodels_likelihood_times_the_prior():
    """Of whole weeks, against UnobservedComponents at the noise that is concentrated out."""
    residual, _ = walk(80, step=0.004, noise=0.01)
    weekly, known = weekly_means(residual)
    noise, logs, means, variances = module._weigh_ratios(weekly, known)
    model = UnobservedComponents(weekly, level="llevel", loglikelihood_burn=1)
    found, ends = [], []
    for ratio, sigma in zip(module.RATIOS, noise, strict=True):
        parameters = [sigma**2, (ratio * sigma) ** 2]
        apart = np.log(ratio * sigma / module.USUAL_STEP) / module.USUAL_SPREAD
        found.append(model.loglike(parameters) - 0.5 * apart**2)
        assert model.loglike(parameters) > model.loglike(np.multiply(parameters, 1.05))
        ends.append(model.filter(parameters).filtered_state_cov[0, 0, -1])
    np.testing.assert_allclose(logs - logs[0], np.array(found) - found[0], atol=1e-3)
    np.testing.assert_allclose(variances, ends, rtol=1e-3)  # statsmodels stops its recursion early
    last = model.filter([noise[10] ** 2, (module.RATIOS[10] * noise[10]) ** 2])
    assert means[10] == pytest.approx(last.filtered_state[0, -1], rel=1e-4)


def test_the_step_is_found_where_the_weeks_tell_it():
    found = [fit_level(walk(300, step=0.012, noise=0.01, seed=s)[0]).step_sigma for s in range(6)]
    assert np.mean(found) == pytest.approx(0.012, rel=0.12)


def test_a_level_that_seems_to_stand_still_is_not_taken_to_do_so_for_ever():
    """Maximum likelihood says a step of zero for most of these; the prior leaves room."""
    few = fit_level(walk(20, step=0.0, noise=0.02)[0])
    many = fit_level(walk(500, step=0.0, noise=0.02)[0])
    assert 0.001 < few.step_sigma < 0.01
    assert 0.0003 < many.step_sigma < 0.5 * few.step_sigma


def test_the_mean_at_the_end_follows_the_last_weeks():
    residual, course = walk(200, step=0.01, noise=0.01, seed=3)
    found = fit_level(residual)
    assert abs(found.mean - course[-1]) < 3 * np.sqrt(found.variance)
    assert np.sqrt(found.variance) < 0.012
    middle = course.repeat(WEEK_H)
    assert np.sqrt(np.mean((found.smoothed - middle) ** 2)) < 0.01
    weights = found.recent_weights(60)
    weekly = residual[::WEEK_H][-60:]
    assert weights @ weekly / weights.sum() == pytest.approx(found.mean, abs=1e-3)


def test_the_mean_lies_within_its_own_error_as_often_as_it_says():
    apart = []
    for seed in range(90):
        residual, course = walk(60, step=0.005, noise=0.015, seed=seed)
        found = fit_level(residual)
        apart.append((found.mean - course[-1]) / np.sqrt(found.variance))
    share = np.mean(np.abs(apart) < 1.2816)
    assert abs(share - 0.8) < 3 * np.sqrt(0.16 / 90)


def test_a_week_of_few_known_hours_counts_for_less():
    residual, _ = walk(100, step=0.0, noise=0.01)
    high = residual.copy()
    high[-WEEK_H:] = 0.10
    few = high.copy()
    few[-WEEK_H:-24] = np.nan
    whole = fit_level(high).mean
    assert 0 < fit_level(few).mean < 0.5 * whole


def test_known_steps_are_no_walk_and_lie_in_the_level():
    residual, _ = walk(100, step=0.001, noise=0.01)
    steps = np.where(np.arange(len(residual)) < 50 * WEEK_H + 80, 0.0, -0.25)
    plain, stepped = fit_level(residual), fit_level(residual + steps, steps=steps)
    assert stepped.step_sigma == pytest.approx(plain.step_sigma, rel=1e-6)
    assert stepped.mean == pytest.approx(plain.mean - 0.25)
    np.testing.assert_allclose(stepped.smoothed - steps, plain.smoothed, atol=1e-9)
    blind = fit_level(residual + steps)
    assert blind.step_sigma > 5 * stepped.step_sigma


def test_a_short_history_moves_by_two_percent_a_month_at_least():
    assert fit_level(walk(16, step=0, noise=0.005)[0], prior=True).step_sigma == PRIOR_SIGMA
    nothing = fit_level(np.full(10, np.nan))
    assert (nothing.mean, nothing.step_sigma) == (0.0, PRIOR_SIGMA)
    three = fit_level(np.repeat([0.1, 0.2, 0.3], WEEK_H))
    assert three.mean == pytest.approx(0.2)
    assert "assumed" in three.basis


def test_a_residual_that_is_always_the_same_is_no_error():
    found = fit_level(np.full(60 * WEEK_H, 0.05))
    assert found.mean == pytest.approx(0.05, abs=1e-6)
    assert found.step_sigma < 1e-3
    assert np.isfinite(found.variance)
