"""The demand that repairs are valued at, from a history: expected by hour, as blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridtool.cli.history_options import HistoryOptions
from gridtool.cli.state import resolve_zone
from gridtool.jobs.demand import make_model
from gridtool.jobs.model import DemandSource
from gridtool.restoration.value.blocks import make_blocks
from gridtool.timegrid import TimeGrid

if TYPE_CHECKING:
    from gridtool.errors import Issue
    from gridtool.network.model import CityNetwork
    from gridtool.restoration.model import DemandBlocks

__all__ = ["DemandRead", "read_demand"]

PATHS = 64
"""Simulated paths of demand whose mean is the expected one."""

HOURS = 366 * 24
MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRead:
    """The blocks, what reading the history said, and why its model is a weaker one (else "")."""

    blocks: DemandBlocks
    warnings: tuple[Issue | str, ...]
    fallback: str


def read_demand(
    history: Path,
    reading: HistoryOptions,
    *,
    city: CityNetwork,
    as_of: datetime,
    tz: str | None,
    seed: int,
) -> DemandRead:
    """The demand of the year after ``as_of``, from what was known then.

    The highest hour of the history's last year is the network's reference peak.

    Raises
    ------
    HistoryError
        With every finding.
    """
    zone = resolve_zone(tz, city)
    made = make_model(
        DemandSource(history=history, options=reading, timezone=zone.key),
        network=city,
        as_of=as_of,
        months=MONTHS,
    )
    start = as_of.replace(minute=0, second=0, microsecond=0)
    if start < as_of:
        start += timedelta(hours=1)
    grid = TimeGrid(start=start, hours=HOURS, zone=zone)
    expected_mw = made.model.simulate(PATHS, grid=grid, seed=seed).mean(axis=0)
    month = np.asarray(grid.month_index, dtype=np.int64)
    return DemandRead(
        blocks=make_blocks(expected_mw / city.peak_mw, month),
        warnings=made.warnings,
        fallback=made.fallback,
    )
