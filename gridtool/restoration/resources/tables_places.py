"""Columns that say where something starts and when it is there, shared by the resource tables."""

from __future__ import annotations

from gridtool.formats.schema import Column

__all__ = ["DEPOT", "SPEED", "WINDOW"]


def _plane(name: str) -> Column:
    return Column(
        name=name,
        kind="float",
        unit="km",
        meaning="depot on the network's plane, where it is not a substation",
        required=False,
        minimum=-20_000,
        maximum=20_000,
    )


DEPOT = (
    Column(
        name="substation",
        kind="id",
        meaning="substation that serves as depot; empty: x_km and y_km say where it is",
        required=False,
        references="substations",
    ),
    _plane("x_km"),
    _plane("y_km"),
)
"""A depot: a substation, or a place on the plane."""

SPEED = Column(
    name="speed_kmh",
    kind="float",
    unit="km/h",
    meaning="travel speed on the way, which is 1.3 times the straight line",
    required=False,
    default=30.0,
    minimum=0.1,
    maximum=1000,
)


def _moment(name: str, meaning: str) -> Column:
    return Column(name=name, kind="timestamp", meaning=meaning, required=False)


WINDOW = (
    _moment("available_from", "first moment it is there; empty: from the start"),
    _moment("available_to", "moment it leaves; empty: it stays"),
)
"""When a crew or unit is there."""
