"""Reported errors are honest: 95 % intervals hold the truth in 93 to 97 % of 1,000 forecasts.

The small system is one district with a daily wave of demand, an uncertain level of it and an
uncertain capacity, both uniform, so that its truth follows by integration.
"""

import numpy as np
import pytest
from forecast.metrics.made import hourly_of, layout_of

from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.metrics.tally import ShortageTally, relative_error

REPLICATIONS = 1000
SAMPLES = 1000
LAYOUT = layout_of([[90.0, 10.0]], hours=24, classes=1)
WAVE = 0.75 + 0.25 * np.sin(2 * np.pi * (np.arange(24) - 8) / 24)
CAPACITY_MW = (75.0, 105.0)
LEVEL = (0.93, 1.07)


def lacking(capacity, level):
    """Demand factor and unserved MW by hour; a third of the samples lack nothing."""
    factor = level[:, None] * WAVE
    return factor, np.maximum(100.0 * factor - capacity[:, None], 0.0)


def truth():
    """Means, quantiles and worst 5 % over a fine grid of both uncertainties."""

    def middles(ends, count):
        return ends[0] + (ends[1] - ends[0]) * (np.arange(count) + 0.5) / count

    capacity, level = np.meshgrid(middles(CAPACITY_MW, 1500), middles(LEVEL, 300))
    factor, unserved = lacking(capacity.ravel(), level.ravel())
    energy = unserved.sum(axis=1)
    off = np.sort(24.0 * energy / (90.0 * factor.sum(axis=1)))
    worst = len(off) // 20
    return {
        "EUE": energy.mean(),
        "LOLH": (unserved > 1e-6).sum(axis=1).mean(),
        "hours off": off.mean(),
        "NEUE": energy.mean() / (100.0 * factor.sum(axis=1).mean()),
        "P50": np.quantile(off, 0.5),
        "P90": np.quantile(off, 0.9),
        "P95": np.quantile(off, 0.95),
        "CVaR of hours off": off[-worst:].mean(),
        "CVaR of EUE": np.sort(energy)[-worst:].mean(),
    }


def draw_sums(rng, *, n):
    """Sums of n futures."""
    capacity, level = rng.uniform(*CAPACITY_MW, n), rng.uniform(*LEVEL, n)
    factor, unserved = lacking(capacity, level)
    hours = np.zeros((n, 24, 1, 2))
    hours[..., 0, 0] = unserved
    return sum_samples(hourly_of(hours, classes=1), factor, layout=LAYOUT)


def intervals_of(rng):
    """Intervals of 95 % from one forecast of SAMPLES futures."""
    tally = ShortageTally(LAYOUT)
    tally.add(draw_sums(rng, n=SAMPLES))
    spread = tally.hours_off_spread
    estimates = {
        "EUE": (tally.eue.part.mean, tally.eue.part.standard_error),
        "LOLH": (tally.short_h.mean, tally.short_h.standard_error),
        "hours off": (tally.hours_off.mean, tally.hours_off.standard_error),
        "NEUE": (tally.eue.ratio / 100.0, tally.eue.ratio_error / 100.0),
        "CVaR of hours off": spread.tail_mean(),
        "CVaR of EUE": tally.eue_spread.tail_mean(),
    }
    found = {
        name: (mean[-1, -1] - 1.96 * error[-1, -1], mean[-1, -1] + 1.96 * error[-1, -1])
        for name, (mean, error) in estimates.items()
    }
    for share in (0.5, 0.9, 0.95):
        low, high = spread.interval(share)
        found[f"P{round(100 * share)}"] = (low[-1, -1], high[-1, -1])
    return found


@pytest.fixture(scope="module")
def coverage():
    """Share of forecasts whose interval holds the truth, by name."""
    rng = np.random.default_rng(20270201)
    expected = truth()
    held = dict.fromkeys(expected, 0)
    for _ in range(REPLICATIONS):
        for name, (low, high) in intervals_of(rng).items():
            held[name] += low <= expected[name] <= high
    return {name: count / REPLICATIONS for name, count in held.items()}


@pytest.mark.parametrize("name", sorted(truth()))
def test_intervals_of_95_percent_hold_the_truth(coverage, name):
    """Their coverage has a standard error of 0.7 % itself."""
    assert 0.93 <= coverage[name] <= 0.97


def test_stopping_at_a_wanted_error_leaves_it_honest():
    """200 forecasts that stop at 10 %: a coverage of 95 % has an error of 1.5 % here."""
    rng = np.random.default_rng(11)
    expected, held = truth()["EUE"], 0
    for _ in range(200):
        tally = ShortageTally(LAYOUT)
        while tally.samples < 100 or relative_error(tally) > 0.1:
            tally.add(draw_sums(rng, n=25))
        mean, error = tally.eue.part.mean[-1, -1], tally.eue.part.standard_error[-1, -1]
        assert tally.samples < 250
        held += abs(mean - expected) <= 1.96 * error
    assert 0.91 <= held / 200 <= 0.99
