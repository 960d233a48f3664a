from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.integrate import quad

from gridtool.restoration.model import DemandBlocks, PlanConfig
from gridtool.restoration.value.blocks import (
    constant_blocks,
    cut_blocks,
    level_hours,
    make_blocks,
    plan_blocks,
)


def test_one_level_counts_the_hours():
    assert level_hours(constant_blocks(0.7), np.array([0.0, 5.0, 80.5])).ravel() == pytest.approx(
        [0.0, 5.0, 80.5]
    )


def test_hours_at_each_level_are_the_integral_of_the_weights():
    blocks = DemandBlocks(
        level=np.array([0.5, 1.0]),
        begins_h=np.array([0.0, 10.0, 30.0]),
        weight=np.array([[0.25, 0.75], [1.0, 0.0], [0.0, 0.0]]),
    )

    def weight(hour, level):
        return blocks.weight[np.searchsorted(blocks.begins_h, hour, side="right") - 1, level]

    hours = np.array([0.0, 4.0, 10.0, 22.0, 30.0, 99.0])
    found = level_hours(blocks, hours)
    for hour, row in zip(hours, found, strict=True):
        for level, value in enumerate(row):
            integral = quad(weight, 0, hour, args=(level,), points=[10, 30], limit=200)[0]
            assert value == pytest.approx(integral, abs=1e-6)


def test_hours_become_levels_mixed_by_month():
    """Two months of 100 hours: the first at 0.5, the second 60 hours at 0.5, 40 at 0.9. Levels
    0.5 and 0.9; after the last hour 160 and 40 hours of 200."""
    factor = np.array([0.5] * 160 + [0.9] * 40)
    found = make_blocks(factor, np.repeat([3, 4], 100))
    assert found.level == pytest.approx([0.5, 0.9])
    assert found.begins_h.tolist() == [0, 100, 200]
    assert found.weight == pytest.approx(np.array([[1, 0], [0.6, 0.4], [0.8, 0.2]]))


def test_blocks_keep_the_energy_of_the_whole_time():
    rng = np.random.default_rng(7)
    factor = rng.uniform(0.3, 1.0, 8760)
    found = make_blocks(factor, np.arange(8760) // 730)
    assert len(found.level) == 4
    assert (np.diff(found.level) > 0).all()
    assert found.weight.sum(axis=1) == pytest.approx(1)
    hours = level_hours(found, np.array([8760.0]))[0]
    assert hours @ found.level == pytest.approx(factor.sum())
    assert found.level[-1] > np.quantile(factor, 0.93)


def test_one_level_is_enough_for_constant_demand():
    found = make_blocks(np.full(24, 0.7), np.zeros(24, dtype=np.int64))
    assert found.level == pytest.approx([0.7])
    assert found.weight.tolist() == [[1.0], [1.0]]


def test_nothing_counts_after_deadline_and_horizon():
    hours = np.array([10.0, 30.0, 80.0])
    cut = level_hours(cut_blocks(constant_blocks(0.9), 30.0), hours)
    assert cut.ravel() == pytest.approx([10, 30, 30])
    as_of = datetime(2027, 1, 12, 4, tzinfo=UTC)
    soon = as_of + timedelta(hours=12)
    both = plan_blocks(PlanConfig(deadline=soon, horizon_days=1, demand_factor=0.7), as_of=as_of)
    assert both.level == pytest.approx([0.7])
    assert level_hours(both, hours).ravel() == pytest.approx([10, 12, 12])
    past = plan_blocks(PlanConfig(deadline=as_of - timedelta(hours=1)), as_of=as_of)
    assert level_hours(past, hours).ravel() == pytest.approx([0, 0, 0])
