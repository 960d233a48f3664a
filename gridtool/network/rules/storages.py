"""Storages that keep nothing, or whose energy and power do not fit each other."""

from __future__ import annotations

from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork
from gridtool.network.rules.finding import finding, flagged

__all__ = ["check_losses", "check_times"]

_LEAST_H, _MOST_H = 0.05, 1000.0


def check_losses(network: CityNetwork) -> Iterator[Issue]:
    """A storage that loses all it has within the hour stores nothing."""
    frame = network.storages
    for position, key, row in flagged(frame, frame["loss_per_hour"] >= 1.0):
        yield finding(
            "storages",
            position,
            "loss_per_hour",
            "a storage that loses everything within an hour",
            value=row["loss_per_hour"],
            ids=(key,),
            accepted="0 or more, below 1",
            hint="is it in percent?",
        )


def check_times(network: CityNetwork) -> Iterator[Issue]:
    """Storages that are full or empty within minutes, or only after weeks."""
    frame = network.storages
    hours = frame["energy_mwh"] / frame["discharge_mw"]
    strange = (hours < _LEAST_H) | (hours > _MOST_H)
    for position, key, row in flagged(frame, strange):
        yield finding(
            "storages",
            position,
            "energy_mwh",
            f"{row['energy_mwh']:g} MWh last {hours.iloc[position]:.3g} hours at "
            f"{row['discharge_mw']:g} MW",
            value=row["energy_mwh"],
            ids=(key,),
            accepted=f"{_LEAST_H:g} to {_MOST_H:g} hours",
            hint="are energy and power in the same unit?",
            severity="warning",
        )
