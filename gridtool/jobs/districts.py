"""A city's districts, as the network has them or as a history by district says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridtool.forecast.demand.districts.read_districts import read_district_history
from gridtool.forecast.demand.districts.split import CitySplit, split_city
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.shortage import forecast_grid
from gridtool.network.model import CityNetwork

__all__ = ["move_districts", "read_split"]


def read_split(
    network: CityNetwork,
    path: Path | None,
    *,
    zone: ZoneInfo,
    as_of: datetime,
    special_days: SpecialDays | None = None,
) -> CitySplit:
    """How the demand of ``network`` divides, by what was known of its districts at ``as_of``.

    Raises
    ------
    HistoryError
        If the history by district at ``path`` cannot be used, with every finding.
    """
    if path is None:
        return split_city(network, special_days=special_days)
    history = read_district_history(path, zone=zone).until(as_of)
    return split_city(network, history=history, special_days=special_days)


def move_districts(
    network: CityNetwork,
    path: Path | None,
    *,
    zone: ZoneInfo,
    as_of: datetime,
    months: int,
) -> tuple[CityNetwork, tuple[str, ...]]:
    """``network`` with peaks by district as their history lets expect, and what that said.

    Raises
    ------
    HistoryError
        If the history by district at ``path`` cannot be used, with every finding.
    """
    if path is None:
        return network, ()
    split = read_split(network, path, zone=zone, as_of=as_of)
    grid = forecast_grid(as_of, months=months, zone=zone)
    return split.rescale(network, grid=grid), split.notes
