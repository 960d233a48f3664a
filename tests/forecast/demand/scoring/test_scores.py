from datetime import UTC, datetime
from statistics import NormalDist
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridtool.forecast.demand.scoring.scores import (
    NINE_LEVELS,
    NINETY_NINE_LEVELS,
    crps,
    hold_interval,
    naive_scale,
    pinball,
    place_quantiles,
    rank_truth,
)
from gridtool.forecast.demand.scoring.scores_paths import Candidate, score_energy, score_paths
from gridtool.forecast.demand.scoring.scores_pit import count_places, judge_evenness, unevenness
from gridtool.timegrid import TimeGrid

NUMBERS = st.floats(-100, 100, allow_nan=False)
JANUARY = TimeGrid(datetime(2027, 1, 1, tzinfo=UTC), 240, ZoneInfo("UTC"))


def sample(values):
    return np.sort(np.asarray(values, dtype=float))[:, None]


def test_crps_by_hand():
    """Truth 2, samples 0, 1, 4: mean distance 5/3, mean distance between samples 16/9."""
    assert crps(np.array([2.0]), sample([0, 1, 4]))[0] == pytest.approx(5 / 3 - 16 / 18)


@given(arrays(float, st.integers(1, 12), elements=NUMBERS), NUMBERS)
def test_crps_is_the_integral_of_the_squared_distance_of_distributions(values, truth):
    """By definition: integral of (F(z) - 1{z >= y})**2, of step functions."""
    steps = np.sort(np.append(values, truth))
    widths = np.diff(steps)
    share = (np.sort(values)[None] <= steps[:-1, None]).mean(axis=1)
    expected = (widths * (share - (steps[:-1] >= truth)) ** 2).sum()
    assert crps(np.array([truth]), sample(values))[0] == pytest.approx(expected, abs=1e-9)


def test_crps_of_a_normal_sample_meets_the_closed_form():
    """Gneiting and Raftery (2007), equation 21; a sample of n adds E|x - x'| / (2 n)."""
    n, cases = 200, 400
    draws = np.sort(np.random.default_rng(3).normal(10.0, 2.0, (n, cases)), axis=0)
    normal = NormalDist()
    for truth in (10.0, 13.0):
        z = (truth - 10.0) / 2.0
        closed = 2.0 * (z * (2 * normal.cdf(z) - 1) + 2 * normal.pdf(z) - 1 / np.sqrt(np.pi))
        closed += 2 * 2.0 / np.sqrt(np.pi) / (2 * n)
        found = crps(np.full(cases, truth), draws)
        assert abs(found.mean() - closed) < 3 * found.std() / np.sqrt(cases)


def test_mean_pinball_over_many_levels_is_half_the_crps():
    """CRPS is twice the integral of pinball over levels (Laio and Tamea 2007)."""
    draws = np.sort(np.random.default_rng(1).normal(size=(2001, 3)), axis=0)
    truth = np.array([-0.3, 0.8, 2.5])
    levels = (np.arange(4000) + 0.5) / 4000
    loss = pinball(truth, place_quantiles(draws, levels), levels=levels)
    np.testing.assert_allclose(2 * loss, crps(truth, draws), rtol=2e-3)


def test_pinball_by_hand():
    """Quantiles 8 and 12 at 0.2 and 0.8 against 15: 0.2 x 7 and 0.8 x 3."""
    loss = pinball(np.array([15.0]), np.array([[8.0], [12.0]]), levels=np.array([0.2, 0.8]))
    assert loss[0] == pytest.approx((0.2 * 7 + 0.8 * 3) / 2)
    loss = pinball(np.array([5.0]), np.array([[8.0], [12.0]]), levels=np.array([0.2, 0.8]))
    assert loss[0] == pytest.approx((0.8 * 3 + 0.2 * 7) / 2)


@given(arrays(float, (7, 3), elements=NUMBERS))
def test_quantiles_are_numpys(values):
    ordered = np.sort(values, axis=0)
    levels = np.array([0.0, 0.1, 0.5, 0.77, 1.0])
    np.testing.assert_allclose(
        place_quantiles(ordered, levels), np.quantile(values, levels, axis=0), atol=1e-12
    )


def test_places_of_the_truth_by_hand():
    ordered = sample([1, 2, 2, 5])
    found = [rank_truth(np.array([y]), ordered)[0] for y in (0.0, 1.5, 2.0, 9.0)]
    assert found == pytest.approx([0.1, 0.3, 0.5, 0.9])


def test_intervals_hold_what_lies_between_their_quantiles():
    ordered = np.repeat(sample(np.arange(101)), 4, axis=1)
    held = hold_interval(np.array([9.9, 10.0, 90.0, 90.1]), ordered, share=0.8)
    assert held.tolist() == [False, True, True, False]


def test_naive_scale_by_hand():
    load = np.concatenate([np.full(168, 10.0), np.full(168, 13.0), np.full(168, 8.0)])
    load[200] = np.nan  # takes itself and the hour a week later out
    expected = (167 * 3 + 167 * 5) / 334
    assert naive_scale(load) == pytest.approx(expected)
    assert np.isnan(naive_scale(load[:100]))


