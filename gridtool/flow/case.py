"""The compiled case: a network as immutable arrays, built once, for every inner loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.flow.ordering import minimum_degree

__all__ = ["ORDINARY", "PROTECTED", "TIERS", "CompiledCase"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TIERS = ("ordinary", "protected")
"""Shedding tiers, shed in this order: columns of every demand, served and unserved array."""
ORDINARY, PROTECTED = 0, 1

SMALLEST_X_PU = 1e-7
"""Reactances below this (jumpers of foreign networks) count as this in the DC model."""


@dataclass(frozen=True, kw_only=True)
class CompiledCase:
    """Arrays of a network. B busbar sections, L branches, C couplers, G sources, F feeders.

    Busbar sections are kept apart here; closed couplers are fused for each topology, because
    damage to a section opens them. Elements out of service when intact are kept, with their flag;
    feeders out of service have peak 0 and no customers, infeeds and units out of service have
    ``source_max_mw`` 0, couplers have no such flag. Branches are lines, then transformers,
    then impedances, each in table order; sources are infeeds, then units, then storages where they
    are asked for. Per-unit values are
    on ``base_mva``. All arrays are read-only.

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
    source_standby : (G,) bool
        Holds an island only where nothing else does, see
        :func:`gridtool.flow.topology.apply_shares`.
    feeder_busbar, feeder_tier, feeder_substation, feeder_district : (F,) int
    feeder_peak_mw, feeder_peak_mvar : (F,)
    feeder_customers : (F,) int
    busbar_substation, busbar_district : (B,) int
    busbar_vn_kv : (B,)
    demand_mw : (B, 2)
        Feeder demand at the reference peak by busbar and tier.
    inert_ids
        Assets that damage may name but that the DC model does not have: shunts, and storages
        where they are no sources.
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
    source_standby: BoolArray
    feeder_ids: tuple[str, ...]
    feeder_busbar: IntArray
    feeder_tier: IntArray
    feeder_substation: IntArray
    feeder_district: IntArray
    feeder_peak_mw: FloatArray
    feeder_peak_mvar: FloatArray
    feeder_customers: IntArray
    demand_mw: FloatArray
    inert_ids: frozenset[str] = frozenset()

    def __getstate__(self) -> dict[str, Any]:
        # Only the fields travel to another process; what is derived is derived again there.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    @cached_property
    def part_position(self) -> Mapping[str, int]:
        """Position of each part in a vector of shares: busbars, branches, couplers, sources,
        feeders, one after the other; inert assets share one last position."""
        ids = (
            *self.busbar_ids,
            *self.branch_ids,
            *self.coupler_ids,
            *self.source_ids,
            *self.feeder_ids,
        )
        found = {part: position for position, part in enumerate(ids)}
        found.update(dict.fromkeys(self.inert_ids, len(ids)))
        return found

    @property
    def part_count(self) -> int:
        """Length of a vector of shares, the last position for inert assets included."""
        return self.part_cuts[-1] + 1

    @cached_property
    def branch_susceptance_mw(self) -> FloatArray:
        """DC flow per radian of angle difference, MW (L,); the ratio counts as in pandapower."""
        reactance = np.where(
            np.abs(self.branch_x_pu) < SMALLEST_X_PU, SMALLEST_X_PU, self.branch_x_pu
        )
        susceptance = self.base_mva / (reactance * self.branch_ratio)
        susceptance.flags.writeable = False
        return susceptance

    @cached_property
    def elimination_rank(self) -> IntArray:
        """Place of each busbar in a sparse elimination of the intact network (B,)."""
        joined = self.coupler_closed
        ends = [self.branch_from, self.coupler_a[joined]], [self.branch_to, self.coupler_b[joined]]
        edges = np.stack([np.concatenate(side) for side in ends], axis=1)
        return minimum_degree(len(self.busbar_ids), edges)

    @cached_property
    def branch_is_transformer(self) -> BoolArray:
        """Whether a branch is a transformer (L,)."""
        return np.array([kind == "transformer" for kind in self.branch_kinds], dtype=np.bool_)

    @cached_property
    def part_cuts(self) -> tuple[int, ...]:
        """Where branches, couplers, sources, feeders and inert assets begin in a share vector."""
        ids = (
            self.busbar_ids,
            self.branch_ids,
            self.coupler_ids,
            self.source_ids,
            self.feeder_ids,
        )
        return tuple(int(cut) for cut in np.cumsum([len(part) for part in ids]))
