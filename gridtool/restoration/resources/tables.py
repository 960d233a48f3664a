"""The tables of a resources folder, with units."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.restoration.resources.tables_mobile import MOBILE_UNITS
from gridtool.restoration.resources.tables_places import DEPOT, SPEED, WINDOW
from gridtool.restoration.resources.tables_repairs import REPAIRS

__all__ = ["ARRIVALS", "CREWS", "MOBILE_UNITS", "REPAIRS", "RESOURCE_TABLES", "SPARES"]

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
        *DEPOT,
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
        SPEED,
        *WINDOW,
        Column(
            name="crew_type",
            kind="text",
            meaning="word for crews that are alike, as substation or line; empty: their skills "
            "say it",
            required=False,
            default="",
        ),
        Column(
            name="size",
            kind="int",
            unit="people",
            meaning="people of the crew",
            required=False,
            default=4,
            minimum=1,
            maximum=1000,
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
        Column(
            name="arrives_at",
            kind="timestamp",
            meaning="moment they can be used from, as announced",
        ),
        Column(
            name="latest_at",
            kind="timestamp",
            meaning="nine chances in ten that they are there by then, arrives_at being as likely "
            "too early as too late; empty: arrives_at is certain",
            required=False,
        ),
    ),
    optional=True,
)

RESOURCE_TABLES: tuple[TableSchema, ...] = (CREWS, SPARES, ARRIVALS, MOBILE_UNITS, REPAIRS)
"""Every table of a resources folder; ``<name>.csv`` holds it."""
