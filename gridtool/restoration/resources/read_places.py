"""Where a crew or mobile unit starts and when it is there, from one typed row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridtool.errors import Issue
from gridtool.network.model import CityNetwork

__all__ = ["check_window", "find_depot"]


def check_window(row: int, values: Mapping[str, Any], *, file: str, word: str) -> list[Issue]:
    """A finding if the crew or unit (``word``) leaves before it is there."""
    begins, ends = values["available_from"], values["available_to"]
    if begins is None or ends is None or begins < ends:
        return []
    return [
        Issue(
            message=f"the {word} leaves before it is there",
            file=file,
            row=row,
            field="available_to",
            value=str(ends),
            accepted="a time after available_from",
            ids=(values["id"],),
        )
    ]


def find_depot(
    row: int, values: Mapping[str, Any], network: CityNetwork, *, file: str, word: str
) -> tuple[tuple[float, float], list[Issue]]:
    """Plane coordinates in km, and a finding where the row gives none.

    A substation that is not in the network has a finding already.
    """
    substation, x_km, y_km = values["substation"], values["x_km"], values["y_km"]
    if substation is not None:
        if substation not in network.substations.index:
            return (0.0, 0.0), []
        place = network.substations.loc[substation]
        return (float(place["x_km"]), float(place["y_km"])), []
    if x_km is not None and y_km is not None:
        return (float(x_km), float(y_km)), []
    issue = Issue(
        message=f"the {word} has no depot",
        file=file,
        row=row,
        field="substation",
        accepted="a substation, or both x_km and y_km",
        ids=(values["id"],),
    )
    return (0.0, 0.0), [issue]
