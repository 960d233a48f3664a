"""Equipment of the synthetic city: catalogue values, each with its source.

Sources
-------
Lines with AC (ACSR) conductors, 110 kV XLPE cable 800 mm2 Al, ТРДН transformers: handbook
values; the AC-240 line agrees with the DIN type 243-AL1/39-ST1A of pandapower.
Autotransformer АТДЦТН-200000/330: catalogue, 330/115 kV, u_k 10.5 %, i0 0.45-0.5 %.
Forced outage rates and repair times of the units: IEEE RTS-79 (IEEE Trans. PAS-98, 1979),
classes of the nearest size.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AUTOTRANSFORMER",
    "CABLES_110",
    "COSPHI",
    "MEAN_STATION_MW",
    "OVERHEADS_110",
    "OVERHEAD_330",
    "STATION_TRANSFORMERS",
    "UNIT_CLASSES",
    "LineType",
    "TransformerType",
    "UnitClass",
]

COSPHI = 0.94
"""Power factor of every feeder at the reference peak."""
MEAN_STATION_MW = 25.0
"""Average winter peak of a 110/10 kV substation, MW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineType:
    """Conductor: impedance and capacitance per km, continuous rating."""

    r_ohm_per_km: float
    x_ohm_per_km: float
    c_nf_per_km: float
    max_i_ka: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerType:
    """Transformer nameplate; columns as in the table ``transformers``."""

    sn_mva: float
    vn_hv_kv: float
    vn_lv_kv: float
    vk_pct: float
    vkr_pct: float
    pfe_kw: float
    i0_pct: float
    shift_degree: float
    tap_side: str
    tap_step_pct: float
    overload_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitClass:
    """Generating unit: rating, forced outage rate, mean times to failure and repair."""

    max_mw: float
    forced_outage_rate: float
    mttf_h: float
    mttr_h: float


OVERHEAD_330 = LineType(r_ohm_per_km=0.0365, x_ohm_per_km=0.323, c_nf_per_km=11.0, max_i_ka=1.65)
OVERHEADS_110 = (
    LineType(r_ohm_per_km=0.118, x_ohm_per_km=0.405, c_nf_per_km=8.9, max_i_ka=0.605),
    LineType(r_ohm_per_km=0.073, x_ohm_per_km=0.386, c_nf_per_km=9.4, max_i_ka=0.825),
    LineType(r_ohm_per_km=0.059, x_ohm_per_km=0.29, c_nf_per_km=12.4, max_i_ka=1.21),
    LineType(r_ohm_per_km=0.0365, x_ohm_per_km=0.28, c_nf_per_km=12.9, max_i_ka=1.65),
)
"""AC-240/32, AC-400/51, 2xAC-240/32, 2xAC-400/51, in rising order."""
CABLES_110 = (
    LineType(r_ohm_per_km=0.037, x_ohm_per_km=0.12, c_nf_per_km=220.0, max_i_ka=0.72),
    LineType(r_ohm_per_km=0.0185, x_ohm_per_km=0.06, c_nf_per_km=440.0, max_i_ka=1.44),
    LineType(r_ohm_per_km=0.0123, x_ohm_per_km=0.04, c_nf_per_km=660.0, max_i_ka=2.16),
)
"""One, two and three XLPE cables of 800 mm2 aluminium per phase."""

AUTOTRANSFORMER = TransformerType(
    sn_mva=200.0,
    vn_hv_kv=330.0,
    vn_lv_kv=115.0,
    vk_pct=10.5,
    vkr_pct=0.3,
    pfe_kw=180.0,
    i0_pct=0.5,
    shift_degree=0.0,
    tap_side="lv",
    tap_step_pct=2.0,
    overload_pct=120.0,
)


def _station_transformer(
    sn_mva: float, *, vkr_pct: float, pfe_kw: float, i0_pct: float
) -> TransformerType:
    return TransformerType(
        sn_mva=sn_mva,
        vn_hv_kv=115.0,
        vn_lv_kv=10.5,
        vk_pct=10.5,
        vkr_pct=vkr_pct,
        pfe_kw=pfe_kw,
        i0_pct=i0_pct,
        shift_degree=330.0,
        tap_side="hv",
        tap_step_pct=1.78,
        overload_pct=140.0,
    )


STATION_TRANSFORMERS = (
    _station_transformer(25.0, vkr_pct=0.48, pfe_kw=27.0, i0_pct=0.7),
    _station_transformer(40.0, vkr_pct=0.43, pfe_kw=36.0, i0_pct=0.65),
    _station_transformer(63.0, vkr_pct=0.413, pfe_kw=59.0, i0_pct=0.6),
)
"""110/10 kV types in rising order; the tap changer has +-9 steps of 1.78 %."""

UNIT_CLASSES = (
    UnitClass(max_mw=25.0, forced_outage_rate=0.02, mttf_h=2940.0, mttr_h=60.0),
    UnitClass(max_mw=50.0, forced_outage_rate=0.02, mttf_h=1960.0, mttr_h=40.0),
    UnitClass(max_mw=80.0, forced_outage_rate=0.02, mttf_h=1960.0, mttr_h=40.0),
    UnitClass(max_mw=110.0, forced_outage_rate=0.04, mttf_h=1200.0, mttr_h=50.0),
    UnitClass(max_mw=150.0, forced_outage_rate=0.04, mttf_h=960.0, mttr_h=40.0),
)
"""Heat-and-power units in rising order of rating."""
