"""The cost of an hour in the sums, and the memory of a tally: flat in the number of samples."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest
from forecast.metrics.made import KYIV, hourly_of, layout_of, random_hours

from gridtool.forecast.metrics.sums import sum_samples
from gridtool.forecast.metrics.tally import ShortageTally

HOURS = 181 * 24
SAMPLES = 100


@pytest.fixture(scope="module")
def layout():
    """As large as rivercity: ten districts, six months, eight classes."""
    start = datetime(2026, 10, 31, 22, tzinfo=UTC)
    return layout_of([[110.0, 40.0]] * 10, hours=HOURS, start=start, zone=KYIV, classes=8)


def sums_of(layout, *, short):
    """Sums of SAMPLES samples, and microseconds of an hour; ``short`` of the hours are."""
    rng = np.random.default_rng(1)
    unserved, factor = random_hours(rng, n=SAMPLES, layout=layout, short=0.3)
    # The city is short in runs of hours: a district's runs are kept in them.
    runs = np.repeat(rng.random((SAMPLES, HOURS // 12 + 1)) < short, 12, axis=1)[:, :HOURS]
    hourly = hourly_of(unserved * runs[:, :, None, None], classes=8)
    sum_samples(hourly, factor, layout=layout)  # compiles
    begin = time.process_time()
    sums = sum_samples(hourly, factor, layout=layout)
    return sums, (time.process_time() - begin) / factor.size * 1e6


@pytest.mark.benchmark
@pytest.mark.parametrize("short", [0.02, 0.2, 1.0])
def test_an_hour_in_the_sums(layout, short):
    _, spent = sums_of(layout, short=short)
    print(f"\n{100 * short:.0f} % of hours short: {spent:.3f} us an hour")
    assert spent < 0.3


@pytest.mark.benchmark
def test_memory_is_flat_in_the_number_of_samples(layout):
    sums, _ = sums_of(layout, short=0.2)
    ShortageTally(layout).add(sums)  # compiles
    held, peak, spent = {}, {}, {}
    for samples in (100, 10_000):
        tracemalloc.start()
        tally = ShortageTally(layout)
        begin = time.process_time()
        for _ in range(samples // SAMPLES):
            tally.add(sums)
        spent[samples] = time.process_time() - begin
        held[samples] = tracemalloc.get_traced_memory()[0] / 1e6
        tally.monthly()
        peak[samples] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    print(f"\nMB held {held}, at most with its frames {peak}")
    print(f"{1e6 * spent[10_000] / 10_000:.0f} us to add a sample")
    assert held[10_000] == pytest.approx(held[100], rel=0.01)
    assert max(peak.values()) < 60
    assert held[10_000] < 50
