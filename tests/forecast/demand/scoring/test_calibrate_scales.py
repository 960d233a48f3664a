"""Calibration in worlds where the truth is known.

Log demand is weather by half days, a level by days, a residual by quarter days, over six months
of a week each; the model takes level and residual to be of size 1, the truth is of other sizes.
"""

import numpy as np
import pytest

from gridtool.forecast.demand.scoring.calibrate_scales import (
    choose_scales,
    measure_spread,
    shrink_factor,
)

HOURS = 6 * 168
MONTH = np.repeat(np.arange(6), 168)
WORLDS = 12


def draw_parts(generator, n):
    weather = np.repeat(generator.normal(0, 0.05, (n, HOURS // 12)), 12, axis=1)
    steps = np.cumsum(generator.normal(0, 0.006, (n, HOURS // 24)), axis=1)
    level = np.repeat(steps + generator.normal(0, 0.02, (n, 1)), 24, axis=1)
    return weather, level, np.repeat(generator.normal(0, 0.03, (n, HOURS // 6)), 6, axis=1)


def make_demand(parts, *, level, residual):
    return np.exp(7 + parts[0] + level * parts[1] + residual * parts[2])


def calibrate_world(seed, *, level, residual):
    """Five origins of a model of size (1, 1) in a world of another."""
    generator = np.random.default_rng(seed)
    spreads = []
    for _ in range(5):
        parts = draw_parts(generator, 150)
        truth = make_demand(draw_parts(generator, 1), level=level, residual=residual)[0]
        spreads.append(
            measure_spread(
                truth,
                make_demand(parts, level=1, residual=1),
                without_level=make_demand(parts, level=0, residual=1),
                without_residual=make_demand(parts, level=1, residual=0),
                month=MONTH,
            )
        )
    return choose_scales(spreads)


def cover(seed, truth, *, level, residual):
    """Shares of hours and of months' energy within the 80 % intervals of a scaled model."""
    generator = np.random.default_rng(1000 + seed)
    paths = make_demand(draw_parts(generator, 150), level=level, residual=residual)
    came = make_demand(draw_parts(generator, 30), level=truth[0], residual=truth[1])
    shares = []
    for own, other in ((paths, came), tuple(sum_months(rows) for rows in (paths, came))):
        low, high = np.quantile(own, [0.1, 0.9], axis=0)
        shares.append(((other >= low) & (other <= high)).mean())
    return np.array(shares)


def sum_months(rows):
    return rows.reshape(len(rows), 6, -1).sum(axis=2)


def compare(truth):
    """Mean covers of the plain and of the calibrated model, and the scales' medians."""
    plain, scaled, scales = [], [], []
    for seed in range(WORLDS):
        found = calibrate_world(seed, level=truth[0], residual=truth[1])
        scales.append((found.level_scale, found.residual_scale))
        plain.append(cover(seed, truth, level=1, residual=1))
        scaled.append(cover(seed, truth, level=found.level_scale, residual=found.residual_scale))
    return np.mean(plain, axis=0), np.mean(scaled, axis=0), np.median(scales, axis=0)


def test_a_right_model_is_left_alone():
    plain, scaled, scales = compare((1, 1))
    np.testing.assert_allclose(scales, 1.0, atol=0.02)
    np.testing.assert_allclose(scaled, plain, atol=0.04)


@pytest.mark.parametrize("truth", [(2, 1), (1, 2), (2, 2), (0.5, 1)])
def test_a_wrong_spread_is_mended_by_half_at_least(truth):
    plain, scaled, scales = compare(truth)
    off = np.abs(plain - 0.8) > 0.05
    assert off.any()
    assert (np.abs(scaled - 0.8)[off] < 0.5 * np.abs(plain - 0.8)[off]).all()
    assert (np.abs(scaled - 0.8)[~off] < 0.05).all()
    np.testing.assert_allclose(scales, truth, rtol=0.4)


def test_what_chance_explains_is_left_alone_and_the_rest_is_shrunk():
    chance = np.random.default_rng(1).normal(0.0, 0.1, 2001)
    mean, error = chance[1:].mean(), chance[1:].std()
    for found, kept in ((0.09, 0.0), (-0.09, 0.0), (0.2, 0.75), (-1.0, 0.99)):
        chance[0] = mean + found
        factor, standard_error = shrink_factor(chance)
        assert np.log(factor) == pytest.approx(kept * found, rel=0.05)
        assert standard_error == pytest.approx(error)
    chance[0] = mean + 0.4
    factor, standard_error = shrink_factor(chance, between=[0.0, 0.2, 0.4, 1.0])
    expected = np.std([0.0, 0.2, 0.4, 1.0], ddof=1) / 2  # 0.22, more than chance
    assert standard_error == pytest.approx(expected)
    assert np.log(factor) == pytest.approx(0.4 * (1 - (expected / 0.4) ** 2), rel=1e-6)


def test_the_words_say_what_was_done():
    words = calibrate_world(0, level=1, residual=2).words
    assert "over 5 past origins the hours ask for intervals 1." in words
    assert "residual days are scaled by" in words
    assert "nothing is scaled" in calibrate_world(1, level=1, residual=1).words


def test_unknown_hours_do_not_count():
    generator = np.random.default_rng(4)
    parts = draw_parts(generator, 30)
    paths = make_demand(parts, level=1, residual=1)
    truth = make_demand(draw_parts(generator, 1), level=1, residual=1)[0]
    gone = truth.copy()
    gone[MONTH >= 4] = np.nan
    keep = MONTH < 4
    whole = {"without_level": 1.01 * paths, "without_residual": 0.99 * paths}
    found = measure_spread(gone, paths, month=MONTH, **whole)
    short = measure_spread(
        truth[keep],
        paths[:, keep],
        month=MONTH[keep],
        **{name: rows[:, keep] for name, rows in whole.items()},
    )
    assert found.months == short.months == 4
    np.testing.assert_array_equal(found.hours, short.hours)
    np.testing.assert_array_equal(found.energy, short.energy)
    assert measure_spread(np.full(HOURS, np.nan), paths, month=MONTH, **whole) is None