def test_scores_of_paths_by_hand():
    """Truth 100 against paths 80, 90, ... 120: quantiles are known in closed form."""
    truth = np.full(240, 100.0)
    truth[3] = np.nan
    paths = np.repeat(np.arange(80.0, 121.0, 10.0)[:, None], 240, axis=1)
    own = Candidate(name="model", values=paths)
    whole = score_paths(truth, own, grid=JANUARY, scale_mw=4.0).whole
    for name, levels in (("pinball_pct", NINE_LEVELS), ("pinball99_pct", NINETY_NINE_LEVELS)):
        error = 100 - (80 + 40 * levels)
        loss = np.where(error > 0, levels * error, (levels - 1) * error).mean()
        assert whole[name] == pytest.approx(loss)
    assert whole["crps_pct"] == pytest.approx(12 - 16 / 2)
    assert whole["mape_pct"] == whole["bias_pct"] == whole["peak_error_pct"] == pytest.approx(0)
    for name in ("coverage_50", "coverage_80", "coverage_90", "energy_coverage_80"):
        assert whole[name] == 1.0
    off = score_paths(truth * 1.25, own, grid=JANUARY, scale_mw=4.0).whole
    assert off["coverage_90"] == off["energy_coverage_80"] == off["month_peak_coverage_80"] == 0
    assert off["mape_pct"] == pytest.approx(20.0)
    assert off["mase"] == pytest.approx(25.0 / 4.0)
    assert off["bias_pct"] == pytest.approx(-20.0)
    assert off["peak_error_pct"] == off["energy_error_pct"] == pytest.approx(20.0)


def test_a_point_forecast_has_losses_but_no_intervals():
    truth = np.full(240, 100.0)
    point = Candidate(name="naive", values=np.full((1, 240), 80.0))
    scores = score_paths(truth, point, grid=JANUARY)
    assert scores.whole["pinball_pct"] == pytest.approx(10.0)  # half the absolute error
    assert scores.whole["crps_pct"] == pytest.approx(20.0)  # the absolute error
    assert scores.whole["energy_error_pct"] == pytest.approx(20.0)
    assert scores.pit.sum() == 0
    for name in ("coverage_80", "energy_coverage_80", "month_peak_coverage_80"):
        assert np.isnan(scores.whole[name])


def test_quantiles_say_nothing_of_the_spread_of_energy():
    levels = np.linspace(80, 120, 101)[:, None]
    usual = Candidate(name="usual", values=np.repeat(levels, 240, axis=1), joint=False)
    whole = score_paths(np.full(240, 100.0), usual, grid=JANUARY).whole
    assert whole["coverage_80"] == 1.0
    assert whole["energy_error_pct"] == pytest.approx(0.0)
    assert np.isnan(whole["energy_coverage_80"])
    assert np.isnan(whole["month_peak_coverage_80"])


def test_months_are_scored_apart():
    grid = TimeGrid(datetime(2027, 1, 20, tzinfo=UTC), 24 * 41, ZoneInfo("UTC"))
    truth = np.where(grid.month_index == 0, 100.0, 200.0)
    paths = np.repeat(np.array([90.0, 100.0, 110.0])[:, None], grid.hours, axis=1)
    january, february, march = score_paths(
        truth, Candidate(name="model", values=paths), grid=grid
    ).months
    assert (january["months_ahead"], january["month_of_year"]) == (1, 1)
    assert january["energy_held_80"] == january["peak_held_80"] == 1.0
    assert february["energy_held_80"] == 0.0
    assert february["energy_bias_pct"] == february["peak_bias_pct"] == pytest.approx(-50.0)
    assert march["hours"] == 24
    assert np.isnan(march["energy_error_pct"])  # one day is no month
    assert march["mape_pct"] == pytest.approx(50.0)


def test_energy_by_hand():
    scores = score_energy(110.0, np.array([90.0, 100.0, 120.0]))
    assert scores["energy_bias_pct"] == pytest.approx(100 * (100 / 110 - 1))
    distance = (20 + 10 + 10) / 3 - (10 + 20 + 30) / 9
    assert scores["energy_crps_pct"] == pytest.approx(100 * distance / 110)
    assert scores["energy_held_80"] == 1.0


def test_places_are_counted_for_the_truth_and_every_path():
    """Three members over four hours, three bins: each hour gives each bin one member."""
    truth = np.array([1.0, 5.0, 9.0, 2.0])
    paths = np.array([[2.0, 6.0, 1.0, 1.0], [3.0, 4.0, 5.0, 0.0]])
    counts = count_places(truth, paths, bins=3)
    assert counts.tolist() == [[1, 1, 2], [1, 2, 1], [2, 1, 1]]
    assert unevenness(np.array([5, 5])) == 0
    assert unevenness(np.array([10, 0])) == pytest.approx(1.0)


def slow_walks(generator, n, *, spread=1.0):
    """Paths whose hours hang together over months."""
    level = generator.normal(size=(n, 1))
    return spread * (level + 0.3 * np.cumsum(generator.normal(size=(n, 60)), axis=1))


def test_dependent_hours_of_a_right_forecast_are_rejected_as_often_as_said():
    """Each world: 3 origins; truth and paths from one law. p-values must be even in (0, 1)."""
    generator = np.random.default_rng(5)
    worlds = 200
    found = []
    for _ in range(worlds):
        counts = []
        for _ in range(3):
            members = slow_walks(generator, 60)
            counts.append(count_places(members[0], members[1:], bins=5))
        found.append(judge_evenness(counts))
    for level in (0.1, 0.5):
        rejected = np.mean(np.array(found) <= level)
        assert abs(rejected - level) < 3 * np.sqrt(level * (1 - level) / worlds)


def test_too_narrow_a_forecast_is_rejected():
    generator = np.random.default_rng(6)
    counts = [
        count_places(slow_walks(generator, 1)[0], slow_walks(generator, 99, spread=0.25), bins=5)
        for _ in range(5)
    ]
    assert judge_evenness(counts) <= 0.05
