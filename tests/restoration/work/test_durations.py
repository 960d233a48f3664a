from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtri

from gridtool.damage.hazus import hazus_class, lognormal_parameters
from gridtool.damage.model import (
    HAZUS_RESTORATION_DAYS,
    AssetDamage,
    DamageState,
    Estimate3,
)
from gridtool.restoration.model import Duration
from gridtool.restoration.work.durations import (
    LEAST_LEFT_H,
    WIDEST,
    WORK_HOURS_PER_DAY,
    Z90,
    draw_remaining,
    estimate_duration,
    fit_estimate,
    hazus_duration,
    remaining_duration,
)
from gridtool.restoration.work.equipment import (
    INSTALLATION,
    LEAD_P50_H,
    LEAD_P90_H,
    TRANSFORMER_LEAD,
    needs_new_transformer,
)


def damage(**changes):
    settings = {
        "asset": "A",
        "kind": "line",
        "state": DamageState.MODERATE,
        "capacity_share": 0.0,
        "occurred_at": None,
        "reported_at": None,
    }
    return AssetDamage(**(settings | changes))


@given(st.floats(-2, 6), st.floats(0.01, 1.5))
def test_an_exactly_lognormal_estimate_is_met_exactly(mu, s):
    low, likely, high = math.exp(mu - Z90 * s), math.exp(mu - s * s), math.exp(mu + Z90 * s)
    if not low <= likely:  # a mode below P10 is no estimate anybody gives
        return
    fitted = fit_estimate(Estimate3(low_h=low, likely_h=likely, high_h=high))
    assert fitted.mean_h == pytest.approx(math.exp(mu + s * s / 2), rel=1e-6)
    assert fitted.sigma_h == pytest.approx(fitted.mean_h * math.sqrt(math.expm1(s * s)), rel=1e-6)


def test_an_estimate_without_spread_is_certain():
    fitted = fit_estimate(Estimate3(low_h=6, likely_h=6, high_h=6))
    assert (fitted.mean_h, fitted.sigma_h) == (pytest.approx(6.0), 0.0)


@given(st.floats(0.5, 50), st.floats(1, 4), st.floats(1, 4))
def test_the_fit_is_the_least_squares_one(low, up, further):
    """A grid search over (mu, s) finds nothing closer to the three logarithms."""
    estimate = Estimate3(low_h=low, likely_h=low * up, high_h=low * up * further)

    def misfit(mu, s):
        return (
            (mu - Z90 * s - math.log(estimate.low_h)) ** 2
            + (mu - s * s - math.log(estimate.likely_h)) ** 2
            + (mu + Z90 * s - math.log(estimate.high_h)) ** 2
        )

    fitted = fit_estimate(estimate)
    mu, s = lognormal_parameters(fitted.mean_h, fitted.sigma_h)
    best = misfit(mu, s)
    for shift in (-0.05, -0.01, 0.0, 0.01, 0.05):
        for stretch in (-0.05, -0.01, 0.0, 0.01, 0.05):
            assert best <= misfit(mu + shift, max(0.0, s + stretch)) + 1e-9


@pytest.mark.parametrize("bad", [(0, 1, 2), (3, 2, 4), (1, 3, 2), (-1, 1, 2)])
def test_an_estimate_out_of_order_is_refused(bad):
    low, likely, high = bad
    with pytest.raises(ValueError, match="in order"):
        fit_estimate(Estimate3(low_h=low, likely_h=likely, high_h=high))


@pytest.mark.parametrize("kind", ["substation", "line", "unit", "feeder", "transformer"])
@pytest.mark.parametrize("state", [s for s in DamageState if s is not DamageState.NONE])
def test_hazus_days_are_working_days(kind, state):
    mean_d, sigma_d = HAZUS_RESTORATION_DAYS[hazus_class(kind)][state]
    found = hazus_duration(kind, state)
    assert found.mean_h == pytest.approx(mean_d * WORK_HOURS_PER_DAY)
    assert found.sigma_h == pytest.approx(sigma_d * WORK_HOURS_PER_DAY)
    assert "Hazus" in found.basis


def test_own_estimate_comes_before_hazus():
    own = estimate_duration(damage(estimate=Estimate3(low_h=4, likely_h=6, high_h=10)))
    assert own.basis == "own estimate"
    assert 4 < own.mean_h < 10
    assert estimate_duration(damage()).basis == "Hazus moderate"


def test_part_capacity_without_a_state_takes_the_nearest_state():
    found = estimate_duration(
        damage(kind="transformer", state=DamageState.NONE, capacity_share=0.35)
    )
    assert found == hazus_duration("transformer", DamageState.EXTENSIVE)


