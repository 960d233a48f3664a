"""Storages: batteries and whatever else takes up energy and gives it back."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.network.declared.columns import ID, IN_SERVICE, OUTAGES, busbar_column

__all__ = ["STORAGES"]

STORAGES = TableSchema(
    name="storages",
    meaning="batteries and other storages; an assessment of one moment does not count on them",
    key=("id",),
    columns=(
        ID,
        Column(name="name", kind="text", meaning="name for people", required=False),
        busbar_column("busbar", "section it is connected to"),
        Column(
            name="charge_mw",
            kind="float",
            unit="MW",
            meaning="most it draws from the network",
            above=0,
        ),
        Column(
            name="discharge_mw",
            kind="float",
            unit="MW",
            meaning="most it delivers to the network",
            above=0,
        ),
        Column(name="energy_mwh", kind="float", unit="MWh", meaning="most it stores", above=0),
        Column(
            name="charge_efficiency",
            kind="float",
            meaning="energy stored over energy drawn",
            required=False,
            default=1.0,
            above=0,
            maximum=1,
        ),
        Column(
            name="discharge_efficiency",
            kind="float",
            meaning="energy delivered over energy taken out of store",
            required=False,
            default=1.0,
            above=0,
            maximum=1,
        ),
        Column(
            name="loss_per_hour",
            kind="float",
            meaning="share of the stored energy lost in an hour, below 1",
            required=False,
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="initial_share",
            kind="float",
            meaning="share of energy_mwh stored at the beginning",
            required=False,
            default=0.0,
            minimum=0,
            maximum=1,
        ),
        *OUTAGES,
        IN_SERVICE,
    ),
    optional=True,
)
