"""Demand over the time of a plan as blocks: a few levels, mixed by the hours of each month."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.restoration.model import DemandBlocks, PlanConfig

__all__ = ["constant_blocks", "cut_blocks", "level_hours", "make_blocks", "plan_blocks"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_EDGES = (0.35, 0.7, 0.93)
"""Shares of the hours, by demand, between the levels."""


def constant_blocks(factor: float) -> DemandBlocks:
    """The same demand at all times: ``factor`` times the reference peak."""
    return DemandBlocks(
        level=np.array([factor]), begins_h=np.array([0.0]), weight=np.array([[1.0]])
    )


def make_blocks(factor: FloatArray, month: IntArray) -> DemandBlocks:
    """The blocks of hourly demand: a few levels, mixed in each month as its hours are.

    Levels are the means of the lowest, the middle and the highest hours; the very highest, when
    networks bind, are one of their own. After the last hour all months are mixed.

    Parameters
    ----------
    factor : (hours,)
        Demand over the reference peak of each hour from the as-of time on.
    month : (hours,) int
        Which month each hour is in, ascending.
    """
    edges = np.unique(np.quantile(factor, _EDGES))
    _, group = np.unique(np.searchsorted(edges, factor, side="right"), return_inverse=True)
    level = np.bincount(group, weights=factor) / np.bincount(group)
    begins = np.flatnonzero(np.diff(month, prepend=month[0] - 1))
    period = np.searchsorted(begins, np.arange(len(factor)), side="right") - 1
    count = np.zeros((len(begins) + 1, len(level)))
    np.add.at(count, (period, group), 1.0)
    count[-1] = count[:-1].sum(axis=0)
    return DemandBlocks(
        level=level,
        begins_h=np.append(begins, len(factor)).astype(np.float64),
        weight=count / count.sum(axis=1, keepdims=True),
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
