"""The estimate with a control: coverage and bias over replications, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from gridtool.forecast.metrics.controlled import LEAST, ControlTally, KnownMean

MONTHS = 3
BATCHES = 32


def draw_pairs(rng, *, n):
    """Skewed energies with controls that tell much, little and nothing, and those alone."""
    wide = np.maximum(rng.normal(1.0, 1.0, size=(n, MONTHS)), 0.0) ** 1.5
    noise = rng.exponential([0.3, 2.0, 1.0], size=(n, MONTHS))
    energy = wide * [1.0, 1.0, 0.0] + noise
    return 100 * energy, 100 * wide


def know(rng, *, n):
    """Known mean of the control from batches of samples of its own."""
    batches = draw_pairs(rng, n=n)[1].reshape(BATCHES, -1, MONTHS).mean(axis=1)
    return KnownMean(batches=batches)


@pytest.mark.parametrize(("samples", "apart"), [(200, 320), (400, 640)])
def test_intervals_cover_and_the_mean_has_no_bias(samples, apart):
    rng = np.random.default_rng(5)
    x = np.linspace(0.0, 12.0, 200_001)
    wide = np.trapezoid(x**1.5 * np.exp(-((x - 1) ** 2) / 2) / np.sqrt(2 * np.pi), x)
    truth = 100 * np.array([wide + 0.3, wide + 2.0, 1.0, 2 * wide + 3.3])
    means, errors, plain = [], [], []
    for _ in range(2000):
        tally = ControlTally(MONTHS)
        tally.add(*draw_pairs(rng, n=samples))
        found = tally.estimate(know(rng, n=apart))
        means.append(found.mean)
        errors.append(found.error)
        plain.append(found.plain)
    spread = np.std(means, axis=0, ddof=1)
    off = np.mean(means, axis=0) - truth
    covered = (np.abs(np.array(means) - truth) <= 1.96 * np.array(errors)).mean(axis=0)
    print(f"\n{samples}: covered {covered}, bias in errors {off / spread * np.sqrt(2000)}")
    print(f"error against plain {spread / np.std(plain, axis=0)}")
    assert np.all(np.abs(off) <= 3 * spread / np.sqrt(2000))
    assert np.all((covered >= 0.93) & (covered <= 0.97))
    assert np.sqrt(np.mean(np.square(errors), axis=0)) == pytest.approx(spread, rel=0.07)
    # It helps where the control tells, and costs next to nothing where it does not.
    assert spread[0] < 0.75 * np.std(plain, axis=0)[0]
    assert np.all(spread < 1.01 * np.std(plain, axis=0))


def test_portions_do_not_count_and_months_add_up():
    rng = np.random.default_rng(2)
    known = know(rng, n=320)
    energy, control = draw_pairs(rng, n=203)
    whole, parts = (ControlTally(MONTHS) for _ in range(2))
    whole.add(energy, control)
    for first in (0, 7, 90):
        last = {0: 7, 7: 90, 90: 203}[first]
        parts.add(energy[first:last], control[first:last])
    one, other = whole.estimate(known), parts.estimate(known)
    assert other.mean == pytest.approx(one.mean, rel=1e-12)
    assert other.error == pytest.approx(one.error, rel=1e-9)
    assert one.mean[-1] == pytest.approx(one.mean[:-1].sum())
    assert one.plain[:-1] == pytest.approx(energy.mean(axis=0))
    assert one.plain_error[-1] == pytest.approx(energy.sum(axis=1).std(ddof=1) / np.sqrt(203))


def test_by_hand_with_a_control_that_tells_all():
    """y = 2 c and c known exactly: b stays at 1, and (y - c) + mean of c is the estimate."""
    control = np.arange(100.0)[:, None]
    known = KnownMean(batches=np.full((8, 1), 60.0))
    tally = ControlTally(1)
    tally.add(2 * control, control)
    found = tally.estimate(known)
    assert found.weight[0] == 1.0
    assert found.mean == pytest.approx([49.5 + 60.0] * 2)


def test_few_samples_or_a_badly_known_mean_leave_the_plain_mean():
    rng = np.random.default_rng(3)
    few = ControlTally(MONTHS)
    few.add(*draw_pairs(rng, n=LEAST - 1))
    found = few.estimate(know(rng, n=320))
    assert found.mean == pytest.approx(found.plain, rel=1e-12)
    assert found.error == pytest.approx(found.plain_error, rel=1e-12)
    vague = KnownMean(batches=1e15 * rng.normal(size=(8, MONTHS)))
    tally = ControlTally(MONTHS)
    tally.add(*draw_pairs(rng, n=200))
    found = tally.estimate(vague)
    assert found.mean == pytest.approx(found.plain, rel=1e-6)
    assert found.error == pytest.approx(found.plain_error, rel=0.05)


def test_nothing_unserved_stays_nothing():
    rng = np.random.default_rng(4)
    tally = ControlTally(MONTHS)
    tally.add(np.zeros((80, MONTHS)), draw_pairs(rng, n=80)[1])
    found = tally.estimate(know(rng, n=320))
    assert found.mean.tolist() == [0.0] * (MONTHS + 1)
    assert found.error.tolist() == [0.0] * (MONTHS + 1)
