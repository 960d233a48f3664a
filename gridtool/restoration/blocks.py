"""Demand over the time of a plan as blocks: a few levels, mixed by the hours of each month."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import DemandBlocks, PlanConfig

__all__ = ["constant_blocks", "cut_blocks", "level_hours", "plan_blocks"]

FloatArray = npt.NDArray[np.float64]


def constant_blocks(factor: float) -> DemandBlocks:
    """The same demand at all times: ``factor`` times the reference peak."""
    return DemandBlocks(
        level=np.array([factor]), begins_h=np.array([0.0]), weight=np.array([[1.0]])
    )


def plan_blocks(config: PlanConfig, *, as_of: datetime) -> DemandBlocks:
    """The demand a plan counts energy at: nothing after its deadline or its horizon."""
    blocks = config.demand or constant_blocks(config.demand_factor)
    ends = []
    if config.deadline is not None:
        ends.append((config.deadline - as_of) / timedelta(hours=1))
    if config.horizon_days is not None:
        ends.append(24.0 * config.horizon_days)
    return cut_blocks(blocks, min(ends)) if ends else blocks


def cut_blocks(blocks: DemandBlocks, end_h: float) -> DemandBlocks:
    """``blocks`` with no energy counted from ``end_h`` hours after the as-of time on."""
    end_h = max(end_h, 0.0)
    kept = blocks.begins_h < end_h
    return replace(
        blocks,
        begins_h=np.append(blocks.begins_h[kept], end_h),
        weight=np.vstack([blocks.weight[kept], np.zeros(len(blocks.level))]),
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
