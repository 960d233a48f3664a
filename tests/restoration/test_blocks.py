from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from gridtool.restoration.blocks import constant_blocks, level_hours
from gridtool.restoration.model import DemandBlocks


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
