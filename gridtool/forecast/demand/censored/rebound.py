"""What the planner states of the months ahead, as factors on demand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import HistoryError, Issue
from gridtool.forecast.demand.model import DemandEvent
from gridtool.timegrid import TimeGrid

__all__ = ["rebound_factor", "stated_level"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)


def rebound_factor(events: Sequence[DemandEvent], grid: TimeGrid) -> FloatArray:
    """Factor of the stated rebounds on the demand of each hour, shape (grid.hours,).

    A rebound of change c from a to b raises demand by c (b - t) / (b - a) at time t: cold
    buildings and empty tanks are heated and filled at once, and the catching up fades. Of an
    hour the mean over the hour counts.
    """
    factor = np.ones(grid.hours)
    for event in events:
        if event.kind != "rebound" or event.end is None or event.change is None:
            continue
        length = (event.end - event.start) / HOUR
        since = (grid.start - event.start) / HOUR + np.arange(grid.hours)
        first, last = np.clip(since, 0.0, length), np.clip(since + 1.0, 0.0, length)
        factor *= 1.0 + event.change * (last - first) * (1.0 - (first + last) / (2.0 * length))
    return factor


def stated_level(events: Sequence[DemandEvent], after: datetime, grid: TimeGrid) -> FloatArray:
    """Factor of the level changes stated for ``after`` (the history's end) on, (grid.hours,).

    Changes within the history are in its level already. An hour in which the level moves takes
    the new level for the part that is left.

    Raises
    ------
    HistoryError
        If a change ahead is stated without its size: nothing tells it.
    """
    ahead = [event for event in events if event.kind == "level" and event.start >= after]
    issues = [
        Issue(
            message=f"the level moves on {event.start.astimezone(grid.zone):%Y-%m-%d %H:%M}, after "
            "the history's end, by an unknown amount",
            field="change_pct",
            accepted="a percentage: only a change within the history can be estimated",
        )
        for event in ahead
        if event.change is None
    ]
    if issues:
        raise HistoryError(issues, subject="events")
    factor = np.ones(grid.hours)
    for event in ahead:
        passed = (grid.start - event.start) / HOUR + np.arange(1, grid.hours + 1)
        factor *= 1.0 + (event.change or 0.0) * np.clip(passed, 0.0, 1.0)
    return factor
