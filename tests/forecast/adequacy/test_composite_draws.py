"""States drawn by importance: weights are exact, bounded, and make up for what is drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from builders import grid
from forecast.adequacy.systems import constant, shipped

from gridtool.forecast.adequacy import composite_sample
from gridtool.forecast.adequacy.composite_draws import StateDraws
from gridtool.forecast.adequacy.composite_profiles import ProfileCache
from gridtool.forecast.adequacy.composite_sample import FEWEST_STATES, sample_states
from gridtool.forecast.adequacy.composite_system import prepare_composite
from gridtool.forecast.adequacy.composite_tilts import UnitTilts
from gridtool.network.catalog import load_network

RTS79_YEAR = {"eue_mwh": (1299.313, 0.129), "lole_hours": (10.50710, 0.00134)}
"""Value and standard error from 2,000,000 states of a seed that no test uses."""


def failing(network, *, rate):
    """The network with units that are out this share of time."""
    units = network.units.copy()
    units["for"] = rate
    return replace(network, tables=dict(network.tables) | {"units": units})


@pytest.fixture(scope="module")
def five():
    """Five units of 10 to 50 MW for 70 MW of load; the last of them is sure."""
    sizes = {"A": 10, "B": 20, "C": 30, "D": 40, "E": 50}
    network = grid(
        stations={"A": (70, 0)}, lines=[], units=[(unit, "A", size) for unit, size in sizes.items()]
    )
    return prepare_composite(failing(network, rate=[0.1, 0.05, 0.2, 0.1, 0.0]), constant(70.0))


@pytest.fixture(scope="module")
def rts79():
    return prepare_composite(load_network("rts79"), shipped("rts79")[1], shedding="total")


@pytest.mark.parametrize("true_share", [0.4, 0.7, 1.0])
def test_weights_are_the_ratio_of_both_chances(five, true_share):
    tilts = UnitTilts(five, true_share=true_share)
    states = np.array(list(product((True, False), repeat=5)))

    def chances(rate):
        return np.where(states, 1.0 - rate, rate).prod(axis=1)

    true = chances(five.unit_outage_rate)
    drawn = tilts.share @ np.array([chances(rate) for rate in tilts.outage_rate])
    possible = drawn > 0.0
    weight = tilts.weigh(states)
    assert tilts.share.sum() == pytest.approx(1.0)
    assert len(tilts.share) == (1 if true_share == 1.0 else 3)
    np.testing.assert_allclose(weight[possible] * drawn[possible], true[possible], rtol=1e-12)
    assert weight[possible].max() <= 1.0 / true_share + 1e-12
    assert np.all(true[~possible] == 0.0)


def test_tilted_units_reach_the_capacity_they_are_tilted_to(five):
    # 150 MW, of which 50 MW are sure; 70 MW of load at its highest: 80 MW out is the load
    tilts = UnitTilts(five, true_share=0.4)
    size = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    usual = 0.1 * 10 + 0.05 * 20 + 0.2 * 30 + 0.1 * 40
    out = tilts.outage_rate @ size
    np.testing.assert_allclose(out, [usual, (usual + 80) / 2, 80.0], rtol=1e-6)


def test_weighted_states_have_the_true_means(rts79):
    draws = StateDraws(rts79, seed=8)
    for stratum in draws.strata():
        states = draws.draw(stratum.name, 0, n=40_000)
        w = states.weight
        assert abs(w.mean() - 1.0) <= 4.0 * w.std() / 200
        out = w[:, None] * ~states.up
        error = out.std(axis=0) / 200
        assert np.all(np.abs(out.mean(axis=0) - rts79.unit_outage_rate) <= 4.5 * error + 1e-12)
        if stratum.name == "one":
            assert np.all(states.out.sum(axis=1) == 1)
            rate = rts79.branch_outage_rate
            odds = np.bincount(rts79.like, weights=rate / (1.0 - rate))
            kinds = w[:, None] * states.out
            error = kinds.std(axis=0) / 200
            assert np.all(np.abs(kinds.mean(axis=0) - odds / odds.sum()) <= 4.5 * error)


def test_a_branch_that_cuts_is_drawn_more_often(rts79):
    # bus 7 hangs on one line, L11; every other single outage leaves the network in one piece
    draws = StateDraws(rts79, seed=8)
    states = draws.draw("one", 0, n=20_000)
    at = [rts79.case.branch_ids[branch] for branch in rts79.branch].index("L11")
    drawn = states.out[:, rts79.like[at]]
    assert drawn.mean() > 0.25
    assert np.mean(states.weight * drawn) < 0.03


def test_units_that_never_fail_are_not_tilted():
    network = grid(stations={"A": (50, 0)}, lines=[], units=[("G", "A", 50)])
    system = prepare_composite(failing(network, rate=[0.0]), constant(50.0))
    assert UnitTilts(system, true_share=0.4).share.tolist() == [1.0]


def test_lanes_give_the_same_bytes_for_any_number_of_workers(five, monkeypatch):
    monkeypatch.setattr(composite_sample, "_LANES_FROM", 4000)
    steps = []
    alone = sample_states(five, samples=4002, seed=3, progress=steps.append)
    shared = sample_states(five, samples=4002, seed=3, workers=2)
    assert steps == [1001, 1001, 1000, 1000]
    for name in ("eue_mwh", "lole_hours", "lole_days", "states", "programs"):
        assert getattr(alone, name) == getattr(shared, name)
    assert alone.busbars.equals(shared.busbars)
    whole = sample_states(five, samples=3999, seed=3)
    joint = np.hypot(alone.eue_mwh.standard_error, whole.eue_mwh.standard_error)
    assert abs(alone.eue_mwh.value - whole.eue_mwh.value) <= 4.0 * joint + 1e-9


def test_few_states_are_warned_of(five):
    few = sample_states(five, samples=500, seed=1)
    assert any("500 states are few" in note for note in few.notes)
    assert not any(
        "few" in note for note in sample_states(five, samples=FEWEST_STATES, seed=1).notes
    )


def cover(system, monkeypatch, *, runs, samples):
    """Share of the runs whose 95 % interval holds the truth, by measure."""
    known = ProfileCache(system)  # learned once, for all runs
    monkeypatch.setattr(composite_sample, "ProfileCache", lambda _system: known)
    hits = dict.fromkeys(RTS79_YEAR, 0)
    for seed in range(1000, 1000 + runs):
        found = sample_states(system, samples=samples, seed=seed)
        for name, (truth, error) in RTS79_YEAR.items():
            estimate = getattr(found, name)
            assert error < 0.1 * estimate.standard_error
            hits[name] += abs(estimate.value - truth) <= 1.96 * estimate.standard_error
    return {name: count / runs for name, count in hits.items()}


def test_standard_errors_of_rts79_cover_the_truth(rts79, monkeypatch):
    found = cover(rts79, monkeypatch, runs=40, samples=8000)
    assert min(found.values()) >= 0.85


@pytest.mark.slow
def test_standard_errors_of_rts79_cover_the_truth_over_400_replications(rts79, monkeypatch):
    found = cover(rts79, monkeypatch, runs=400, samples=FEWEST_STATES)
    print(found)
    assert all(0.93 <= share <= 0.97 for share in found.values()), found
