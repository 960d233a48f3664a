"""The compiled case: a network as immutable arrays, built once, for every inner loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ORDINARY", "PROTECTED", "TIERS", "CompiledCase"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TIERS = ("ordinary", "protected")
"""Shedding tiers, shed in this order: columns of every demand, served and unserved array."""
ORDINARY, PROTECTED = 0, 1


@dataclass(frozen=True, kw_only=True)
class CompiledCase:
    """Arrays of a network. B busbar sections, L branches, C couplers, G sources, F feeders.

    Busbar sections are kept apart here; closed couplers are fused for each topology, because
    damage to a section opens them. Branches are lines, then transformers, then impedances, each
    in table order; sources are infeeds, then units. Per-unit values are on ``base_mva``.
    All arrays are read-only.

    Attributes
    ----------
    branch_from, branch_to : (L,) int
        Busbar positions of the ends (transformers: HV side first).
    branch_r_pu, branch_x_pu, branch_b_pu, branch_g_pu : (L,)
        Series impedance and total shunt admittance of the pi model.
    branch_ratio, branch_shift_rad : (L,)
        Off-nominal ratio and phase shift at the from end (1 and 0 for a line).
    branch_rating_mva : (L,)
        Rating used for limits: continuous rating of a line, ``sn_mva * overload_pct / 100`` of
        a transformer.
    branch_limit_mw : (L,)
        What the DC dispatch allows: ``branch_rating_mva * pf_margin``.
    branch_in_service : (L,) bool
    coupler_a, coupler_b : (C,) int
    coupler_closed, coupler_transfer : (C,) bool
    source_busbar : (G,) int
    source_max_mw : (G,)
    source_infeed, source_forming : (G,) bool
        Infeed or unit; can hold an island on its own.
    feeder_busbar, feeder_tier, feeder_substation, feeder_district : (F,) int
    feeder_peak_mw, feeder_peak_mvar : (F,)
    feeder_customers : (F,) int
    busbar_substation, busbar_district : (B,) int
    busbar_vn_kv : (B,)
    demand_mw : (B, 2)
        Feeder demand at the reference peak by busbar and tier.
    """

    base_mva: float
    pf_margin: float
    busbar_ids: tuple[str, ...]
    busbar_vn_kv: FloatArray
    busbar_in_service: BoolArray
    busbar_substation: IntArray
    busbar_district: IntArray
    substation_ids: tuple[str, ...]
    district_ids: tuple[str, ...]
    branch_ids: tuple[str, ...]
    branch_kinds: tuple[str, ...]
    branch_from: IntArray
    branch_to: IntArray
    branch_r_pu: FloatArray
    branch_x_pu: FloatArray
    branch_b_pu: FloatArray
    branch_g_pu: FloatArray
    branch_ratio: FloatArray
    branch_shift_rad: FloatArray
    branch_rating_mva: FloatArray
    branch_limit_mw: FloatArray
    branch_in_service: BoolArray
    coupler_ids: tuple[str, ...]
    coupler_a: IntArray
    coupler_b: IntArray
    coupler_closed: BoolArray
    coupler_transfer: BoolArray
    source_ids: tuple[str, ...]
    source_busbar: IntArray
    source_max_mw: FloatArray
    source_infeed: BoolArray
    source_forming: BoolArray
    feeder_ids: tuple[str, ...]
    feeder_busbar: IntArray
    feeder_tier: IntArray
    feeder_substation: IntArray
    feeder_district: IntArray
    feeder_peak_mw: FloatArray
    feeder_peak_mvar: FloatArray
    feeder_customers: IntArray
    demand_mw: FloatArray
