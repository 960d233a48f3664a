"""A demand history with all that is said beside it, read together."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.special_days import read_special_days
from gridtool.forecast.history.read import read_history
from gridtool.jobs.history_options import GivenHistory, HistoryOptions
from gridtool.network.model import CityNetwork

__all__ = ["read_given_history"]


def read_given_history(
    path: Path,
    options: HistoryOptions,
    *,
    zone: ZoneInfo,
    network: CityNetwork | None = None,
) -> GivenHistory:
    """The history at ``path`` and what is said beside it.

    Parameters
    ----------
    zone
        Time zone of the city; local times in the file are in it.
    network
        The network the history belongs to, to notice kW named as MW.

    Raises
    ------
    HistoryError
        With every finding.
    """
    days = read_special_days(options.special_days) if options.special_days else SpecialDays()
    history = read_history(
        path, zone=zone, columns=options.columns, clock=options.clock, network=network
    )
    return GivenHistory(history=history, special_days=days)
