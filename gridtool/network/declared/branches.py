"""Lines, transformers, impedances and shunts."""

from __future__ import annotations

from gridtool.formats.schema import Column, TableSchema
from gridtool.network.declared.columns import ID, IN_SERVICE, OUTAGES, busbar_column

__all__ = ["IMPEDANCES", "LINES", "SHUNTS", "TRANSFORMERS"]

LINES = TableSchema(
    name="lines",
    meaning="overhead lines and cables, one row per circuit",
    key=("id",),
    columns=(
        ID,
        busbar_column("from_busbar", "one end"),
        busbar_column("to_busbar", "other end, of the same nominal voltage"),
        Column(name="length_km", kind="float", unit="km", meaning="length", above=0),
        Column(
            name="r_ohm_per_km", kind="float", unit="ohm/km", meaning="series resistance", minimum=0
        ),
        Column(name="x_ohm_per_km", kind="float", unit="ohm/km", meaning="series reactance"),
        Column(name="c_nf_per_km", kind="float", unit="nF/km", meaning="shunt capacitance"),
        Column(name="max_i_ka", kind="float", unit="kA", meaning="continuous rating", above=0),
        *OUTAGES,
        IN_SERVICE,
    ),
)
TRANSFORMERS = TableSchema(
    name="transformers",
    meaning="two-winding transformers and autotransformers",
    key=("id",),
    columns=(
        ID,
        busbar_column("hv_busbar", "high-voltage side"),
        busbar_column("lv_busbar", "low-voltage side"),
        Column(name="sn_mva", kind="float", unit="MVA", meaning="rated power", above=0),
        Column(name="vn_hv_kv", kind="float", unit="kV", meaning="rated HV voltage", above=0),
        Column(name="vn_lv_kv", kind="float", unit="kV", meaning="rated LV voltage", above=0),
        Column(name="vk_pct", kind="float", unit="%", meaning="short-circuit voltage"),
        Column(name="vkr_pct", kind="float", unit="%", meaning="its resistive part", minimum=0),
        Column(
            name="pfe_kw",
            kind="float",
            unit="kW",
            meaning="iron losses",
            required=False,
            default=0.0,
            minimum=0,
        ),
        Column(
            name="i0_pct",
            kind="float",
            unit="%",
            meaning="no-load current",
            required=False,
            default=0.0,
        ),
        Column(
            name="shift_degree",
            kind="float",
            unit="degree",
            meaning="phase shift of the vector group",
            required=False,
            default=0.0,
        ),
        Column(
            name="tap_side",
            kind="choice",
            meaning="winding with the tap changer",
            choices=("hv", "lv"),
            required=False,
            default="hv",
        ),
        Column(
            name="tap_step_pct",
            kind="float",
            unit="%",
            meaning="voltage per tap step; 0 for no tap changer",
            required=False,
            default=0.0,
        ),
        Column(
            name="tap_pos",
            kind="int",
            meaning="tap position, neutral 0",
            required=False,
            default=0,
        ),
        Column(
            name="overload_pct",
            kind="float",
            unit="%",
            meaning="loading allowed while another unit is out, in percent of sn_mva",
            required=False,
            default=100.0,
            minimum=100,
        ),
        *OUTAGES,
        IN_SERVICE,
    ),
    optional=True,
)
IMPEDANCES = TableSchema(
    name="impedances",
    meaning="branches given per unit, as foreign networks have them",
    key=("id",),
    columns=(
        ID,
        busbar_column("from_busbar", "one end"),
        busbar_column("to_busbar", "other end"),
        Column(name="r_pu", kind="float", unit="p.u. on sn_mva", meaning="series resistance"),
        Column(name="x_pu", kind="float", unit="p.u. on sn_mva", meaning="series reactance"),
        Column(name="sn_mva", kind="float", unit="MVA", meaning="base of r_pu and x_pu", above=0),
        Column(name="rating_mva", kind="float", unit="MVA", meaning="continuous rating", above=0),
        *OUTAGES,
        IN_SERVICE,
    ),
    optional=True,
)
SHUNTS = TableSchema(
    name="shunts",
    meaning="shunt reactors, capacitors and constant-impedance loads",
    key=("id",),
    columns=(
        ID,
        busbar_column("busbar", "section it is connected to"),
        Column(
            name="p_mw", kind="float", unit="MW", meaning="active power drawn at nominal voltage"
        ),
        Column(
            name="q_mvar",
            kind="float",
            unit="Mvar",
            meaning="reactive power drawn at nominal voltage; negative for a capacitor",
        ),
        IN_SERVICE,
    ),
    optional=True,
)