def test_a_wild_estimate_stays_finite():
    wild = fit_estimate(Estimate3(low_h=1e-3, likely_h=1.0, high_h=1e200))
    _, s = lognormal_parameters(wild.mean_h, wild.sigma_h)
    assert s == pytest.approx(WIDEST)
    assert math.isfinite(wild.mean_h)


def lognormal(mean, sigma):
    return Duration(mean_h=mean, sigma_h=sigma, basis="own estimate")


def moments_beyond(mean, sigma, worked):
    """Mean and sigma of X - worked given X > worked, by integrating over the normal score."""
    mu, s = lognormal_parameters(mean, sigma)
    z = (math.log(worked) - mu) / s

    def moment(k):
        def integrand(x):
            return (math.exp(mu + s * x) - worked) ** k * math.exp((z * z - x * x) / 2)

        return quad(integrand, z, z + 40, points=[z + 1], limit=200)[0]

    first = moment(1) / moment(0)
    return first, math.sqrt(moment(2) / moment(0) - first**2)


@given(st.floats(2, 500), st.floats(0.1, 1.2), st.floats(0.05, 4))
def test_work_left_is_the_conditional_moment_by_numerical_integration(mean, ratio, done):
    found = remaining_duration(lognormal(mean, ratio * mean), done * mean)
    left, spread = moments_beyond(mean, ratio * mean, done * mean)
    if left > LEAST_LEFT_H:
        assert found.mean_h == pytest.approx(left, rel=1e-6)
    assert found.sigma_h == pytest.approx(spread, rel=1e-3)


def test_nothing_done_leaves_everything():
    whole = lognormal(24.0, 8.0)
    assert remaining_duration(whole, 0.0) is whole
    nearly = remaining_duration(whole, 1e-6)
    assert (nearly.mean_h, nearly.sigma_h) == (pytest.approx(24.0), pytest.approx(8.0))


def test_a_long_tail_has_more_left_the_longer_it_has_lasted():
    """A lognormal's remaining time first falls, then rises without end."""
    left = [remaining_duration(lognormal(24.0, 24.0), worked).mean_h for worked in (6, 96, 1e6)]
    assert left[0] < 24.0 < left[1] < left[2]


@pytest.mark.parametrize(("worked", "left"), [(4.0, 2.0), (6.0, LEAST_LEFT_H), (9.0, LEAST_LEFT_H)])
def test_a_certain_duration_leaves_the_rest(worked, left):
    assert remaining_duration(lognormal(6.0, 0.0), worked).mean_h == pytest.approx(left)
    assert draw_remaining(lognormal(6.0, 0.0), worked, normal=np.zeros(2)).tolist() == [left, left]


@pytest.mark.parametrize("worked", [-1.0, math.inf, math.nan])
def test_work_done_is_a_time(worked):
    with pytest.raises(ValueError, match="is not a time"):
        remaining_duration(lognormal(6.0, 2.0), worked)


@pytest.mark.parametrize("worked", [0.0, 10.0, 60.0, 5000.0])
def test_draws_of_work_left_have_its_moments(worked):
    """A midpoint rule over 200,000 quantiles, not random draws."""
    n = 200_000
    whole = lognormal(40.0, 20.0)
    drawn = draw_remaining(whole, worked, normal=ndtri((np.arange(n) + 0.5) / n))
    left = remaining_duration(whole, worked)
    assert drawn.mean() == pytest.approx(left.mean_h, rel=2e-3)
    assert drawn.std() == pytest.approx(left.sigma_h, rel=2e-2)
    assert (np.diff(drawn) >= 0).all()


def test_a_transformer_to_be_made_has_the_quantiles_of_the_sources():
    assert (LEAD_P50_H / 168, LEAD_P90_H / 168) == (30, 78)
    mu, s = lognormal_parameters(TRANSFORMER_LEAD.mean_h, TRANSFORMER_LEAD.sigma_h)
    assert math.exp(mu) == pytest.approx(LEAD_P50_H)
    assert math.exp(mu + Z90 * s) == pytest.approx(LEAD_P90_H)
    assert hazus_duration("transformer", DamageState.EXTENSIVE) == INSTALLATION


@pytest.mark.parametrize(
    ("kind", "state", "new"),
    [
        ("transformer", DamageState.COMPLETE, True),
        ("transformer", DamageState.EXTENSIVE, True),
        ("transformer", DamageState.MODERATE, False),
        ("line", DamageState.COMPLETE, False),
        ("substation", DamageState.COMPLETE, False),
    ],
)
def test_transformers_past_repair_are_made_anew(kind, state, new):
    assert needs_new_transformer(damage(kind=kind, state=state)) is new
