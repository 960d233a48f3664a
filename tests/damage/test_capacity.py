"""What a report leaves of an asset, and restoration times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gridtool.damage.capacity import capacity_share, state_for_share, state_share
from gridtool.damage.hazus import hazus_class, lognormal_parameters, restoration_days
from gridtool.damage.model import HAZUS_RESTORATION_DAYS, DamageState
from gridtool.network.schema import ASSET_TABLES


@pytest.mark.parametrize(
    ("kind", "shares"),
    [
        ("transformer", [1.0, 0.95, 0.60, 0.30, 0.0]),
        ("unit", [1.0, 0.95, 0.60, 0.30, 0.0]),
        ("line", [1.0, 1.0, 0.0, 0.0, 0.0]),
        ("busbar", [1.0, 1.0, 0.0, 0.0, 0.0]),
        ("bay", [1.0, 1.0, 0.0, 0.0, 0.0]),
    ],
)
def test_shares_by_state(kind, shares):
    assert [state_share(state, kind) for state in DamageState] == shares


@pytest.mark.parametrize("kind", ASSET_TABLES.values())
def test_a_worse_state_never_leaves_more(kind):
    shares = [state_share(state, kind) for state in DamageState]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] == 0.0


def test_remaining_capacity_overrides_the_state_but_switched_parts_are_in_or_out(report):
    half = report(state="moderate", remaining_capacity=0.5)
    assert [capacity_share(half, kind) for kind in ("transformer", "line", "busbar")] == [
        0.5,
        0.5,
        1.0,
    ]
    assert capacity_share(report(remaining_capacity=0.0), "coupler") == 0.0


def test_states_for_shares():
    shares = (1.0, 0.99, 0.8, 0.77, 0.5, 0.44, 0.01, 0.0)
    assert [state_for_share(share).value for share in shares] == [
        "none", "slight", "slight", "moderate", "moderate", "extensive", "extensive", "complete",
    ]  # fmt: skip


CASES = [
    (kind, state, *HAZUS_RESTORATION_DAYS[hazus_class(kind)][state])
    for kind in ("substation", "line", "unit")
    for state in DamageState
    if state is not DamageState.NONE
]


@pytest.mark.parametrize(("kind", "state", "mean", "sigma"), CASES)
def test_sampled_restoration_times_have_the_moments_of_hazus(kind, state, mean, sigma):
    assert restoration_days(kind, state) == (mean, sigma)
    mu, s = lognormal_parameters(mean, sigma)
    n = 200_000
    draws = np.random.Generator(np.random.Philox(7)).lognormal(mu, s, n)
    assert draws.min() > 0
    assert abs(draws.mean() - mean) < 3 * sigma / math.sqrt(n)
    # The error of a sample variance comes from the fourth central moment of the lognormal.
    w = math.exp(s**2)
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 3
    variance_error = sigma**2 * math.sqrt((kurtosis - 1) / n)
    assert abs(draws.var() - sigma**2) < 3 * variance_error


def test_published_values_of_hazus():
    # Hazus 5.1 technical manual: electric power substations, distribution circuits, plants.
    assert restoration_days("transformer", DamageState.COMPLETE) == (30.0, 15.0)
    assert restoration_days("feeder", DamageState.MODERATE) == (1.0, 0.5)
    assert restoration_days("unit", DamageState.EXTENSIVE) == (22.0, 21.0)
    assert restoration_days("unit", DamageState.NONE) == (0.0, 0.0)


def test_every_kind_of_asset_has_a_class():
    assert {hazus_class(kind) for kind in ASSET_TABLES.values()} == set(HAZUS_RESTORATION_DAYS)
    with pytest.raises(KeyError):
        hazus_class("bridge")


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0)])
def test_moments_no_lognormal_has_are_refused(mean, sigma):
    with pytest.raises(ValueError, match="no lognormal"):
        lognormal_parameters(mean, sigma)
