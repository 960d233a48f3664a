"""``mobile_units.csv``: mobile substations and generators."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.restoration.resources.tables_places import DEPOT, SPEED, WINDOW

__all__ = ["MOBILE_UNITS"]

MOBILE_UNITS = TableSchema(
    name="mobile_units",
    meaning="mobile substations and generators that can be placed and moved",
    key=("id",),
    columns=(
        Column(name="id", kind="id", meaning="unique name of the unit, of no asset of the network"),
        Column(
            name="kind",
            kind="choice",
            meaning="a transformer on wheels, or a generator",
            choices=("substation", "generator"),
        ),
        Column(
            name="capacity_mva",
            kind="float",
            unit="MVA",
            meaning="rating; of a generator its MW at unity power factor",
            above=0,
            maximum=1000,
        ),
        Column(
            name="kv",
            kind="float",
            unit="kV",
            meaning="voltage of the section it feeds",
            above=0,
            maximum=1500,
        ),
        Column(
            name="hv_kv",
            kind="float",
            unit="kV",
            meaning="voltage of the section a substation takes its power from; empty for a "
            "generator",
            required=False,
            above=0,
            maximum=1500,
        ),
        *DEPOT,
        Column(
            name="setup_h",
            kind="float",
            unit="h",
            meaning="time to set it up on site, around the clock",
            required=False,
            default=4.0,
            minimum=0,
            maximum=8784,
        ),
        Column(
            name="teardown_h",
            kind="float",
            unit="h",
            meaning="time to take it down, around the clock",
            required=False,
            default=2.0,
            minimum=0,
            maximum=8784,
        ),
        SPEED,
        Column(
            name="fuel_mwh_per_day",
            kind="float",
            unit="MWh/d",
            meaning="energy that a generator's fuel gives a day on average; empty: no limit",
            required=False,
            above=0,
        ),
        Column(
            name="sites",
            kind="list",
            meaning="substations it may stand at; empty: all where the voltages fit",
            required=False,
            references="substations",
        ),
        *WINDOW,
    ),
    optional=True,
)
