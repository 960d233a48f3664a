from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.hazus import hazus_class, lognormal_parameters
from gridtool.damage.model import (
    HAZUS_RESTORATION_DAYS,
    AssetDamage,
    DamageState,
    Estimate3,
)
from gridtool.restoration.durations import (
    WIDEST,
    WORK_HOURS_PER_DAY,
    Z90,
    estimate_duration,
    fit_estimate,
    hazus_duration,
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
