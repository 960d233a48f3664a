"""A network as the AC load delivery sees it: pi models, limits of voltage and reactive power.

Source of the model: PowerModels.jl (BSD-3), ACPPowerModel, and the MATPOWER User's Manual,
section 3.2 (branches with a tap at the from end and half the charging at each end).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue, NetworkError
from gridtool.flow.mld_case import MatpowerFile, angle_limits, rating
from gridtool.network.foreign.matpower_case import Branch, Bus, Generator

__all__ = ["AcCase", "ac_case_of_matpower", "take_out"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ComplexArray = npt.NDArray[np.complex128]
BoolArray = npt.NDArray[np.bool_]

_REFERENCE, _ISOLATED = 3, 4


@dataclass(frozen=True, kw_only=True)
class AcCase:
    """B buses, D loads, S shunts, G generators, L branches, all in service; p.u. on ``base_mva``.

    Attributes
    ----------
    v_low, v_high : (B,)
    reference : (R,)
        Positions of the buses at angle 0.
    load_pu : (D,) complex
        Power drawn.
    shunt_pu : (S,) complex
        Power drawn at 1 p.u.
    gen_low, gen_high : (G, 2)
        Least and largest active and reactive output.
    admittance : (L, 4) complex
        Of the pi model: from-from, from-to, to-from, to-to.
    branch_rate : (L,)
        Rating, infinite where there is none.
    angle_low, angle_high : (L,)
        Limits of the angle difference, radians.
    """

    name: str
    base_mva: float
    bus_ids: tuple[str, ...]
    v_low: FloatArray
    v_high: FloatArray
    reference: IntArray
    load_ids: tuple[str, ...]
    load_bus: IntArray
    load_pu: ComplexArray
    load_weight: FloatArray
    shunt_ids: tuple[str, ...]
    shunt_bus: IntArray
    shunt_pu: ComplexArray
    gen_ids: tuple[str, ...]
    gen_bus: IntArray
    gen_low: FloatArray
    gen_high: FloatArray
    branch_ids: tuple[str, ...]
    branch_from: IntArray
    branch_to: IntArray
    admittance: ComplexArray
    branch_rate: FloatArray
    angle_low: FloatArray
    angle_high: FloatArray
    time_elapsed_h: float = 1.0


def ac_case_of_matpower(file: MatpowerFile) -> AcCase:
    """The AC case of a file, damage not applied; what is out of service is left out.

    Raises
    ------
    NetworkError
        With all limits that contradict each other, and for storage, which is not counted here.
    """
    case, base = file.case, file.case.base_mva
    buses = [bus for bus in case.buses if bus.type != _ISOLATED]
    place = {bus.number: k for k, bus in enumerate(buses)}
    gens = [g for g in case.generators if g.in_service and g.bus in place]
    branches = [b for b in case.branches if b.in_service and {b.from_bus, b.to_bus} <= set(place)]
    _check_limits(file, buses, gens)
    loads = [b for b in buses if b.pd_mw or b.qd_mvar]
    shunts = [b for b in buses if b.gs_mw or b.bs_mvar]
    angles = np.array([angle_limits(branch) for branch in branches]).reshape(-1, 2)
    return AcCase(
        name=case.name,
        base_mva=base,
        bus_ids=tuple(str(bus.number) for bus in buses),
        v_low=np.array([bus.vmin_pu for bus in buses]),
        v_high=np.array([bus.vmax_pu for bus in buses]),
        reference=_places(place[b.number] for b in buses if b.type == _REFERENCE),
        load_ids=tuple(str(b.number) for b in loads),
        load_bus=_places(place[b.number] for b in loads),
        load_pu=np.array([complex(b.pd_mw, b.qd_mvar) / base for b in loads], complex),
        load_weight=np.ones(len(loads)),
        shunt_ids=tuple(str(b.number) for b in shunts),
        shunt_bus=_places(place[b.number] for b in shunts),
        shunt_pu=np.array([complex(b.gs_mw, -b.bs_mvar) / base for b in shunts], complex),
        gen_ids=tuple(str(g.row) for g in gens),
        gen_bus=_places(place[g.bus] for g in gens),
        gen_low=np.array([(g.pmin_mw, g.qmin_mvar) for g in gens]).reshape(-1, 2) / base,
        gen_high=np.array([(g.pmax_mw, g.qmax_mvar) for g in gens]).reshape(-1, 2) / base,
        branch_ids=tuple(str(b.row) for b in branches),
        branch_from=_places(place[b.from_bus] for b in branches),
        branch_to=_places(place[b.to_bus] for b in branches),
        admittance=np.array([_pi_model(b) for b in branches], complex).reshape(-1, 4),
        branch_rate=np.array([rating(b, base) for b in branches]),
        angle_low=angles[:, 0],
        angle_high=angles[:, 1],
        time_elapsed_h=file.time_elapsed_h,
    )


def _places(values: object) -> IntArray:
    return np.array(list(values), dtype=np.int64)  # type: ignore[call-overload]


def _pi_model(branch: Branch) -> tuple[complex, ...]:
    series = 1.0 / complex(branch.r_pu, branch.x_pu)
    charged = series + 0.5j * branch.b_pu
    tap = cmath.rect(branch.ratio or 1.0, math.radians(branch.angle_degree))
    return charged / abs(tap) ** 2, -series / tap.conjugate(), -series / tap, charged


def _check_limits(file: MatpowerFile, buses: list[Bus], gens: list[Generator]) -> None:
    """Refuse limits that contradict each other, all at once."""
    name = file.case.name
    issues = [
        Issue(
            message=f"the voltage limits of bus {bus.number} cannot be used",
            file=name,
            field="mpc.bus, columns 12 and 13 (Vmax, Vmin)",
            value=f"{bus.vmax_pu:g}, {bus.vmin_pu:g}",
            accepted="0 <= Vmin <= Vmax, finite, Vmax above 0",
        )
        for bus in buses
        if not (0.0 <= bus.vmin_pu <= bus.vmax_pu < math.inf and bus.vmax_pu > 0.0)
    ]
    for gen in gens:
        limits = (
            ("Pmax, Pmin", gen.pmax_mw, gen.pmin_mw),
            ("Qmax, Qmin", gen.qmax_mvar, gen.qmin_mvar),
        )
        issues += [
            Issue(
                message=f"the limits of the generator in row {gen.row} cannot be used",
                file=name,
                field=f"mpc.gen ({columns})",
                value=f"{high:g}, {low:g}",
                accepted="the least not above the largest",
            )
            for columns, high, low in limits
            if low > high
        ]
    if any(storage.in_service for storage in file.storages):
        issues.append(
            Issue(
                message="storage is not counted in the AC form",
                file=name,
                field="mpc.storage",
                hint="use the DC form, or take the storage out of service",
            )
        )
    if issues:
        raise NetworkError(issues)


def take_out(case: AcCase, out: Collection[tuple[str, str]]) -> AcCase:
    """``case`` without the ``(kind, id)`` of ``out`` and what stands at the buses among them.

    Kinds are bus, gen and branch.
    """
    bus_on = np.array([("bus", name) not in out for name in case.bus_ids], dtype=bool)
    place = np.cumsum(bus_on) - 1
    load_on, shunt_on = bus_on[case.load_bus], bus_on[case.shunt_bus]
    gen_on = bus_on[case.gen_bus] & _in_service("gen", case.gen_ids, out)
    line_on = bus_on[case.branch_from] & bus_on[case.branch_to]
    line_on &= _in_service("branch", case.branch_ids, out)
    return AcCase(
        name=case.name,
        base_mva=case.base_mva,
        bus_ids=_chosen(case.bus_ids, bus_on),
        v_low=case.v_low[bus_on],
        v_high=case.v_high[bus_on],
        reference=place[case.reference[bus_on[case.reference]]],
        load_ids=_chosen(case.load_ids, load_on),
        load_bus=place[case.load_bus[load_on]],
        load_pu=case.load_pu[load_on],
        load_weight=case.load_weight[load_on],
        shunt_ids=_chosen(case.shunt_ids, shunt_on),
        shunt_bus=place[case.shunt_bus[shunt_on]],
        shunt_pu=case.shunt_pu[shunt_on],
        gen_ids=_chosen(case.gen_ids, gen_on),
        gen_bus=place[case.gen_bus[gen_on]],
        gen_low=case.gen_low[gen_on],
        gen_high=case.gen_high[gen_on],
        branch_ids=_chosen(case.branch_ids, line_on),
        branch_from=place[case.branch_from[line_on]],
        branch_to=place[case.branch_to[line_on]],
        admittance=case.admittance[line_on],
        branch_rate=case.branch_rate[line_on],
        angle_low=case.angle_low[line_on],
        angle_high=case.angle_high[line_on],
        time_elapsed_h=case.time_elapsed_h,
    )


def _in_service(kind: str, names: tuple[str, ...], out: Collection[tuple[str, str]]) -> BoolArray:
    return np.array([(kind, name) not in out for name in names], dtype=bool)


def _chosen(names: tuple[str, ...], kept: BoolArray) -> tuple[str, ...]:
    return tuple(name for name, on in zip(names, kept.tolist(), strict=True) if on)
