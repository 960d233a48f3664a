"""The tables of a resources folder, with units."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema

__all__ = ["ARRIVALS", "CREWS", "RESOURCE_TABLES", "SPARES"]

CREWS = TableSchema(
    name="crews",
    meaning="repair crews: what they can do, where they start, when they work",
    key=("id",),
    columns=(
        Column(name="id", kind="id", meaning="unique name of the crew"),
        Column(
            name="skills",
            kind="list",
            meaning="skills the crew has: line, substation, cable, plant, or words of your own "
            "that damage reports ask for",
        ),
        Column(
            name="substation",
            kind="id",
            meaning="substation that serves as depot; empty: x_km and y_km say where it is",
            required=False,
            references="substations",
        ),
        Column(
            name="x_km",
            kind="float",
            unit="km",
            meaning="depot on the network's plane, where it is not a substation",
            required=False,
            minimum=-20_000,
            maximum=20_000,
        ),
        Column(
            name="y_km",
            kind="float",
            unit="km",
            meaning="depot on the network's plane, where it is not a substation",
            required=False,
            minimum=-20_000,
            maximum=20_000,
        ),
        Column(
            name="shift_start_h",
            kind="float",
            unit="h",
            meaning="local hour at which the shift begins",
            required=False,
            default=8.0,
            minimum=0,
            maximum=24,
        ),
        Column(
            name="shift_h",
            kind="float",
            unit="h",
            meaning="length of the shift, travel included; 24: around the clock",
            required=False,
            default=12.0,
            minimum=0.5,
            maximum=24,
        ),
        Column(
            name="speed_kmh",
            kind="float",
            unit="km/h",
            meaning="travel speed on the way, which is 1.3 times the straight line",
            required=False,
            default=30.0,
            minimum=0.1,
            maximum=1000,
        ),
        Column(
            name="available_from",
            kind="timestamp",
            meaning="first moment the crew is there; empty: from the start",
            required=False,
        ),
        Column(
            name="available_to",
            kind="timestamp",
            meaning="moment the crew leaves; empty: it stays",
            required=False,
        ),
    ),
)
SPARES = TableSchema(
    name="spares",
    meaning="spares that are there now",
    key=("spare",),
    columns=(
        Column(name="spare", kind="id", meaning="type of spare, as damage reports name it"),
        Column(name="stock", kind="int", meaning="units in stock", minimum=0),
    ),
    optional=True,
)
ARRIVALS = TableSchema(
    name="arrivals",
    meaning="spares on the way",
    key=(),
    columns=(
        Column(name="spare", kind="id", meaning="type of spare"),
        Column(name="quantity", kind="int", meaning="units that arrive", minimum=1),
        Column(name="arrives_at", kind="timestamp", meaning="moment they can be used from"),
    ),
    optional=True,
)

RESOURCE_TABLES: tuple[TableSchema, ...] = (CREWS, SPARES, ARRIVALS)
"""Every table of a resources folder; ``<name>.csv`` holds it."""
