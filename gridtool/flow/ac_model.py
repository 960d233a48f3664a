"""The compiled case with what alternating current needs: admittances, set points, ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.compile import compile_case
from gridtool.flow.model import Topology
from gridtool.network.model import CityNetwork

__all__ = [
    "AcModel",
    "ComplexArray",
    "build_ac_model",
    "busbar_load",
    "choose_slack_sources",
    "feeder_load",
]

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AcModel:
    """Arrays for AC power flow, per unit on ``case.base_mva`` and the busbars' nominal voltage.

    Attributes
    ----------
    y_ff, y_ft, y_tf, y_tt : (L,) complex
        Branch admittances: ``i_from = y_ff v_from + y_ft v_to``.
    allowed_from_pu, allowed_to_pu : (L,)
        Current allowed at the ends, overload of a transformer included; a transformer's rated
        current follows from its rated, not its busbar's nominal, voltage (as in pandapower).
    shunt_ids, shunt_busbar, shunt_y_pu, shunt_on
        Shunts in table order: ids, busbar (S,) int, admittance (S,) complex, whether connected.
    source_vm_pu : (G,)
        Voltage set point; NaN for a unit without voltage control.
    source_va_rad, source_base_mw, source_base_mvar, source_min_mvar, source_max_mvar : (G,)
        Angle of infeeds; generation in the base case; reactive output without voltage control;
        reactive limits (NaN: none known).
    """

    case: CompiledCase
    y_ff: ComplexArray
    y_ft: ComplexArray
    y_tf: ComplexArray
    y_tt: ComplexArray
    allowed_from_pu: FloatArray
    allowed_to_pu: FloatArray
    shunt_ids: tuple[str, ...]
    shunt_busbar: IntArray
    shunt_y_pu: ComplexArray
    shunt_on: npt.NDArray[np.bool_]
    source_vm_pu: FloatArray
    source_va_rad: FloatArray
    source_base_mw: FloatArray
    source_base_mvar: FloatArray
    source_min_mvar: FloatArray
    source_max_mvar: FloatArray

    @cached_property
    def shunt_pu(self) -> ComplexArray:
        """Admittance of the connected shunts at each busbar, shape (B,)."""
        total = np.zeros(len(self.case.busbar_ids), dtype=np.complex128)
        np.add.at(total, self.shunt_busbar[self.shunt_on], self.shunt_y_pu[self.shunt_on])
        return total


def build_ac_model(
    network: CityNetwork,
    case: CompiledCase | None = None,
    *,
    capacity_share: Mapping[str, float] | None = None,
) -> AcModel:
    """The AC arrays of ``network``; ``case`` is its compiled case if there is one already.

    Of ``capacity_share`` only shunts that are out matter here; the rest is the topology's.
    """
    case = case or compile_case(network)
    tap = case.branch_ratio * np.exp(1j * case.branch_shift_rad)
    series = 1.0 / (case.branch_r_pu + 1j * case.branch_x_pu)
    end = series + (case.branch_g_pu + 1j * case.branch_b_pu) / 2.0
    allowed_from, allowed_to = _allowed_currents(network, case)
    infeeds, units = network.infeeds, network.units
    nothing = np.zeros(len(infeeds))
    unknown = np.full(len(infeeds), np.nan)

    def of_units(column: str, infeed_values: FloatArray) -> FloatArray:
        return np.concatenate([infeed_values, units[column].to_numpy(dtype=np.float64)])

    return AcModel(
        case=case,
        y_ff=np.asarray(end / case.branch_ratio**2, dtype=np.complex128),
        y_ft=-series / np.conj(tap),
        y_tf=-series / tap,
        y_tt=np.asarray(end, dtype=np.complex128),
        allowed_from_pu=allowed_from,
        allowed_to_pu=allowed_to,
        **_shunts(network, case, capacity_share or {}),
        source_vm_pu=of_units("vm_pu", infeeds["vm_pu"].to_numpy(dtype=np.float64)),
        source_va_rad=np.deg2rad(
            np.concatenate([infeeds["va_degree"].to_numpy(dtype=np.float64), np.zeros(len(units))])
        ),
        source_base_mw=of_units("p_mw", nothing),
        source_base_mvar=of_units("q_mvar", nothing),
        source_min_mvar=of_units("min_mvar", unknown),
        source_max_mvar=of_units("max_mvar", unknown),
    )


def _allowed_currents(network: CityNetwork, case: CompiledCase) -> tuple[FloatArray, FloatArray]:
    allowed = case.branch_rating_mva / case.base_mva
    ends = []
    for busbars, column in ((case.branch_from, "vn_hv_kv"), (case.branch_to, "vn_lv_kv")):
        factor = np.ones(len(allowed))
        chosen = np.array(case.branch_kinds, dtype=object) == "transformer"
        rated = network.transformers[column].to_numpy(dtype=np.float64)
        factor[chosen] = case.busbar_vn_kv[busbars[chosen]] / rated
        ends.append(allowed * factor)
    return ends[0], ends[1]


def _shunts(
    network: CityNetwork, case: CompiledCase, capacity_share: Mapping[str, float]
) -> dict[str, Any]:
    shunts = network.shunts
    place = {busbar: position for position, busbar in enumerate(case.busbar_ids)}
    left = np.array([capacity_share.get(key, 1.0) > 0.0 for key in shunts.index], dtype=bool)
    drawn = shunts["p_mw"].to_numpy(np.float64) - 1j * shunts["q_mvar"].to_numpy(np.float64)
    return {
        "shunt_ids": tuple(str(key) for key in shunts.index),
        "shunt_busbar": np.array([place[b] for b in shunts["busbar"]], dtype=np.int64),
        "shunt_y_pu": np.asarray(drawn / case.base_mva, dtype=np.complex128),
        "shunt_on": left & shunts["in_service"].to_numpy(dtype=bool),
    }


def busbar_load(model: AcModel, served_mw: FloatArray) -> ComplexArray:
    """Complex load of each busbar in MVA when ``served_mw`` of its demand is served.

    Reactive demand follows active demand at the ratio of the reference peak, by busbar and tier;
    reactive demand without active demand is drawn in full.

    Parameters
    ----------
    served_mw : (B, 2)
    """
    total = np.zeros(len(served_mw), dtype=np.complex128)
    np.add.at(total, model.case.feeder_busbar, feeder_load(model, served_mw))
    return total


def feeder_load(model: AcModel, served_mw: FloatArray) -> ComplexArray:
    """Complex load of each feeder in MVA, shape (F,); see :func:`busbar_load`."""
    case = model.case
    share = np.ones_like(served_mw)
    np.divide(served_mw, case.demand_mw, out=share, where=case.demand_mw > 0.0)
    peak = case.feeder_peak_mw + 1j * case.feeder_peak_mvar
    return np.asarray(peak * share[case.feeder_busbar, case.feeder_tier], dtype=np.complex128)


def choose_slack_sources(
    model: AcModel, topology: Topology, *, headroom_mw: FloatArray | None = None
) -> tuple[int, ...]:
    """Positions of the sources that balance each energised island.

    Without ``headroom_mw`` every infeed left is one, as a base case has it. With it (G,), each
    island has exactly one: the infeed with the most headroom. An island without infeed is held
    by the largest grid-forming unit. Ties go to the first.
    """
    case = model.case
    node = topology.node_of_busbar[case.source_busbar]
    usable = (topology.source_max_mw > 0.0) & (node >= 0) & case.source_forming
    by_island: dict[int, list[int]] = {}
    for source in np.flatnonzero(usable):
        by_island.setdefault(int(topology.island_of_node[node[source]]), []).append(int(source))
    chosen: list[int] = []
    for sources in by_island.values():
        infeeds = [g for g in sources if case.source_infeed[g]]
        if infeeds and headroom_mw is None:
            chosen += infeeds
        elif infeeds and headroom_mw is not None:
            chosen.append(max(infeeds, key=lambda g: (headroom_mw[g], -g)))
        else:
            chosen.append(max(sources, key=lambda g: (topology.source_max_mw[g], -g)))
    return tuple(sorted(chosen))
