"""Demand over the time of a plan as blocks: a few levels, mixed by the hours of each month."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import DemandBlocks

__all__ = ["constant_blocks", "level_hours"]

FloatArray = npt.NDArray[np.float64]


def constant_blocks(factor: float) -> DemandBlocks:
    """The same demand at all times: ``factor`` times the reference peak."""
    return DemandBlocks(
        level=np.array([factor]), begins_h=np.array([0.0]), weight=np.array([[1.0]])
    )


def level_hours(blocks: DemandBlocks, hours: FloatArray) -> FloatArray:
    """Hours spent at each level from 0 until each of ``hours`` (k,); shape (k, L)."""
    begins = blocks.begins_h
    lengths = np.diff(begins)
    before = np.vstack([np.zeros(len(blocks.level)), lengths[:, None] * blocks.weight[:-1]])
    before = np.cumsum(before, axis=0)
    period = np.searchsorted(begins, hours, side="right") - 1
    period = np.clip(period, 0, len(begins) - 1)
    into = hours - begins[period]
    found: FloatArray = before[period] + into[:, None] * blocks.weight[period]
    return found
